"""Conversations kept as text: compared with what stands here, or written anew with `--rewrite`.

pytest tests/transcripts --rewrite      then review the diff like code
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "sim"))  # the segment made of memory

Transcript = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--rewrite`."""
    parser.addoption("--rewrite", action="store_true", help="write the transcripts anew")


@pytest.fixture
def transcript(request: pytest.FixtureRequest) -> Transcript:
    """Call it with a name and what was said."""

    def check(name: str, said: str) -> None:
        path = HERE / f"{name}.txt"
        if request.config.getoption("--rewrite"):
            path.write_text(said, "utf-8")
        assert said == path.read_text("utf-8"), (
            f"{path.name} has changed: run pytest tests/transcripts --rewrite, and read the diff"
        )

    return check
