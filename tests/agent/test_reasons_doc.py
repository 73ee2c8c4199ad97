"""docs/reasons.md says what the code's tables say."""

from __future__ import annotations

from pathlib import Path

from mcastdist.agent.checkup import KINDS
from mcastdist.agent.reasons_doc import document
from mcastdist.reasons import DEEDS, REASONS

PAGE = Path(__file__).parents[2] / "docs" / "reasons.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == document(), "python -m mcastdist.agent.reasons_doc > docs/..."


def test_every_code_has_its_row() -> None:
    page = document()

    for code in [*REASONS, *DEEDS, *KINDS]:
        assert f"\n| `{code}` | " in page
    assert all(row.count("|") in (4, 5) for row in page.splitlines() if row.startswith("| `"))
