"""The real engine: where it looks for settings and for the agent."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcastdist.cli.engine import Engine, engine_of
from mcastdist.errors import UnavailableError


def test_settings_from_file_environment_and_overrides(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text("[multicast]\nport = 7001\nttl = 3\n")
    environ = {"MCASTDIST_MULTICAST_TTL": "4"}
    settings = Engine().settings(config, ["election.weight=9"], environ)
    assert settings.multicast.port == 7001
    assert settings.multicast.ttl == 4
    assert settings.election.weight == 9


async def test_the_client_looks_where_the_settings_say(tmp_path: Path) -> None:
    overrides = [f"node.state_dir={tmp_path}", "control.listen="]
    settings = Engine().settings(None, overrides, {})
    async with Engine().client(settings) as client:
        assert not await client.reachable()
        with pytest.raises(UnavailableError, match=str(tmp_path / "control.sock")):
            await client.status()


def test_anything_else_in_clicks_object_is_replaced() -> None:
    engine = Engine()
    assert engine_of(engine) is engine
    assert isinstance(engine_of(None), Engine)
