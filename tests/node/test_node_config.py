"""The node's settings: their defaults are those of the settings' documentation."""

from __future__ import annotations

from mcastdist.election import Merits
from mcastdist.node import NodeConfig
from mcastdist.wire import BLOCK_BYTES


def test_defaults_are_those_that_administrators_know() -> None:
    config = NodeConfig(merits=Merits(weight=50))
    assert config.session_start_delay_s == 60.0
    assert config.min_receivers == 2
    assert config.min_package_bytes == 1 << 20
    assert config.origin_fallback_delay_s == 30.0
    assert config.slow_receiver_bps_min == 2_000_000
    assert config.receiver_idle_timeout_s == 30.0
    assert config.block_bytes == BLOCK_BYTES
    assert (config.allow_origin, config.allow_peers, config.multicast_enabled) == (True,) * 3
