"""The daemon's command: settings in, exit status out."""

from __future__ import annotations

from pathlib import Path


def test_it_runs_with_the_settings_given(terminal, engine, tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text('[cluster]\nid = "example"\n')
    result = terminal.type("agent", "--config", str(config), "--set", "multicast.port=7999")
    assert result.exit_code == 0
    (settings,) = engine.ran
    assert (settings.cluster.id, settings.multicast.port) == ("example", 7999)


def test_its_status_is_the_commands(terminal, engine) -> None:
    engine.agent_status = 5
    assert terminal.type("agent").exit_code == 5


def test_a_wrong_setting_is_named_and_nothing_runs(terminal, engine, tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text("[multicast]\nport = 99999\n")
    result = terminal.type("agent", "--config", str(config))
    assert result.exit_code == 2
    assert f"{config}:2" in result.stderr
    assert engine.ran == []
