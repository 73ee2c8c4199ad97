"""What is a measured figure, and did it reach its target? The record that every benchmark leaves.

A result has rows: one subject (ours, or a peer) in one case (a loss, a size, a number of hosts). A
row has figures, and a figure keeps the value of each run: the median is quoted, the spread is told.
"""

from __future__ import annotations

import statistics

from msgspec import Struct, field

OURS = "mcastdist"


class Target(Struct, frozen=True, kw_only=True):
    """What we aim at: the median is to be at most, or at least, so much; `says` tells why."""

    at_most: float | None = None
    at_least: float | None = None
    says: str

    def is_reached(self, median: float) -> bool:
        """True if a figure of this median passes."""
        if self.at_most is not None and median > self.at_most:
            return False
        return self.at_least is None or median >= self.at_least


class Figure(Struct, kw_only=True):
    """One quantity: the value of each run, and the target if there is one."""

    name: str
    unit: str
    values: list[float] = field(default_factory=list)
    target: Target | None = None

    @property
    def median(self) -> float | None:
        """The value in the middle; None if no run gave one."""
        return statistics.median(self.values) if self.values else None

    @property
    def spread(self) -> tuple[float, float] | None:
        """The smallest and the largest value."""
        return (min(self.values), max(self.values)) if self.values else None

    @property
    def passed(self) -> bool | None:
        """None without a target; a figure that could not be measured has missed its target."""
        if self.target is None:
            return None
        return self.median is not None and self.target.is_reached(self.median)


class Row(Struct, kw_only=True):
    """One subject in one case. `failures`: what went wrong in runs that gave no figures."""

    case: str
    subject: str
    figures: list[Figure] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def figure(self, name: str) -> Figure | None:
        """The figure of this name."""
        return next((figure for figure in self.figures if figure.name == name), None)


class Machine(Struct, frozen=True, kw_only=True):
    """Where it was measured: a figure is only good beside its peers on the same machine."""

    cpu: str
    cores: int
    memory_gib: float
    kernel: str
    python: str


class Result(Struct, kw_only=True):
    """One benchmark, run once with all its pairs."""

    benchmark: str
    question: str
    table: str
    command: str
    commit: str
    machine: Machine
    when: str
    seconds: float
    load_before: float  # the machine's load when it began: other work makes figures worse
    busy_runs: int = 0  # that began although others used the processors
    quick: bool
    rows: list[Row] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)  # peer -> why it took no part
    remarks: list[str] = field(default_factory=list)

    def row(self, case: str, subject: str) -> Row | None:
        """The row of a subject in a case."""
        return next((r for r in self.rows if (r.case, r.subject) == (case, subject)), None)

    @property
    def missed(self) -> list[str]:
        """Each target that was not reached, in words."""
        return [
            f"{row.case}, {row.subject}: {figure.name} {show(figure.median)} {figure.unit}"
            f" ({figure.target.says})"
            for row in self.rows
            for figure in row.figures
            if figure.target is not None and not figure.passed
        ]


def show(value: float | None) -> str:
    """A number with the digits that mean something."""
    if not value:
        return "-" if value is None else "0"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 20 else 2 if abs(value) >= 0.1 else 4
    return f"{value:,.{digits}f}"
