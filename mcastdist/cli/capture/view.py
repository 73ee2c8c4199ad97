"""How does a counted capture look? Tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mcastdist.cli.words import counted, moment, printable, size

from .account import MEANINGS, Account, Count, Kind, SenderCount, SessionCount

ROWS_MAX = 20  # of senders and of sessions; --json has them all


def summary(account: Account) -> RenderableType:
    """The whole account."""
    parts: list[RenderableType] = [Text(_opening(account)), Text(), _kinds(account)]
    for heading, table, rows in (
        ("CONTROL MESSAGES", _messages(account.messages), account.messages),
        ("SENDERS", _senders(account.senders), account.senders),
        ("SESSIONS", _sessions(account.sessions), account.sessions),
        ("REFUSED", _refused(account), account.refused),
    ):
        if rows:
            more = len(rows) - ROWS_MAX
            shown = f" (the first {ROWS_MAX} of {len(rows)})" if more > 0 else ""
            parts += [Text(f"\n{heading}{shown}", "bold"), table]
    return Group(*parts)


def _opening(account: Account) -> str:
    clusters = f", cluster {', '.join(account.clusters[:ROWS_MAX])}" if account.clusters else ""
    return (
        f"{counted(account.frames, 'frame')}, {size(account.bytes)}, from {moment(account.began)}"
        f" on for {account.seconds:.1f} s{clusters}"
    )


def _kinds(account: Account) -> Table:
    table = _table("KIND", ">DATAGRAMS", ">BYTES", ">SHARE", "WHAT")
    for kind, count in account.kinds.items():
        share = f"{100 * count.bytes / account.bytes:.1f} %" if account.bytes else ""
        table.add_row(str(kind), *_both(count), share, Text(MEANINGS[kind], "bright_black"))
    return table


def _messages(messages: Mapping[str, Count]) -> Table:
    table = _table("MESSAGE", ">DATAGRAMS", ">BYTES")
    for name, count in sorted(messages.items(), key=lambda item: -item[1].datagrams):
        table.add_row(name, *_both(count))
    return table


def _senders(senders: list[SenderCount]) -> Table:
    shown = [kind for kind in Kind if any(kind in sender.kinds for sender in senders)]
    table = _table("ADDRESS", "NODE", *(f">{kind.upper()}" for kind in shown))
    for sender in senders[:ROWS_MAX]:
        counts = (sender.kinds.get(kind) for kind in shown)
        cells = (size(count.bytes) if count else "" for count in counts)
        table.add_row(sender.address, ", ".join(sender.nodes[:ROWS_MAX]), *cells)
    return table


def _sessions(sessions: list[SessionCount]) -> Table:
    table = _table("SESSION", "SENDER", ">BLOCKS", ">SYMBOL", ">DATA", ">AGAIN", ">PARITY",
                   ">NOT CAPTURED", ">SECONDS", ">MBIT/S")  # fmt: skip
    for each in sessions[:ROWS_MAX]:
        numbers = (each.blocks, each.symbol_bytes, each.data, each.again, each.parity)
        table.add_row(
            each.session, f"{each.address} {each.sender}", *(f"{count:,}" for count in numbers),
            f"{each.uncaptured:,}", f"{each.seconds:.1f}", f"{each.rate_bps / 1e6:.1f}",
        )  # fmt: skip
    return table


def _refused(account: Account) -> Table:
    table = _table("CAUSE", ">DATAGRAMS", "FOR EXAMPLE")
    for cause, refused in account.refused.items():
        for row, example in enumerate(refused.first):
            told = f"frame {example.frame} of {example.source}: {example.sentence}"
            first = row == 0
            table.add_row(
                cause if first else "", f"{refused.count:,}" if first else "", printable(told)
            )
    return table


def _both(count: Count) -> Iterator[str]:
    return iter((f"{count.datagrams:,}", f"{count.bytes:,}"))


def _table(*columns: str) -> Table:
    """Columns by heading; `>` in front puts the column to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        name = column.removeprefix(">")
        table.add_column(name, justify="right" if name != column else "left", overflow="fold")
    return table
