"""How do findings look? A line each, by question, and what to do under it.

reach   ! what we say to the group does not reach h3 (10.0.0.3)
          group_not_heard_there: switch IGMP/MLD snooping off for this VLAN, or ...
clock   ✓ the neighbours' clocks agree with ours to 0.002 s
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from .show import print_view, stdout_console
from .words import counted, printable

if TYPE_CHECKING:
    from mcastdist.agent.api import Finding

SYMBOLS = {"ok": "✓", "note": "·", "warning": "!", "error": "✗"}
PLAIN_SYMBOLS = {"ok": "+", "note": "-", "warning": "!", "error": "x"}  # where there is no UTF-8
STYLES = {"ok": "green", "note": "cyan", "warning": "bold yellow", "error": "bold red"}


def print_findings(findings: Sequence[Finding]) -> None:
    """All of them on stdout, and the sum of it."""
    is_unicode = stdout_console().encoding.lower().startswith("utf")
    print_view(findings_view(findings, SYMBOLS if is_unicode else PLAIN_SYMBOLS))
    click.echo(f"\n{verdict(findings)}")


def findings_view(findings: Sequence[Finding], symbols: dict[str, str]) -> RenderableType:
    """A line a finding; the question stands where it begins."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    before = ""
    for one in findings:
        question = "" if one.question == before else one.question
        before = one.question
        style = STYLES[one.severity]
        told = Text(printable(one.sentence), style if one.severity in ("warning", "error") else "")
        grid.add_row(question, Text(symbols[one.severity], style), told)
        if one.advice:
            grid.add_row("", "", Text(f"  {one.code}: {printable(one.advice)}", "bright_black"))
    return grid


def verdict(findings: Sequence[Finding]) -> str:
    """The sum of it in one line."""
    counts = Counter(one.severity for one in findings)
    parts = [
        counted(counts[severity], severity)
        for severity in ("error", "warning", "note")
        if counts[severity]
    ]
    if counts["error"] or counts["warning"]:
        return f"{', '.join(parts)}: see what to do above"
    told = "nothing is wrong here"
    return f"{told} ({', '.join(parts)})" if parts else told
