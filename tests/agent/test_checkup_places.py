"""Whose places an examination uses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from checkup_kit import codes

from mcastdist.agent.checkup import places
from mcastdist.agent.checkup.findings import finding
from mcastdist.agent.checkup.places import is_ours, of_the_real_places, usable_places
from mcastdist.agent.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for name in ("cache", "state"):
        (tmp_path / name).mkdir()
    given = [f"cache.dir={tmp_path / 'cache'}", f"node.state_dir={tmp_path / 'state'}"]
    return load(None, {}, [*given, "cache.free_bytes_min=0"])


def test_what_is_ours_is_used(settings: Settings) -> None:
    with usable_places(settings) as used:
        assert used is settings


def test_what_is_not_there_yet_is_not_made(settings: Settings) -> None:
    Path(settings.cache.dir).rmdir()
    with usable_places(settings) as used:
        borrowed = Path(used.cache.dir).parent
        assert borrowed.is_dir()
        assert used.node.state_dir.startswith(str(borrowed))
        assert used.cluster is settings.cluster

    assert not borrowed.exists()
    assert not Path(settings.cache.dir).exists()


@pytest.mark.skipif(os.name != "posix", reason="files have no owners of this kind here")
def test_what_is_another_users_is_left_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places.os, "geteuid", lambda: os.getuid() + 1)

    assert not is_ours(settings.cache.dir)
    with usable_places(settings) as used:
        assert used.cache.dir != settings.cache.dir


def test_of_borrowed_places_nothing_is_told(settings: Settings) -> None:
    found = [finding(code, "x") for code in ("clocks_agree", "disk_slow", "store_sound")]
    told = of_the_real_places(settings, found)

    assert codes(told)[0] == "clocks_agree"
    assert codes(told)[-1] == "store_unexamined"
    assert "store_sound" not in codes(told)
    assert all(settings.cache.dir in one.sentence for one in told[1:])
