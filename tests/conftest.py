"""What do tests of several rooms need? A place where the system says no, and a book of figures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from figure_book import FIGURES, Figure
from hypothesis import settings

NOBODY = 65_534

# An example that takes 0.3 s on a busy machine is no failure: speed is measured in bench/.
settings.register_profile("untimed", settings.default, deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """`figure("noticed after, s", 0.3)`: what the test observed, shown at the end of the run."""
    return partial(FIGURES.note, request.node.nodeid)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in FIGURES.table():
        terminalreporter.write_line(line)


@pytest.fixture
def forbidden(tmp_path: Path) -> Iterator[Path]:
    """A directory that nobody may enter, and this process as somebody who is refused by that."""
    place = tmp_path / "forbidden"
    place.mkdir(mode=0)
    if not hasattr(os, "geteuid"):
        pytest.skip("needs users that can be refused")
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)
    try:
        yield place
    finally:
        if was == 0:
            os.seteuid(was)
        place.chmod(0o700)
