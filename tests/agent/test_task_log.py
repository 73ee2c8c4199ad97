"""What the log says of tasks."""

from __future__ import annotations

from typing import Any

import pytest
from fake_controller import record

from mcastdist.agent.task_log import tell_fallbacks, tell_state


def test_a_failure_is_a_warning_and_says_why(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    tell_state(record(state="failed", reason="origin_dns", sentence="no such name"))
    tell_state(record(state="queued"))

    failed: Any
    queued: Any
    failed, queued = caplog.records
    assert (failed.levelname, failed.message) == ("WARNING", "task failed")
    assert (failed.fields["reason"], failed.fields["why"]) == ("origin_dns", "no such name")
    assert (queued.levelname, queued.message) == ("INFO", "task queued")
    assert "reason" not in queued.fields


def test_only_news_are_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    tell_fallbacks(record(fallbacks={"origin_dns": 3, "news": 1}), {"origin_dns": 1})

    told: list[Any] = list(caplog.records)
    assert [one.fields["reason"] for one in told] == ["news"]
    assert told[0].fields["why"] == "no more is known of it"
