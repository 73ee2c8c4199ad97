"""Changes as JSON lines: heartbeats, a client that leaves, an agent that fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import msgspec
import pytest
from fake_controller import record

from mcastdist.agent.api import TaskRecord
from mcastdist.agent.control import watching
from mcastdist.errors import StoreBusy


class Source:
    """Records on demand; knows whether it was let go."""

    def __init__(self, *steps: TaskRecord | Exception, endless: bool = False) -> None:
        self.steps = steps
        self.endless = endless
        self.ended = False

    async def __call__(self) -> AsyncIterator[TaskRecord]:
        try:
            for step in self.steps:
                if isinstance(step, Exception):
                    raise step
                yield step
            if self.endless:
                await asyncio.Event().wait()
        finally:
            self.ended = True


def lines_of(source: Source, closing: asyncio.Event) -> AsyncGenerator[bytes, None]:
    return watching._lines(source(), closing)


async def test_a_record_a_line_until_they_end() -> None:
    source = Source(record(), record(state="delivered"))
    lines = [line async for line in lines_of(source, asyncio.Event())]
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    states = [msgspec.json.decode(line, type=TaskRecord).state for line in lines]
    assert states == ["receiving", "delivered"]


async def test_silence_is_filled_with_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "HEARTBEAT_S", 0.001)
    source = Source(endless=True)
    lines = lines_of(source, asyncio.Event())
    assert [await anext(lines) for _ in range(3)] == [b"\n"] * 3
    await lines.aclose()
    assert source.ended


async def test_closing_ends_it_at_once() -> None:
    source, closing = Source(record(), endless=True), asyncio.Event()
    lines = lines_of(source, closing)
    await anext(lines)
    asyncio.get_running_loop().call_soon(closing.set)
    assert [line async for line in lines] == []
    assert source.ended


async def test_an_error_is_the_last_line() -> None:
    source = Source(record(), StoreBusy("process 7"))
    *_, last = [line async for line in lines_of(source, asyncio.Event())]
    assert msgspec.json.decode(last) == {
        "error": "store_busy",
        "sentence": "process 7",
        "kind": "storage",
    }
