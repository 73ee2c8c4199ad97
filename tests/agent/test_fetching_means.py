"""What every fetch needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_kit import noise, publish
from fetch_kit import open_yard

from mcastdist.errors import SourceError

PUBLISHED = publish({"a": noise("a", 1000)})
PATH = f"/v1/content/{PUBLISHED.content.hex()}/blocks/0"


async def test_a_peer_is_asked_as_a_member_asks(tmp_path: Path) -> None:
    async with open_yard(tmp_path) as yard:
        source, library, server = await yard.peer(PUBLISHED)
        package = library.opened(PUBLISHED.content)
        assert package is not None

        for _ in range(2):  # each request has a token of its own
            sealed = await yard.means.from_peer(source, PATH, bytes_max=2000)
            assert package.seal.open(0, sealed) == PUBLISHED.payload
        assert not server.refused


async def test_a_peer_cannot_send_more_than_is_expected(tmp_path: Path) -> None:
    async with open_yard(tmp_path) as yard:
        source, _, _ = await yard.peer(PUBLISHED)
        with pytest.raises(SourceError) as refused:
            await yard.means.from_peer(source, PATH, bytes_max=500)
        assert refused.value.code == "too_large"
