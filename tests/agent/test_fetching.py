"""How requests begin and end: each is reported once, and what breaks is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from agent_kit import BLOCK, noise, publish, until
from fetch_kit import Yard, open_yard

from mcastdist.agent.fetching import named_peers, reason_code
from mcastdist.agent.peer_words import PEERS_NAMED_MAX
from mcastdist.errors import (
    BadSignature,
    ContentError,
    DigestMismatch,
    NoSpace,
    PeerError,
    SourceError,
    UnavailableError,
)
from mcastdist.http_fetch import Source
from mcastdist.http_fetch.client import AskOthers
from mcastdist.manifest import StalePackage
from mcastdist.node import GetBlocks

PUBLISHED = publish({"a": noise("a", 2 * BLOCK)})


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    async with open_yard(tmp_path) as yard:
        yield yard


async def test_requests_run_side_by_side_and_end_each_for_itself(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    source = yard.payload_source(PUBLISHED)
    nobody = Source("origin", "http://127.0.0.1:9/x", 10)
    yard.fetcher.get_blocks(GetBlocks("task", 101, source, 0, 1), package)
    yard.fetcher.get_blocks(GetBlocks("task", 102, nobody, 1, 1), package)
    await until(lambda: len(yard.reported.ends) == 2)

    assert sorted(yard.reported.ends) == [("finished", 101), ("refused", 102)]
    assert yard.fetcher._tasks == {}


async def test_nothing_is_reported_of_what_was_cancelled(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    source = yard.payload_source(PUBLISHED)
    for number in (1, 2):
        yard.fetcher.get_blocks(GetBlocks("task", number, source, number - 1, 1), package)
    yard.fetcher.cancel(1)
    yard.fetcher.cancel(1)
    yard.fetcher.cancel(99)
    await until(lambda: yard.reported.ends)
    await asyncio.sleep(0)

    assert yard.reported.ends == [("finished", 2)]


async def test_closing_ends_what_is_under_way(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    yard.fetcher.get_blocks(GetBlocks("t", 1, yard.payload_source(PUBLISHED), 0, 2), package)
    await asyncio.sleep(0)
    await yard.fetcher.close()

    assert yard.reported.ends == []


async def test_a_bug_is_told_and_ends_the_request(yard: Yard) -> None:
    """A manifest is never asked of a peer without its content id: that is an assertion of ours."""
    source, _, _ = await yard.peer(PUBLISHED)

    assert await yard.manifest(source, content=None, urls=["http://o/x.mcd"]) == "broken"
    assert isinstance(yard.reported.failures[0]["error"], AssertionError)
    assert yard.fetcher._tasks == {}


async def test_a_disk_that_says_no_is_told_apart(yard: Yard) -> None:
    package = yard.package(PUBLISHED)
    package.holding._payload.close()

    assert await yard.blocks(yard.payload_source(PUBLISHED), package, 0, 1) == "storage"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DigestMismatch(b"", b"", "x"), "digest_mismatch"),
        (StalePackage("rollback", "x"), "rollback"),
        (BadSignature("x"), "bad_signature"),
        (ContentError("x"), "content_error"),
        (PeerError("x"), "bad_seal"),
        (NoSpace(1, 0, "x"), "no_space"),
        (UnavailableError("x"), "unavailable_error"),
        (SourceError("s", "tls", "x"), "tls"),
    ],
)
def test_every_error_has_a_word(error: Exception, code: str) -> None:
    assert reason_code(error) == code


def test_a_busy_peer_cannot_name_the_world() -> None:
    error = AskOthers("s", "busy", "x")
    error.addresses = tuple(f"10.0.0.{n}:1" for n in range(20))

    assert len(named_peers(error, "10.0.0.1:7447")) == PEERS_NAMED_MAX
    assert named_peers(PeerError("x"), "10.0.0.1:7447") == ()
