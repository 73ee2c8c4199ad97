"""Which tasks are there? A thousand of them cost no more each than one."""

from __future__ import annotations

import pytest

from mcastdist.agent import entries as entries_module
from mcastdist.agent.api import TaskRequest
from mcastdist.agent.entries import Entries
from mcastdist.agent.entry import Entry
from mcastdist.agent.records import new_record
from mcastdist.errors import UsageError

WISH = TaskRequest(url="http://origin/app-1.mcd")


def entry(task_id: str, run_id: str = "run", state: str = "seeking") -> Entry:
    record = new_record(task_id, WISH)
    record.state = state  # type: ignore[assignment]  # speaks api.State
    return Entry(WISH, record, run_id)


def end(entries: Entries, one: Entry) -> None:
    one.record.state = "delivered"
    entries.ended(one)


def test_tasks_of_a_run_are_those_that_wait_for_it() -> None:
    entries = Entries()
    mine = [entry("a"), entry("b", state="suspended"), entry("c"), entry("d", "other")]
    for one in mine:
        entries.add(one)
    end(entries, mine[0])

    assert entries.of_run("run") == [mine[2]]
    assert entries.of_run("nobody's") == []
    assert [one.number for one in entries] == [1, 2, 3, 4]


def test_a_task_is_found_by_the_beginning_of_its_id() -> None:
    entries = Entries()
    for task_id in ("ab", "abc", "d"):
        entries.add(entry(task_id))

    assert entries.find("abc").record.id == "abc"
    assert entries.find("ab").record.id == "ab"  # the whole id of one, the beginning of another
    assert entries.find("d").record.id == "d"
    for given in ("a", "x", ""):
        with pytest.raises(UsageError, match=r"no task|more than one"):
            entries.find(given)


def test_the_longest_ended_are_forgotten_first_and_unfinished_ones_never(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(entries_module, "TASKS_KEPT", 3)
    entries = Entries()
    all_of_them = [entry(f"t{number}", f"run{number}") for number in range(5)]
    for one in all_of_them:
        entries.add(one)
    for number in (3, 1, 0):
        end(entries, all_of_them[number])

    assert [one.record.id for one in entries] == ["t0", "t2", "t4"]
    entries.add(entry("t9", state="failed"))  # of an earlier run of the agent
    assert [one.record.id for one in entries] == ["t2", "t4", "t9"]


def test_far_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries_module, "UNFINISHED_MAX", 2)
    entries = Entries()
    first = entry("a")
    entries.add(first)
    entries.add(entry("b"))
    with pytest.raises(UsageError, match="2 tasks are unfinished"):
        entries.add(entry("c"))

    end(entries, first)
    entries.add(entry("c"))
    assert len(entries) == 3
    entries.take_back(entry("d"))  # of an earlier run of the agent: it was let in once
    assert "d" in entries
    assert "e" not in entries
