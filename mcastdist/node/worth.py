"""Is it worth streaming, and which blocks? What a stream costs everybody, against what it saves.

A stream that one or two need, or that carries little, costs the segment more than handing the
blocks over by HTTP (PROTOCOL.md, section 6).
"""

from __future__ import annotations

from mcastdist.ranges import RangeSet
from mcastdist.wire import WRAP_RECEIVERS_MIN

from .audience import Audience
from .commands import Package
from .config import NodeConfig

# Whom two rounds did not bring it, and who is not deaf, a third one will not help either.
ROUNDS_MAX = 2


def may_start(config: NodeConfig, audience: Audience, *, start_at: float, now: float) -> bool:
    """True if nobody need be waited for any more."""
    wanted = config.start_when_receivers
    return now >= start_at or 0 < wanted <= len(audience.streamable())


def first_round(config: NodeConfig, audience: Audience, package: Package) -> RangeSet:
    """The blocks to stream to those who are here; none if HTTP is cheaper for them."""
    if package.payload_bytes < max(1, config.min_package_bytes):
        return RangeSet()
    listeners = audience.streamable()
    needy = [one for one in listeners if one.report.held_blocks < package.block_count]
    if len(needy) < config.min_receivers:
        return RangeSet()
    return audience.lacked(package.block_count, by_at_least=1, rounds_max=ROUNDS_MAX)


def further_round(config: NodeConfig, audience: Audience, package: Package) -> RangeSet:
    """What so many lack altogether that it is streamed once more; what fewer lack peers bring."""
    return audience.lacked(
        package.block_count,
        by_at_least=max(WRAP_RECEIVERS_MIN, config.min_receivers),
        rounds_max=ROUNDS_MAX,
    )
