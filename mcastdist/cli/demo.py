"""What does mcastdist do? Shown live, on this machine alone: `mcastdist demo`.

An origin and N real agents, each a process of its own on a loopback address of its own, with a
real package. The last one comes late, when the stream is under way. At the end the origin's own
count says what a WAN link would have carried. `demo_stage` sets the stage, `demo_view` draws it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcastdist.errors import UnavailableError, UsageError

from .options import run

if TYPE_CHECKING:
    from rich.console import Console

    from .demo_stage import Result, Stage

AGENTS_MAX = 40  # processes of about 70 MB; more says nothing more on one machine
DEMO_S_MAX = 180.0
REFRESH_S = 0.1


@click.command("demo")
@click.option(
    "--agents",
    default=5,
    show_default=True,
    type=click.IntRange(2, AGENTS_MAX),
    help="How many agents; the last one comes late.",
)
@click.option(
    "--file",
    "given",
    type=click.Path(exists=True, path_type=Path),
    help="Distribute this file or folder; without it, files of the Python installation.",
)
@click.option("--keep", is_flag=True, help="Keep the demo's folder and say where it is.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on one line.")
def demo(agents: int, given: Path | None, keep: bool, as_json: bool) -> None:
    """Show the main job live on this machine: an origin and real agents.

    It needs no root, no Internet and no settings. Everything lies in a temporary folder and uses
    loopback addresses only.
    """
    if sys.platform != "linux":
        raise UsageError("the demo needs the loopback addresses 127.0.0.2 and up of Linux")
    result = run(_perform(agents, given, keep=keep, quiet=as_json))
    if as_json:
        click.echo(json.dumps(result))
    if not result["complete"]:
        where = "the reasons stand above" if not as_json else "`results` has the reasons"
        raise UnavailableError(f"the demo did not complete; {where}")


async def _perform(agents: int, given: Path | None, *, keep: bool, quiet: bool) -> Result:
    """All of it in here, where every signal to end lets it clean up."""
    from .demo_folder import stage_folder

    with stage_folder(keep) as folder:
        if keep:
            click.echo(f"The demo's folder is {folder}", err=True)
        return await _play(folder, agents, given, quiet=quiet)


async def _play(folder: Path, agents: int, given: Path | None, *, quiet: bool) -> Result:
    from rich.console import Console

    from .demo_stage import open_stage
    from .demo_view import introduction, outcome, summary

    console = Console(quiet=quiet, highlight=False)
    with console.status("making a package ...") as status:
        async with open_stage(folder, agents, given, tell=status.update) as stage:
            status.stop()
            console.print(introduction(stage))
            await _watch(stage, console)
            result = await asyncio.to_thread(stage.result)
            console.print(outcome(stage))
            console.print(summary(result))
    return result


async def _watch(stage: Stage, console: Console) -> None:
    """Until everybody is done: bars redrawn in place, or a line per change of state."""
    from rich.live import Live

    from .demo_view import bars, news

    if console.is_terminal and not console.is_dumb_terminal:
        with Live(console=console, transient=True, auto_refresh=False) as live:
            while not stage.is_over:
                live.update(bars(stage), refresh=True)
                await stage.pause(REFRESH_S, DEMO_S_MAX)
        return
    told: dict[str, str] = {}
    while True:
        is_over = stage.is_over  # asked first, so that the last news are told too
        for line in news(stage, told):
            console.print(line)
        if is_over:
            return
        await stage.pause(REFRESH_S, DEMO_S_MAX)
