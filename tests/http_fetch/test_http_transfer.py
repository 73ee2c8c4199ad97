"""Pieces of one body: sizes, ends, and what came before a failure."""

from __future__ import annotations

from typing import cast

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcastdist.errors import SourceError
from mcastdist.http_fetch.answers import Body
from mcastdist.http_fetch.background import Background
from mcastdist.http_fetch.transfer import PIECE_BYTES_MIN, Transfer


class FakeResponse:
    """A response whose body comes in given parts; an exception among them is raised."""

    url = "http://h/p"
    connection = None

    def __init__(self, *parts: bytes | Exception) -> None:
        self.parts = list(parts)
        self.content = self
        self.ended = ""

    async def readany(self) -> bytes:
        part = self.parts.pop(0) if self.parts else b""
        if isinstance(part, Exception):
            raise part
        return part

    def release(self) -> None:
        self.ended = "released"

    def close(self) -> None:
        self.ended = "closed"


def transfer_of(response: FakeResponse, first: int = 0) -> Transfer:
    body = Body(first, None, None, True, None)
    return Transfer(
        cast(aiohttp.ClientResponse, response),
        body,
        url="http://h/p",
        stall_timeout_s=5.0,
        background=Background(is_on=True),
    )


@given(
    st.lists(st.binary(min_size=1, max_size=300_000), max_size=5),
    st.lists(st.integers(1, 200_000), min_size=1, max_size=5),
)
async def test_all_bytes_come_in_order_whatever_the_sizes(
    parts: list[bytes], sizes: list[int]
) -> None:
    transfer = transfer_of(FakeResponse(*parts), first=7)
    got, turn = b"", 0
    while piece := await transfer.piece(sizes[turn % len(sizes)]):
        assert len(piece) <= sizes[turn % len(sizes)]
        got += piece
        turn += 1
    assert got == b"".join(parts)
    assert transfer.position == 7 + len(got)


async def test_small_parts_are_gathered_and_large_ones_not_copied() -> None:
    transfer = transfer_of(FakeResponse(*[b"x" * 1000] * 100))
    assert len(await transfer.piece(1 << 20)) >= PIECE_BYTES_MIN
    large = b"y" * 500_000
    assert await transfer_of(FakeResponse(large)).piece(1 << 20) is large


async def test_what_came_before_a_failure_comes_first_then_the_failure_for_ever() -> None:
    transfer = transfer_of(FakeResponse(b"abc", aiohttp.ClientPayloadError(), b"never"))
    assert await transfer.piece(100) == b"abc"
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            await transfer.piece(100)
        assert caught.value.code == "truncated"


async def test_a_body_that_goes_on() -> None:
    transfer = transfer_of(FakeResponse(b"abcd"))
    assert await transfer.piece(3) == b"abc"
    with pytest.raises(SourceError, match="more than 3 bytes"):
        await transfer.expect_end()


async def test_only_a_body_read_to_its_end_gives_its_connection_back() -> None:
    response = FakeResponse(b"abc")
    transfer = transfer_of(response)
    await transfer.piece(3)
    transfer.release()
    assert response.ended == "closed"

    response = FakeResponse(b"abc")
    transfer = transfer_of(response)
    await transfer.piece(3)
    await transfer.expect_end()
    transfer.release()
    assert response.ended == "released"


def test_without_a_connection_there_is_no_buffer_to_bound() -> None:
    transfer_of(FakeResponse()).bound_read_ahead(65_536)
