"""What surrounds every simulation? The invariants asked at its end, and the count of all seeds.

It also makes `segment` importable by its own name from the tests.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import invariants
import promises
from segment import Segment

_tried: dict[str, int] = {}  # scenario -> segments simulated, each with a seed of its own


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    Segment.made.clear()
    yield
    made = list(Segment.made)
    Segment.made.clear()
    scenario = item.nodeid.partition("[")[0]
    _tried[scenario] = _tried.get(scenario, 0) + len(made)
    for segment in made:
        invariants.check(segment)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _tried:
        asked = f" (MCASTDIST_SIM_SEEDS={promises.ASKED})" if promises.ASKED else ""
        terminalreporter.write_line(
            f"simulated: {sum(_tried.values()):,} seeded subnets in {len(_tried)} scenarios, "
            f"each held to the invariants{asked}"
        )
