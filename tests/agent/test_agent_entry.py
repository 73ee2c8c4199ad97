"""One task: does it want its run to go on, and what of the run is its own?"""

from __future__ import annotations

import pytest
from agent_kit import make_run

from mcastdist.agent.api import TaskRequest
from mcastdist.agent.entry import Entry
from mcastdist.agent.records import new_record

WISH = TaskRequest(url="http://origin/setup.exe")


@pytest.mark.parametrize(
    ("state", "waits"),
    [("seeking", True), ("receiving", True), ("suspended", False), ("delivered", False)],
)
def test_who_is_done_or_rests_wants_nothing(state: str, waits: bool) -> None:
    entry = Entry(WISH, new_record("t1", WISH), "run")
    entry.record.state = state  # type: ignore[assignment]  # speaks api.State
    assert entry.is_waiting is waits


def test_a_task_that_joins_again_keeps_what_it_had_brought() -> None:
    entry, run = Entry(WISH, new_record("t1", WISH), "run"), make_run()
    entry.record.bytes_by_source["peer"] = 7
    entry.join(run)
    assert entry.share.by_source(run.account)["peer"] == 7
