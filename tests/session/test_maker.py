"""Promises of the maker: parity is fresh, tagged, and useful whoever makes it."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from channel import CLUSTER, NODE, SEAL, SESSION, datagrams_of, header_of, payload_of

from mcastdist.repair import Fountain
from mcastdist.session import seal_block
from mcastdist.session.cache import SealedCache
from mcastdist.session.maker import RunMaker
from mcastdist.session.run import HeaderRoom, Origin
from mcastdist.wire import PARITY_RANDOM_FIRST, PARITY_SEED_MASK, Geometry

SEALED = seal_block(SEAL, Geometry(4_096, 4_096, 256), 0, payload_of(4_096))


def maker(seed: int) -> RunMaker:
    cache = SealedCache()
    cache.put(SEALED, ())
    origin = Origin(CLUSTER, NODE, SESSION)
    return RunMaker(origin=origin, cache=cache, parity=Fountain(), seal=SEAL, rng=Random(seed))


def parity_of(one: RunMaker, count: int) -> dict[int, bytes]:
    burst = one.parity(0, count, count, HeaderRoom(32)).take(count, sequence=0, sent_us=0)
    symbols = {}
    for datagram in datagrams_of(burst.buffers):
        header = header_of(datagram)
        symbol = int(header["symbol"])
        assert header["tag"].tobytes() == SEAL.symbol_tag(0, symbol, datagram[40:])
        symbols[symbol] = datagram[40:]
    return symbols


def test_parity_of_two_makers_solves_a_block_together() -> None:
    one, other = maker(1), maker(2)
    symbols = parity_of(one, 12) | parity_of(one, 12) | parity_of(other, 12)
    assert len(symbols) == 36
    rows, have = np.zeros_like(SEALED.symbols), np.zeros(17, np.bool_)

    payloads = np.stack([np.frombuffer(one, np.uint8) for one in symbols.values()])
    assert Fountain().decode(rows, have, 0, list(symbols), payloads) == 0

    assert (rows == SEALED.symbols).all()


def test_seeds_wrap_into_their_own_range() -> None:
    class Last(Random):
        def randrange(self, *args: object, **_: object) -> int:
            return int(args[0]) - 1  # type: ignore[call-overload]  # the largest there is

    cache = SealedCache()
    cache.put(SEALED, ())
    one = RunMaker(
        origin=Origin(CLUSTER, NODE, SESSION), cache=cache, parity=Fountain(), seal=SEAL, rng=Last()
    )

    seeds = [symbol & PARITY_SEED_MASK for symbol in parity_of(one, 2)]

    assert seeds == [PARITY_SEED_MASK, PARITY_RANDOM_FIRST]


def test_a_block_that_is_not_here_cannot_be_made() -> None:
    with pytest.raises(KeyError):
        maker(1).source(5, HeaderRoom(32))


def test_parity_that_was_made_ahead_goes_first_and_then_fresh_parity() -> None:
    one = maker(1)
    ids = one.ids(4, 3)
    geometry = Geometry(4_096, 4_096, 256)
    one._cache.put(seal_block(SEAL, geometry, 0, payload_of(4_096), parity=Fountain(), ids=ids), ())
    assert one.ahead(0) == 3

    assert list(parity_of(one, 3)) == ids
    assert one.ahead(0) == 0
    assert not set(parity_of(one, 3)) & set(ids)
