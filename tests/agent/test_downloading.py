"""The client follows the settings and the clock, and says so."""

from __future__ import annotations

import time
from unittest.mock import Mock

import pytest

from mcastdist.agent.downloading import shown, take_up
from mcastdist.agent.settings import DownloadSettings
from mcastdist.http_fetch.client import HttpClient

NOON = time.strptime("2026-11-18 12:00", "%Y-%m-%d %H:%M")  # a Wednesday
NIGHT = time.strptime("2026-11-18 23:00", "%Y-%m-%d %H:%M")
HOURS = "mon-fri 08:00-18:00 = 5000000"
SETTINGS = DownloadSettings(rate_limit_bps=9_000_000, schedule=(HOURS,))


def test_hours_begin_and_end_while_the_client_runs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    client = HttpClient()
    for local, rate, said_by in (
        (NIGHT, 9_000_000, "download.rate_limit_bps"),
        (NOON, 5_000_000, HOURS),
        (NOON, 5_000_000, HOURS),
        (NIGHT, 9_000_000, "download.rate_limit_bps"),
    ):
        take_up(client, SETTINGS, local)
        assert client.rate_limit_bps == rate
        assert shown(client, SETTINGS, local)["said_by"] == said_by
    assert caplog.text.count("download limit") == 3


@pytest.mark.parametrize("mode", ["background", "foreground"])
def test_the_mode_is_taken_up(mode: str) -> None:
    client = Mock(rate_limit_bps=0)
    take_up(client, DownloadSettings(mode=mode), NOON)  # type: ignore[arg-type]  # of a parameter
    client.set_background.assert_called_once_with(is_on=mode == "background")
    client.set_rate_limit.assert_not_called()


def test_what_is_shown_is_what_is_done_not_what_was_asked() -> None:
    client = Mock(rate_limit_bps=3, is_background=False, queue_s=0.01234)
    assert shown(client, DownloadSettings(), NOON) == {
        "mode": "foreground",  # on a system that cannot stand back
        "rate_limit_bps": 3,
        "said_by": "download.rate_limit_bps",
        "queue_ms": 12.3,
    }
