"""docs/settings.md: what it says is what the code does."""

from __future__ import annotations

from pathlib import Path

from mcastdist.agent.settings import describe
from mcastdist.agent.settings_doc import markdown

ROOT = Path(__file__).parents[2]


def test_the_document_says_what_the_code_says() -> None:
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == markdown()


def test_every_key_has_a_row_of_six_cells_with_its_marks() -> None:
    rows = [line for line in markdown().splitlines() if line.startswith("| `")]

    assert len(rows) == len(describe())
    assert all(row.count(" |") == 6 for row in rows)
    (ttl,) = [row for row in rows if "`multicast.ttl`" in row]
    assert ttl.endswith("| restart |")
    (delay,) = [row for row in rows if "`multicast.session_start_delay_s`" in row]
    assert delay.endswith("| task |")
