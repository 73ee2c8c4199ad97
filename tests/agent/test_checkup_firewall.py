"""What a firewall's rules do to agents. `rulesets` holds what nft and iptables really printed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from checkup_kit import codes

from mcastdist.agent.api import Finding
from mcastdist.agent.checkup import firewall
from mcastdist.agent.checkup.firewall import Rules, judge_firewall, look_at_firewall
from mcastdist.agent.checkup.iptables_rules import entries_of
from mcastdist.agent.interfaces import Chosen
from mcastdist.agent.settings import load

RECORDED = Path(__file__).parent / "rulesets"
SETTINGS = load(None, {}, [])
ETH0 = Chosen("eth0", 2, 4, "10.0.0.5", 24, 1500, "up")
ETH0_V6 = Chosen("eth0", 2, 6, "fe80::5", 64, 1500, "up")


@dataclass
class System:
    """A system with only these programs in its path."""

    folder: Path

    def program(self, name: str, script: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    monkeypatch.setattr(firewall, "PATHS", str(tmp_path))
    monkeypatch.setattr(firewall, "OLD_TABLES", (tmp_path / "ip_tables_names",))
    return System(tmp_path)


def judged(name: str, *interfaces: Chosen) -> list[Finding]:
    nftables = json.loads((RECORDED / f"{name}.json").read_text())["nftables"]
    return judge_firewall(Rules(nftables), SETTINGS, interfaces or [ETH0])


def test_without_rules_nothing_is_lost() -> None:
    assert codes(judge_firewall(Rules(), SETTINGS, [ETH0, ETH0_V6])) == ["firewall_open"]


@pytest.mark.parametrize("interface", [ETH0, ETH0_V6])
def test_a_closed_policy_without_our_port_loses_what_comes(interface: Chosen) -> None:
    [found] = judged("closed", interface)

    assert found.code == "firewall_drops"
    assert found.severity == "warning"
    assert found.sentence == (
        "eth0: the firewall here drops UDP to the group, UDP to us, TCP to us, port 7447 "
        "(table inet filter, chain input)"
    )
    assert ("IGMP" if interface.family == 4 else "MLD") in found.advice


def test_accepts_behind_sets_maps_and_jumps_are_found() -> None:
    assert codes(judged("opened")) == ["firewall_open"]


def test_an_accept_for_other_addresses_is_none_for_ours() -> None:
    [v6] = judged("opened", ETH0_V6)
    [elsewhere] = judged("opened", Chosen("eth0", 2, 4, "192.168.0.5", 24, 1500, "up"))
    [other_name] = judged("opened", Chosen("wlan0", 2, 4, "10.0.0.5", 24, 1500, "up"))

    assert "drops TCP to us, port" in v6.sentence
    assert "drops TCP to us, port" in elsewhere.sentence
    assert "drops UDP to the group, UDP to us, TCP to us, port" in other_name.sentence


def test_drops_of_our_port_are_told_where_they_stand() -> None:
    incoming, outgoing = judged("dropped")

    assert "drops UDP to the group, port 7447 (table ip filter, chain INPUT)" in incoming.sentence
    assert "drops TCP of ours to others, port" in outgoing.sentence
    assert "(table ip filter, chain OUTPUT)" in outgoing.sentence


def test_each_family_has_its_own_tables() -> None:
    [found] = judged("dropped", ETH0_V6)

    assert "(table ip6 filter, chain INPUT)" in found.sentence


def test_of_what_is_not_understood_the_better_is_believed() -> None:
    assert codes(judged("doubtful")) == ["firewall_open"]


def test_what_iptables_wrote_is_read_by_its_own_words(system: System) -> None:
    system.program("nft", f"cat {RECORDED / 'iptables.json'}")
    clear, unread = look_at_firewall(SETTINGS, [ETH0])
    assert "chain OUTPUT" in clear.sentence
    assert unread.code == "firewall_not_looked_at"
    assert "(table ip filter)" in unread.sentence

    system.program("iptables-save", f"cat {RECORDED / 'iptables-save.txt'}")
    incoming, outgoing = look_at_firewall(SETTINGS, [ETH0])

    assert "drops TCP to us, port 7447 (table ip filter, chain INPUT)" in incoming.sentence
    assert "drops TCP of ours to others, port 7447 (table ip filter, chain OUTPUT)" in (
        outgoing.sentence
    )


def test_firewalld_with_and_without_our_port() -> None:
    entries = json.loads((RECORDED / "firewalld.json").read_text())["nftables"]
    without = [one for one in entries if "7447" not in json.dumps(one)]

    assert codes(judge_firewall(Rules(entries), SETTINGS, [ETH0, ETH0_V6])) == ["firewall_open"]
    for found in judge_firewall(Rules(without), SETTINGS, [ETH0, ETH0_V6]):
        assert "drops UDP to the group, UDP to us, TCP to us, port 7447" in found.sentence
        assert "(table inet firewalld, chain filter_INPUT)" in found.sentence


def test_ufw_with_and_without_our_port() -> None:
    saved = (RECORDED / "ufw-save.txt").read_text().splitlines()
    without = [line for line in saved if "7447" not in line]
    opened = Rules(entries_of("\n".join(saved), "ip"))
    closed = Rules(entries_of("\n".join(without), "ip"))

    assert codes(judge_firewall(opened, SETTINGS, [ETH0])) == ["firewall_open"]
    [found] = judge_firewall(closed, SETTINGS, [ETH0])
    assert "drops UDP to the group, UDP to us, TCP to us, port 7447" in found.sentence


def test_rules_of_the_old_kind_are_read_or_told_of(system: System) -> None:
    system.program("nft", "echo '{\"nftables\": []}'")
    assert codes(look_at_firewall(SETTINGS, [ETH0])) == ["firewall_open"]
    (system.folder / "ip_tables_names").write_text("filter\n")
    [unread] = look_at_firewall(SETTINGS, [ETH0])
    assert "of the old kind" in unread.sentence

    system.program("iptables-legacy-save", f"cat {RECORDED / 'iptables-save.txt'}")
    incoming, _ = look_at_firewall(SETTINGS, [ETH0])

    assert "(table ip filter of the old kind, chain INPUT)" in incoming.sentence


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo not permitted >&2; exit 1", "nftables: not permitted"),
        ("exit 1", "nftables: nft fails"),
        ("echo no JSON", "nftables: nft: "),
        ("echo '{}'", "nftables: nft: KeyError('nftables')"),
        ("exec sleep 10", "timed out"),
        (None, "nftables: nft is not installed"),
    ],
)
def test_why_rules_could_not_be_looked_at(
    system: System, monkeypatch: pytest.MonkeyPatch, script: str | None, told: str
) -> None:
    monkeypatch.setattr(firewall, "ASKED_S_MAX", 0.5)
    if script is not None:
        system.program("nft", script)
    [found] = look_at_firewall(SETTINGS, [ETH0])

    assert (found.code, found.severity) == ("firewall_not_looked_at", "note")
    assert told in found.sentence


def test_without_an_interface_there_is_nothing_to_lose(system: System) -> None:
    assert look_at_firewall(SETTINGS, []) == []
