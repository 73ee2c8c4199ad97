"""What most tests of whole agents begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from agent_kit import Site, open_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """An origin, and agents to come."""
    async with open_site(tmp_path) as site:
        yield site
