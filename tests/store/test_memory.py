"""The store in memory and the one on disk answer alike, whatever is asked of them."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from store_kit import NO_LIMITS, NOW, QuickDisk, Sample, noise

from mcastdist.errors import McastdistError
from mcastdist.store import MemoryStore, Store

SHARED = noise("shared", 130)
SAMPLES = [
    Sample("a", {"s": SHARED, "x": noise("x", 70)}),
    Sample("b", {"y": noise("y", 40), "s": SHARED}),
    Sample("c", {}),
]
STEPS = st.tuples(
    st.sampled_from(["begin", "write", "wrong", "read", "close", "pin", "remove", "verify"]),
    st.integers(0, 2),
    st.integers(0, 210),
    st.integers(0, 210),
)


class Driver:
    """One store, and what a task has open of it."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.open: dict[int, list[Any]] = {0: [], 1: [], 2: []}

    def do(self, act: str, which: int, one: int, other: int, now: float) -> Any:
        sample, start, stop = SAMPLES[which], min(one, other), max(one, other)
        match act:
            case "begin":
                self.open[which].append(sample.begin(self.store, now=now))
                return self.open[which][-1].held_bytes
            case "pin":
                return self.store.pin(sample.content)
            case "remove":
                return self.store.remove(sample.content)
        if not self.open[which]:
            return None
        holding = self.open[which][-1]
        match act:
            case "write" | "wrong":
                data = sample.payload[start:stop]
                flipped = bytes(byte ^ 1 for byte in data)
                return holding.write(
                    min(start, len(sample.payload)), data if act == "write" else flipped
                )
            case "read":
                return holding.read(start, stop), holding.covers(start, stop)
            case "verify":
                return holding.verify_all()
            case "close":
                return self.open[which].pop().close()
        raise AssertionError(act)

    def answer(self, *step: Any) -> Any:
        try:
            return self.do(*step)
        except (McastdistError, ValueError) as error:
            return type(error)

    def state(self) -> Any:
        entries = [replace(entry, expires=None) for entry in self.store.entries()]
        return entries, self.store.usage().held_bytes


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(STEPS, max_size=25))
def test_both_stores_answer_alike(steps: list[tuple[str, int, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        disk = Driver(Store(Path(directory) / "store", NO_LIMITS, disk=QuickDisk()))
        memory = Driver(MemoryStore())
        for at, step in enumerate(steps):
            assert disk.answer(*step, NOW + at) == memory.answer(*step, NOW + at)
            for holdings in disk.open.values():
                for holding in holdings:
                    holding.commit()  # memory has nothing that is not yet recorded
            assert disk.state() == memory.state()
        disk.store.close()
