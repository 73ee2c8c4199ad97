"""Memory that is free again goes back to the system, where the system takes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mcastdist.agent import freed_memory
from mcastdist.agent.freed_memory import give_back


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    freed_memory._trim.cache_clear()
    yield
    freed_memory._trim.cache_clear()


def test_all_that_is_free_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []

    def trim(keep_bytes: int) -> int:
        kept.append(keep_bytes)
        return 1 if len(kept) == 1 else 0

    monkeypatch.setattr(freed_memory, "_trim", lambda: trim)

    assert [give_back(), give_back()] == [True, False]
    assert kept == [0, 0]


def test_it_may_be_asked_of_any_system() -> None:
    assert give_back() in (True, False)


def test_a_system_without_such_a_call_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freed_memory.sys, "platform", "darwin")
    assert not give_back()
