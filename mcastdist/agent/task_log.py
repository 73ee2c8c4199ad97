"""What does the log say of tasks? A line for every end, and one for every kind of trouble."""

from __future__ import annotations

from collections.abc import Mapping

from mcastdist.reasons import explain

from . import logs
from .api import TaskRecord

log = logs.get("task")


def tell_state(record: TaskRecord) -> None:
    """It has ended, or rests, or waits for its turn."""
    say = log.warning if record.state == "failed" else log.info
    why = {"why": record.sentence, "reason": record.reason} if record.reason else {}
    say(f"task {record.state}", task=record.id, url=record.url, seconds=record.seconds, **why)


def tell_fallbacks(record: TaskRecord, before: Mapping[str, int]) -> None:
    """The first time that a task meets each of its troubles."""
    for code in sorted(record.fallbacks.keys() - before.keys()):
        reason = explain(code)
        why = reason.happened if reason is not None else "no more is known of it"
        log.info("task falls back", task=record.id, reason=code, why=why)
