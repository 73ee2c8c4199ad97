"""Tables: what they hold, and that nothing in them is read as more than text."""

from __future__ import annotations

import io

import pytest
from fake_controller import agent_status, record
from rich.console import Console, RenderableType

from mcastdist.cli import show


def text(view: RenderableType, *, width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False)
    console.print(view)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_pipe_gets_whole_rows_and_no_trailing_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_view(show.tasks_table([record("t" * 100, role="none")]))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines == [line.rstrip() for line in lines]


def test_names_are_neither_markup_nor_emoji_nor_commands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    hostile = record(name="[red]:smile:\x1b[2J", version="1")
    show.print_view(show.tasks_table([hostile]))
    assert "[red]:smile:\\x1b[2J 1" in capsys.readouterr().out


def test_a_task_that_rests_says_when_it_asks_again() -> None:
    resting = record(state="waiting", retry_s_left=125.0, reason="waits_to_retry:origin_dns")
    assert "waiting, again in 2 min 05 s" in text(show.tasks_table([resting]))
    assert "waiting, asks again in 2 min 05 s" in text(show.task_details(resting))
    sessions: list[dict[str, object]] = [{"state": "waiting", "retry_s_left": 59.6}]
    shown = text(show.status_view(agent_status(sessions=sessions), []))
    assert "AGAIN IN" in shown
    assert "1 min 00 s" in shown


def test_a_task_shows_its_priority_and_its_end() -> None:
    ended = record(state="delivered", priority="high", ended=1_700_000_000.0)
    assert "high" in text(show.tasks_table([ended]))
    assert "ended" in text(show.task_details(ended))
    assert "ended" not in text(show.task_details(record()))


def test_a_task_before_its_manifest() -> None:
    shown = text(show.tasks_table([record(payload_bytes=0, name="", rate_bps=0, role="none")]))
    assert "stdlib-3.11.mcd" in shown
    assert "%" not in shown


def test_details_leave_out_what_is_not_known() -> None:
    shown = text(show.task_details(record(dest=None, sha256=None, representative="")))
    assert "the cache only" in shown
    assert "sha256" not in shown
    assert "representative" not in shown


def test_rows_that_tell_their_own_columns() -> None:
    rows: list[dict[str, object]] = [
        {"name": "eth0", "mtu": 1500},
        {"name": "tun0", "why_not": "VPN"},
    ]
    status = agent_status(interfaces=rows, sessions=[], mismatches=[])
    shown = text(show.status_view(status, []))
    assert "NAME" in shown
    assert "WHY NOT" in shown
    assert "SESSIONS" not in shown
    assert "TASKS" not in shown


def test_who_limits_downloads_is_named() -> None:
    shown = text(show.status_view(agent_status(), []))
    assert "background, at most 976.6 KiB/s by mon-fri 08:00-18:00 = 8000000" in shown
    free = {"mode": "foreground", "rate_limit_bps": 0}
    assert "foreground, no limit" in text(show.status_view(agent_status(download=free), []))


def test_a_status_that_lacks_figures_is_still_shown() -> None:
    shown = text(show.status_view(agent_status(store={}, receive_buffer={}, download={}), []))
    assert "0 packages" in shown
    assert "receive buffer" not in shown


def test_settings() -> None:
    values = {"a.list": ["x", "y"], "a.flag": False, "a.later": 1}
    shown = text(show.settings_table(values, {"a.list": "Some of them."}))
    assert "x, y" in shown
    assert "no" in shown
    assert "Some of them." in shown


def test_fallbacks_are_told_with_what_happened_and_what_can_be_done() -> None:
    fallbacks = {"peer_timeout": 3, "\x1b[2J": 1}
    for view in (
        show.status_view(agent_status(fallbacks=fallbacks), []),
        show.task_details(record(fallbacks=fallbacks)),
    ):
        shown = text(view)
        assert "a peer: no connection, or no answer, in time" in shown
        assert "the firewall" in shown
        assert "\\x1b[2J" in shown  # a code of a newer agent is shown as it is, and harmless
    assert "FALLBACK" not in text(show.status_view(agent_status(), []))


def test_what_a_session_takes_of_the_link_is_told_in_bits() -> None:
    sessions: list[dict[str, object]] = [{"role": "representative", "rate_bps": 100_000_000.0}]
    shown = text(show.status_view(agent_status(sessions=sessions), []))
    assert "100.0 Mbit/s" in shown
    assert "RATE BPS" not in shown


def test_interfaces_that_are_missed_are_told() -> None:
    lacking = agent_status(interfaces=[], unmet=[{"name": "eth99", "why": "none of this name"}])
    shown = text(show.status_view(lacking, []))
    assert "INTERFACES ASKED FOR AND NOT USED" in shown
    assert "eth99" in shown
    assert "no interface is used" in shown
