"""Which bytes break us? Feeds spoilt inputs to every entry, and keeps what went wrong.

    python -m fuzz                                  10 seconds over all targets
    python -m fuzz --seconds 600 --seed 7 datagrams
    python -m fuzz --datagrams 10000000 --seed 7    so many datagrams, however long it takes
    python -m fuzz --replay fuzz/crashes/datagrams-0123456789ab datagrams

A target is a module of this folder with `seeds() -> list[bytes]` and `fuzz_one(data)`, which keeps
the errors that hostile bytes deserve to itself: whatever escapes is a finding. It starts from its
seeds and from what lies in `fuzz/corpus/<target>/`: inputs that once reached new code. The inputs
follow from the seed alone, so a run with the same seed, and as much time, finds the same.

Exit status: 0 nothing found, 1 a finding (the input lies in `fuzz/crashes/`), 2 usage.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import math
import pkgutil
import secrets
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType
from typing import NamedTuple, Protocol, cast

import fuzz

from .mutation import mutated

SECONDS = 10.0
ONE_INPUT_S_MAX = 5.0  # an input of 64 KB that keeps us this long is an attack
CRASHES = Path(__file__).parent / "crashes"
CORPUS = Path(__file__).parent / "corpus"
PROGRESS_INPUTS = 1_000_000  # of a long run: a sign of life every few minutes


class Target(Protocol):
    """What a fuzzed module offers."""

    def seeds(self) -> list[bytes]:
        """Valid inputs to start from; each must pass `fuzz_one`."""
        ...

    def fuzz_one(self, data: bytes) -> None:
        """Try `data`; raise only what is a bug."""
        ...


class Limit(NamedTuple):
    """When to stop."""

    seconds: float
    inputs: float = math.inf


class TooSlow(Exception):
    """An input that takes longer than ONE_INPUT_S_MAX."""


class Finding(Exception):
    """An input that broke a target; the cause is what escaped."""

    def __init__(self, data: bytes) -> None:
        super().__init__(f"{len(data)} bytes")
        self.data = data


def main(arguments: Sequence[str] | None = None, *, crashes: Path = CRASHES) -> int:
    """Run as the command line says; the exit status."""
    targets = find_targets()
    asked = _parse(arguments, sorted(targets))
    names = ["datagrams"] if asked.datagrams else asked.targets or sorted(targets)
    chosen = {name: targets[name] for name in names}
    if asked.replay is not None:
        return _replay(chosen, asked.replay, crashes)
    print(f"seed {asked.seed}", flush=True)
    limit = Limit(asked.seconds / len(chosen))
    if asked.datagrams:
        limit = Limit(math.inf, asked.datagrams)
    return max(_report(name, target, asked.seed, limit, crashes) for name, target in chosen.items())


def find_targets() -> dict[str, Target]:
    """The targets of this folder, by name."""
    names = [found.name for found in pkgutil.iter_modules(fuzz.__path__)]
    modules = {
        name: importlib.import_module(f"fuzz.{name}") for name in names if name != "__main__"
    }
    return {
        name: cast(Target, module)
        for name, module in modules.items()
        if hasattr(module, "seeds") and hasattr(module, "fuzz_one")
    }


def kept(name: str) -> list[bytes]:
    """What lies in the corpus of a target, in an order that does not depend on the disk."""
    folder = CORPUS / name
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []


def run(
    target: Target,
    rng: Random,
    *,
    seconds: float = math.inf,
    inputs: float = math.inf,
    corpus: Sequence[bytes] = (),
) -> int:
    """Feed `target` its seeds, then spoilt ones, until a limit; how many inputs it took.

    Raises Finding for the first that breaks it.
    """
    seeds = [*target.seeds(), *corpus]
    for data in seeds:
        _feed(target, data)
    count, stop_at = len(seeds), time.monotonic() + seconds
    while count < inputs and time.monotonic() < stop_at:
        _feed(target, mutated(seeds, rng))
        count += 1
        if count % PROGRESS_INPUTS == 0:
            print(f"{count:,} inputs", flush=True)
    return count


def _feed(target: Target, data: bytes) -> None:
    try:
        with _bounded_time():
            target.fuzz_one(data)
    except Exception as escaped:
        raise Finding(data) from escaped


@contextmanager
def _bounded_time() -> Iterator[None]:
    """Raise TooSlow in the block if it takes too long; without effect where there are no timers."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, _too_slow)
    signal.setitimer(signal.ITIMER_REAL, ONE_INPUT_S_MAX)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _too_slow(number: int, frame: FrameType | None) -> None:
    raise TooSlow(f"still at it after {ONE_INPUT_S_MAX} s")


def _report(name: str, target: Target, seed: int, limit: Limit, crashes: Path) -> int:
    began, rng = time.monotonic(), Random(f"{seed} {name}")
    try:
        count = run(target, rng, seconds=limit.seconds, inputs=limit.inputs, corpus=kept(name))
    except Finding as finding:
        _tell(name, finding, crashes)
        return 1
    took_s = time.monotonic() - began
    print(f"{name}: {count:,} inputs in {took_s:.1f} s, nothing found", flush=True)
    return 0


def _replay(targets: dict[str, Target], path: Path, crashes: Path) -> int:
    data = path.read_bytes()
    for name, target in targets.items():
        try:
            _feed(target, data)
        except Finding as finding:
            _tell(name, finding, crashes)
            return 1
    print(f"{path}: nothing found")
    return 0


def _tell(name: str, finding: Finding, crashes: Path) -> None:
    crashes.mkdir(exist_ok=True)
    path = crashes / f"{name}-{hashlib.sha256(finding.data).hexdigest()[:12]}"
    path.write_bytes(finding.data)
    traceback.print_exception(finding.__cause__)
    print(f"{name}: broken by {path}", file=sys.stderr)
    print(f"again with: python -m fuzz --replay {path} {name}", file=sys.stderr)


def _parse(arguments: Sequence[str] | None, names: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m fuzz", description="Look for bytes that break us."
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for all targets together")
    parser.add_argument(
        "--datagrams", type=int, metavar="N", help="try so many datagrams, and nothing else"
    )
    parser.add_argument("--seed", type=int, default=secrets.randbits(32), help="default: any")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="try this one input only")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(names)}")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.targets if name not in names]
    if unknown:
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(names)}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
