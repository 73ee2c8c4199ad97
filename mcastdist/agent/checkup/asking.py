"""How is a subnet examined? Everybody is probed at once, then each who answered by itself.

    thrice: group and aside, small and full   ->  who is there, and what is heard there
    thrice, each: alone, small and full       ->  what is heard of each here

What was heard of late is probed alone too: it may be cut off from groups and broadcast alike.
Thrice, since one lost datagram is no finding; and where something is still missing, up to three
times more, so that a subnet which loses one datagram in ten is not said to lose them all.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterable
from itertools import islice

from mcastdist.ids import NodeId
from mcastdist.node import Address
from mcastdist.wire import ECHO_WAIT_S, Echo, Way

from .examination import ALL_TRIALS, NEIGHBOURS_MAX, Examination, Trial
from .trials import Heard, Trials

TIMES = 3
TIMES_MORE = 3  # with the echoes for all that a node stays below ECHO_BURST_MAX and what it regains
GAP_S = 0.1  # between two rounds: what drops one should not drop the next
ANSWER_S = ECHO_WAIT_S + 0.5  # half a second for a busy machine
LATELY_S = 600.0  # a machine that was heard longer ago than this may simply be off
TOKEN_BITS = 32

TO_ALL = tuple(Trial(way, full) for way in (Way.GROUP, Way.ASIDE) for full in (False, True))


async def examine_subnet(trials: Trials, *, aside: bool = True) -> Examination:
    """Probe the subnet, for about two seconds where all is well; `aside`: if we can."""
    book = Examination(secrets.randbits(TOKEN_BITS))
    possible = ALL_TRIALS if aside else frozenset(t for t in ALL_TRIALS if t.way is not Way.ASIDE)

    def take(echo: Echo, node: NodeId, address: Address, at: float) -> None:
        book.receive(echo, node, address, at=at)

    known = {one.address for one in heard_lately(trials).values()}
    with trials.listening(take):
        await _probe_all(trials, book, TIMES)
        await asyncio.sleep(ANSWER_S)
        await _probe_each(trials, book, known | {one.address for one in book.examined}, TIMES)
        await asyncio.sleep(ANSWER_S)
        for _ in range(TIMES_MORE):
            if unclear := {one.address for one in book.unclear(possible)}:
                await _probe_all(trials, book, 1)
                await _probe_each(trials, book, unclear, 1)
                await asyncio.sleep(ANSWER_S)
    return book


def heard_lately(trials: Trials) -> dict[NodeId, Heard]:
    """Who said anything in the last LATELY_S, the last ones first."""
    now = time.monotonic()
    late = reversed([(node, one) for node, one in trials.heard.items() if now - one.at < LATELY_S])
    return dict(islice(late, NEIGHBOURS_MAX))


async def _probe_all(trials: Trials, book: Examination, times: int) -> None:
    for _ in range(times):
        for trial in TO_ALL:
            trials.send(book.probe(trial, at=time.time()), trial)
        await asyncio.sleep(GAP_S)


async def _probe_each(
    trials: Trials, book: Examination, addresses: Iterable[Address], times: int
) -> None:
    for _ in range(times):
        for address in addresses:
            _probe_alone(trials, book, address)
        await asyncio.sleep(GAP_S)


def _probe_alone(trials: Trials, book: Examination, address: Address) -> None:
    for full in (False, True):
        trial = Trial(Way.ALONE, full)
        probe = book.probe(trial, at=time.time(), back=not full, to=address)
        trials.send(probe, trial, address)
