"""How is one loss made good for many? Parity symbols, and how blocks come back from them.

A random linear fountain over GF(2) (PROTOCOL.md, section 7). A parity symbol is the XOR of some of
the block's K source symbols, drawn at random; its id says which, so a receiver draws the same row.
Whatever a receiver misses, any parity symbol helps it, whoever made it; a few more than are missing
give the block back. Decoding solves for the missing symbols only, so its cost follows the loss.

The drawing: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
OOPSLA 2014) from state `block << 28 | id's lower 28 bits`; each output gives four lanes of 16 bits,
the lowest first; lane i holds source symbol i if it is below 65,536 times the density.

The density: with m missing, rows of about ln m + 4 of them leave a column empty in one decoding of
fifty. Sparser fails more often, denser costs more XORs.

Everything here is pure and safe to call from many threads at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mcastdist.wire import PARITY_DENSITIES, PARITY_FIRST, PARITY_SEED_MASK

DENSITY_SHIFT = 28  # a symbol id's upper four bits choose the density
LANE_BITS = 16
LANES = 4  # in one output of the generator
SPARSER_MAX = 0.85  # a density below this share of the right one fails too often

Octets = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.bool_]

# SplitMix64's increment and the two multipliers and three shifts of its output function.
_GAMMA = np.uint64(0x9E37_79B9_7F4A_7C15)
_MIX = ((np.uint64(30), np.uint64(0xBF58_476D_1CE4_E5B9)),
        (np.uint64(27), np.uint64(0x94D0_49BB_1331_11EB)))  # fmt: skip
_MIX_LAST = np.uint64(31)
_THRESHOLDS = np.array([round(d * (1 << LANE_BITS)) for d in PARITY_DENSITIES], np.uint16)


def density_index(missing: int) -> int:
    """Which of PARITY_DENSITIES suits a receiver that misses this many symbols of a block."""
    missing = max(missing, 1)
    right = min(0.5, (math.log(missing) + 4) / missing)
    enough = [index for index, d in enumerate(PARITY_DENSITIES) if d >= right * SPARSER_MAX]
    return min(enough, key=lambda index: abs(PARITY_DENSITIES[index] - right))


def parity_id(density_index: int, seed: int) -> int:
    """The symbol id of a parity row; `seed` is at least PARITY_FIRST and below 2**28."""
    if not PARITY_FIRST <= seed <= PARITY_SEED_MASK:
        raise ValueError(f"a parity seed is {PARITY_FIRST} to {PARITY_SEED_MASK}, got {seed}")
    if not 0 <= density_index < len(PARITY_DENSITIES):
        raise ValueError(f"there are {len(PARITY_DENSITIES)} densities, got index {density_index}")
    return density_index << DENSITY_SHIFT | seed


def rows(block: int, ids: Sequence[int] | npt.NDArray[np.integer], k: int) -> Rows:
    """Which of the k source symbols of `block` each parity symbol holds: (n, k)."""
    names = np.asarray(ids, np.uint64).reshape(-1)
    seeds = names & np.uint64(PARITY_SEED_MASK) | np.uint64(block << DENSITY_SHIFT)
    outputs = _splitmix64(seeds, -(-k // LANES))
    lanes = outputs.astype("<u8", copy=False).view("<u2")[:, :k]
    thresholds = _THRESHOLDS[names >> np.uint64(DENSITY_SHIFT)]
    drawn: Rows = lanes < thresholds[:, None]
    return drawn


def encode(symbols: Octets, block: int, ids: Sequence[int] | npt.NDArray[np.integer]) -> Octets:
    """The parity symbols of these ids: (n, S), from all the block's source symbols (K, S)."""
    return _combine(rows(block, ids, len(symbols)), symbols)


def decode(
    symbols: Octets,
    have: Rows,
    block: int,
    ids: Sequence[int] | npt.NDArray[np.integer],
    parity: Octets,
) -> int:
    """Fill in the rows of `symbols` (K, S) that `have` (K,) says are missing, from (n, S) `parity`.

    Returns 0 when done (then `have` is all true), otherwise how many more parity symbols it takes
    at least, with nothing changed: come again with the old ones and new ones. A parity symbol that
    is not the sender's spoils what is decoded: look at its tag first.
    """
    missing = np.flatnonzero(~have)
    if len(parity) < len(missing):
        return len(missing) - len(parity)
    coefficients = rows(block, ids, len(symbols))
    rank, recipe = _solve(coefficients[:, missing])
    if rank < len(missing):
        return len(missing) - rank
    used = recipe.any(axis=0)
    remainders = _combine(coefficients[used] & have, symbols)
    remainders ^= parity[used]
    symbols[missing] = _combine(recipe[:, used], remainders)
    have[:] = True
    return 0


def _splitmix64(seeds: npt.NDArray[np.uint64], count: int) -> npt.NDArray[np.uint64]:
    """The first `count` outputs from each seed: (n, count)."""
    z = seeds[:, None] + np.arange(1, count + 1, dtype=np.uint64) * _GAMMA
    for shift, factor in _MIX:
        z ^= z >> shift
        z *= factor
    z ^= z >> _MIX_LAST
    return z


def _combine(choices: Rows, symbols: Octets) -> Octets:
    """The XOR of the symbols that each row chooses: (n, S).

    Gathering a row's symbols and reducing them is the quickest of five ways that were measured:
    the copy stays in the cache, both loops run in vector registers, whatever S is.
    """
    combined = np.empty((len(choices), symbols.shape[1]), np.uint8)
    for row, chosen in enumerate(choices):
        np.bitwise_xor.reduce(symbols[chosen], axis=0, out=combined[row])
    return combined


def _solve(coefficients: Rows) -> tuple[int, Rows]:
    """The rank of an (n, m) matrix and, if that is m, its left inverse (m, n).

    Gauss-Jordan elimination on packed bits: the matrix with an identity beside it, which ends as
    the record of which rows were added up.
    """
    n, m = coefficients.shape
    octets = _packed_beside_identity(coefficients)
    words = octets.view(np.uint64)
    rank = 0
    for column in range(m):
        holds = (octets[:, column >> 3] & np.uint8(1 << (column & 7))) != 0
        if rank == n:
            break
        pivot = rank + int(holds[rank:].argmax())
        if not holds[pivot]:
            continue
        holds[pivot] = False
        if pivot != rank:  # `rank` did not hold this column, or it would be the pivot
            words[[rank, pivot]] = words[[pivot, rank]]
        words[holds] ^= words[rank]
        rank += 1
    inverse = np.unpackbits(octets[:m], axis=1, count=m + n, bitorder="little")[:, m:]
    return rank, inverse.view(np.bool_)


def _packed_beside_identity(coefficients: Rows) -> Octets:
    n, m = coefficients.shape
    bits = np.zeros((n, -(-(m + n) // 64) * 64), np.bool_)
    bits[:, :m] = coefficients
    bits[np.arange(n), m + np.arange(n)] = True
    return np.packbits(bits, axis=1, bitorder="little")
