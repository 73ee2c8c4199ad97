"""How is one stream of ours driven and measured? Shared by the benchmarks that ask about a stream.

One agent gets the task first, downloads during the start delay (its WAN is not limited) and so
represents; the others get the task before the delay is over. From the end of the delay on, it is
what a sender with the file on its disk and receivers without are in other programs: that is where
the seconds begin to count, so what our own start costs beside the delay is in them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcastdist.agent.api import TaskRecord

from .content import Content
from .fleet import Fleet, Setting, Task, ended_at
from .lab import Host, Lab
from .site import Site, site
from .usage import Usage, forget_peak

SPARE_S = 0.4  # before the delay is over: the counters are read, and nothing moves
DELAY_S = 7.0  # and more for many receivers, and for a large content
DELAY_EACH_S = 0.3  # two cores that give two hundred agents their task take 0.2 s for each
JOIN_S = 1.0  # for the receivers' first words
READY_S_MAX = 120.0
WAN_BPS_MIN = 400_000_000  # what a download in the lab reaches at least
LINK_SHARE = 0.8  # or of a narrow link


@dataclass(frozen=True, slots=True)
class Streamed:
    """What one stream did. Seconds count from the end of the start delay."""

    seconds: float  # until the last receiver has it, verified and durable
    each: list[float]  # the same of every receiver
    sender: Usage
    receivers: list[Usage]
    since: float  # when the counting of bytes began, in seconds since 1970
    sent_bytes: int  # by the representative, all that left its cable
    returned_bytes: int  # by the receivers, the same
    wan_bytes: int  # from the origin, without the headers of IP and TCP
    records: list[TaskRecord]
    setup_s: float  # from the end of the delay to the start of the first round
    rates: list[dict[str, Any]]  # how the rate went, as traced

    @property
    def parity_share(self) -> float:
        """How much of the receivers' bytes came as parity."""
        parity = sum(record.bytes_by_source["parity"] for record in self.records)
        return parity / max(1, sum(record.held_bytes for record in self.records))

    def from_source(self, source: str) -> int:
        """The receivers' bytes of one source, together."""
        return sum(record.bytes_by_source[source] for record in self.records)


def stream_once(
    lab: Lab,
    content: Content,
    work: Path,
    receivers: Sequence[Host],
    *,
    rate_bps: int = 0,
    timeout_s: float,
    during: Callable[[Fleet, Sequence[Task]], None] | None = None,
    before: Callable[[], None] | None = None,
    dest: str | None = None,
    link_bps: float = math.inf,
    crowded: bool = False,
    **settings: Setting,
) -> Streamed:
    """One stream from the lab's first host to `receivers`, each with an agent of its own.

    `link_bps`: what the first host's link carries, also of its own download. `before` is called
    when the agents are up, and nobody has a task; `during` when the delay is
    over. With `dest` the files are delivered too. `crowded`: more receivers than the processors
    carry, so they leave the first host what it would have on a machine of its own. AssertionError
    if anybody does not get all.
    """
    with site(lab, content, work, dict(_settings(rate_bps, settings))) as here:
        return _stream(
            here, receivers, timeout_s=timeout_s, during=during, before=before, dest=dest,
            link_bps=link_bps, crowded=crowded,
        )  # fmt: skip


def _settings(rate_bps: int, more: dict[str, Setting]) -> dict[str, Setting]:
    given = {name.replace("__", "."): value for name, value in more.items()}
    return {"multicast.min_receivers": 1, "multicast.rate_limit_bps": rate_bps, **given}


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A stream that is about to start."""

    tasks: list[Task]  # the receivers'
    start_at: float  # seconds since 1970


def schedule(
    here: Site,
    receivers: Sequence[Host],
    *,
    dest: str | None = None,
    link_bps: float = math.inf,
) -> Scheduled:
    """Let the first host hold everything and represent, and `receivers` wait for its start.

    Their agents run already. AssertionError if the machine is too slow for that.
    """
    sender = here.lab.hosts[0]
    wan_bps = min(WAN_BPS_MIN, LINK_SHARE * link_bps)
    download_s = here.content.size * 8 / wan_bps
    delay_s = round(DELAY_S + len(receivers) * DELAY_EACH_S + download_s, 1)
    (first,) = here.fleet.begin([sender], here.url, multicast__session_start_delay_s=delay_s)
    here.fleet.finish([first], READY_S_MAX)
    scheduled = Scheduled(here.fleet.begin(receivers, here.url, dest=dest), first.started + delay_s)
    left_s = scheduled.start_at - time.time()
    if left_s < JOIN_S:
        raise AssertionError(f"the machine is too busy: {left_s:.1f} s left before the stream")
    return scheduled


def _stream(
    here: Site,
    receivers: Sequence[Host],
    *,
    timeout_s: float,
    during: Callable[[Fleet, Sequence[Task]], None] | None,
    before: Callable[[], None] | None,
    dest: str | None,
    link_bps: float,
    crowded: bool,
) -> Streamed:
    lab, fleet = here.lab, here.fleet
    sender = lab.hosts[0]
    fleet.start([sender, *receivers])
    if crowded:
        fleet.step_back(receivers)
    if before:
        before()
    scheduled = schedule(here, receivers, dest=dest, link_bps=link_bps)
    tasks, start_at = scheduled.tasks, scheduled.start_at
    _sleep_until(start_at - SPARE_S)
    used = [fleet.usage(host) for host in (sender, *receivers)]
    for host in (sender, *receivers):
        forget_peak(fleet.pid(host))
    since = time.time()
    sent = lab.port_bytes(sender)
    returned = sum(lab.port_bytes(host) for host in receivers)
    if during:
        during(fleet, tasks)
    records = fleet.finish(tasks, timeout_s)
    each = [ended_at(task, record) - start_at for task, record in zip(tasks, records, strict=True)]
    costs = [
        fleet.usage(host).since(earlier)
        for host, earlier in zip((sender, *receivers), used, strict=True)
    ]
    return Streamed(
        seconds=max(each),
        each=each,
        sender=costs[0],
        receivers=costs[1:],
        since=since,
        sent_bytes=lab.port_bytes(sender) - sent,
        returned_bytes=sum(lab.port_bytes(host) for host in receivers) - returned,
        wan_bytes=lab.wan_carried_bytes(),
        records=records,
        setup_s=_first_round(fleet, sender) - start_at,
        rates=fleet.events(sender, "session.rate"),
    )


def _first_round(fleet: Fleet, sender: Host) -> float:
    """When the first round began, in seconds since 1970."""
    rounds = fleet.events(sender, "node.round")
    if not rounds:
        raise AssertionError("no stream was started: see the trace of the first host")
    return float(rounds[0]["at"]) + time.time() - time.monotonic()


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))
