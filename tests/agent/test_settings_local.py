"""What a machine keeps to itself: little disk, a private door, a quiet log."""

from __future__ import annotations

from mcastdist.agent.settings import Settings


def test_the_cache_is_modest() -> None:
    cache = Settings().cache

    assert (cache.bytes_max, cache.free_bytes_min) == (0, 2 << 30)
    assert (cache.age_days_max, cache.precached_age_days_max) == (3.0, 14.0)


def test_commands_are_taken_from_this_machine_only() -> None:
    assert Settings().control.listen == "127.0.0.1:7448"


def test_the_log_is_for_people_and_no_trace_is_kept() -> None:
    settings = Settings()

    assert (settings.log.level, settings.log.format, settings.trace.file) == ("info", "text", "")
