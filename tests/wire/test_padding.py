"""Control datagrams, filled up to the size that is tried."""

from __future__ import annotations

import pytest
from wire_samples import BOOT, CLUSTER, KEY, ME, NODE

from mcastdist.errors import Unauthentic
from mcastdist.wire import CONTROL_BYTES_MAX, Opener, Probe, Sealer, pad, unpad
from mcastdist.wire.dissect import ControlDatagram, dissect

SEALED = Sealer(KEY, CLUSTER, NODE, BOOT).seal(Probe(1, 2))


@pytest.mark.parametrize("size", [0, len(SEALED), 1_472, 8_952, 65_000])
def test_what_was_filled_up_comes_out_again(size: int) -> None:
    filled = pad(SEALED, size)

    assert len(filled) == max(size, len(SEALED) + 4)
    assert bytes(unpad(memoryview(filled))) == SEALED
    assert Opener([KEY], CLUSTER, ME).open(unpad(memoryview(filled))).message == Probe(1, 2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01\x50",
        b"\x01\x50\x00\x00",
        b"\x01\x50\x00\x01\x01",
        b"\x02" + pad(SEALED, 0)[1:],
        pad(SEALED, 0)[:-1],  # cut short
        pad(pad(SEALED, 0), 0),  # nested
        pad(b"\x01\x43" + bytes(CONTROL_BYTES_MAX), 0),
        SEALED,
    ],
)
def test_anything_else_stays_as_it_is(data: bytes) -> None:
    assert bytes(unpad(memoryview(data))) == data


def test_an_older_agent_does_not_take_it_for_a_mismatch() -> None:
    with pytest.raises(Unauthentic) as refused:
        Opener([KEY], CLUSTER, ME).open(pad(SEALED, 1_000))

    assert refused.value.cause == "kind"


def test_a_capture_shows_what_is_within() -> None:
    assert dissect(pad(SEALED, 1_472)) == dissect(SEALED)
    cut = dissect(pad(SEALED, 1_472)[:40], 1_472)
    assert isinstance(cut, ControlDatagram)
    assert not cut.is_whole
