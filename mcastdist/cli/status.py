"""`mcastdist status`: how is the agent that runs here?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .engine import Engine
from .options import json_option, print_json, run, settings_options

if TYPE_CHECKING:
    from mcastdist.agent.api import AgentStatus, Controller, TaskRecord

FOLLOW_S = 1.0  # fast enough to watch, and nothing to an agent


@click.command("status")
@click.option("--follow", is_flag=True, help="Show it again each second, until Ctrl-C.")
@settings_options
@json_option
@click.pass_obj
def status(
    engine: Engine, follow: bool, config: Path | None, overrides: tuple[str, ...], as_json: bool
) -> None:
    """Show how the running agent is doing.

    Which interfaces it uses and why, its sessions and tasks, what the store holds, and which
    datagrams it refused from whom. With --json and --follow a line of JSON each second.
    """
    settings = engine.settings(config, overrides)

    async def ask() -> None:
        async with engine.client(settings) as agent:
            if follow:
                await _follow(agent, as_json=as_json)
            else:
                _print_once(*await _ask(agent), as_json=as_json)

    run(ask())


async def _ask(agent: Controller) -> tuple[AgentStatus, list[TaskRecord]]:
    return await agent.status(), await agent.tasks()


def _print_once(now: AgentStatus, tasks: list[TaskRecord], *, as_json: bool) -> None:
    if as_json:
        print_json(now)
        return
    from .show import print_view, status_view

    print_view(status_view(now, tasks))


async def _follow(agent: Controller, *, as_json: bool) -> None:
    import asyncio

    from rich.live import Live

    from .show import status_view, stdout_console

    console = stdout_console()
    if as_json or not console.is_terminal:
        while True:
            _print_once(*await _ask(agent), as_json=as_json)
            await asyncio.sleep(FOLLOW_S)
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(status_view(*await _ask(agent)), refresh=True)
            await asyncio.sleep(FOLLOW_S)
