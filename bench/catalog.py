"""Which benchmarks are there? In the order in which they are worth running."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .options import Options
from .sheet import Sheet

NAMES = (
    "raw",
    "loss",
    "alternatives",
    "steady",
    "flat",
    "failover",
    "latejoin",
    "straggler",
    "blocked",
    "cutthrough",
    "smallfiles",
    "guest",
    "micro",
    "crowd",
    "fairness",
)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One module of this package: its question is the first line of its docstring."""

    name: str
    question: str
    table: str  # of the targets
    run: Callable[[Options, Sheet, Path], None]


def benchmark(name: str) -> Benchmark:
    """The benchmark of this name. KeyError if there is none."""
    if name not in NAMES:
        raise KeyError(name)
    module = importlib.import_module(f"bench.{name}")
    question = (module.__doc__ or "").partition("\n\n")[0]
    return Benchmark(name, " ".join(question.split()), module.TABLE, module.run)
