"""The promise of `Parity`: the code that the agent brings keeps what a session asks of one."""

from __future__ import annotations

import numpy as np

from mcastdist.repair import Fountain
from mcastdist.session import Parity


def test_the_fountain_is_a_parity_code() -> None:
    parity: Parity = Fountain()
    symbols = np.random.default_rng(1).integers(0, 256, (40, 64), np.uint8)
    ids = parity.ids(5, range(1 << 24, (1 << 24) + 20))
    encoded = parity.encode(symbols, 3, ids)
    damaged, have = symbols.copy(), np.ones(40, np.bool_)
    have[5:10] = False
    damaged[5:10] = 0

    assert parity.decode(damaged, have.copy(), 3, ids[:2], encoded[:2]) >= 3
    assert parity.decode(damaged, have, 3, ids, encoded) == 0
    assert (damaged == symbols).all()
