"""How slow is a link, and when does a switch forget? Rates and timers in the kernel's terms."""

from __future__ import annotations

MEMBERSHIP_S = 260.0  # a switch forgets a group this long after the last report (RFC 3376, 8.4)
QUERY_S = 125.0  # RFC 3376, 8.2
RESPONSE_S = 10.0  # RFC 3376, 8.3
RESPONSE_S_MIN = 0.1  # a query that says 0 is taken for one of IGMPv1, with 10 s to answer
MEMBERSHIP_S_MIN = 2.5  # with a query interval of 1.2 s; the kernel takes none below 1 s
NEVER_S = 40_000_000.0  # the longest query interval the kernel takes is about this
SHAPER_BURST_BYTES_MIN = 16_000  # ten full frames; less would starve fast links on a coarse timer
SHAPER_BURST_S = 0.002
SHAPER_QUEUE_S = 0.03  # a shallow buffer, as switches have


def shaper(bps: int) -> list[str]:
    """The tc(8) discipline that holds a link to `bps` bits a second, with a shallow buffer."""
    burst_bytes = max(SHAPER_BURST_BYTES_MIN, int(bps / 8 * SHAPER_BURST_S))
    queue_bytes = burst_bytes + max(SHAPER_BURST_BYTES_MIN, int(bps / 8 * SHAPER_QUEUE_S))
    return ["tbf", "rate", f"{bps}bit", "burst", f"{burst_bytes}", "limit", f"{queue_bytes}"]


def snooping_timers(*, querier: bool, membership_s: float) -> dict[str, int]:
    """The bridge's options under which a group lives `membership_s` after its last report, all
    timers in proportion; without a `querier` the bridge believes itself one, and never asks."""
    if membership_s < MEMBERSHIP_S_MIN:
        raise ValueError(f"membership_s is at least {MEMBERSHIP_S_MIN}, not {membership_s}")
    scale = membership_s / MEMBERSHIP_S
    query_s = QUERY_S * scale if querier else NEVER_S
    response_s = max(RESPONSE_S * scale, RESPONSE_S_MIN) if querier else RESPONSE_S_MIN
    return {
        # A host that hears a query of IGMPv2 repeats its joins unasked for up to 10 s.
        "mcast_igmp_version": 3,
        "mcast_mld_version": 2,
        "mcast_query_interval": _centiseconds(query_s),
        "mcast_startup_query_interval": _centiseconds(query_s),
        "mcast_startup_query_count": 1 if querier else 0,
        "mcast_query_response_interval": _centiseconds(response_s),
        "mcast_membership_interval": _centiseconds(membership_s),
    }


def _centiseconds(seconds: float) -> int:
    return round(seconds * 100)
