"""Which progress is shown where, and how often a log hears of it."""

from __future__ import annotations

import io

import pytest
from fake_controller import record

from mcastdist.cli.live import LiveProgress
from mcastdist.cli.progress import PLAIN_S, PlainProgress, SilentProgress, choose_progress


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def terminal_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")


def test_live_on_a_terminal_with_or_without_json() -> None:
    assert isinstance(choose_progress(as_json=False, stream=Tty()), LiveProgress)
    assert isinstance(choose_progress(as_json=True, stream=Tty()), LiveProgress)


def test_plain_or_nothing_elsewhere() -> None:
    assert type(choose_progress(as_json=False, stream=io.StringIO())) is PlainProgress
    assert type(choose_progress(as_json=True, stream=io.StringIO())) is SilentProgress


def test_plain_on_a_terminal_that_cannot_redraw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert type(choose_progress(as_json=False, stream=Tty())) is PlainProgress


def test_plain_tells_changes_at_once_and_the_rest_now_and_then() -> None:
    stream, now = io.StringIO(), [100.0]
    with PlainProgress(stream, clock=lambda: now[0]) as progress:
        progress.show(record(state="seeking"))
        progress.show(record(state="receiving"))
        now[0] += PLAIN_S - 0.1
        progress.show(record(state="receiving"))
        now[0] += 0.1
        progress.show(record(state="receiving"))
        progress.show(record(state="receiving", reason="busy", sentence="all peers are busy"))
        progress.show(record(state="delivered"))
    states = [
        line.split(": ")[1].split(" ")[0].strip(",") for line in stream.getvalue().splitlines()
    ]
    assert states == ["seeking", "receiving", "receiving", "receiving"]
    assert "all peers are busy" in stream.getvalue()


def test_a_record_that_is_changed_in_place_is_still_noticed() -> None:
    stream = io.StringIO()
    same = record(state="seeking")
    with PlainProgress(stream, clock=lambda: 1.0) as progress:
        progress.show(same)
        same.state = "receiving"
        progress.show(same)
    assert len(stream.getvalue().splitlines()) == 2


def test_silence() -> None:
    with SilentProgress() as progress:
        progress.show(record())
