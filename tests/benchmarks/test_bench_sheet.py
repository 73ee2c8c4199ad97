"""A sheet keeps every run, and what failed does not stop the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.figures import OURS
from bench.sheet import SENTENCE_MAX, Sheet


def test_values_of_the_same_figure_come_together() -> None:
    sheet = Sheet(loud=False)
    sheet.put("a", OURS, sender_CPU=(1.0, "s"))
    sheet.put("a", OURS, sender_CPU=(3.0, "s"))
    sheet.put("a", "uftp", sender_CPU=(9.0, "s"))

    assert [row.subject for row in sheet.rows] == [OURS, "uftp"]
    assert sheet.median("a", OURS, "sender CPU") == 2.0
    assert sheet.median("a", OURS, "other") is None
    assert sheet.median("b", OURS, "sender CPU") is None


def test_a_target_without_a_value_counts_as_missed() -> None:
    sheet = Sheet(loud=False)
    sheet.aim("a", "time", "≤ 1 s", at_most=1.0)

    assert sheet.rows[0].figures[0].passed is False


@pytest.mark.parametrize("error", [TimeoutError("late"), AssertionError("wrong"), OSError("gone")])
def test_a_failed_run_is_written_down(error: Exception) -> None:
    sheet = Sheet(loud=False)
    with sheet.trial("a"):
        raise error

    assert sheet.rows[0].failures == [f"{type(error).__name__}: {error}"]


def test_a_long_complaint_is_cut_and_a_bug_is_not_hidden() -> None:
    sheet = Sheet(loud=False)
    with sheet.trial("a"):
        raise OSError("x" * 10_000)
    assert len(sheet.rows[0].failures[0]) == SENTENCE_MAX

    with pytest.raises(KeyError), sheet.trial("a"):
        raise KeyError("a bug")


def test_a_remark_is_made_once() -> None:
    sheet = Sheet(loud=False)
    sheet.remark("small")
    sheet.remark("small")

    assert sheet.remarks == ["small"]


def test_whoever_waits_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Sheet().put("a", OURS, time=(1.5, "s"))

    assert capsys.readouterr().err == "  a · mcastdist · time 1.50 s\n"


def test_what_a_run_leaves_goes_with_it_but_for_contents(tmp_path: Path) -> None:
    sheet = Sheet(loud=False, work=tmp_path)
    with sheet.trial("a"):
        for name in ("ours-1/h1", "content-5-0/files"):
            (tmp_path / name).mkdir(parents=True)
        (tmp_path / "ours-1.pcap").write_bytes(b"")
        raise OSError("also if it fails")

    assert [left.name for left in tmp_path.iterdir()] == ["content-5-0"]
