"""What does the representative send to the data group, and how fast?

The sender's side of one stream (shared with the agent's threads, hence the lock): opened when it is
first needed, fed with blocks as they become sound, steered by what the receivers report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcastdist.ids import ContentId, NodeId, SessionId
from mcastdist.ranges import RangeSet
from mcastdist.session import RateControl, typical_worst
from mcastdist.wire import STREAM_HEADER_BYTES, Geometry, Need, Report

from .commands import CloseStream, Command, OpenStream, Package, Stream, TaskId
from .config import NodeConfig
from .environment import Environment

if TYPE_CHECKING:
    from mcastdist.session import Sender

PARITY_SHARE_MARGIN = 1.15  # parity unasked for: the loss, and a little for its spread
# What every IPv4 host takes (RFC 791: 576 bytes, less the headers). Who takes less is left to HTTP:
# for its sake the others would get more header than payload.
DATAGRAM_BYTES_FIT_MIN = 548
ROUNDS_MAX = 16  # of a session: a few for late joiners, but no stream without end for invented ones


class Broadcast:
    """One session's stream as its representative sends it. Does no I/O."""

    def __init__(
        self, *, task: TaskId, session: SessionId, config: NodeConfig, env: Environment, now: float
    ) -> None:
        self._task = task
        self._session = session
        self._env = env
        self._rate = RateControl(
            limit_bps=config.rate_limit_bps,
            foreground=config.foreground,
            now=now,
            trace=env.trace,
        )
        self._sender: Sender | None = None
        self._outputs: list[Command] = []
        self.stream: Stream | None = None
        self.symbol_bytes = config.datagram_bytes_max - STREAM_HEADER_BYTES
        self.round = 0

    # In

    def fit(self, datagram_bytes_max: int) -> None:
        """A receiver takes no larger datagrams than this: nor do we send any, from the start.

        Who comes after that cannot change it: what the others hold in part is cut as it is.
        """
        has_begun = self.round > 0 or self.stream is not None
        if datagram_bytes_max < DATAGRAM_BYTES_FIT_MIN or has_begun:
            return
        self.symbol_bytes = min(self.symbol_bytes, datagram_bytes_max - STREAM_HEADER_BYTES)

    def sound(self, blocks: RangeSet) -> None:
        """These blocks lie wholly in verified chunks now: they may be streamed."""
        if self.stream is None or self._sender is None:
            return
        with self.stream.lock:
            for block in blocks.numbers():
                self._sender.ready(block)
        self.stream.changed()

    def start_round(self, blocks: RangeSet, package: Package, *, now: float) -> None:
        """Stream these blocks, in order, each as soon as it is sound."""
        stream, sender = self._open(package, now)
        self.round += 1
        with stream.lock:
            sender.set_rate(self._rate.rate_bps)
            sender.stream(blocks.numbers())
        self._env.trace(
            "node.round", at=now, session=self._session, round=self.round, blocks=blocks.count
        )
        stream.changed()

    def stop_round(self, *, now: float) -> None:
        """Nobody listens any more: what is left of the round is not sent."""
        if self.stream is None or self._sender is None:
            return
        with self.stream.lock:
            self._sender.stream(())
        self._env.trace("node.round_stopped", at=now, session=self._session, round=self.round)

    def answer(self, need: Need, package: Package, *, now: float) -> None:
        """A receiver misses symbols: send parity of the blocks that we hold."""
        stream, sender = self._open(package, now)
        with stream.lock:
            for block, missing in need.entries:
                if block in package.sound:
                    sender.answer(block, missing, now=now)
        stream.changed()

    def measured(self, node: NodeId, report: Report, *, now: float) -> None:
        """A receiver tells how the stream arrives."""
        self._rate.report(
            node,
            loss_ppm=report.loss_ppm,
            drop_ppm=report.drop_ppm,
            delay_us=report.delay_us,
            rate_bps=report.rate_bps,
            now=now,
        )

    def left(self, node: NodeId) -> None:
        """A receiver is not in the stream any more."""
        self._rate.left(node)

    def steer(self, losses_ppm: list[int], *, now: float) -> None:
        """Set the rate by what was measured, and parity by these losses of the group."""
        self._rate.wake(now, receivers=len(losses_ppm))
        if self.stream is None or self._sender is None:
            return
        typical_ppm = typical_worst(losses_ppm)
        with self.stream.lock:
            self._sender.set_rate(self._rate.rate_bps)
            self._sender.set_parity_share(typical_ppm / 1e6 * PARITY_SHARE_MARGIN)

    def close(self, *, now: float) -> None:
        """The stream ends here."""
        if self.stream is not None:
            self._env.trace("node.stream_closed", at=now, session=self._session)
            self._outputs.append(CloseStream(self.stream))
            self.stream = self._sender = None

    # Out

    @property
    def rate_bps(self) -> float:
        """What the stream may take now, in bits a second."""
        return self._rate.rate_bps

    def slow(self, bps_min: float) -> list[NodeId]:
        """The receivers for whom this stream is too fast, though it is not fast."""
        return self._rate.slow(bps_min)

    @property
    def has_rounds_left(self) -> bool:
        """False if who lacks something now is to take it from peers."""
        return self.round < ROUNDS_MAX

    @property
    def is_idle(self) -> bool:
        """True if the round is over and every need answered."""
        if self.stream is None or self._sender is None:
            return True
        with self.stream.lock:
            return self._sender.idle

    @property
    def position(self) -> int:
        """The blocks below this have been streamed in this round."""
        if self.stream is None or self._sender is None:
            return 0
        with self.stream.lock:
            return self._sender.position

    @property
    def queue(self) -> int:
        """How many blocks wait for an answer."""
        if self.stream is None or self._sender is None:
            return 0
        with self.stream.lock:
            return self._sender.queue

    def drain(self) -> list[Command]:
        """What is to be done, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs

    # Within

    def _open(self, package: Package, now: float) -> tuple[Stream, Sender]:
        """The stream with its sender, opened when it is first needed."""
        if self.stream is None or self._sender is None:
            self._sender = self._new_sender(package, now)
            self.stream = Stream(
                self._task, ContentId(package.content), self._session, self._geometry(package),
                self._env.locks(), self._sender,
            )  # fmt: skip
            self._outputs.append(OpenStream(self.stream))
        return self.stream, self._sender

    def _new_sender(self, package: Package, now: float) -> Sender:
        from mcastdist.repair import Fountain  # with numpy: not before there is a stream
        from mcastdist.session import Sender

        env = self._env
        sender = Sender(
            geometry=self._geometry(package),
            session=self._session,
            sender=env.node,
            cluster=env.cluster,
            parity=Fountain(),
            seal=env.seal(package.content),
            rng=env.rng,
            now=now,
            trace=env.trace,
        )
        sender.set_rate(self._rate.rate_bps)
        for block in package.sound.numbers():
            sender.ready(block)
        return sender

    def _geometry(self, package: Package) -> Geometry:
        return Geometry(package.payload_bytes, package.block_bytes, self.symbol_bytes)
