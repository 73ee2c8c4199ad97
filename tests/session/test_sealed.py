"""Promises of a sealed block: it opens to what went in, and every symbol has its tag."""

from __future__ import annotations

import pytest
from channel import SEAL, payload_of

from mcastdist.repair import Fountain
from mcastdist.session import seal_block
from mcastdist.wire import PARITY_RANDOM_FIRST, Geometry


@pytest.mark.parametrize("size", [1, 240, 241, 4_096])
def test_symbols_joined_are_the_sealed_block_and_padding(size: int) -> None:
    geometry = Geometry(size, 4_096, 256)
    plain = payload_of(size)

    sealed = seal_block(SEAL, geometry, 0, plain)

    octets = sealed.symbols.tobytes()
    assert SEAL.open(0, octets[: size + 16]) == plain
    assert not any(octets[size + 16 :])
    assert len(sealed.symbols) == len(sealed.tags) == geometry.symbols(0)
    for number, (symbol, tag) in enumerate(zip(sealed.symbols, sealed.tags, strict=True)):
        assert SEAL.symbol_tag(0, number, symbol.tobytes()) == tag.tobytes()


def test_half_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="block 0 has 4096 bytes, got 4095"):
        seal_block(SEAL, Geometry(9_000, 4_096, 256), 0, bytes(4_095))


def test_parity_made_ahead_is_what_the_sender_would_have_made_and_goes_once() -> None:
    ids = Fountain().ids(3, [PARITY_RANDOM_FIRST + seed for seed in range(3)])
    geometry = Geometry(4_096, 4_096, 256)
    sealed = seal_block(SEAL, geometry, 0, payload_of(4_096), parity=Fountain(), ids=ids)
    spare = sealed.spare
    assert spare is not None
    expected = Fountain().encode(sealed.symbols, 0, ids)

    first, rest = spare.take(2), spare.take(2)

    assert [*first.ids, *rest.ids] == ids
    assert (first.symbols == expected[:2]).all()
    assert (rest.symbols == expected[2:]).all()
    assert rest.tags[0].tobytes() == SEAL.symbol_tag(0, ids[2], expected[2].tobytes())
    assert not spare
