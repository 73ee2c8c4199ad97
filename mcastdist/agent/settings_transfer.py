"""How may content travel? By multicast, from servers and peers, and with what repair."""

from __future__ import annotations

from typing import Annotated, Literal

from .business_hours import ALLOWED as WINDOWS_ALLOWED
from .business_hours import are_windows
from .settings_checks import (
    BPS_MAX,
    BPS_MIN,
    SECONDS_MAX,
    Section,
    group_network,
    http_prefixes,
    key,
    minutes,
    networks,
    zero_or,
)

STREAM_BPS_MIN = 1_000_000  # PROTOCOL.md, RATE_BPS_MIN: below it peers do better than any stream
STREAM_RATE_ALLOWED = f"0, or {STREAM_BPS_MIN} to {BPS_MAX}"
RATE_ALLOWED = f"0, or {BPS_MIN} to {BPS_MAX}"


class MulticastSettings(Section, frozen=True):
    """How does a session cross the subnet?"""

    enabled: Annotated[bool, key("Use multicast; without it peers and HTTP.", per_task=True)] = True
    session_start_delay_s: Annotated[
        float,
        key(
            "Wait before a stream starts, so that others get the task.",
            ge=0,
            le=SECONDS_MAX,
            per_task=True,
        ),
    ] = 60.0
    start_when_receivers: Annotated[
        int,
        key(
            "Start once this many receivers joined, before the delay is over; 0 = off.",
            ge=0,
            le=100_000,
            per_task=True,
        ),
    ] = 0
    start_wait_s_max: Annotated[
        float,
        key(
            "With start_when_receivers: start after this long anyway; 0 = after the start delay.",
            ge=0,
            le=SECONDS_MAX,
            per_task=True,
        ),
    ] = 0.0
    group_v4: Annotated[
        str,
        key(
            "Network the IPv4 groups are derived in.",
            check=group_network(4, 8, 24),
            allowed="an IPv4 multicast network with a prefix of 8 to 24 bits",
            restart=True,
        ),
    ] = "239.255.0.0/16"
    group_v6: Annotated[
        str,
        key(
            "Network the IPv6 groups are derived in.",
            check=group_network(6, 16, 96),
            allowed="an IPv6 multicast network with a prefix of 16 to 96 bits",
            restart=True,
        ),
    ] = "ff12::/16"
    port: Annotated[
        int, key("UDP port, and TCP port of the peers.", ge=1, le=65_535, restart=True)
    ] = 7447
    ttl: Annotated[
        int, key("TTL and hop limit; 1 keeps to the subnet.", ge=1, le=32, restart=True)
    ] = 1
    interfaces: Annotated[
        tuple[str, ...],
        key("Only these interfaces, whatever they look like; empty = all that fit.", restart=True),
    ] = ()
    exclude_subnets: Annotated[
        tuple[str, ...],
        key(
            "Subnets to keep away from.",
            check=networks,
            allowed='networks such as "10.8.0.0/16"',
            restart=True,
        ),
    ] = ()
    datagram_bytes_max: Annotated[
        int,
        key(
            "Largest datagram of a stream; 0 = what the interface's MTU takes.",
            check=zero_or(256, 65_000),
            allowed="0, or 256 to 65000",
        ),
    ] = 0
    rate_limit_bps: Annotated[
        int,
        key(
            "Most a stream may take, in bit/s; 0 = adaptive.",
            per_task=True,
            check=zero_or(STREAM_BPS_MIN, BPS_MAX),
            allowed=STREAM_RATE_ALLOWED,
        ),
    ] = 0
    mode: Annotated[
        Literal["background", "foreground"],
        key("Beside other traffic: leave it most of the link, or share evenly.", per_task=True),
    ] = "background"
    min_receivers: Annotated[
        int, key("With fewer receivers, peers take it by HTTP.", ge=1, le=100_000, per_task=True)
    ] = 2
    min_package_bytes: Annotated[
        int, key("A smaller package goes by HTTP.", ge=0, le=1 << 44, per_task=True)
    ] = 1 << 20
    fast_path: Annotated[
        bool, key("Use segmented sends and coalesced receives where the system can.", restart=True)
    ] = True
    loopback: Annotated[
        bool, key("Permit the loopback interface, for trials on one machine.", restart=True)
    ] = False


class DownloadSettings(Section, frozen=True):
    """Where do bytes come from, beside the stream?"""

    mode: Annotated[
        Literal["background", "foreground"],
        key(
            "background: downloads stand back when others fill the link (on Linux);"
            " foreground: they take their share.",
        ),
    ] = "background"
    rate_limit_bps: Annotated[
        int,
        key(
            "Most all downloads together may take, in bit/s; 0 = no limit.",
            check=zero_or(BPS_MIN, BPS_MAX),
            allowed=RATE_ALLOWED,
        ),
    ] = 0
    schedule: Annotated[
        tuple[str, ...],
        key(
            "Business hours on the local clock: the first window that holds takes the place of"
            " rate_limit_bps.",
            check=are_windows,
            allowed=WINDOWS_ALLOWED,
        ),
    ] = ()
    sources: Annotated[
        tuple[str, ...],
        key(
            "Preferred servers, tried before the origin: each takes the place of scheme and host.",
            check=http_prefixes,
            allowed='URL prefixes such as "http://server/packages"',
            per_task=True,
        ),
    ] = ()
    origin_fallback_delay_s: Annotated[
        float,
        key(
            "Wait (and a jitter) before fetching alone, if nobody represents.",
            ge=0,
            le=SECONDS_MAX,
            per_task=True,
        ),
    ] = 30.0
    allow_origin: Annotated[bool, key("May download from the origin.", per_task=True)] = True
    allow_peers: Annotated[bool, key("May take from peers, and give to them.", per_task=True)] = (
        True
    )
    retry_backoff_min: Annotated[
        tuple[float, ...],
        key(
            "Minutes between attempts, the last repeated, back to the first after progress;"
            " empty = fail at once.",
            check=minutes,
            allowed="minutes above 0 and up to 1440",
            per_task=True,
        ),
    ] = (3.0, 6.0, 12.0, 24.0, 48.0, 96.0, 120.0)
    ca_file: Annotated[
        str,
        key(
            "PEM file of the authorities to trust for HTTPS; empty = the system's.",
            path=True,
            restart=True,
        ),
    ] = ""


class RepairSettings(Section, frozen=True):
    """What is done for those who miss something?"""

    uploads_max: Annotated[
        int, key("Uploads to peers at once; others hear that we are busy.", ge=1, le=1_000)
    ] = 6
    slow_receiver_bps_min: Annotated[
        int,
        key(
            "A receiver that takes less, or much less than the others, falls to repair; in bit/s,"
            " 0 = none does.",
            ge=0,
            le=BPS_MAX,
            per_task=True,
        ),
    ] = 2_000_000
    receiver_idle_timeout_s: Annotated[
        float,
        key(
            "A receiver that is silent for longer is no longer waited for.",
            ge=1,
            le=SECONDS_MAX,
            per_task=True,
        ),
    ] = 30.0
