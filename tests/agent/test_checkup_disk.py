"""Whether the cache's disk keeps up, and has room."""

from __future__ import annotations

from pathlib import Path

from checkup_kit import codes

from mcastdist.agent.checkup.disk import judge_space, judge_speed, look_at_disk
from mcastdist.agent.settings import load

MIB = 1 << 20
GIB = 1 << 30


def test_speed() -> None:
    assert codes(judge_speed("/c", 32 * MIB, 1.0)) == ["disk_fast_enough"]
    [slow] = judge_speed("/c", 8 * MIB, 2.0)
    assert (slow.code, slow.severity) == ("disk_slow", "warning")
    assert "4 MiB a second" in slow.sentence


def test_space() -> None:
    assert codes(judge_space("/c", 3 * GIB, 2 * GIB)) == ["space_enough"]
    assert codes(judge_space("/c", GIB, 2 * GIB)) == ["space_low"]
    assert codes(judge_space("/c", 0, 0)) == ["space_low"]


def test_a_look_leaves_nothing_behind(tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "not" / "there"):
        found = look_at_disk(load(None, {}, [f"cache.dir={directory}", "cache.free_bytes_min=0"]))

        assert codes(found)[1] == "space_enough"
        assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    [found] = look_at_disk(load(None, {}, [f"cache.dir={tmp_path / 'file'}"]))

    assert (found.code, found.severity) == ("disk_refuses", "error")


def test_a_place_where_this_user_may_not_look_is_refused_in_words(forbidden: Path) -> None:
    found = look_at_disk(load(None, {}, [f"cache.dir={forbidden / 'cache'}"]))

    assert "disk_refuses" in codes(found)
