"""`mcastdist task`: the tasks of the running agent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .engine import Engine
from .fetch import priority_option, sha256_option, url_argument
from .options import json_option, print_json, run, settings_options

if TYPE_CHECKING:
    from mcastdist.agent.api import Controller, Priority, TaskRecord

    Change = Callable[[Controller, str], Awaitable[TaskRecord]]


@click.group("task")
def task() -> None:
    """Add, list, show, suspend, resume or cancel tasks.

    A task may be given by the beginning of its id.
    """


@task.command("add")
@url_argument
@click.option(
    "--dest",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Where the files go; the cache only by default.",
)
@sha256_option
@priority_option
@settings_options
@json_option
@click.pass_obj
def add(
    engine: Engine,
    url: str,
    dest: str | None,
    sha256: str | None,
    priority: Priority,
    config: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Give the running agent a task, and do not wait for it.

    The agent remembers it, also when it is restarted. What more tasks than tasks.active_max wait
    for is done by --priority, then by age; a stream on the subnet is taken at once.
    """
    from msgspec.structs import replace

    from .agreement import task_settings
    from .errand import make_request

    request = make_request(url, sha256=sha256, dest=dest, priority=priority)
    settings = engine.settings(config, overrides)

    async def ask() -> TaskRecord:
        async with engine.client(settings) as agent:
            own = task_settings(overrides, settings, await agent.settings())
            return await agent.start(replace(request, settings=own))

    _tell(run(ask()), as_json=as_json)


@task.command("list")
@settings_options
@json_option
@click.pass_obj
def list_tasks(
    engine: Engine, config: Path | None, overrides: tuple[str, ...], as_json: bool
) -> None:
    """List all tasks, oldest first."""
    settings = engine.settings(config, overrides)

    async def ask() -> list[TaskRecord]:
        async with engine.client(settings) as agent:
            return await agent.tasks()

    tasks = run(ask())
    if as_json:
        print_json(tasks)
    elif not tasks:
        click.echo("no tasks")
    else:
        from .show import print_view, tasks_table

        print_view(tasks_table(tasks))


@task.command("show")
@click.argument("task_id", metavar="ID")
@settings_options
@json_option
@click.pass_obj
def show(
    engine: Engine, task_id: str, config: Path | None, overrides: tuple[str, ...], as_json: bool
) -> None:
    """Show all that is known of a task: bytes by source, and the reason of every fallback."""

    async def same(agent: Controller, exact_id: str) -> TaskRecord:
        return await agent.task(exact_id)

    found = _ask(engine, task_id, config, overrides, same)
    if as_json:
        print_json(found)
        return
    from .show import print_view, task_details

    print_view(task_details(found))


@task.command("suspend")
@click.argument("task_id", metavar="ID")
@settings_options
@json_option
@click.pass_obj
def suspend(
    engine: Engine, task_id: str, config: Path | None, overrides: tuple[str, ...], as_json: bool
) -> None:
    """Stop a task for now; what it has stays."""

    async def change(agent: Controller, exact_id: str) -> TaskRecord:
        return await agent.suspend(exact_id)

    _tell(_ask(engine, task_id, config, overrides, change), as_json=as_json)


@task.command("resume")
@click.argument("task_id", metavar="ID")
@settings_options
@json_option
@click.pass_obj
def resume(
    engine: Engine, task_id: str, config: Path | None, overrides: tuple[str, ...], as_json: bool
) -> None:
    """Go on with a suspended task."""

    async def change(agent: Controller, exact_id: str) -> TaskRecord:
        return await agent.resume(exact_id)

    _tell(_ask(engine, task_id, config, overrides, change), as_json=as_json)


@task.command("cancel")
@click.argument("task_id", metavar="ID")
@settings_options
@json_option
@click.pass_obj
def cancel(
    engine: Engine, task_id: str, config: Path | None, overrides: tuple[str, ...], as_json: bool
) -> None:
    """Give a task up; what was verified stays in the cache."""

    async def change(agent: Controller, exact_id: str) -> TaskRecord:
        return await agent.cancel(exact_id)

    _tell(_ask(engine, task_id, config, overrides, change), as_json=as_json)


def _ask(
    engine: Engine, given: str, config: Path | None, overrides: tuple[str, ...], change: Change
) -> TaskRecord:
    settings = engine.settings(config, overrides)

    async def ask() -> TaskRecord:
        from .choice import choose_task

        async with engine.client(settings) as agent:
            chosen = choose_task(await agent.tasks(), given)
            return await change(agent, chosen.id)

    return run(ask())


def _tell(changed: TaskRecord, *, as_json: bool) -> None:
    if as_json:
        print_json(changed)
        return
    from .summary import title

    click.echo(f"task {changed.id} ({title(changed)}) is {changed.state}")
