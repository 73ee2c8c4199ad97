"""Who tells the node what happens? Datagrams, the outcome of fetches, blocks of the stream.

Everything here runs on the event loop. The node's commands go out by `Hands`, each input is a turn
(`Turns`): feed, drain, do, re-arm the timer. It decides nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from mcastdist.errors import StorageError
from mcastdist.http_fetch import Source
from mcastdist.ids import Locator, NodeId
from mcastdist.node import Address, Node, NodeConfig, Stream
from mcastdist.ranges import RangeSet
from mcastdist.wire import REPORT_S, Announce, Opened, Opener, Phase

from . import logs
from .checkup import Trials
from .hands import Hands, Listener
from .hearing import Ear
from .identity import Voice
from .landings import Landing, Landings
from .package import Landed, OpenPackage
from .runs import Run, Runs
from .streaming import node_of
from .streams import Streams
from .turns import Turns

LOW_32_BITS = 0xFFFF_FFFF

log = logs.get("agent")


class Driver:
    """The loop around one node. `trials` is given before the first datagram."""

    trials: Trials

    def __init__(
        self,
        *,
        node: Node,
        own: NodeId,
        voice: Voice,
        opener: Opener,
        streams: Streams,
        runs: Runs,
        listener: Listener,
        is_busy: Callable[[], bool] = lambda: False,
        on_twin: Callable[[], None] = lambda: None,
    ) -> None:
        """`is_busy`: are all upload slots taken? `on_twin`: see `hearing`."""
        self.node = node
        self.runs = runs
        self.ear = Ear(opener, own, on_message=self._receive, on_twin=on_twin)
        self.hands = Hands(voice=voice, streams=streams, runs=runs, listener=listener, reports=self)
        self._turns = Turns(
            node,
            carry_out=self.hands.carry_out,
            before_wake=self._look_around,
            on_broken=listener.broken,
        )
        self._landings = Landings(self._blocks)
        self._streams = streams
        self._listener = listener
        self._is_busy = is_busy
        self._drops_at = 0.0
        self.written = asyncio.Event()  # something is to be committed
        # Told what others announce, before the node is: some of it may be waited for here.
        self.on_announce: Callable[[Locator], None] = lambda locator: None

    def start(self, run: Run) -> None:
        """Begin a run; what its package holds already is known to it."""
        self.runs[run.spec.id] = run
        self._streams.expect()
        package = run.package.for_node(run.spec.urls) if run.package else None
        now = time.monotonic()
        self._turns.take(
            [run.spec.id],
            lambda: self.node.start(run.spec, package=package, config=run.config, now=now),
        )

    def stop(self, task: str, reason: str) -> None:
        """Suspended, cancelled, or the agent goes: leave in good order."""
        self._landings.tell_all()
        self._turns.take([task], lambda: self.node.stop(task, reason, now=time.monotonic()))

    def configure(self, config: NodeConfig) -> None:
        """Settings or interfaces have changed."""
        self._turns.take((), lambda: self.node.configure(config, now=time.monotonic()))

    def damaged(self, package: OpenPackage, chunks: Iterable[int]) -> None:
        """These chunks of a package were verified once, and are bad now."""
        run = next((run for run in self.runs.values() if run.content == package.content), None)
        if run is not None:
            self.lost(run.spec.id, package.blocks_over_chunks(chunks))

    def close(self) -> None:
        """Do not wake the node any more."""
        self._turns.close()

    # In: what the fetcher reports (`fetching.Reports`)

    def package_known(self, task: str, package: OpenPackage, brought_bytes: int = 0) -> None:
        """A manifest is here and trusted; `brought_bytes` of its payload were downloaded for it."""
        run = self.runs.get(task)
        if run is not None:
            run.know(package, brought_bytes)
            known = package.for_node(run.spec.urls)
            now = time.monotonic()
            self._turns.take([task], lambda: self.node.package_known(task, known, now=now))
            self._listener.changed(task)

    def landed(self, task: str, blocks: RangeSet, landed: Landed, kind: str) -> None:
        """Blocks were fetched and written."""
        self._blocks(task, blocks, landed, {kind: 1})

    def finished(self, task: str, request: int) -> None:
        """A fetch came to its end."""
        now = time.monotonic()
        self._turns.take([task], lambda: self.node.request_finished(task, request, now=now))

    def failed(
        self,
        task: str,
        request: int,
        code: str,
        sentence: str,
        *,
        permanent: bool,
        retry_after_s: float | None,
        ask_instead: Sequence[Source],
    ) -> None:
        """A fetch failed."""
        self._turns.take(
            [task],
            lambda: self.node.request_failed(
                task, request, code, sentence, now=time.monotonic(), permanent=permanent,
                retry_after_s=retry_after_s, ask_instead=ask_instead,
            ),
        )  # fmt: skip
        self._listener.changed(task)

    def storage_error(self, task: str, error: StorageError) -> None:
        """The disk says no: the task ends, and the session goes on without us."""
        self.stop(task, "storage")
        self._listener.storage_failed(task, error)

    def wan_bytes(self, task: str, count: int) -> None:
        """The origin sent this much, whether it was new or not."""
        if task in self.runs:
            self.runs[task].account.wan_bytes += count

    def broken(self, task: str, error: Exception) -> None:
        """What we believed impossible has happened to this task."""
        self._turns.blame([task], error)
        self._turns.settle()

    # In: what the streams' threads report (`streaming.StreamReports`), from their threads

    def stream_block(
        self, stream: Stream, block: int, landed: Landed, shares: dict[str, int]
    ) -> None:
        """A block of the stream was opened and written."""
        self._landings.add(Landing(stream.task, block, landed, shares))

    def stream_lost(self, stream: Stream, block: int) -> None:
        """A block that was to be sent is not here any more."""
        self._turns.call_from_thread(self.lost, stream.task, RangeSet([(block, block + 1)]))

    def stream_trouble(self, stream: Stream, error: Exception) -> None:
        """A stream's thread could not go on."""
        if isinstance(error, StorageError):
            self._turns.call_from_thread(self.storage_error, stream.task, error)
        else:
            self._turns.call_from_thread(self.broken, stream.task, error)

    # In: what was found here

    def lost(self, task: str, blocks: RangeSet) -> None:
        """These blocks are not sound after all: fetch them again."""
        self._landings.tell_all()
        self._for_sharing(
            task, lambda run: self.node.blocks_lost(run.spec.id, blocks, now=time.monotonic())
        )

    # Within: what comes in

    def _receive(self, opened: Opened, source: Address) -> None:
        if self.trials.receive(opened, source):
            return
        message = opened.message
        if isinstance(message, Announce) and message.phase is not Phase.CLOSED:
            self.on_announce(Locator(message.locator))
        self.node.uploads_busy = self._is_busy()
        now = time.monotonic()
        self._turns.take((), lambda: self.node.receive(message, opened.node, source, now=now))

    def _blocks(self, task: str, blocks: RangeSet, landed: Landed, shares: dict[str, int]) -> None:
        now = time.monotonic()

        def tell(run: Run) -> None:
            run.account.share_out(shares, landed.new_bytes, now)
            run.dirty_bytes += landed.new_bytes
            self.written.set()
            self.node.blocks_held(run.spec.id, blocks, landed.sound, now=now)
            if landed.lost:
                self.node.blocks_lost(run.spec.id, landed.lost, now=now)

        self._for_sharing(task, tell)
        if landed.culprit:
            self._refuse(task, landed.culprit, now)

    def _for_sharing(self, task: str, do: Callable[[Run], None]) -> None:
        """For this task and for all that bring the same content under another name."""
        mine = self.runs.get(task)
        for run in list(self.runs.values()):
            if mine is not None and run.content == mine.content and run.content is not None:
                self._turns.take([run.spec.id], partial(do, run))

    def _refuse(self, task: str, culprit: str, now: float) -> None:
        """PROTOCOL.md, 9: who sent what opens and hashes wrong has the cluster key, and lies."""
        sender, found = node_of(culprit), self.node.task(task)
        if sender is None or found is None:
            return  # fetched by HTTP: the fetch has failed for good, and says so
        reception = found.reception
        if reception is not None and reception.leader & LOW_32_BITS == sender:
            liar, address = reception.leader, reception.address
            self.ear.mismatches.note(address, "liar")
            log.warning("refused: it sent wrong bytes", address=address[0])
            self._turns.take([task], lambda: self.node.refuse(task, liar, now=now))

    def _look_around(self) -> None:
        """What the node cannot see itself, before it is woken."""
        self.node.uploads_busy = self._is_busy()
        now = time.monotonic()
        if now - self._drops_at >= REPORT_S:
            self._drops_at = now
            self._tell_drops()

    def _tell_drops(self) -> None:
        """Receivers report kernel drops (own processor, own disk) apart from network loss."""
        for stream, per_million in self._streams.drop_shares():
            task = self.node.task(stream.task)
            if task is not None and task.reception is not None:
                task.reception.kernel_drops(per_million)
