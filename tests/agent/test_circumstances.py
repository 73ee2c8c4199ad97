"""Circumstances: what is unknown is harmless, and what is known is told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from mcastdist.agent import circumstances
from mcastdist.agent.circumstances import holding, is_metered, medium, on_mains
from mcastdist.agent.interfaces import Chosen

ETH = Chosen("eth0", 2, 4, "192.0.2.5", 24, 1500, "")
VPN = Chosen("wg0", 3, 4, "10.8.0.6", 32, 1420, "", tunnel=True)


@pytest.fixture
def nmcli(tmp_path: Path) -> Path:
    """A NetworkManager that knows of one metered interface."""
    program = tmp_path / "nmcli"
    program.write_text('#!/bin/sh\n[ "$5" = wwan0 ] && echo "yes (guessed)" || echo "no"\n')
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("folder", ["wireless", "phy80211"])
def test_linux_shows_a_wireless_interface_by_a_folder(tmp_path: Path, folder: str) -> None:
    (tmp_path / "radio" / folder).mkdir(parents=True)
    (tmp_path / "wlan-named-cable").mkdir()

    assert medium("radio", tmp_path) == "wifi"
    assert medium("wlan-named-cable", tmp_path) == "wired"


@pytest.mark.parametrize(
    ("name", "kind"), [("Wi-Fi 2", "wifi"), ("wlan0", "wifi"), ("en0", "wired")]
)
def test_elsewhere_the_name_must_do(tmp_path: Path, name: str, kind: str) -> None:
    assert medium(name, tmp_path) == kind


@pytest.mark.parametrize(
    ("battery", "mains"),
    [(None, True), (True, True), (False, False), ("unknown", True)],
)
def test_only_a_battery_in_use_is_not_mains(
    monkeypatch: pytest.MonkeyPatch, battery: object, mains: bool
) -> None:
    plugged = None if battery == "unknown" else battery
    answer = None if battery is None else SimpleNamespace(power_plugged=plugged)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: answer, raising=False)

    assert on_mains() is mains


def test_a_system_that_cannot_tell_of_batteries_is_on_mains(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(psutil, "sensors_battery", raising=False)

    assert on_mains()


def test_network_manager_is_believed_when_there_is_one(nmcli: Path, tmp_path: Path) -> None:
    assert is_metered("wwan0", str(nmcli))
    assert not is_metered("eth0", str(nmcli))
    assert not is_metered("wwan0", str(tmp_path / "none"))


def test_only_conditions_that_were_asked_for_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circumstances, "on_mains", lambda: False)
    monkeypatch.setattr(circumstances, "is_metered", lambda name: name == "eth0")

    assert holding(("battery", "metered", "vpn"), [ETH]) == ["battery", "metered"]
    assert holding(("vpn",), [ETH, VPN]) == ["vpn"]
    assert holding((), [ETH, VPN]) == []
