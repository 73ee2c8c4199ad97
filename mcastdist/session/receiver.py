"""What came of the stream? One content's way from the data group into blocks.

    run of datagrams --Reader--> stretches of one block --Trust--> Slot --enough--> Assembly

A receive call brings a run of datagrams, nearly always consecutive symbols of one block: that costs
one comparison of all headers with what they should be, and one copy.
"""

from __future__ import annotations

from mcastdist.ids import ClusterTag, SessionId
from mcastdist.ranges import RangeSet
from mcastdist.tracing import Tracer, silent
from mcastdist.wire import BLOCK_SILENCE_S, BlockSeal, Geometry, Mask, Octets

from .assembly import Assembly, Forged
from .counters import Counters
from .datagrams import RUN_MAX, Reader, Stretch
from .meter import Measurement, Meter
from .pool import Pool
from .progress import Progress
from .slot import LOCAL, Slot
from .trust import Trust

BLOCKS_OPEN_MAX = 48  # 48 MiB: 0.4 s of blocks with holes at 1 Gbit/s, several rounds of repair


class Receiver:
    """The receiver's side of one session. Does no I/O."""

    def __init__(
        self,
        *,
        geometry: Geometry,
        session: SessionId,
        cluster: ClusterTag,
        seal: BlockSeal,
        held: RangeSet,
        now: float,
        trace: Tracer = silent,
        blocks_open_max: int = BLOCKS_OPEN_MAX,
    ) -> None:
        """`held`: the blocks that are here already; `blocks_open_max` bounds the memory."""
        self._geometry = geometry
        self._held = held.copy()
        self._reader = Reader(geometry, cluster, session)
        self._datagram_bytes = self._reader.datagram_bytes
        self._trust = Trust(seal, now, trace)
        self._pool = Pool(geometry, blocks_open_max, trace)
        self._meter = Meter(datagram_bytes=self._datagram_bytes, now=now)
        self._ready: list[Slot] = []
        self._while_lent: set[Slot] = set()  # got symbols while they were being opened
        self.progress = Progress(geometry.block_count, now)
        self._now = now
        self.heard_at: float | None = None  # the last datagram of this session
        self.counters = Counters()

    # In

    def receive_burst(self, datagrams: memoryview, stride: int, now: float) -> None:
        """A run of datagrams of `stride` bytes each (the last may be shorter) has come."""
        self._now = now
        size = self._datagram_bytes
        whole = len(datagrams) // size * size if stride == size else 0
        ours = 0
        for start in range(0, whole, size * RUN_MAX):
            for stretch in self._reader.read(datagrams[start : min(start + size * RUN_MAX, whole)]):
                ours += len(stretch.payloads)
                self._take(stretch, now)
        self.counters.foreign += len(datagrams) - ours * size

    def preload(self, block: int, have: Mask, rows: Octets) -> None:
        """Source symbols made from bytes held here: the rows (K, S) that `have` (K,) marks."""
        slot = self._pool.get(block)
        if slot is None and block not in self._held:
            slot = self._pool.begin(block, self._now)
        if slot is None or slot.lent:
            return
        slot.put_local(have, rows)
        self._check_complete(slot)

    def opened(self, block: int) -> None:
        """The block's bytes are here, out of an assembly."""
        slot = self._pool.opening(block)
        if slot is not None:
            slot.lent_to = None
        self.forget(block)

    def forget(self, block: int) -> None:
        """The block is held, from whatever source: take no more of it."""
        self._held.add(block, block + 1)
        self._pool.drop(block)

    def lost(self, block: int) -> None:
        """The block is not held after all: it opened, but is not what the manifest promises."""
        self._held.remove(block, block + 1)

    def spoilt(self, block: int, forged: Forged) -> None:
        """The block did not open: throw these symbols out and wait for others."""
        slot = self._pool.opening(block)
        if slot is None:
            return
        if slot.liar is not None:
            self._trust.refuse(slot.liar, self._now)
        elif any(sender != LOCAL for _, sender in forged):
            self._trust.become_wary(self._now)
        self._count_forged(slot, forged)
        slot.discard(symbol for symbol, _ in forged)
        slot.lent_to = None

    def refuse(self, sender: int, now: float) -> None:
        """Take nothing of this sender (the low 32 bits of its node id) for BAN_S: it lied."""
        self._trust.refuse(sender, now)

    def passed(self, position: int, now: float) -> None:
        """The representative says: the blocks below `position` have been streamed."""
        self._now = now
        self.progress.announced(position, now)

    # Out

    def drain(self) -> list[Assembly]:
        """The blocks with symbols enough, each to be opened in a worker thread.

        Then call `opened`, or `spoilt` if that was raised, or `release` the assembly if it is not
        needed after all. After NotEnough there is nothing to do: it comes again.
        """
        if self._while_lent:
            self._look_again()
        if not self._ready:
            return []
        ready, self._ready = self._ready, []
        return [self._hand_out(slot) for slot in ready if slot.queued and slot.is_wanted]

    def lacking(self, now: float) -> list[tuple[int, int]]:
        """(block, missing symbols) of the blocks whose stream has passed, of what is here in part.

        Of a late joiner's package thousands may have passed of which nothing came: those lack all
        that they have, and nobody asks for them symbol by symbol.
        """
        passed = self.progress.passed(now)
        found = ((slot.block, self._missing(slot, now)) for slot in self._pool.wanted(passed))
        return [(block, missing) for block, missing in found if missing > 0]

    def measure(self, now: float) -> Measurement:
        """How the stream arrives, since the last call."""
        return self._meter.measure(now)

    @property
    def position(self) -> int:
        """The blocks below this have passed, as far as we know."""
        return self.progress.position

    @property
    def evicted(self) -> int:
        """How many incomplete blocks had to make room for others."""
        return self._pool.evicted

    # Within: taking symbols

    def _take(self, stretch: Stretch, now: float) -> None:
        count = len(stretch.payloads)
        if self._trust.refuses(stretch.sender, now):
            self.counters.refused += count * self._datagram_bytes
            return
        self.heard_at = now
        self._meter.note(stretch.sender, stretch.sequence, count, stretch.sent_us, now)
        slot = self._pool.get(stretch.block)
        if slot is not None and not self._trust.is_wary(now):
            self._put(slot, stretch, now)
        else:
            self._take_warily(slot, stretch, now)

    def _take_warily(self, slot: Slot | None, stretch: Stretch, now: float) -> None:
        """The first of a block that we know nothing of yet, or a time of forgeries."""
        is_held = slot is None and stretch.block in self._held
        if is_held and (stretch.is_parity or not self.progress.is_news(stretch.block)):
            self.counters.duplicate += len(stretch.payloads) * self._datagram_bytes
            return
        if self._trust.is_wary(now) or not self._trust.genuine(stretch.part(0, 1)).all():
            parts = self._trust.genuine_parts(stretch, now)
        else:
            parts = [stretch]
        forged = len(stretch.payloads) - sum(len(part.payloads) for part in parts)
        self.counters.forged += forged * self._datagram_bytes
        for part in parts:
            if slot is None and not is_held:
                slot = self._pool.begin(stretch.block, now)
            self._put(slot, part, now)

    def _put(self, slot: Slot | None, stretch: Stretch, now: float) -> None:
        """Symbols that are believed go where they belong."""
        self.progress.heard(stretch.block, is_parity=stretch.is_parity, now=now)
        of_use = 0
        if slot is not None:
            slot.touched_at = now
            if stretch.is_parity:
                of_use = slot.put_parity(stretch)
            elif not slot.lent:
                of_use = slot.put_source(stretch)
            if slot.lent:
                self._while_lent.add(slot)
            elif slot.missing <= 0:
                self._check_complete(slot)
        self.counters.placed(
            is_parity=stretch.is_parity,
            came=len(stretch.payloads) * self._datagram_bytes,
            of_use=of_use * self._datagram_bytes,
        )

    def _count_forged(self, slot: Slot, forged: Forged) -> None:
        for sender in sorted({sender for _, sender in forged if sender != LOCAL}):
            symbols = [symbol for symbol, one in forged if one == sender]
            source = sum(symbol < slot.symbols for symbol in symbols)
            self.counters.unmasked(
                source=source * self._datagram_bytes,
                parity=(len(symbols) - source) * self._datagram_bytes,
            )
            self._trust.forged(slot.block, sender, len(symbols), self._now)

    # Within: blocks

    def _check_complete(self, slot: Slot) -> None:
        if slot.missing <= 0 and slot.is_wanted and not slot.lent and not slot.queued:
            slot.queued = True
            self._ready.append(slot)

    def _look_again(self) -> None:
        """At those that got more while they were being opened, if that has failed."""
        for slot in [one for one in self._while_lent if not one.lent]:
            self._while_lent.discard(slot)
            self._check_complete(slot)

    def _hand_out(self, slot: Slot) -> Assembly:
        assembly = Assembly(slot, self._geometry)
        slot.queued = False
        slot.lent_to = assembly
        return assembly

    def _missing(self, slot: Slot, now: float) -> int:
        if slot.lent or slot.queued:
            return 0
        # Enough and yet not handed out, with nothing coming that would make us look: ask for one.
        stuck = slot.missing <= 0 and now - slot.touched_at >= BLOCK_SILENCE_S
        return 1 if stuck else slot.missing
