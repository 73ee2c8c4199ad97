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
from observed import OBSERVED
from segment import Segment


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    Segment.made.clear()
    OBSERVED.begin(item.nodeid)
    yield
    made = list(Segment.made)
    Segment.made.clear()
    OBSERVED.tried(len(made))
    for segment in made:
        invariants.check(segment)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not OBSERVED.scenarios:
        return
    asked = f" (MCASTDIST_SIM_SEEDS={promises.ASKED})" if promises.ASKED else ""
    terminalreporter.write_line(f"seeded subnets, each held to the invariants{asked}:")
    whole = bool(promises.ASKED) or terminalreporter.config.getoption("capture") == "no"
    for line in OBSERVED.table(whole=whole):
        terminalreporter.write_line(line)
