"""`mcastdist settings`: what is set, and is it right?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .engine import Engine
from .options import json_option, print_json, run, settings_options
from .words import printable

if TYPE_CHECKING:
    from mcastdist.agent.api import Controller


@click.group("settings")
def settings() -> None:
    """Check or show the settings.

    docs/settings.md says what each is for.
    """


@settings.command("check")
@settings_options
@click.pass_obj
def check(engine: Engine, config: Path | None, overrides: tuple[str, ...]) -> None:
    """Check file, environment and --set, as the agent would at its start.

    Keys and certificates are read, the places where it would write are tried as this user, and
    interfaces are looked for. The first thing that is wrong is named with its place, its value and
    what is allowed, and the exit status is 2, or 5 for a place where this user may not write.
    """
    from mcastdist.agent.start_trial import try_start

    found = engine.settings(config, overrides)
    for warning in try_start(found):
        click.echo(f"warning: {printable(warning)}", err=True)
    place = found.origin.path or "no settings file, environment and defaults only"
    click.echo(f"the settings are good ({place})")


@settings.command("show")
@click.option("--running", is_flag=True, help="Ask the running agent, instead of reading again.")
@settings_options
@json_option
@click.pass_obj
def show(
    engine: Engine, running: bool, config: Path | None, overrides: tuple[str, ...], as_json: bool
) -> None:
    """Show every setting as it would be in force.

    Keys are in files, and only the names of the files are shown.
    """
    from mcastdist.agent.settings import as_dict, describe

    found = engine.settings(config, overrides)

    async def ask() -> dict[str, object]:
        async with engine.client(found) as agent:
            return await agent.settings()

    values = run(ask()) if running else as_dict(found)
    if as_json:
        print_json(values)
        return
    from .show import print_view, settings_table

    docs = {key.key: key.doc for key in describe()}
    print_view(settings_table(values, docs))


@settings.command("reload")
@settings_options
@json_option
@click.pass_obj
def reload(engine: Engine, config: Path | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """Have the running agent read its settings again, as SIGHUP does."""
    found = engine.settings(config, overrides)

    async def ask() -> dict[str, list[str]]:
        async with engine.client(found) as agent:
            return await _reload(agent)

    answer = run(ask())
    if as_json:
        print_json(answer)
        return
    click.echo(f"taken up: {', '.join(answer.get('applied', [])) or 'nothing'}")
    if answer.get("needs_restart"):
        click.echo(f"needs a restart: {', '.join(answer['needs_restart'])}")


async def _reload(agent: Controller) -> dict[str, list[str]]:
    return await agent.reload()
