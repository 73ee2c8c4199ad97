"""Whatever is lost, a few more parity symbols than that bring it back, and nothing else."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcastdist.repair import decode, density_index, encode, parity_id, rows
from mcastdist.wire import PARITY_DENSITIES, PARITY_FIRST, SYMBOLS_MAX

Octets = npt.NDArray[np.uint8]
K = 740  # of the usual block


def draw_symbols(rng: np.random.Generator, k: int, symbol_bytes: int) -> Octets:
    return rng.integers(0, 256, (k, symbol_bytes), np.uint8)


def draw_ids(rng: np.random.Generator, missing: int, count: int) -> list[int]:
    density = density_index(missing)
    return [parity_id(density, int(seed)) for seed in rng.integers(PARITY_FIRST, 1 << 28, count)]


def lose(rng: np.random.Generator, symbols: Octets, missing: int) -> tuple[Octets, Octets]:
    """A receiver's copy in which `missing` symbols are rubbish, and which ones it has."""
    have = np.ones(len(symbols), np.bool_)
    have[rng.permutation(len(symbols))[:missing]] = False
    received = symbols.copy()
    received[~have] = 0xAA
    return received, have


def test_golden_rows() -> None:
    drawn = rows(5, [parity_id(0, 1 << 20), parity_id(8, (1 << 24) + 9)], 37)
    assert ["".join("01"[bit] for bit in row.astype(int)) for row in drawn] == [
        "0111011011011101011000011010100001010",
        "0000000101000000000000000000000010110",
    ]


def test_golden_parity() -> None:
    symbols = (np.arange(37 * 16) % 251).astype(np.uint8).reshape(37, 16)
    assert encode(symbols, 5, [parity_id(0, 1 << 20)]).tobytes().hex() == (
        "f0f1f2f3f4f5b6b7b8b9ba8081828384"
    )


def _splitmix64_lanes(state: int, count: int) -> list[int]:
    """The generator once more, in plain integers, straight from its paper."""
    word = (1 << 64) - 1
    lanes: list[int] = []
    while len(lanes) < count:
        state = (state + 0x9E3779B97F4A7C15) & word
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & word
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & word
        z ^= z >> 31
        lanes += [(z >> shift) & 0xFFFF for shift in (0, 16, 32, 48)]
    return lanes[:count]


@given(st.integers(0, 2**24 - 1), st.integers(0, 2**32 - 1), st.integers(1, 50))
def test_rows_follow_the_paper(block: int, name: int, k: int) -> None:
    threshold = round(PARITY_DENSITIES[name >> 28] * 65_536)
    lanes = _splitmix64_lanes(block << 28 | name & 0x0FFF_FFFF, k)
    assert rows(block, [name], k)[0].tolist() == [lane < threshold for lane in lanes]


@pytest.mark.parametrize("index", range(16))
def test_rows_are_as_dense_as_they_say(index: int) -> None:
    ids = [parity_id(index, PARITY_FIRST + seed) for seed in range(100)]
    assert rows(3, ids, K).mean() == pytest.approx(PARITY_DENSITIES[index], rel=0.08)


def test_blocks_and_seeds_draw_differently() -> None:
    ids = [parity_id(0, PARITY_FIRST + seed) for seed in range(50)]
    drawn = np.concatenate([rows(block, ids, 128) for block in (0, 1, 2**24 - 1)])
    assert len(np.unique(drawn, axis=0)) == 150


@pytest.mark.parametrize(
    ("missing", "density"),
    [(-1, 0.5), (0, 0.5), (1, 0.5), (7, 0.5), (37, 0.2), (74, 0.1), (148, 0.06), (370, 0.03),
     (740, 0.02), (SYMBOLS_MAX, 0.01)],
)  # fmt: skip
def test_the_density_follows_the_loss(missing: int, density: float) -> None:
    assert PARITY_DENSITIES[density_index(missing)] == density


def test_ids_outside_their_bounds_are_refused() -> None:
    assert parity_id(15, (1 << 28) - 1) == 0xFFFF_FFFF
    for index, seed in [(0, PARITY_FIRST - 1), (0, 1 << 28), (-1, PARITY_FIRST), (16, 1 << 20)]:
        with pytest.raises(ValueError, match="got"):
            parity_id(index, seed)


