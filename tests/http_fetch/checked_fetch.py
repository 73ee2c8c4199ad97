"""A fetch whose sink insists on order, and what is true of each that fails."""

from __future__ import annotations

import pytest
from scripted_server import Answer, scripted

from mcastdist.errors import SourceError
from mcastdist.http_fetch.client import Fetched, HttpClient

CONTENT = bytes(range(256)) * 4096  # 1 MiB, and every 256 bytes alike: offsets are checked too
SIZE = len(CONTENT)


class Kept:
    """A sink that insists on order and keeps what it gets."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.data = bytearray()
        self.pieces: list[int] = []

    async def __call__(self, offset: int, data: bytes | memoryview) -> None:
        self.first = offset if self.first is None else self.first
        assert offset == self.first + len(self.data)
        self.data += data
        self.pieces.append(len(data))


async def fetch(
    client: HttpClient, url: str, first: int, stop: int | None, **more: object
) -> tuple[Fetched, Kept]:
    kept = Kept()
    given: dict[str, object] = {"expected_bytes": SIZE} | more
    fetched = await client.fetch(url, first=first, stop=stop, sink=kept, **given)  # type: ignore[arg-type]  # as named
    assert fetched.bytes == len(kept.data)
    return fetched, kept


async def error_of(
    answer: Answer, first: int = 0, stop: int | None = SIZE, *, right: bool = True, **more: object
) -> SourceError:
    """The error of one fetch; with `right`, all that was passed on until then must be right."""
    async with scripted(answer) as server, HttpClient(stall_timeout_s=0.3) as client:
        kept = Kept()
        given: dict[str, object] = {"expected_bytes": SIZE} | more
        with pytest.raises(SourceError) as caught:
            await client.fetch(
                f"{server.url}/p.payload", first=first, stop=stop, sink=kept, **given  # type: ignore[arg-type]  # as named
            )  # fmt: skip
        assert caught.value.source == f"{server.url}/p.payload"
        if right:
            assert bytes(kept.data) == CONTENT[first : first + len(kept.data)]
        else:
            assert not kept.data
        return caught.value
