"""Does a machine that can have no lab hear why?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.lab import available, requirements


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    available.cache_clear()
    yield
    available.cache_clear()


def test_another_system_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements.sys, "platform", "win32")

    assert "this is win32" in (available() or "")


def test_missing_tools_are_named_with_where_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "find_tool", lambda name: None if name == "nft" else name)

    assert available() == "not installed: nft (Debian: iproute2, nftables, ethtool)"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'Operation not permitted' >&2; exit 1", "Operation not permitted"),
        ("exit 3", "exit status 3"),
    ],
)
def test_a_refusal_is_passed_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, reason: str
) -> None:
    unshare = tmp_path / "unshare"
    unshare.write_text(f"#!/bin/sh\n{script}\n")
    unshare.chmod(0o755)
    monkeypatch.setattr(requirements, "find_tool", lambda name: str(unshare))
    monkeypatch.setattr(requirements.sys, "platform", "linux")

    assert available() == f"a trial network could not be made: {reason}"


def test_an_ordinary_user_becomes_root_of_a_user_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements.os, "geteuid", lambda: 1000)
    assert requirements.new_namespaces()[1:3] == ["--user", "--map-root-user"]

    monkeypatch.setattr(requirements.os, "geteuid", lambda: 0)
    assert "--user" not in requirements.new_namespaces()


def test_the_systems_own_directories_are_searched_after_the_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(requirements, "SYSTEM_DIRECTORIES", (str(tmp_path / "sbin"),))
    (tmp_path / "sbin").mkdir()
    tool = tmp_path / "sbin" / "nft"
    tool.touch(mode=0o755)

    assert requirements.find_tool("nft") == str(tool)
    assert requirements.find_tool("tc") is None
