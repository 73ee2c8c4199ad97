"""What do the parts cost by themselves? Messages, seals, parity, both ends of a stream, the store.

In one process and one thread, no network: what bounds a stream when nothing else does. MB/s are of
payload, in seconds of CPU; the store's are of real time, since it waits for the disk. The targets
of parity are what the sketch reached from which it was chosen.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

from mcastdist.ids import BootId, ClusterTag, ContentId, NodeId, SessionId
from mcastdist.ranges import RangeSet
from mcastdist.repair import Fountain
from mcastdist.session import Receiver, Sender, seal_block
from mcastdist.store import Store, StoreLimits
from mcastdist.wire import (
    BLOCK_BYTES,
    PARITY_RANDOM_FIRST,
    BlockSeal,
    ClusterKey,
    Geometry,
    Need,
    Opener,
    Sealer,
    decode,
    encode,
    split,
)

from .figures import OURS
from .micro_table import OneFile
from .options import Options
from .sheet import Sheet

TABLE = "-"
MIB = 1 << 20
MB = 1e6
US = 1e6
SYMBOL_BYTES = 1432  # what an Ethernet frame holds beside the headers
SPAN_S_QUICK, SPAN_S = 0.2, 1.0  # how long each is repeated
KEY = ClusterKey(bytes(range(16)))
CONTENT = ContentId(bytes(32))
CLUSTER = ClusterTag(7)
NODE, OTHER = NodeId(9), NodeId(10)
SESSION = SessionId(1)
SEED = 5
BURST = 44  # datagrams of one segmented send
STREAM_BYTES = 64 * MIB
RATE_BPS = 40_000_000_000  # pacing is not what is measured
LOSSES = (0.01, 0.05, 0.1, 0.2)
SPARE = 3  # more symbols than are missing
STORE_BYTES = 256 * MIB
COMMIT_BYTES = 32 * MIB  # how often the journal is made durable

# DEPENDENCIES: encode and decode of the sketch, in MB/s, for the losses above.
SKETCH = {0.01: (1808, 1607), 0.05: (797, 591), 0.1: (547, 335), 0.2: (326, 154)}
SKETCH_SHARE = 0.8  # two runs of the same differ by as much


def run(options: Options, sheet: Sheet, work: Path) -> None:
    """Each part in turn, as often as there are turns."""
    span_s = SPAN_S_QUICK if options.quick else SPAN_S
    size = options.size(quick=STORE_BYTES // 4, full=STORE_BYTES)
    for turn in range(options.turns(quick=3)):
        _messages(sheet, span_s)
        _seals(sheet, span_s)
        for loss in LOSSES:
            _parity(sheet, loss, span_s)
        _stream(sheet)
        _store(sheet, work / f"store-{turn}", size)
    for loss, sketched in SKETCH.items():
        for name, before in zip(("encode", "decode"), sketched, strict=True):
            says = f"≥ {SKETCH_SHARE:.0%} of the sketch's {before} MB/s"
            sheet.aim(f"parity, loss {loss:.0%}", name, says, at_least=before * SKETCH_SHARE)


def _timed(work: Callable[[], object], span_s: float) -> float:
    """CPU seconds of one call, repeated for about `span_s`: on a busy machine, too."""
    calls, began = 0, time.thread_time()
    while (elapsed := time.thread_time() - began) < span_s or not calls:
        work()
        calls += 1
    return elapsed / calls


def _block() -> bytes:
    return np.random.default_rng(SEED).bytes(BLOCK_BYTES)


def _messages(sheet: Sheet, span_s: float) -> None:
    need = Need(SESSION, CONTENT, tuple((block, 7) for block in range(20)))
    data = encode(need)
    sealer = Sealer(KEY, CLUSTER, NODE, BootId(1))
    opener = Opener([KEY], CLUSTER, (OTHER, BootId(1)))
    both_s = _timed(lambda: opener.open(sealer.seal(need)), span_s)
    sheet.put(
        "a complaint about 20 blocks",
        OURS,
        encode=(US * _timed(lambda: encode(need), span_s), "µs"),
        decode=(US * _timed(lambda: decode(data), span_s), "µs"),
        seal_and_open=(US * both_s, "µs"),
    )


def _seals(sheet: Sheet, span_s: float) -> None:
    seal, plain = BlockSeal(KEY, CONTENT), _block()
    geometry = Geometry(BLOCK_BYTES, BLOCK_BYTES, SYMBOL_BYTES)
    sealed = seal.seal(0, plain)
    seconds = {
        "seal_and_tags": _timed(lambda: seal_block(seal, geometry, 0, plain), span_s),
        "open": _timed(lambda: seal.open(0, sealed), span_s),
        "SHA_256": _timed(lambda: hashlib.sha256(plain).digest(), span_s),
    }
    rates = {name: (BLOCK_BYTES / each / MB, "MB/s") for name, each in seconds.items()}
    sheet.put("a block of 1 MiB", OURS, **rates)


def _parity(sheet: Sheet, loss: float, span_s: float) -> None:
    """What one sender makes for one block, and what a receiver makes of it."""
    seal, fountain, rng = BlockSeal(KEY, CONTENT), Fountain(), np.random.default_rng(SEED)
    symbols = split(seal.seal(0, _block()), SYMBOL_BYTES)
    lost = rng.choice(len(symbols), max(1, round(loss * len(symbols))), replace=False)
    have = np.ones(len(symbols), np.bool_)
    have[lost] = False
    seeds = range(PARITY_RANDOM_FIRST, PARITY_RANDOM_FIRST + len(lost) + SPARE)
    ids = fountain.ids(len(lost), list(seeds))
    parity = fountain.encode(symbols, 0, ids)
    damaged = np.where(have[:, None], symbols, 0)

    def mend() -> None:
        fountain.decode(damaged.copy(), have.copy(), 0, ids, parity)

    sheet.put(
        f"parity, loss {loss:.0%}",
        OURS,
        encode=(BLOCK_BYTES / _timed(lambda: fountain.encode(symbols, 0, ids), span_s) / MB,
                "MB/s"),
        decode=(BLOCK_BYTES / _timed(mend, span_s) / MB, "MB/s"),
    )  # fmt: skip


def _stream(sheet: Sheet) -> None:
    """Both ends of a session, with sealing and opening, on runs as the kernel hands them over."""
    seal, fountain, plain = BlockSeal(KEY, CONTENT), Fountain(), _block()
    geometry = Geometry(STREAM_BYTES, BLOCK_BYTES, SYMBOL_BYTES)
    sender = Sender(
        geometry=geometry, session=SESSION, sender=NODE, cluster=CLUSTER, parity=fountain,
        seal=seal, rng=Random(SEED), now=0.0,
    )  # fmt: skip
    receiver = Receiver(
        geometry=geometry, session=SESSION, cluster=CLUSTER, seal=seal, held=RangeSet(), now=0.0
    )
    sender.set_rate(RATE_BPS)
    for block in range(geometry.block_count):
        sender.ready(block)
    sender.stream(range(geometry.block_count))
    sending_s = receiving_s = 0.0
    opened, now = 0, 0.0
    while opened < geometry.block_count:
        began = time.thread_time()
        for block in sender.wants():
            sender.provide(seal_block(seal, geometry, block, plain))
        now = max(now, sender.wake_at())
        burst = sender.next_burst(now, BURST)
        assert burst is not None, "it was due"
        between = time.thread_time()
        run = memoryview(b"".join(burst.buffers))  # what the network does
        arrived = time.thread_time()
        receiver.receive_burst(run, burst.datagram_bytes, now)
        for assembly in receiver.drain():
            assembly.open(seal, fountain)
            receiver.opened(assembly.block)
            assembly.release()
            opened += 1
        sending_s += between - began
        receiving_s += time.thread_time() - arrived
    sheet.put(
        "a stream without a network",
        OURS,
        sender=(STREAM_BYTES / sending_s / MB, "MB/s"),
        receiver=(STREAM_BYTES / receiving_s / MB, "MB/s"),
    )


def _store(sheet: Sheet, place: Path, size: int) -> None:
    """Blocks in random order: written, hashed, journaled; then durable to the last."""
    piece = _block()
    table = OneFile(size, piece)
    order = list(range(0, size, len(piece)))
    Random(SEED).shuffle(order)
    with Store(place, StoreLimits(free_bytes_min=0)) as store:
        holding = store.begin(
            table.content, table, table.manifest, b"", name="micro", version="1", sequence=1,
            precached=False, now=0.0,
        )  # fmt: skip
        began = time.perf_counter()
        for done, offset in enumerate(order, 1):
            holding.write(offset, piece)
            if done * len(piece) % COMMIT_BYTES == 0:
                holding.commit()
        holding.commit()
        seconds = time.perf_counter() - began
        assert holding.complete, "every block was written"
        holding.close()
    sheet.put("the store, random order", OURS, keep=(size / seconds / MB, "MB/s"))
