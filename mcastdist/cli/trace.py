"""`mcastdist trace`: what happened, and why?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcastdist.errors import UsageError

from .options import json_option, print_json

if TYPE_CHECKING:
    from .story import Line


@click.command("trace")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--task", metavar="ID", help="Only what belongs to this task.")
@click.option("--content", metavar="ID", help="Only what belongs to this content.")
@click.option("--every", is_flag=True, help="Tell every event, also those that repeat.")
@json_option
def trace(file: Path, task: str | None, content: str | None, every: bool, as_json: bool) -> None:
    """Tell the story of a task from a trace file.

    FILE is what an agent wrote as its trace.file. Each line says when (seconds since the first
    event), which part of the agent decided, and what. Decisions of one kind that repeat between two
    turns of the story are told once, with their count.
    """
    from mcastdist.agent.trace_file import read_trace

    from .story import belonging, tell

    events = belonging(list(read_trace(file)), task=task, content=content)
    if not events:
        asked = task or content
        missing = f"nothing that belongs to {asked}" if asked else "no event yet"
        raise UsageError(f"{file}: this trace holds {missing}; give another file or id")
    lines = list(tell(events, every=every))
    if as_json:
        print_json(lines)
    else:
        _print(lines)


def _print(lines: list[Line]) -> None:
    from rich.table import Table
    from rich.text import Text

    from .show import print_view
    from .words import moment

    began = lines[0]
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        told = Text(line.sentence)
        if line.count > 1:
            until = f"{line.until - began.at:.3f}"
            told.append(f"  {line.count} times until {until}", "bright_black")
        table.add_row(f"{line.at - began.at:.3f}", line.room, told)
    if began.t is not None:
        click.echo(f"from {moment(began.t)}")
    print_view(table)
