"""What does one see of the demo? Bars while it runs, a table and a sum at the end: 80 columns.

agent 1   represents   delivered   ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  100 %
agent 2   receives     receiving   ━━━━━━━━━━━━━━━━──────────────   53 %   35.8 MiB/s
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .bar import COLOURS, SourceBar
from .words import counted, duration, percent, printable, rate, size, size_of, time_left

if TYPE_CHECKING:
    from mcastdist.agent.api import TaskRecord

    from .demo_actor import Actor
    from .demo_stage import Result, Stage

ROLES = {"representative": "represents", "receiver": "receives", "alone": "alone", "none": ""}
STATE_STYLES = {"delivered": "green", "failed": "bold red", "comes late": "bright_black"}
COPIES_FROM_BYTES = 1 << 20  # of less, the manifest is the larger part
SOURCES = ("multicast", "parity", "peer", "origin")


def introduction(stage: Stage) -> RenderableType:
    """What is about to happen."""
    return Text.assemble(
        (stage.title, "bold"),
        f": {counted(stage.files, 'file')}, {size(stage.payload_bytes)}, published at"
        f" {stage.origin.url}\n{len(stage.actors)} agents get the task to fetch it. The stream"
        f" starts {stage.delay_s:g} s later; the last agent\ncomes when it is under way.\n",
    )


def bars(stage: Stage) -> RenderableType:
    """Everybody as they stand now."""
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for _ in range(3):
        grid.add_column(no_wrap=True, min_width=len("represents"))
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True, min_width=len("100 %"))
    grid.add_column(justify="right", no_wrap=True, min_width=len("100.0 MiB/s"))
    for actor in stage.actors:
        grid.add_row(*_bar(actor, stage.payload_bytes))
    return Group(grid, _legend(stage))


def news(stage: Stage, told: dict[str, str]) -> Iterator[str]:
    """A line for each change of state since `told`, where nothing can be redrawn."""
    for actor in stage.actors:
        if told.get(actor.name) != actor.state:
            told[actor.name] = actor.state
            yield f"{stage.seconds:6.1f} s  {actor.name}  {actor.state}"


def outcome(stage: Stage) -> RenderableType:
    """The table at the end, and why somebody failed."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold underline")
    for heading in ("agent", "role", "state"):
        table.add_column(heading, no_wrap=True)
    table.add_column("seconds", justify="right", no_wrap=True)
    for source in _shown(stage):
        style = f"bold underline {COLOURS[source]}"
        table.add_column(source, justify="right", no_wrap=True, header_style=style)
    for actor in stage.actors:
        table.add_row(*_row(actor, stage))
    unit = size(stage.payload_bytes).rpartition(" ")[2]
    problems = [
        Text(f"{actor.name}: {printable(actor.problem)}", "red")
        for actor in stage.actors
        if actor.problem
    ]
    return Group(table, Text(f"by source, in {unit}", "bright_black"), *problems)


def summary(result: Result) -> RenderableType:
    """What the WAN link would have carried, and whether all files are right."""
    payload, served, agents = result["payload_bytes"], result["origin_bytes"], result["agents"]
    verdict = (
        ("Every file is equal to the original.", "bold green")
        if result["equal"]
        else ("Not every file is there and right.", "bold red")
    )
    copies = Text.assemble(": ", (f"{result['origin_copies']:.3f} copies", "bold"))
    return Text.assemble(
        "\nThe origin served ",
        (size(served), "bold"),
        f" for a package of {size(payload)}",
        copies if payload >= COPIES_FROM_BYTES else "",
        f".\n{agents} downloads would have been {size(payload * agents)}. ",
        verdict,
    )


def _bar(actor: Actor, payload_bytes: int) -> list[RenderableType]:
    state = Text(actor.state, STATE_STYLES.get(actor.state, "cyan"))
    record = actor.record
    if record is None:
        return [actor.name, "", state, SourceBar({}, payload_bytes), "", ""]
    return [
        actor.name,
        _role(actor),
        state,
        SourceBar(record.bytes_by_source, payload_bytes),
        percent(record.held_bytes, payload_bytes),
        _pace(record),
    ]


def _pace(record: TaskRecord) -> str:
    """How fast, or when it begins."""
    if record.is_final:
        return duration(record.seconds)
    if record.session_delay_s_left and record.role == "receiver":
        return f"in {time_left(record.session_delay_s_left)}"
    return rate(record.rate_bps) if record.rate_bps else ""


def _legend(stage: Stage) -> Text:
    line = Text("\n")
    for source in SOURCES:
        line.append("■ ", COLOURS[source])
        line.append(f"{source}  ")
    served = size(stage.origin_bytes)
    return line.append(f"the origin has served {served}, {stage.seconds:.0f} s", "bright_black")


def _row(actor: Actor, stage: Stage) -> list[RenderableType]:
    state = Text(actor.state, STATE_STYLES.get(actor.state, "cyan"))
    record = actor.record
    if record is None:
        return [actor.name, "", state, "", *("" for _ in _shown(stage))]
    parts = (record.bytes_by_source.get(source, 0) for source in _shown(stage))
    return [
        actor.name,
        _role(actor),
        state,
        f"{record.seconds:.1f}",
        *(
            Text(size_of(part, stage.payload_bytes), "" if part else "bright_black")
            for part in parts
        ),
    ]


def _shown(stage: Stage) -> tuple[str, ...]:
    """The sources of the table: the cache only where it had something."""
    records = [actor.record for actor in stage.actors if actor.record is not None]
    cached = any(record.bytes_by_source.get("cache") for record in records)
    return ("cache", *SOURCES) if cached else SOURCES


def _role(actor: Actor) -> str:
    role = actor.record.role if actor.record else "none"
    return "joins late" if actor.is_late and role == "receiver" else ROLES[role]
