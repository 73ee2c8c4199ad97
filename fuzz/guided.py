"""Which inputs reach code that no other has reached? Fuzzing led by coverage, with atheris.

    python -m fuzz.guided journals found/ --seconds 60      what reaches new code goes to found/
    python -m fuzz.guided journals found/ --keep            of that, what the corpus lacks, into it

The corpus lies in `fuzz/corpus/<target>/`, where `python -m fuzz` and this start. atheris is no
dependency of ours: install it beside (`pip install atheris`) where there is a wheel of it.

libFuzzer ends the process itself: with 0 if nothing was found, else with another status, and the
input in `fuzz/crashes/`. Exit status 2: no atheris.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import sys
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
    for folder in (asked.found, CORPUS / asked.target, CRASHES):
        folder.mkdir(parents=True, exist_ok=True)
    if not asked.keep:
        _write_seeds(target.seeds(), asked.found)
    atheris.Setup(_words(asked), target.fuzz_one)
    atheris.Fuzz()
    return 0


def _words(asked: argparse.Namespace) -> list[str]:
    """What libFuzzer is told; into the first folder it writes."""
    limits = [f"-max_len={INPUT_BYTES_MAX}", f"-artifact_prefix={CRASHES}/{asked.target}-"]
    corpus, found = str(CORPUS / asked.target), str(asked.found)
    if asked.keep:
        return [sys.argv[0], "-merge=1", *limits, corpus, found]
    return [sys.argv[0], f"-max_total_time={asked.seconds}", *limits, found, corpus]


def _write_seeds(seeds: Sequence[bytes], folder: Path) -> None:
    for data in seeds:
        (folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz.guided", description="See the docstring.")
    parser.add_argument("target", metavar="TARGET", help="as `python -m fuzz` names them")
    parser.add_argument("found", type=Path, metavar="FOLDER", help="what reaches new code")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--keep", action="store_true", help="into the corpus what it lacks")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
