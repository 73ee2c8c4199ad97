"""What goes out next? One content's way to the data group: rounds of blocks, and answers to needs.

    blocks ready --> round: source symbols, then parity unasked --\\
                                                                    >-- bursts, when the pacer says
    needs ------> answers: parity, or the source symbols again ---/

Answers go before new blocks, for a receiver that waits for one symbol holds a whole block in
memory; but they never take all of the rate, or a few that lose much would stop the stream for all.

Blocks come in sealed (see `seal_block`): `wants` says which, the agent's threads make them.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from mcastdist.ids import ClusterTag, NodeId, SessionId
from mcastdist.timers import NEVER
from mcastdist.tracing import Tracer, silent
from mcastdist.wire import RATE_BPS_START, STREAM_HEADER_BYTES, BlockSeal, Geometry

from .answers import Answers
from .cache import SealedCache
from .coding import Parity
from .maker import RunMaker
from .pacing import Pacer
from .rounds import Rounds
from .run import Burst, HeaderRoom, Origin, Run
from .sealed import SealedBlock
from .turns import Turns, Unasked

READ_AHEAD = 8  # blocks sealed ahead: 7 ms at 10 Gbit/s, and never more than this much memory
ANSWERS_AHEAD = 4  # of them for answers, so that neither side starves the other
PARITY_BATCH = 32  # symbols made at a time: a millisecond or so, under the session's lock
MICROSECONDS = 1_000_000


class Sender:
    """The sender's side of one session. Does no I/O; see `wake_at` for when to take a burst."""

    def __init__(
        self,
        *,
        geometry: Geometry,
        session: SessionId,
        sender: NodeId,
        cluster: ClusterTag,
        parity: Parity,
        seal: BlockSeal,
        rng: Random,
        now: float,
        trace: Tracer = silent,
    ) -> None:
        self._geometry = geometry
        self._trace = trace
        self._pacer = Pacer(
            datagram_bytes=STREAM_HEADER_BYTES + geometry.symbol_bytes,
            rate_bps=RATE_BPS_START,
            now=now,
        )
        self._sequence = 0
        self._rounds = Rounds(geometry.block_count)
        self._sealed = SealedCache()
        origin = Origin(cluster, sender, session)
        self._make = RunMaker(origin=origin, cache=self._sealed, parity=parity, seal=seal, rng=rng)
        symbols = geometry.symbols(0) if geometry.block_count else 0
        self._run_room = HeaderRoom(max(symbols, PARITY_BATCH))
        self._answer_room = HeaderRoom(max(symbols, PARITY_BATCH))
        self._run: Run | None = None  # of the block at hand, its source symbols or its parity
        self._source_done = False  # of the block at hand
        self._parity_due: tuple[int, int, int] | None = None  # block, missing, count
        self._unasked = Unasked()
        self._answers = Answers()
        self._answer: Run | None = None
        self._turns = Turns()
        self._wants: list[int] | None = []  # None: to be worked out again

    # In

    def ready(self, block: int) -> None:
        """This block may be streamed. Raises IndexError if there is none of this number."""
        self._rounds.ready(block)
        self._wants = None

    def parity_ahead(self, block: int) -> list[int]:
        """Ids of the parity symbols that are worth making when this block is sealed."""
        count = self._unasked.expected(self._geometry.symbols(block))
        is_streamed = count and block in self._rounds.ahead(READ_AHEAD)
        return self._make.ids(count, count) if is_streamed else []

    def provide(self, sealed: SealedBlock) -> None:
        """A block that was wanted."""
        self._sealed.put(sealed, self._needed())
        self._wants = None

    def stream(self, blocks: Iterable[int]) -> None:
        """Start a round over these blocks, in order, each as soon as it is ready."""
        self._rounds.start(blocks)
        self._run, self._parity_due = None, None
        self._source_done = False
        self._unasked.start_round()
        self._wants = None

    def answer(self, block: int, missing: int, now: float) -> None:
        """A receiver misses so many symbols of a block that we hold."""
        if not self._rounds.is_ready(block) or missing < 1:
            return
        in_hand = 0
        if self._answer is not None and self._answer.block == block:
            in_hand = self._answer.remaining
        symbols = self._geometry.symbols(block)
        due = self._answers.ask(block, missing, symbols, in_hand=in_hand, now=now)
        name = "session.answer" if due else "session.need_answered_already"
        self._trace(name, at=now, block=block, missing=missing, due=due)
        self._wants = None

    def set_rate(self, rate_bps: float) -> None:
        """From the next burst on, in bits a second on the wire. Raises ValueError at 0 or less."""
        self._pacer.set_rate(rate_bps)

    def set_parity_share(self, share: float) -> None:
        """Parity to follow each block unasked, as a share of its symbols."""
        self._unasked.set_share(share)

    # Out

    def wants(self) -> list[int]:
        """The blocks that are to be provided, the most urgent first; at most READ_AHEAD.

        They stay in the list until they are provided.
        """
        if self._wants is None:
            self._wants = [block for block in self._needed() if block not in self._sealed]
        return self._wants

    def next_burst(self, now: float, datagrams_max: int) -> Burst | None:
        """What is to be sent now, if anything; take it and send it before you ask again."""
        allowed = self._pacer.allowance(now, datagrams_max)
        run = self._choose() if allowed else None
        if run is None:
            return None
        sent_us = int(now * MICROSECONDS) & 0xFFFF_FFFF
        burst = run.take(allowed, sequence=self._sequence, sent_us=sent_us)
        self._sequence += burst.count
        self._pacer.sent(burst.count, now)
        if run is self._answer:
            self._turns.answered(burst.count)
            self._answers.sent(run.block, burst.count, now)
        else:
            self._turns.streamed(burst.count)
            self._finish_block()
        return burst

    def wake_at(self) -> float:
        """When the next burst may go; NEVER while there is nothing to send."""
        if not (self._can_stream() or self._can_answer()):
            return NEVER
        return self._pacer.due_at

    @property
    def position(self) -> int:
        """The blocks below this have been streamed in this round."""
        return self._rounds.position

    @property
    def round(self) -> int:
        """How many rounds have been started."""
        return self._rounds.number

    @property
    def queue(self) -> int:
        """How many blocks wait for an answer."""
        return len(self._answers)

    @property
    def idle(self) -> bool:
        """True if the round is over and every need answered."""
        answering = self._answer is not None and self._answer.remaining
        return self._rounds.is_over and not self._answers and not answering

    # Within: what to send

    def _choose(self) -> Run | None:
        if self._can_answer() and (self._turns.is_answers or not self._can_stream()):
            return self._answer_run()
        if self._can_stream():
            return self._stream_run()
        return None

    def _can_stream(self) -> bool:
        if self._run is not None or self._parity_due is not None:
            return True
        return self._rounds.block in self._sealed

    def _can_answer(self) -> bool:
        if self._answer is not None and self._answer.remaining:
            return True
        return any(block in self._sealed for block in self._answers.first(ANSWERS_AHEAD))

    def _stream_run(self) -> Run:
        if self._run is None and self._parity_due is not None:
            self._run = self._make.parity(*self._parity_due, self._run_room)
            self._parity_due = None
        elif self._run is None:
            block = self._rounds.block
            assert block is not None, "`_can_stream` has looked"
            self._run = self._make.source(block, self._run_room)
            self._wants = None
        return self._run

    def _finish_block(self) -> None:
        """After a burst of the stream: on to the block's parity, then to the next block."""
        run = self._run
        if run is None or run.remaining:
            return
        self._run = None
        if not self._source_done:
            self._source_done = True
            self._unasked.add_block(self._geometry.symbols(run.block))
        owed = self._unasked.take(self._make.ahead(run.block) or PARITY_BATCH)
        if owed is not None:
            # Not at once: the burst that was just taken lies in the same room.
            self._parity_due = (run.block, *owed)
            return
        self._source_done = False
        self._rounds.advance()
        self._wants = None

    def _answer_run(self) -> Run:
        if self._answer is not None and self._answer.remaining:
            return self._answer
        block = next(one for one in self._answers.first(ANSWERS_AHEAD) if one in self._sealed)
        due = self._answers.due(block)
        if self._answers.is_whole(block):
            self._answer = self._make.source(block, self._answer_room)
        else:
            self._answer = self._make.parity(block, due, min(due, PARITY_BATCH), self._answer_room)
        self._answers.take(block, self._answer.remaining)
        self._wants = None
        return self._answer

    def _needed(self) -> list[int]:
        """The blocks whose sealed form is of use soon, the most urgent first."""
        needed = list(self._answers.first(ANSWERS_AHEAD))
        ahead = self._rounds.ahead(READ_AHEAD - len(needed))
        return needed + [block for block in ahead if block not in needed]
