"""What would stop an agent is found without one, and nothing is left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from agent_kit import KEY, SIGNER

from mcastdist.agent.settings import Settings, load
from mcastdist.agent.start_trial import _try_file, try_start
from mcastdist.errors import NotPermitted, StorageError, UsageError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    (home / "cluster.key").write_text(KEY.text())
    (home / "signing.pub").write_text(SIGNER.public.line)
    (home / "cluster.key").chmod(0o600)
    return home


def settings(home: Path, *more: str) -> Settings:
    given = {
        "cluster.id": "test",
        "cluster.key_file": home / "cluster.key",
        "cluster.trusted_keys": home / "signing.pub",
        "node.state_dir": home / "state",
        "multicast.interfaces": "lo",
        "multicast.loopback": "true",
    }
    return load(None, {}, [f"{key}={value}" for key, value in given.items()] + list(more))


def test_good_settings_raise_nothing_and_leave_nothing(home: Path) -> None:
    before = sorted(home.iterdir())

    assert try_start(settings(home, f"trace.file={home}/traces/a.jsonl")) == []
    assert sorted(home.iterdir()) == before


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("cluster.id=", "cluster.id is not set"),
        ("cluster.key_file={home}/missing", "missing is not there"),
        ("cluster.key_file={home}", "Is a directory"),
        ("cluster.key_file={home}/signing.pub", "no cluster key"),
        ("cluster.previous_key_files={home}/missing", "missing is not there"),
        ("cluster.trusted_keys={home}/missing", "neither a minisign public key"),
        ("download.ca_file={home}/missing", "download.ca_file"),
        ("trace.file={home}", "trace.file: .* is a directory"),
    ],
)
def test_what_cannot_be_read_is_named(home: Path, setting: str, named: str) -> None:
    with pytest.raises(UsageError, match=named) as refused:
        try_start(settings(home, setting.format(home=home)))
    assert "Errno" not in str(refused.value)


@pytest.mark.parametrize("key", ["trace.file", "node.state_dir", "cache.dir", "control.socket"])
def test_a_place_that_cannot_be_is_named_with_its_key(home: Path, key: str) -> None:
    (home / "file").write_bytes(b"")

    with pytest.raises(StorageError, match=f"^{key}: .*choose another place"):
        try_start(settings(home, f"{key}={home}/file/x/y"))


def test_a_state_directory_that_anybody_may_write_into_is_refused(home: Path) -> None:
    (home / "state").mkdir()
    (home / "state").chmod(0o777)

    with pytest.raises(StorageError, match="anybody may write"):
        try_start(settings(home))


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_what_is_wrong_with_keys_and_stops_nobody_is_told_with_what_to_do(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "cluster.key").chmod(0o644)
    (home / "signing.pub").chmod(0o666)
    secret, trusted = try_start(settings(home))

    assert secret.startswith(f"{home}/cluster.key is open to other users of this machine")
    assert "chmod 600" in secret
    assert "chmod 644" in trusted
    assert caplog.records == []  # it is the command that tells, and once


def test_a_place_of_somebody_else_is_not_permitted(forbidden: Path) -> None:
    with pytest.raises(NotPermitted, match=r"^trace\.file: .*forbidden"):
        _try_file("trace.file", forbidden / "x")


def test_interfaces_that_are_not_there_are_warned_of(home: Path) -> None:
    missing, nothing = try_start(settings(home, "multicast.interfaces=eth99"))

    assert missing.startswith("eth99: named in multicast.interfaces, but there is none")
    assert "takes no part in multicast" in nothing
