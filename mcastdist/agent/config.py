"""What do the settings mean for the node? Settings, interfaces and power, as a `NodeConfig`."""

from __future__ import annotations

from collections.abc import Sequence

from mcastdist.election import Merits
from mcastdist.node import NodeConfig

from .circumstances import holding, medium, on_mains
from .interfaces import Chosen
from .settings import Settings

DATAGRAM_BYTES_FLOOR = 1_232  # the smallest IPv6 MTU, less its headers
DATAGRAM_BYTES_USEFUL = 8_952  # a jumbo frame; beyond it a block has too few symbols for parity


def node_config(settings: Settings, interfaces: Sequence[Chosen], *, http_port: int) -> NodeConfig:
    """The node's configuration under these settings on these interfaces."""
    multicast, download, repair = settings.multicast, settings.download, settings.repair
    return NodeConfig(
        merits=merits(settings, interfaces),
        session_start_delay_s=multicast.session_start_delay_s,
        start_when_receivers=multicast.start_when_receivers,
        start_wait_s_max=multicast.start_wait_s_max,
        multicast_enabled=multicast.enabled and (bool(interfaces) or not _is_choosy(settings)),
        is_connected=bool(interfaces),
        networks=frozenset(f"{one.name} {one.address}" for one in interfaces),
        min_receivers=multicast.min_receivers,
        min_package_bytes=multicast.min_package_bytes,
        datagram_bytes_max=datagram_bytes_max(settings, interfaces),
        rate_limit_bps=multicast.rate_limit_bps,
        foreground=multicast.mode == "foreground",
        slow_receiver_bps_min=repair.slow_receiver_bps_min,
        receiver_idle_timeout_s=repair.receiver_idle_timeout_s,
        allow_origin=download.allow_origin,
        allow_peers=download.allow_peers,
        origin_fallback_delay_s=download.origin_fallback_delay_s,
        retry_backoff_s=tuple(minutes * 60.0 for minutes in download.retry_backoff_min),
        http_port=http_port if download.allow_peers else 0,  # nobody is to ask in vain
    )


def _is_choosy(settings: Settings) -> bool:
    """Then that there is no interface for us may be meant, and does not pass by itself."""
    multicast = settings.multicast
    return bool(multicast.interfaces or multicast.exclude_subnets or settings.node.address)


def merits(settings: Settings, interfaces: Sequence[Chosen]) -> Merits:
    """What speaks for this machine now; weight 0 where `never_on` forbids. May take seconds."""
    forbidding = holding(settings.election.never_on, interfaces)
    return Merits(
        weight=0 if forbidding else settings.election.weight,
        wired=any(medium(interface.name) == "wired" for interface in interfaces),
        mains=on_mains(),
    )


def datagram_bytes_max(settings: Settings, interfaces: Sequence[Chosen]) -> int:
    """The largest datagram that every interface takes unfragmented, and the settings allow."""
    fits = min((one.datagram_bytes_max for one in interfaces), default=DATAGRAM_BYTES_FLOOR)
    fits = min(fits, DATAGRAM_BYTES_USEFUL)
    wanted = settings.multicast.datagram_bytes_max
    return min(wanted, fits) if wanted else fits
