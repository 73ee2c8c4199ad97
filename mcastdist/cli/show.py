"""How do lists and details look? Tables for people, on stdout.

On a terminal they fit its width; in a pipe a row stays on one line, for grep.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mcastdist.reasons import explain

from .bar import COLOURS
from .live import STATE_STYLES
from .summary import phrase, title
from .words import counted, duration, link_rate, moment, percent, printable, rate, size, time_left

if TYPE_CHECKING:
    from mcastdist.agent.api import AgentStatus, TaskRecord

PIPE_CELLS = 240  # wider than any row of ours, so that none is folded in a pipe


def stdout_console() -> Console:
    """Where results go."""
    wide = None if sys.stdout.isatty() else PIPE_CELLS
    # Names and sentences are shown as they are: no markup, no emoji, is read out of them.
    return Console(file=sys.stdout, highlight=False, markup=False, emoji=False, width=wide)


def print_view(view: RenderableType) -> None:
    """`view` on stdout; in a pipe without the blanks that fill a table's last column."""
    console = stdout_console()
    if console.is_terminal:
        console.print(view)
        return
    with console.capture() as captured:
        console.print(view)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def tasks_table(tasks: Iterable[TaskRecord]) -> Table:
    """A row a task."""
    table = table_of("ID", "STATE", "PRIORITY", "PACKAGE", ">HELD", ">OF", ">RATE", ">LEFT", "ROLE")
    for task in tasks:
        running = not task.is_final
        table.add_row(
            printable(task.id),
            Text(_state(task), STATE_STYLES.get(task.state, "cyan")),
            task.priority,
            title(task),
            percent(task.held_bytes, task.payload_bytes) if task.payload_bytes else "",
            size(task.payload_bytes) if task.payload_bytes else "",
            rate(task.rate_bps) if running and task.rate_bps else "",
            time_left(task.seconds_left) if running and task.seconds_left is not None else "",
            "" if task.role == "none" else task.role,
        )
    return table


def _state(task: TaskRecord) -> str:
    """The word, and of a task that rests for how long."""
    if task.retry_s_left is None:
        return task.state
    return f"{task.state}, again in {time_left(task.retry_s_left)}"


def task_details(task: TaskRecord) -> RenderableType:
    """All that is known of a task, bytes by source with it."""
    rows = {
        "task": task.id,
        "package": title(task),
        "state": phrase(task),
        "priority": task.priority,
        "reason": f"{task.sentence} ({task.reason})" if task.reason else "",
        "url": task.url,
        "sha256": task.sha256 or "",
        "goes to": task.dest or "the cache only",
        "content": task.content,
        "role": task.role,
        "representative": task.representative,
        "receivers": task.receivers or "",
        "held": f"{size(task.held_bytes)} of {size(task.payload_bytes)}",
        "started": moment(task.started),
        "ended": moment(task.ended) if task.ended is not None else "",
        "took" if task.is_final else "running for": duration(task.seconds),
    }
    for source, count in task.bytes_by_source.items():
        rows[f"  from {source}"] = size(count) if count else ""
    rows["read from origin"] = size(task.wan_bytes) if task.wan_bytes else ""
    return Group(details(rows), *reasons_told(task.fallbacks))


def reasons_told(fallbacks: Mapping[str, int]) -> list[RenderableType]:
    """Why something failed or a costlier way was taken, a row a code; nothing if all was well."""
    table = table_of("FALLBACK", ">TIMES", "WHAT HAPPENED", "WHAT CAN BE DONE")
    for code, times in fallbacks.items():
        reason = explain(code)
        told = (reason.happened, reason.advice) if reason is not None else ("", "")
        table.add_row(printable(code), str(times), *told)
    return [Text(), table] if fallbacks else []


