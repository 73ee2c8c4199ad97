"""`mcastdist cache`: what is kept on this machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from .engine import Engine, cache_of
from .exits import Exit
from .options import json_option, print_json, run, settings_options

if TYPE_CHECKING:
    from mcastdist.agent.api import CacheController, CacheEntry, CacheReport

Result = TypeVar("Result")
packages_argument = click.argument("packages", metavar="PACKAGE...", nargs=-1, required=True)


@click.group("cache")
def cache() -> None:
    """List, show, pin, remove or verify what is kept.

    A PACKAGE is given by its content id or the beginning of it, as NAME-VERSION, or by NAME alone
    if only one version is here. The running agent is asked; with none running, the store is opened
    directly.
    """


@cache.command("list")
@settings_options
@json_option
@click.pass_obj
def list_packages(
    engine: Engine, config: Path | None, overrides: tuple[str, ...], as_json: bool
) -> None:
    """List the packages that are kept, and when they go."""
    entries = _with_cache(engine, config, overrides, lambda store: store.cache_list())
    if as_json:
        print_json(entries)
    elif not entries:
        click.echo("the cache is empty")
    else:
        from .cache_view import cache_table
        from .show import print_view

        print_view(cache_table(entries))


@cache.command("show")
@click.argument("package", metavar="PACKAGE")
@settings_options
@json_option
@click.pass_obj
def show(
    engine: Engine, package: str, config: Path | None, overrides: tuple[str, ...], as_json: bool
) -> None:
    """Show all that is known of a package."""

    async def find(store: CacheController) -> CacheEntry:
        return (await _choose(store, (package,)))[0]

    found = _with_cache(engine, config, overrides, find)
    if as_json:
        print_json(found)
        return
    from .cache_view import cache_details
    from .show import print_view

    print_view(cache_details(found))


@cache.command("pin")
@packages_argument
@settings_options
@json_option
@click.pass_obj
def pin(
    engine: Engine,
    packages: tuple[str, ...],
    config: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Keep packages whatever their age, and however full the cache is."""
    _set_pinned(engine, packages, config, overrides, pinned=True, as_json=as_json)


@cache.command("unpin")
@packages_argument
@settings_options
@json_option
@click.pass_obj
def unpin(
    engine: Engine,
    packages: tuple[str, ...],
    config: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Let packages age again."""
    _set_pinned(engine, packages, config, overrides, pinned=False, as_json=as_json)


@cache.command("remove")
@packages_argument
@settings_options
@json_option
@click.pass_obj
def remove(
    engine: Engine,
    packages: tuple[str, ...],
    config: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Remove packages from the cache; files that were put in place stay."""

    async def work(store: CacheController) -> list[CacheReport]:
        chosen = await _choose(store, packages)
        return [await store.cache_remove(package.content) for package in chosen]

    _tell(_merged(_with_cache(engine, config, overrides, work)), as_json=as_json)


@cache.command("verify")
@click.argument("packages", metavar="[PACKAGE...]", nargs=-1)
@settings_options
@json_option
@click.pass_obj
def verify(
    engine: Engine,
    packages: tuple[str, ...],
    config: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Hash packages again, all of them if none is named.

    What is damaged is forgotten, so that the next task repairs it, and the exit status is 4.
    """

    names: dict[str, str] = {}

    async def work(store: CacheController) -> list[CacheReport]:
        for entry in await store.cache_list():
            names[entry.content] = f"{entry.name} {entry.version}"
        if not packages:
            return [await store.cache_verify(None)]
        chosen = await _choose(store, packages)
        return [await store.cache_verify(package.content) for package in chosen]

    report = _merged(_with_cache(engine, config, overrides, work))
    _tell(report, as_json=as_json, names=names)
    if report.damaged:
        raise SystemExit(Exit.CONTENT)


@cache.command("gc")
@settings_options
@json_option
@click.pass_obj
def gc(engine: Engine, config: Path | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """Remove what is too old, or more than the cache may hold."""
    _tell(_with_cache(engine, config, overrides, lambda store: store.cache_gc()), as_json=as_json)


def _with_cache(
    engine: Engine,
    config: Path | None,
    overrides: tuple[str, ...],
    work: Callable[[CacheController], Awaitable[Result]],
) -> Result:
    settings = engine.settings(config, overrides)

    async def ask() -> Result:
        async with cache_of(engine, settings) as store:
            return await work(store)

    return run(ask())


async def _choose(store: CacheController, given: tuple[str, ...]) -> list[CacheEntry]:
    """All of them are found before anything is done to the first."""
    from .choice import choose_package

    entries = await store.cache_list()
    chosen = {entry.content: entry for entry in (choose_package(entries, each) for each in given)}
    return list(chosen.values())


def _set_pinned(
    engine: Engine,
    packages: tuple[str, ...],
    config: Path | None,
    overrides: tuple[str, ...],
    *,
    pinned: bool,
    as_json: bool,
) -> None:
    async def work(store: CacheController) -> list[CacheEntry]:
        chosen = await _choose(store, packages)
        return [await store.cache_pin(package.content, pinned) for package in chosen]

    changed = _with_cache(engine, config, overrides, work)
    if as_json:
        print_json(changed)
        return
    for package in changed:
        state = "pinned" if package.pinned else "not pinned"
        click.echo(f"{package.name} {package.version} is {state}")


def _merged(reports: list[CacheReport]) -> CacheReport:
    from mcastdist.agent.api import CacheReport

    return CacheReport(
        checked=[content for report in reports for content in report.checked],
        damaged={content: bad for report in reports for content, bad in report.damaged.items()},
        removed=[content for report in reports for content in report.removed],
        freed_bytes=sum(report.freed_bytes for report in reports),
    )


def _tell(report: CacheReport, *, as_json: bool, names: Mapping[str, str] = {}) -> None:
    if as_json:
        print_json(report)
        return
    from .words import counted, printable, size

    for content, bad in report.damaged.items():
        which = printable(f"{names.get(content, '')} ({content[:12]})".lstrip())
        click.echo(f"{which}: {counted(bad, 'chunk')} damaged and forgotten; fetch it again")
    if report.checked:
        good = len(report.checked) - len(report.damaged)
        click.echo(f"checked {counted(len(report.checked), 'package')}, {good} without damage")
    if report.removed or not report.checked:
        freed = f"freed {size(report.freed_bytes)}"
        click.echo(f"removed {counted(len(report.removed), 'package')}, {freed}")
