"""How are bytes spoilt? A few ways that find what parsers forget, drawn from one `rng`.

Cuts, repeats and insertions break lengths; flips break single fields; numbers at the edge of their
width break arithmetic; a splice puts the tail of one valid input behind the head of another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

STEPS_MAX = 6  # more, and hardly anything valid is left to be confused by
INSERTED_BYTES_MAX = 64
INPUT_BYTES_MAX = 1 << 16  # a datagram's size; repeats must not grow without end

# The edges of each width, where off-by-one and sign mistakes show.
EDGES = tuple(
    value.to_bytes(width, "big")
    for width in (1, 2, 4, 8)
    for bits in [8 * width]
    for value in (0, 1, (1 << (bits - 1)) - 1, 1 << (bits - 1), (1 << bits) - 2, (1 << bits) - 1)
)

Mutator = Callable[[bytearray, Random], None]


def mutated(seeds: Sequence[bytes], rng: Random) -> bytes:
    """One of `seeds`, spoilt in one to STEPS_MAX ways."""
    data = bytearray(rng.choice(seeds))
    if rng.random() < 0.1:
        data = _spliced(data, rng.choice(seeds), rng)
    for _ in range(rng.randint(1, STEPS_MAX)):
        rng.choice(MUTATORS)(data, rng)
    return bytes(data[:INPUT_BYTES_MAX])


def _spliced(head: bytearray, tail: bytes, rng: Random) -> bytearray:
    cut = rng.randint(0, min(len(head), len(tail)))
    return head[:cut] + tail[cut:]


def _flip_bit(data: bytearray, rng: Random) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set_byte(data: bytearray, rng: Random) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.randrange(256)


def _put_edge(data: bytearray, rng: Random) -> None:
    edge = rng.choice(EDGES)
    at = rng.randint(0, max(0, len(data) - len(edge)))
    data[at : at + len(edge)] = edge


def _cut_end(data: bytearray, rng: Random) -> None:
    del data[rng.randint(0, len(data)) :]


def _cut_out(data: bytearray, rng: Random) -> None:
    start, stop = _span(data, rng)
    del data[start:stop]


def _repeat(data: bytearray, rng: Random) -> None:
    start, stop = _span(data, rng)
    data[stop:stop] = data[start:stop]
    del data[INPUT_BYTES_MAX:]


def _insert(data: bytearray, rng: Random) -> None:
    at = rng.randint(0, len(data))
    data[at:at] = rng.randbytes(rng.randint(1, INSERTED_BYTES_MAX))


def _span(data: bytearray, rng: Random) -> tuple[int, int]:
    start, stop = sorted(rng.randint(0, len(data)) for _ in range(2))
    return start, stop


MUTATORS: tuple[Mutator, ...] = (
    _flip_bit, _flip_bit, _set_byte, _put_edge, _cut_end, _cut_out, _repeat, _insert,
)  # fmt: skip  # single bits twice: they leave the most standing