@settings(deadline=None, max_examples=150, derandomize=True)  # a promise of chance, so one dice
@given(st.integers(1, 90), st.integers(16, 67), st.integers(0, 2**32), st.data())
def test_any_losses_of_any_block_are_made_good(
    k: int, symbol_bytes: int, seed: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    missing = data.draw(st.integers(0, k))
    symbols = draw_symbols(rng, k, symbol_bytes)
    received, have = lose(rng, symbols, missing)
    ids = draw_ids(rng, missing, missing + 40)
    needed = decode(received, have, 9, ids, encode(symbols, 9, ids))
    assert needed == 0
    assert have.all()
    assert (received == symbols).all()


@pytest.mark.parametrize("symbol_bytes", [1416, 1417, 17])
def test_one_symbol_alone_is_a_block_too(symbol_bytes: int) -> None:
    rng = np.random.default_rng(3)
    symbols = draw_symbols(rng, 1, symbol_bytes)
    received, have = lose(rng, symbols, 1)
    ids = draw_ids(rng, 1, 20)
    assert decode(received, have, 0, ids, encode(symbols, 0, ids)) == 0
    assert (received == symbols).all()


def test_nothing_lost_needs_nothing() -> None:
    symbols = draw_symbols(np.random.default_rng(1), 5, 16)
    received, have = symbols.copy(), np.ones(5, np.bool_)
    assert decode(received, have, 0, [], np.empty((0, 16), np.uint8)) == 0
    assert (received == symbols).all()


def test_too_few_change_nothing_and_more_finish_the_work() -> None:
    rng = np.random.default_rng(4)
    symbols = draw_symbols(rng, 100, 32)
    received, have = lose(rng, symbols, 30)
    before, had = received.copy(), have.copy()
    ids = draw_ids(rng, 30, 45)
    parity = encode(symbols, 2, ids)
    assert decode(received, have, 2, [], parity[:0]) == 30
    assert decode(received, have, 2, ids[:10], parity[:10]) == 20
    repeated = [*ids[:20], *ids[:20]]  # the same symbols twice are no more than once
    twice = np.concatenate([parity[:20], parity[:20]])
    assert decode(received, have, 2, repeated, twice) >= 10
    assert (received == before).all()
    assert (have == had).all()
    assert decode(received, have, 2, ids, parity) == 0
    assert (received == symbols).all()


def test_parity_of_several_answerers_and_densities_is_useful_together() -> None:
    rng = np.random.default_rng(5)
    symbols = draw_symbols(rng, 200, 24)
    received, have = lose(rng, symbols, 60)
    ids = draw_ids(rng, 10, 25) + draw_ids(rng, 60, 25) + draw_ids(rng, 100, 30)
    rng.shuffle(ids)
    assert decode(received, have, 7, np.array(ids, np.uint32), encode(symbols, 7, ids)) == 0
    assert (received == symbols).all()


def test_a_spoilt_symbol_spoils_the_missing_ones_only() -> None:
    rng = np.random.default_rng(6)
    symbols = draw_symbols(rng, 100, 32)
    received, have = lose(rng, symbols, 30)
    had = have.copy()
    ids = draw_ids(rng, 30, 30 + 15)
    parity = encode(symbols, 2, ids)
    parity[3, 5] ^= 1
    assert decode(received, have, 2, ids, parity) == 0
    assert (received[had] == symbols[had]).all()
    assert (received != symbols).any(axis=1).sum() > 1


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 2**32 - 1), max_size=40), st.integers(1, 40), st.integers(0, 2**32))
def test_any_ids_and_rubbish_payloads_do_not_crash(ids: list[int], k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    symbols = draw_symbols(rng, k, 19)
    received, have = lose(rng, symbols, int(rng.integers(0, k + 1)))
    missing = int((~have).sum())
    needed = decode(received, have, 2**24 - 1, ids, draw_symbols(rng, len(ids), 19))
    assert 0 <= needed <= missing
    assert have.all() == (needed == 0)


@pytest.mark.parametrize("missing", [1, 7, 37, 74, 250])
def test_three_more_than_missing_mostly_suffice_and_twelve_practically_always(
    missing: int,
) -> None:
    """The promise behind PARITY_SPARE; symbols are narrow because only the rows matter."""
    blocks, at_once, soon = 60, 0, 0
    for seed in range(blocks):
        rng = np.random.default_rng(seed)
        symbols = draw_symbols(rng, K, 16)
        received, have = lose(rng, symbols, missing)
        ids = draw_ids(rng, missing, missing + 12)
        parity = encode(symbols, seed, ids)
        first = slice(0, missing + 3)
        at_once += decode(received.copy(), have.copy(), seed, ids[first], parity[first]) == 0
        soon += decode(received, have, seed, ids, parity) == 0
    assert at_once >= 0.75 * blocks
    assert soon >= blocks - 1
