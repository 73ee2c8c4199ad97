"""Which inputs reach code that no other has reached? Fuzzing led by coverage, with atheris.

    python -m fuzz.guided journals --seconds 60

What reaches new code is kept in `fuzz/corpus/<target>/`, where `python -m fuzz` starts as well.
atheris is no dependency of ours: install it beside (`pip install atheris`) where there is a wheel.

libFuzzer ends the process itself: with 0 if nothing was found, else with another status, and the
input in `fuzz/crashes/`. Exit status 2: no atheris.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .__main__ import CORPUS, CRASHES

INPUT_BYTES_MAX = 1_024  # small ones are quick, and a corpus that is committed stays small


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one target until the time is over."""
    asked = _parse(arguments)
    try:
        atheris: Any = importlib.import_module("atheris")
    except ImportError:
        print("atheris is not here: pip install atheris", file=sys.stderr)
        return 2
    with atheris.instrument_imports(include=["mcastdist"]):
        target = importlib.import_module(f"fuzz.{asked.target}")
    corpus = CORPUS / asked.target
    for folder in (corpus, CRASHES):
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as seeds:
        _write(target.seeds(), Path(seeds))
        atheris.Setup(_words(asked, corpus, Path(seeds)), target.fuzz_one)
        atheris.Fuzz()
    return 0


def _words(asked: argparse.Namespace, corpus: Path, seeds: Path) -> list[str]:
    """What libFuzzer is told; into the first folder it writes."""
    return [
        sys.argv[0], f"-max_total_time={asked.seconds}", f"-max_len={INPUT_BYTES_MAX}",
        f"-artifact_prefix={CRASHES}/{asked.target}-", str(corpus), str(seeds),
    ]  # fmt: skip


def _write(inputs: Sequence[bytes], folder: Path) -> None:
    for number, data in enumerate(inputs):
        (folder / str(number)).write_bytes(data)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz.guided", description="See the docstring.")
    parser.add_argument("target", metavar="TARGET", help="as `python -m fuzz` names them")
    parser.add_argument("--seconds", type=int, default=60)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
