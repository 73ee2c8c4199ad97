"""How content travels when nobody says anything: the defaults are a promise to administrators."""

from __future__ import annotations

import msgspec

from mcastdist.agent.settings import load


def test_a_stream_by_default() -> None:
    assert msgspec.structs.asdict(load(None, {}, []).multicast) == {
        "enabled": True,
        "session_start_delay_s": 60.0,
        "start_when_receivers": 0,
        "start_wait_s_max": 0.0,
        "group_v4": "239.255.0.0/16",
        "group_v6": "ff12::/16",
        "port": 7447,
        "ttl": 1,
        "interfaces": (),
        "exclude_subnets": (),
        "datagram_bytes_max": 0,
        "rate_limit_bps": 0,
        "mode": "background",
        "min_receivers": 2,
        "min_package_bytes": 1 << 20,
        "fast_path": True,
        "loopback": False,
    }


def test_a_download_by_default() -> None:
    assert msgspec.structs.asdict(load(None, {}, []).download) == {
        "mode": "background",
        "rate_limit_bps": 0,
        "schedule": (),
        "sources": (),
        "origin_fallback_delay_s": 30.0,
        "allow_origin": True,
        "allow_peers": True,
        "retry_backoff_min": (3.0, 6.0, 12.0, 24.0, 48.0, 96.0, 120.0),
        "ca_file": "",
    }


def test_repair_by_default() -> None:
    assert msgspec.structs.asdict(load(None, {}, []).repair) == {
        "uploads_max": 6,
        "slow_receiver_bps_min": 2_000_000,
        "receiver_idle_timeout_s": 30.0,
    }
