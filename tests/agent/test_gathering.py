"""The wait before a look: bounded by the buffer, longer for slow streams, shorter for fast ones."""

from __future__ import annotations

import pytest

from mcastdist.agent.gathering import FAST_BPS, Gathering

MIB = 1 << 20


def settled(rate_bps: float, gathering: Gathering, looks: int = 50) -> float:
    """Bytes of a look, after so many of a stream at this rate."""
    for _ in range(looks):
        gathering.brought(int(gathering.wait_s * rate_bps / 8))
    return gathering.wait_s * rate_bps / 8


def test_it_begins_short() -> None:
    assert Gathering(16 * MIB).wait_s == 0.003


@pytest.mark.parametrize("rate_mbit", [100, 300, 1_000, 3_000])
def test_a_look_brings_enough_and_not_too_much(rate_mbit: int) -> None:
    brought = settled(rate_mbit * 1e6, Gathering(16 * MIB))
    assert 64 * 1024 <= brought <= max(192 * 1024, 0.003 * rate_mbit * 1e6 / 8)


def test_a_slow_stream_waits_no_longer_than_it_may() -> None:
    gathering = Gathering(16 * MIB)
    settled(1e6, gathering)
    assert gathering.wait_s == 0.015


@pytest.mark.parametrize("buffer_bytes", [200_000, MIB, 16 * MIB])
def test_a_stream_that_becomes_fast_finds_room_in_the_buffer(buffer_bytes: int) -> None:
    gathering = Gathering(buffer_bytes)
    settled(1e6, gathering)
    assert gathering.wait_s * FAST_BPS / 8 <= 0.201 * buffer_bytes


def test_it_follows_a_stream_that_becomes_fast_within_a_few_looks() -> None:
    gathering = Gathering(16 * MIB)
    settled(1e6, gathering)
    settled(1e9, gathering, looks=4)
    assert gathering.wait_s == 0.003


def test_an_empty_look_is_a_short_one() -> None:
    gathering = Gathering(16 * MIB)
    gathering.brought(0)
    assert gathering.wait_s > 0.003
