"""docs/cli.md says what the commands say."""

from __future__ import annotations

from pathlib import Path

from mcastdist.cli.docs import reference
from mcastdist.cli.exits import MEANINGS
from mcastdist.cli.group import COMMANDS

DOC = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_is_up_to_date() -> None:
    assert DOC.read_text() == reference(), "run: python -m mcastdist.cli.docs > docs/cli.md"


def test_every_command_and_status_is_in_it() -> None:
    page = reference()
    assert all(f"## `mcastdist {name}`" in page for name in COMMANDS)
    assert all(f"| {status.value} | {meaning} |" in page for status, meaning in MEANINGS.items())
    assert "`mcastdist cache verify`" in page
