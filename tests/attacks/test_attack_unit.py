"""How little may the agent do where systemd starts it? As `systemd-analyze security` asks."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

UNIT = Path(__file__).parents[2] / "packaging" / "mcastdist-agent.service"

SWITCHED_ON = (
    "LockPersonality", "MemoryDenyWriteExecute", "NoNewPrivileges", "PrivateDevices", "PrivateTmp",
    "ProtectClock", "ProtectControlGroups", "ProtectHome", "ProtectHostname", "ProtectKernelLogs",
    "ProtectKernelModules", "ProtectKernelTunables", "RemoveIPC", "RestrictNamespaces",
    "RestrictRealtime", "RestrictSUIDSGID",
)  # fmt: skip
# Not those of packets, raw sockets or Bluetooth; netlink tells of interfaces.
FAMILIES = {"AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"}


def _service() -> configparser.SectionProxy:
    # A setting may be given twice and then adds up: only SystemCallFilter is, see below.
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # keys keep their case
    parser.read(UNIT)
    return parser["Service"]


def test_the_unit_gives_away_every_right_it_can() -> None:
    service = _service()

    assert [name for name in SWITCHED_ON if service.get(name) != "yes"] == []
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == service.get("AmbientCapabilities", "") == ""
    assert service["ProtectProc"] == "invisible"
    assert set(service["RestrictAddressFamilies"].split()) == FAMILIES
    assert service["SystemCallArchitectures"] == "native"
    filters = re.findall(r"(?m)^SystemCallFilter=(.*)$", UNIT.read_text())
    assert filters == ["@system-service", "~@privileged"]  # all of services', less the right to own
    assert service["KeyringMode"] == "private"


def test_the_unit_has_a_user_and_private_places() -> None:
    service = _service()

    assert service["User"] not in ("", "root")
    assert int(service["StateDirectoryMode"], 8) & 0o077 == 0
    assert int(service["RuntimeDirectoryMode"], 8) & 0o007 == 0
    assert all("/etc" not in service.get(name, "") for name in ("ReadWritePaths", "BindPaths"))


def test_no_secret_is_handed_over_by_the_environment_or_the_command_line() -> None:
    service = _service()

    assert "Environment" not in service
    assert service["ExecStart"].split()[1:] == ["agent", "--config", "/etc/mcastdist/agent.toml"]


def test_settings_and_keys_are_closed_to_others_where_they_are_installed() -> None:
    rows = [line.split() for line in (UNIT.parent / "mcastdist.tmpfiles").read_text().splitlines()]
    modes = {row[1]: row[2:5] for row in rows if row and row[0] in ("d", "z")}

    for path in ("", "/agent.toml", "/cluster.key"):
        mode, owner, group = modes[f"/etc/mcastdist{path}"]
        assert int(mode, 8) & 0o027 == 0  # nor may the agent write them
        assert (owner, group) == ("root", _service()["Group"])
