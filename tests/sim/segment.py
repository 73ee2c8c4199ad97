"""A subnet made of memory: machines, one LAN, one origin behind a WAN link, and time that jumps.

Every machine is a real `Node` with real stream machines; what is simulated is the wire, the disk
and HTTP (`segment_web.py`). Chance comes from one seed, so a failing seed is the bug report.
Nothing sleeps.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from random import Random
from typing import ClassVar

from segment_machine import BLOCK_BYTES, KEY, Content, Link, Machine, Shelf, spoilt
from segment_web import Web

from mcastdist.election import Merits
from mcastdist.ids import NodeId, cluster_tag
from mcastdist.node import (
    CancelRequest,
    CloseStream,
    Complete,
    Environment,
    GetBlocks,
    GetManifest,
    Node,
    NodeConfig,
    OpenStream,
    Rejoin,
    Send,
    Stream,
    TaskFailed,
)
from mcastdist.repair import Fountain
from mcastdist.session import Assembly, Burst, NotEnough, Spoilt, seal_block
from mcastdist.tracing import Event
from mcastdist.wire import Message, decode, encode

__all__ = ["Link", "Segment"]

DATAGRAM_BYTES = 40 + 256
LAN_DELAY_S = 0.0003
SETTLE_S, HURRY_S = 1.0, 0.05  # as agent.netlink waits
TWO_CABLES = frozenset({"pulled", "other"})  # `networks` of a machine with two: one can be pulled
ROUNDING_S = 1e-6  # what a difference of two clocks may be off
LOW_32_BITS = 0xFFFF_FFFF
PARITY = Fountain()
Deliver = Callable[[], None]


def _cabled(config: NodeConfig, *, is_in: bool) -> NodeConfig:
    """What its agent says of a machine's interfaces; nobody else is on the second one."""
    if not config.networks:
        return replace(config, is_connected=is_in)
    return replace(config, networks=TWO_CABLES if is_in else TWO_CABLES - {"pulled"})


