"""What may this node do? The settings that decide something below the agent, with their units."""

from __future__ import annotations

from dataclasses import dataclass

from mcastdist.election import Merits
from mcastdist.wire import BLOCK_BYTES


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """One node's settings; the names are those of SETTINGS, section and key joined."""

    merits: Merits
    session_start_delay_s: float = 60.0
    start_when_receivers: int = 0  # 0: only the delay decides
    start_wait_s_max: float = 0.0  # with start_when_receivers: start after this long anyway
    multicast_enabled: bool = True
    is_connected: bool = True  # an interface is up on which others can be heard
    networks: frozenset[str] = frozenset()  # what is used of them now, by any names
    min_receivers: int = 2
    min_package_bytes: int = 1 << 20
    datagram_bytes_max: int = 1_472
    rate_limit_bps: int = 0  # 0: adaptive
    foreground: bool = False  # the stream shares with others' traffic, and does not yield to it
    slow_receiver_bps_min: int = 2_000_000
    receiver_idle_timeout_s: float = 30.0
    allow_origin: bool = True
    allow_peers: bool = True
    origin_fallback_delay_s: float = 30.0
    retry_backoff_s: tuple[float, ...] = ()  # empty: a task that nobody can supply fails at once
    block_bytes: int = BLOCK_BYTES
    http_port: int = 0
