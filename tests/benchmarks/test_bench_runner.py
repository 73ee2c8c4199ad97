"""A result is saved whole, and read again as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_samples import sample

from bench import catalog, runner
from bench.catalog import Benchmark
from bench.options import Options
from bench.sheet import Sheet


def test_what_is_saved_is_what_is_read(tmp_path: Path) -> None:
    runner.save(sample(), tmp_path / "raw.json")

    assert runner.saved(tmp_path) == [sample()]
    assert [path.name for path in tmp_path.iterdir()] == ["raw.json"]


def test_a_quick_result_gives_way_to_a_full_one(tmp_path: Path) -> None:
    for result in (sample(quick=True), sample(), sample("loss", quick=True)):
        name = f"{result.benchmark}{'-quick' if result.quick else ''}.json"
        runner.save(result, tmp_path / name)

    found = [(result.benchmark, result.quick) for result in runner.saved(tmp_path)]

    assert sorted(found) == [("loss", True), ("raw", False)]


def test_a_run_tells_where_and_with_what_it_was_done() -> None:
    places: list[Path] = []

    def measure(options: Options, sheet: Sheet, work: Path) -> None:
        places.append(work)
        assert work.is_dir()
        sheet.put("a", "ours", time=(1.0, "s"))

    result = runner.run(Benchmark("x", "Why?", "A", measure), Options(quick=True), "command")

    assert (result.benchmark, result.command, result.quick) == ("x", "command", True)
    assert result.rows[0].figures[0].values == [1.0]
    assert result.machine.cores >= 1
    assert not places[0].exists()


@pytest.mark.parametrize("name", catalog.NAMES)
def test_every_benchmark_asks_a_question(name: str) -> None:
    found = catalog.benchmark(name)

    assert "?" in found.question
    assert found.table
    assert callable(found.run)


def test_an_unknown_benchmark_is_refused() -> None:
    with pytest.raises(KeyError):
        catalog.benchmark("micro_table")