class Segment:
    """One subnet with `nodes` machines; see the module's docstring."""

    made: ClassVar[list[Segment]] = []  # by the test that runs; `invariants.py` looks at them

    def __init__(
        self,
        *,
        nodes: int,
        seed: int,
        blocks: int = 24,
        loss: float = 0.0,
        delay_s: float = 1.0,
        wan_bps: float = 20e6,
        stream_bps: int = 4_000_000,
        block_tail: int = 1_000,
        packages: int = 1,
        **config: object,
    ) -> None:
        self.made.append(self)
        self.rng = Random(seed)
        self.now = 0.0
        self.struck_at: float | None = None  # when the fault came, if the test says so
        self.excuse = ""  # why the origin may be asked for what somebody here could have given
        self.link = Link(loss=loss)
        self.links: dict[NodeId, Link] = {}
        self.events: list[Event] = []
        self.web = Web(self, wan_bps=wan_bps)
        self.deaf_to_stream: set[NodeId] = set()
        self.carries_broadcast = True
        self.said: Counter[str] = Counter()  # control messages by kind
        self.said_at: defaultdict[str, list[float]] = defaultdict(list)
        self.wire_bytes = 0  # of the streams
        self._config = {
            "session_start_delay_s": delay_s,
            "datagram_bytes_max": DATAGRAM_BYTES,
            "rate_limit_bps": stream_bps,
            "slow_receiver_bps_min": 0,
            "min_package_bytes": 1,
            "origin_fallback_delay_s": 10.0,
            "block_bytes": BLOCK_BYTES,
            "http_port": 8_000,
        } | config
        self.contents = [
            Content(number, blocks=blocks, block_tail=block_tail, seed=seed)
            for number in range(packages)
        ]
        self.machines: dict[NodeId, Machine] = {}
        self._heap: list[tuple[float, int, Deliver]] = []
        self._order = count()
        self._pumps: dict[int, float] = {}
        self._wakes: defaultdict[NodeId, float] = defaultdict(lambda: float("inf"))
        self._starts_left = 0
        self._may_be_over = False
        for number in range(nodes):
            self.add(NodeId(number + 1))

    # --- what a test does ------------------------------------------------------------------------

    def add(self, node: NodeId, **config: object) -> Machine:
        """Put a machine on the segment; it has no task yet."""
        settings = NodeConfig(
            **({"merits": Merits(weight=50)} | self._config | config)  # type: ignore[arg-type]
        )
        machine = Machine(
            node=self._new_node(node, settings),
            id=node,
            address=(f"10.0.{node // 250}.{node % 250 + 1}", 7447),
            config=settings,
            shelves={content.task: Shelf(content) for content in self.contents},
        )
        self.machines[node] = machine
        return machine

    def start(self, *nodes: int, at: float = 0.0, package: int = 0) -> None:
        """Give the task to these machines (all, if none is named) at this moment."""
        for node in nodes or tuple(self.machines):
            self._starts_left += 1
            self.at(at, lambda node=node: self._first_start(self.machines[NodeId(node)], package))

    def at(self, when: float, do: Deliver) -> None:
        """Do something at this moment."""
        heapq.heappush(self._heap, (max(when, self.now), next(self._order), do))

    def kill(self, node: int) -> None:
        """kill -9: what was not on disk is gone, nobody is told."""
        machine = self.machines[NodeId(node)]
        machine.up = False
        machine.streams.clear()
        machine.requests.clear()
        self._may_be_over = True

    def leave(self, node: int) -> None:
        """The agent is stopped in good order: it says goodbye and is gone."""
        machine = self.machines[NodeId(node)]
        for task in machine.shelves:
            machine.node.stop(task, "agent_stops", now=self.clock(machine))
        self._serve(machine)
        machine.up = False
        self._may_be_over = True

    def stop(self, node: int, reason: str, package: int = 0) -> None:
        """The task is suspended or cancelled by somebody; the machine stays."""
        machine = self.machines[NodeId(node)]
        shelf = machine.shelves[self.contents[package].task]
        machine.node.stop(shelf.content.task, reason, now=self.clock(machine))
        shelf.failed = reason
        self._serve(machine)
        self._may_be_over = True

    def resume(self, node: int, package: int = 0) -> None:
        """The suspended task goes on."""
        machine = self.machines[NodeId(node)]
        machine.shelves[self.contents[package].task].failed = None
        self._start(machine, package)

    def restart(self, node: int, package: int = 0) -> None:
        """The machine comes back with its disk and gets its task again."""
        machine = self.machines[NodeId(node)]
        machine.node = self._new_node(machine.id, machine.config)
        machine.up = True
        self._start(machine, package)

    def unplug(self, node: int, *, wan: bool = False) -> None:
        """Its cable is out, which its agent notices as soon as the interfaces have settled.

        `wan`: it has another way to the origin, where it hears nobody.
        """
        machine = self.machines[NodeId(node)]
        machine.side, machine.wan = -node, wan
        self.web.break_off(machine, lan_only=wan)
        self._notice_cable(machine, is_in=False)

    def plug(self, node: int) -> None:
        """Its cable is in again."""
        machine = self.machines[NodeId(node)]
        machine.side, machine.wan = 0, True
        self._notice_cable(machine, is_in=True)

    def _notice_cable(self, machine: Machine, *, is_in: bool) -> None:
        def notice() -> None:
            if is_in == (machine.side == 0):  # not moved again meanwhile
                machine.config = _cabled(machine.config, is_in=is_in)
                machine.node.configure(machine.config, now=self.clock(machine))

        self.later(machine, HURRY_S if is_in else SETTLE_S, notice)

    def freeze(self, node: int) -> None:
        """SIGSTOP: it neither hears nor speaks, and does not know it."""
        self.machines[NodeId(node)].frozen = True

    def rouse(self, node: int, *, clock_stood_s: float = 0.0) -> None:
        """A machine that slept (`freeze`) goes on: what came meanwhile is lost, connections are
        dead, and its clock has stood still for so long, or has not."""
        machine = self.machines[NodeId(node)]
        machine.backlog.clear()
        machine.clock_s -= clock_stood_s
        self.web.break_off(machine)
        self.thaw(node)
        for stream in machine.streams.values():
            stream.changed()

    def jump(self, node: int, seconds: float) -> None:
        """The machine's clock leaps ahead, as after a suspended virtual machine."""
        machine = self.machines[NodeId(node)]
        machine.clock_s += seconds
        self._serve(machine)
        for stream in machine.streams.values():
            stream.changed()

    def thaw(self, node: int) -> None:
        """SIGCONT."""
        machine = self.machines[NodeId(node)]
        machine.frozen = False
        backlog, machine.backlog = machine.backlog, []
        for do in backlog:
            do()
        self._serve(machine)

    def run(self, until: float = 120.0) -> None:
        """Let time pass until everybody is done, or until `until`."""
        self._may_be_over = True
        while self._heap and self._heap[0][0] <= until:
            if self._may_be_over and self._is_over():
                return
            self._step()
        self.now = max(self.now, min(until, self._heap[0][0] if self._heap else until))

    def run_until(self, until: float) -> None:
        """Let time pass to this moment."""
        while self._heap and self._heap[0][0] <= until:
            self._step()
        self.now = until

    # --- what a test asks ------------------------------------------------------------------------

    @property
    def representatives(self) -> list[NodeId]:
        """Who believes to represent the first package."""
        return self.representatives_of(0)

    def clock(self, machine: Machine) -> float:
        """What the machine takes for the time."""
        return self.now + machine.clock_s

    def representatives_of(self, package: int) -> list[NodeId]:
        """Who believes to represent this package."""
        name = self.contents[package].task
        tasks = ((m, m.node.task(name)) for m in self.machines.values() if m.up)
        return [m.id for m, task in tasks if task and task.representation is not None]

    @property
    def wan_blocks(self) -> Counter[int]:
        """How often the origin served each block of the first package."""
        return self.contents[0].origin_blocks

    @property
    def wan_copies(self) -> float:
        """What the origin served of the first package, in payloads."""
        return self.wan_copies_of(0)

    def wan_copies_of(self, package: int) -> float:
        """What the origin served of this package, in payloads."""
        content = self.contents[package]
        return content.origin_blocks.total() / content.block_count

    def unfinished(self, package: int = 0) -> list[NodeId]:
        """Machines that are up and not done."""
        name = self.contents[package].task
        machines = self.machines.values()
        return [m.id for m in machines if m.up and m.shelves[name].done_at is None]

    def check_bytes(self) -> None:
        """Whoever is done holds exactly the published bytes."""
        for machine in self.machines.values():
            for shelf in machine.shelves.values():
                if shelf.done_at is not None:
                    held = b"".join(shelf.disk[block] for block in sorted(shelf.disk))
                    assert held == shelf.content.payload, f"node {machine.id} holds wrong bytes"

    def story(self, *names: str) -> str:
        """The transcript: every traced event (or these names only), a line each."""
        return "\n".join(e.line() for e in self.events if not names or e.name in names)

    # --- machines --------------------------------------------------------------------------------

    def _new_node(self, node: NodeId, config: NodeConfig) -> Node:
        def trace(name: str, /, *, at: float, **fields: object) -> None:
            self.events.append(Event(name, at, {"node": node} | fields))

        env = Environment(
            node=node, cluster=cluster_tag("sim"), key=KEY,
            rng=Random(self.rng.getrandbits(64)), trace=trace,
        )  # fmt: skip
        return Node(config=config, env=env)

    def _first_start(self, machine: Machine, package: int) -> None:
        self._starts_left -= 1
        self._start(machine, package)

    def _start(self, machine: Machine, package: int) -> None:
        if not machine.up:
            return
        content = self.contents[package]
        shelf = machine.shelves[content.task]
        known = shelf.package(machine.config.block_bytes) if shelf.knows_manifest else None
        machine.node.start(content.spec, package=known, config=None, now=self.clock(machine))
        self._serve(machine)

    def _is_over(self) -> bool:
        self._may_be_over = False
        if self._starts_left:
            return False
        return all(
            shelf.done_at is not None or shelf.failed
            for machine in self.machines.values()
            for shelf in machine.shelves.values()
            if machine.up and (machine.node.task(shelf.content.task) or shelf is machine.shelf)
        )

    def _step(self) -> None:
        when, _, do = heapq.heappop(self._heap)
        self.now = max(self.now, when)
        do()

    def later(self, machine: Machine, delay_s: float, do: Deliver) -> None:
        """Run something inside a machine after a while."""
        self.at(self.now + delay_s, lambda: self._for(machine, do))

    def _for(self, machine: Machine, do: Deliver) -> None:
        """Run something inside a machine, if it is up; later, if it is frozen."""
        if machine.frozen:
            machine.backlog.append(lambda: self._for(machine, do))
        elif machine.up:
            do()
            self._serve(machine)

    def _serve(self, machine: Machine) -> None:
        """Carry out what the node wants, and come back when it wants to."""
        if machine.frozen or not machine.up:
            return
        for command in machine.node.drain():
            self._carry_out(machine, command)
        wake_at = machine.node.wake_at() - machine.clock_s
        wake_at += ROUNDING_S if machine.clock_s else 0.0
        if wake_at < self._wakes[machine.id]:
            self._wakes[machine.id] = wake_at
            self.at(wake_at, lambda: self._wake(machine, wake_at))

    def _wake(self, machine: Machine, when: float) -> None:
        """At the moment it asked for last; moments asked for before that are forgotten."""
        if self._wakes[machine.id] != when:
            return
        self._wakes[machine.id] = float("inf")
        self._for(machine, lambda: machine.node.wake(now=self.clock(machine)))

    def _carry_out(self, machine: Machine, command: object) -> None:
        if isinstance(command, Send):
            self._send(machine, command)
        elif isinstance(command, GetManifest):
            self.web.get_manifest(machine, command)
        elif isinstance(command, GetBlocks):
            self.web.get_blocks(machine, command)
        elif isinstance(command, CancelRequest):
            machine.requests.pop(command.request, None)
        elif isinstance(command, OpenStream):
            self._open(machine, command.stream)
        elif isinstance(command, CloseStream):
            machine.streams.pop(id(command.stream), None)
        elif isinstance(command, Complete | TaskFailed):
            self._end(machine, command)
        else:
            assert isinstance(command, Rejoin)

    def _end(self, machine: Machine, command: Complete | TaskFailed) -> None:
        self._may_be_over = True
        shelf = machine.shelves[command.task]
        if isinstance(command, TaskFailed):
            shelf.failed = command.code
            return
        shelf.done_at = self.now
        machine.node.hold(shelf.content.locator, shelf.package(machine.config.block_bytes))

    # --- the LAN ---------------------------------------------------------------------------------

    def reaches(self, sender: Machine, receiver: Machine) -> bool:
        """True if a packet of one comes to the other."""
        both_up = sender.up and receiver.up
        return both_up and sender.side == receiver.side and sender is not receiver

    def _carry(self, receiver: Machine, deliver: Deliver) -> None:
        link = self.links.get(receiver.id, self.link)
        copies = 1 + (self.rng.random() < link.duplicate)
        for _ in range(copies):
            if self.rng.random() >= link.loss:
                delay_s = LAN_DELAY_S + self.rng.random() * link.jitter_s
                self.at(self.now + delay_s, deliver)

    def _send(self, machine: Machine, command: Send) -> None:
        kind = type(command.message).__name__
        self.said[kind] += 1
        self.said_at[kind].append(self.now)
        message = decode(encode(command.message))
        for receiver in list(self.machines.values()):
            if command.to not in (None, receiver.address):
                continue
            multicast = command.to is None and not command.aside
            if multicast and not (receiver.hears_multicast and machine.says_multicast):
                continue
            if command.aside and not self.carries_broadcast:
                continue
            if self.reaches(machine, receiver):
                self._carry(receiver, lambda r=receiver: self._hear(r, message, machine))

    def _hear(self, receiver: Machine, message: Message, sender: Machine) -> None:
        def hear() -> None:
            receiver.node.receive(message, sender.id, sender.address, now=self.clock(receiver))

        self._for(receiver, hear)

    # --- the streams -----------------------------------------------------------------------------

    def _open(self, machine: Machine, stream: Stream) -> None:
        machine.streams[id(stream)] = stream
        stream.changed = lambda: self._pump_at(machine, stream, self.now)
        if stream.sender is not None:
            stream.changed()

    def _pump(self, machine: Machine, stream: Stream) -> None:
        """The sender's thread: provide what it wants, send a burst, come back."""
        sender = stream.sender
        if sender is None or id(stream) not in machine.streams or not machine.up:
            return
        if machine.frozen:
            machine.backlog.append(lambda: self._pump(machine, stream))
            return
        content = machine.shelves[stream.task].content
        for block in sender.wants():
            plain = content.block(block)
            plain = spoilt(plain) if machine.lies_by_stream else plain
            sender.provide(seal_block(content.seal, stream.geometry, block, plain))
        burst = sender.next_burst(self.clock(machine), 4)
        if burst is not None:
            self._burst(machine, stream, burst)
        wake_at = sender.wake_at() - machine.clock_s
        if wake_at != float("inf"):
            self._pump_at(machine, stream, max(wake_at, self.now + 1e-6))

    def _pump_at(self, machine: Machine, stream: Stream, when: float) -> None:
        """Come back to a sender, once, at the earliest of the moments asked for."""
        if self._pumps.get(id(stream), float("inf")) > when:
            self._pumps[id(stream)] = when
            self.at(when, lambda: self._pump_now(machine, stream, when))

    def _pump_now(self, machine: Machine, stream: Stream, when: float) -> None:
        if self._pumps.get(id(stream)) == when:
            del self._pumps[id(stream)]
            self._pump(machine, stream)

    def _burst(self, machine: Machine, stream: Stream, burst: Burst) -> None:
        parts = [bytes(part) for part in burst.buffers]
        datagrams = [head + body for head, body in zip(parts[::2], parts[1::2], strict=True)]
        self.wire_bytes += sum(map(len, datagrams))
        for receiver in list(self.machines.values()):
            hears = receiver.hears_multicast and receiver.id not in self.deaf_to_stream
            hears = hears and machine.says_multicast
            if self.reaches(machine, receiver) and hears:
                for datagram in datagrams:
                    self._carry_datagram(receiver, stream.task, datagram)

    def _carry_datagram(self, receiver: Machine, task: str, datagram: bytes) -> None:
        corrupt = self.links.get(receiver.id, self.link).corrupt
        if corrupt and self.rng.random() < corrupt:
            at = self.rng.randrange(32, len(datagram))  # the tag, or the symbol
            datagram = datagram[:at] + bytes([datagram[at] ^ 1]) + datagram[at + 1 :]
        self._carry(receiver, lambda: self._take(receiver, task, datagram))

    def _take(self, machine: Machine, task: str, datagram: bytes) -> None:
        """The receiver's thread: it works beside the node, and only blocks come to that."""
        if machine.frozen:
            machine.backlog.append(lambda: self._take(machine, task, datagram))
        elif machine.up:
            self._feed(machine, task, datagram)

    def _feed(self, machine: Machine, task: str, datagram: bytes) -> None:
        for stream in list(machine.streams.values()):
            if stream.receiver is None or stream.task != task:  # each content has its own group
                continue
            stream.receiver.receive_burst(memoryview(datagram), len(datagram), self.clock(machine))
            stream.receiver.progress.idle(self.clock(machine))
            for assembly in stream.receiver.drain():
                self._keep_assembly(machine, stream, assembly)
                self._serve(machine)

    def _keep_assembly(self, machine: Machine, stream: Stream, assembly: Assembly) -> None:
        assert stream.receiver is not None
        shelf = machine.shelves[stream.task]
        try:
            plain = bytes(assembly.open(shelf.content.seal, PARITY))
        except Spoilt as found:
            stream.receiver.spoilt(assembly.block, found.forged)
            return
        except NotEnough:
            return
        stream.receiver.opened(assembly.block)
        senders = assembly.senders
        assembly.release()
        if self.web.keep(machine, shelf, assembly.block, plain):
            shelf.source_bytes["stream"] += len(plain)
        else:
            self._refuse(machine, stream.task, senders)

    def _refuse(self, machine: Machine, task: str, senders: set[int]) -> None:
        """As the agent does: what one sender alone sent opens and is wrong, so it lies."""
        found = machine.node.task(task)
        reception = found.reception if found is not None else None
        if reception is not None and senders == {reception.leader & LOW_32_BITS}:
            machine.refused.append(reception.leader)
            machine.node.refuse(task, reception.leader, now=self.clock(machine))
