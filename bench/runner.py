"""How is a benchmark run, and where does its result go? Into one JSON file each, replaced whole."""

from __future__ import annotations

import datetime
import os
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from . import machine
from .catalog import Benchmark
from .figures import Result
from .options import Options
from .sheet import Sheet

RESULTS = Path(__file__).parent / "results"
LAB_ENDS_S = 0.2


def run(benchmark: Benchmark, options: Options, command: str, patience_s: float = 0.0) -> Result:
    """Run it in a directory of its own, which goes afterwards; each of its runs waits up to
    `patience_s` for a quiet machine."""
    print(f"{benchmark.name}: {benchmark.question}", file=sys.stderr, flush=True)
    load_before, began = machine.load(), time.monotonic()
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as work:
        sheet = Sheet(patience_s=patience_s, work=Path(work))
        benchmark.run(options, sheet, Path(work))
        time.sleep(LAB_ENDS_S)
    return Result(
        benchmark=benchmark.name,
        question=benchmark.question,
        table=benchmark.table,
        command=command,
        commit=machine.commit(),
        machine=machine.describe(),
        when=when,
        seconds=round(time.monotonic() - began, 1),
        load_before=load_before,
        busy_runs=sheet.busy_runs,
        quick=options.quick,
        rows=sheet.rows,
        absent=sheet.absent,
        remarks=sheet.remarks,
    )


def save(result: Result, to: Path | None = None) -> Path:
    """Write a result to `to`, or to its place among the results; a quick one has its own."""
    quick = "-quick" if result.quick else ""
    path = to or RESULTS / f"{result.benchmark}{quick}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    os.replace(partial, path)
    return path


def saved(folder: Path = RESULTS) -> list[Result]:
    """All results in a folder; of a benchmark that has a full one, not the quick one."""
    found = [
        msgspec.json.decode(path.read_bytes(), type=Result)
        for path in sorted(folder.glob("*.json"))
    ]
    full = {result.benchmark for result in found if not result.quick}
    return [result for result in found if not (result.quick and result.benchmark in full)]