def status_view(status: AgentStatus, tasks: Sequence[TaskRecord]) -> RenderableType:
    """The agent at a glance."""
    parts: list[RenderableType] = [details(_agent_rows(status))]
    for heading, rows in (
        ("INTERFACES", status.interfaces),
        ("INTERFACES ASKED FOR AND NOT USED", status.unmet),
        ("SESSIONS", [_session_row(one) for one in status.sessions]),
        ("NEIGHBOURS THAT DO NOT MATCH", status.mismatches),
    ):
        if rows:
            parts += [Text(f"\n{heading}", "bold"), _rows_table(rows)]
    if tasks:
        parts += [Text("\nTASKS", "bold"), tasks_table(tasks)]
    return Group(*parts, *reasons_told(status.fallbacks))


def settings_table(settings: Mapping[str, object], docs: Mapping[str, str]) -> Table:
    """A row a key."""
    table = table_of("KEY", "VALUE", "WHAT IT DOES")
    for key, value in settings.items():
        table.add_row(key, _value(value), Text(docs.get(key, ""), "bright_black"))
    return table


def _session_row(session: Mapping[str, object]) -> dict[str, object]:
    """With its rate and its rest in words."""
    row = dict(session)
    bps, rest_s = row.pop("rate_bps", None), row.pop("retry_s_left", None)
    if isinstance(bps, int | float):
        row["rate"] = link_rate(bps)
    return row | {"again in": time_left(rest_s)} if isinstance(rest_s, int | float) else row


def _agent_rows(status: AgentStatus) -> dict[str, object]:
    store, buffer = status.store, status.receive_buffer
    refused = {cause: count for cause, count in status.refused.items() if count}
    return {
        "agent": f"{status.node}, mcastdist {status.version}, process {status.pid},"
        f" up {duration(status.uptime_s)}",
        "cluster": status.cluster,
        "multicast": "" if status.interfaces else "no interface is used: it takes no part",
        "ports": f"UDP {status.udp_port}, HTTP {status.http_port}",
        "downloads": _downloads(status.download),
        "store": f"{counted(_int(store, 'entries'), 'package')} in {store.get('directory', '')},"
        f" {size(_int(store, 'held_bytes'))} of {size(_int(store, 'bytes_max'))},"
        f" {size(_int(store, 'free_bytes'))} free on disk",
        "tasks": _pairs(status.tasks) or "none",
        "receive buffer": f"{size(_int(buffer, 'got'))} of {size(_int(buffer, 'asked'))} asked"
        if buffer.get("asked")
        else "",  # no stream has been received yet
        "fast path": "yes" if status.fast_path else "no: plain sends and receives",
        "kernel drops": status.kernel_drops,
        "refused datagrams": _pairs(refused) or "none",
    }


def _downloads(download: Mapping[str, object]) -> str:
    limit_bps = _int(download, "rate_limit_bps")
    limit = f"at most {rate(limit_bps)} by {download.get('said_by', '')}"
    return f"{download.get('mode', '')}, {limit if limit_bps else 'no limit'}"


def table_of(*columns: str) -> Table:
    """Columns by heading; `>` in front puts the column to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        name = column.removeprefix(">")
        table.add_column(name, justify="right" if name != column else "left", overflow="fold")
    return table


def _rows_table(rows: Sequence[Mapping[str, object]]) -> Table:
    """A table of rows whose keys are told by the rows themselves."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = table_of(*(name.replace("_", " ").upper() for name in names))
    for row in rows:
        table.add_row(*(_value(row.get(name, "")) for name in names))
    return table


def details(rows: Mapping[str, object]) -> Table:
    """Name and value, a line each; what has no value is left out."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bright_black", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows.items():
        if value != "":
            colour = COLOURS.get(name.removeprefix("  from "), "")
            grid.add_row(printable(name), Text(_value(value), colour))
    return grid


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_value(each) for each in value)
    return printable(value)


def _pairs(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _int(mapping: Mapping[str, Any], name: str) -> int:
    value = mapping.get(name, 0)
    return value if isinstance(value, int) else 0
