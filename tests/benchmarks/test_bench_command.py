"""The command line: what it lists, what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_samples import sample
from click.testing import CliRunner

from bench import catalog, runner
from bench.__main__ import main


def test_all_are_listed_with_their_questions() -> None:
    listed = CliRunner().invoke(main, ["list"]).output

    assert [line.split()[0] for line in listed.splitlines()] == list(catalog.NAMES)
    assert listed.count("?") >= len(catalog.NAMES)


@pytest.mark.parametrize(
    "words",
    [["run", "none"], ["run", "raw", "--bytes", "much"], ["run", "raw", "--loss", "2"],
     ["run", "raw", "--hosts", "0"], ["run", "raw", "--rate", "fast"]],
)  # fmt: skip
def test_nonsense_is_refused(words: list[str]) -> None:
    assert CliRunner().invoke(main, words).exit_code == 2


def test_a_report_is_written_where_the_results_are(tmp_path: Path) -> None:
    runner.save(sample(), tmp_path / "raw.json")

    told = CliRunner().invoke(main, ["report", "--results", str(tmp_path)])

    assert told.exit_code == 0, told.output
    assert (tmp_path / "report.html").exists()
    assert "1 of 2" in told.output


def test_there_is_no_report_of_nothing(tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["report", "--results", str(tmp_path)])

    assert told.exit_code == 1
    assert "run a benchmark first" in told.output
