"""Who answers HTTP on a simulated subnet, and when? The origin behind the WAN, and the peers.

A chunk is a block here: what is wrong is found when it is written, as the agent finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from segment_machine import BLOCK_BYTES, Content, Fetch, Machine, Shelf, spoilt

from mcastdist.node import GetBlocks, GetManifest
from mcastdist.ranges import RangeSet

HTTP_LATENCY_S = 0.002
PEER_BPS = 400e6
STALL_S = 30.0  # then a request that brings nothing is given up, as by download.stall_timeout_s


class Place(Protocol):
    """What the web needs of the segment it is on."""

    now: float
    machines: dict[object, Machine]

    def clock(self, machine: Machine) -> float: ...
    def later(self, machine: Machine, delay_s: float, do: Callable[[], None]) -> None: ...
    def reaches(self, sender: Machine, receiver: Machine) -> bool: ...


class Web:
    """All HTTP of one segment."""

    def __init__(self, place: Place, *, wan_bps: float) -> None:
        self._place = place
        self.wan_bps = wan_bps
        self.origin_up = True
        self.origin_lies = False
        self.origin_stalls = False
        self.put_off_s: float | None = None  # 503 with this Retry-After
        self.origin_asked: list[float] = []  # when

    def get_manifest(self, machine: Machine, order: GetManifest) -> None:
        """Carry out the order."""
        machine.requests[order.request] = order
        self._note(order)
        self._place.later(machine, HTTP_LATENCY_S, lambda: self._give_manifest(machine, order))

    def get_blocks(self, machine: Machine, order: GetBlocks) -> None:
        """Carry out the order, block by block."""
        machine.requests[order.request] = order
        self._note(order)
        self._later_block(machine, order, 0)

    def break_off(self, machine: Machine, *, lan_only: bool = False) -> None:
        """All connections of a machine are dead, or those to its neighbours."""
        for order in list(machine.requests.values()):
            if lan_only and order.source.kind == "origin":
                continue
            machine.requests.pop(order.request)
            self._fail(machine, order, "reset")

    def keep(self, machine: Machine, shelf: Shelf, block: int, plain: bytes) -> bool:
        """Write a block; False if it is not what the manifest promises."""
        one = RangeSet([(block, block + 1)])
        task, node = shelf.content.task, machine.node
        if plain != shelf.content.block(block):
            node.blocks_held(task, one, RangeSet(), now=self._place.clock(machine))
            node.blocks_lost(task, one, now=self._place.clock(machine))
            return False
        shelf.disk[block] = plain
        node.blocks_held(task, one, one, now=self._place.clock(machine))
        return True

    # Within

    def _note(self, order: GetManifest | GetBlocks) -> None:
        if order.source.kind == "origin":
            self.origin_asked.append(self._place.now)

    def _give_manifest(self, machine: Machine, order: GetManifest) -> None:
        if order.request not in machine.requests:
            return
        if self._stalls(machine, order):
            return
        machine.requests.pop(order.request, None)
        shelf = machine.shelves[order.task]
        if not self._has_manifest(machine, order, shelf.content):
            self._fail(machine, order, "refused")
            return
        if order.source.kind == "origin" and self.put_off_s is not None:
            self._fail(machine, order, "status_503", retry_after_s=self.put_off_s)
            return
        shelf.knows_manifest = True
        package = shelf.package(machine.config.block_bytes)
        machine.node.package_known(order.task, package, now=self._place.clock(machine))

    def _has_manifest(self, machine: Machine, order: GetManifest, content: Content) -> bool:
        if order.source.kind == "origin":
            return self.origin_up and machine.wan
        peer = self._peer(machine, order.source.address)
        return peer is not None and peer.shelves[content.task].knows_manifest

    def _later_block(self, machine: Machine, order: GetBlocks, done: int) -> None:
        rate_bps = self.wan_bps if order.source.kind == "origin" else PEER_BPS
        delay_s = HTTP_LATENCY_S * (done == 0) + BLOCK_BYTES * 8 / rate_bps
        self._place.later(machine, delay_s, lambda: self._give_block(machine, order, done))

    def _give_block(self, machine: Machine, order: GetBlocks, done: int) -> None:
        if order.request not in machine.requests or self._stalls(machine, order):
            return
        shelf, block = machine.shelves[order.task], order.first + done
        given = self._block(machine, order, shelf.content, block)
        if isinstance(given, str):
            machine.requests.pop(order.request, None)
            put_off_s = self.put_off_s if given == "status_503" else None
            self._fail(machine, order, given, retry_after_s=put_off_s)
        elif not self.keep(machine, shelf, block, given):
            machine.requests.pop(order.request, None)
            self._fail(machine, order, "wrong_bytes", permanent=True)
        else:
            shelf.source_bytes[order.source.kind] += len(given)
            self._go_on(machine, order, done + 1)

    def _go_on(self, machine: Machine, order: GetBlocks, done: int) -> None:
        if order.request not in machine.requests:
            return
        if done < order.count:
            self._later_block(machine, order, done)
            return
        machine.requests.pop(order.request, None)
        machine.node.request_finished(order.task, order.request, now=self._place.clock(machine))

    def _block(
        self, machine: Machine, order: GetBlocks, content: Content, block: int
    ) -> bytes | str:
        """What comes, or why nothing does."""
        if order.source.kind == "origin":
            if not (self.origin_up and machine.wan):
                return "refused"
            if self.put_off_s is not None:
                return "status_503"
            self._count(machine, content, block)
            plain = content.block(block)
            return spoilt(plain) if self.origin_lies else plain
        peer = self._peer(machine, order.source.address)
        if peer is None:
            return "refused"
        held = peer.shelves[content.task].disk
        if block not in held:
            return "not_held"
        return spoilt(held[block]) if peer.lies_by_http else held[block]

    def _count(self, machine: Machine, content: Content, block: int) -> None:
        """Write down what the origin gives, and who else could have given it."""
        content.origin_blocks[block] += 1
        holders = [
            peer.id
            for peer in self._place.machines.values()
            if block in peer.shelves[content.task].disk
            if not (peer.frozen or peer.lies_by_http or peer.lies_by_stream)
            if peer is machine or self._place.reaches(peer, machine)
        ]
        fetch = Fetch(self._place.now, machine.id, block, tuple(holders))
        content.fetches.append(fetch)

    def _stalls(self, machine: Machine, order: GetManifest | GetBlocks) -> bool:
        """True if nothing comes; the request fails after STALL_S of that."""
        if order.source.kind != "origin" or not self.origin_stalls:
            return False

        def give_up() -> None:
            if machine.requests.pop(order.request, None):
                self._fail(machine, order, "stalled")

        self._place.later(machine, STALL_S, give_up)
        return True

    def _peer(self, machine: Machine, address: str) -> Machine | None:
        host = address.rpartition(":")[0]
        for peer in self._place.machines.values():
            if peer.address[0] == host:
                return peer if self._place.reaches(peer, machine) and not peer.frozen else None
        return None

    def _fail(
        self,
        machine: Machine,
        order: GetManifest | GetBlocks,
        code: str,
        permanent: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        machine.node.request_failed(
            order.task, order.request, code, "no answer", now=self._place.clock(machine),
            permanent=permanent, retry_after_s=retry_after_s,
        )  # fmt: skip
