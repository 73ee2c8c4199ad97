"""Settings: checked, shown, read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcastdist.wire import ClusterKey


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text('[cluster]\nid = "example"\nkey_file = "cluster.key"\n')
    return path


def test_show_every_key_with_what_it_does(terminal, config: Path) -> None:
    result = terminal.type(
        "settings", "show", "--config", str(config), "--set", "election.weight=7"
    )
    assert result.exit_code == 0
    rows = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert rows["election.weight"].split()[1] == "7"
    assert "example" in rows["cluster.id"]
    assert rows["cluster.key_file"].split()[1] == str(config.parent / "cluster.key")
    assert "UDP port" in rows["multicast.port"]


def test_show_as_json(terminal, config: Path) -> None:
    told = json.loads(terminal.type("settings", "show", "--config", str(config), "--json").stdout)
    assert told["cluster.id"] == "example"
    assert told["multicast.enabled"] is True


def test_show_what_the_agent_runs_with(terminal, engine) -> None:
    told = json.loads(terminal.type("settings", "show", "--running", "--json").stdout)
    assert told == {"multicast.port": 7447, "cluster.id": "example"}
    assert "multicast.port" in terminal.type("settings", "show", "--running").stdout
    engine.remote.present = False
    assert terminal.type("settings", "show", "--running").exit_code == 3


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[cluster]\nid = 1\n", "cluster.id"),
        ("[multicast]\nprot = 1\n", "multicast.port"),
        ("not toml", "not TOML"),
        ('[cluster]\nid = "x"\n', "cluster.key_file is not set"),
    ],
)
def test_check_names_what_is_wrong(terminal, config: Path, text: str, named: str) -> None:
    config.write_text(text)
    result = terminal.type("settings", "check", "--config", str(config))
    assert result.exit_code == 2
    assert named in result.stderr
    assert result.stdout == ""


def test_reload(terminal) -> None:
    result = terminal.type("settings", "reload")
    assert result.stdout == "taken up: log.level\nneeds a restart: multicast.port\n"
    told = json.loads(terminal.type("settings", "reload", "--json").stdout)
    assert told["applied"] == ["log.level"]


def test_check_opens_what_the_agent_would(terminal, config: Path) -> None:
    result = terminal.type("settings", "check", "--config", str(config))
    assert result.exit_code == 2
    assert "cluster.key is not there" in result.stderr

    key = config.parent / "cluster.key"
    key.write_text(ClusterKey(bytes(range(16))).text())
    key.chmod(0o600)
    places = ["--set", f"node.state_dir={config.parent}/state", "--set", "multicast.interfaces=x99"]
    result = terminal.type("settings", "check", "--config", str(config), *places)
    assert result.exit_code == 0
    assert result.stdout == f"the settings are good ({config})\n"
    assert "warning: x99: named in multicast.interfaces" in result.stderr
    assert "open to other users" not in result.stderr

    key.chmod(0o644)
    result = terminal.type("settings", "check", "--config", str(config), *places)
    assert result.exit_code == 0
    assert f"warning: {key} is open to other users of this machine (mode 644)" in result.stderr
    assert all(line.startswith("warning: ") for line in result.stderr.splitlines())
