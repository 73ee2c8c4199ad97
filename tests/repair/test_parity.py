"""The fountain as a session takes it: its three methods fit one another."""

from __future__ import annotations

import numpy as np
import pytest

from mcastdist.repair import Fountain

SEEDS = range(1 << 24, (1 << 24) + 400)


@pytest.mark.parametrize("missing", [1, 5, 40])
def test_what_is_missing_comes_back_from_parity(missing: int) -> None:
    rng = np.random.default_rng(missing)
    symbols = rng.integers(0, 256, (100, 64), np.uint8)
    have = np.ones(100, np.bool_)
    have[rng.choice(100, missing, replace=False)] = False
    received = np.where(have[:, None], symbols, 0).astype(np.uint8)

    fountain = Fountain()
    ids = fountain.ids(missing, SEEDS[: missing + 12])
    parity = fountain.encode(symbols, 7, ids)

    assert fountain.decode(received, have, 7, ids, parity) == 0
    assert np.array_equal(received, symbols)


def test_too_little_parity_says_how_much_more_it_takes() -> None:
    symbols = np.arange(640, dtype=np.uint8).reshape(10, 64)
    have = np.ones(10, np.bool_)
    have[:4] = False
    fountain = Fountain()
    ids = fountain.ids(4, SEEDS[:2])

    assert fountain.decode(symbols.copy(), have, 0, ids, fountain.encode(symbols, 0, ids)) >= 2


def test_more_missing_symbols_take_sparser_rows() -> None:
    """Density falls with what is missing (the id's top four bits say which it is)."""
    fountain = Fountain()
    few, many = fountain.ids(2, SEEDS[:1])[0], fountain.ids(300, SEEDS[:1])[0]
    assert few >> 28 < many >> 28
