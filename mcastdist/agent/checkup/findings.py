"""What can an examination find? One table of codes, from which findings and docs are made.

A code is a stable word: scripts and monitoring look for it. How serious it is and which question
it belongs to stand here once; the sentence and the advice are made where it is found.
"""

from __future__ import annotations

from typing import NamedTuple

from mcastdist.agent.api import Finding, Severity

QUESTIONS = (
    "interfaces", "ports", "keys", "reach", "switch", "strangers", "clock", "buffers", "disk",
    "store", "origin",
)  # fmt: skip  # in this order people are told


class Kind(NamedTuple):
    """What a code stands for."""

    question: str
    severity: Severity
    meaning: str


def finding(code: str, sentence: str, advice: str = "") -> Finding:
    """What was found; `advice` says what to do about it."""
    kind = KINDS[code]
    return Finding(
        code=code,
        question=kind.question,
        severity=kind.severity,
        sentence=sentence,
        advice=advice,
    )


def in_order(findings: list[Finding]) -> list[Finding]:
    """By question, in the order in which people are told; otherwise as they were found."""
    return sorted(findings, key=lambda one: QUESTIONS.index(one.question))


def _table(question: str, *rows: tuple[str, Severity, str]) -> dict[str, Kind]:
    return {code: Kind(question, severity, meaning) for code, severity, meaning in rows}


KINDS: dict[str, Kind] = {
    **_table(
        "interfaces",
        ("interface_used", "ok", "an interface is used, and why"),
        ("interface_unused", "note", "an interface is left alone, and why"),
        ("interface_missing", "error", "`multicast.interfaces` names one that cannot be used"),
        ("no_interface", "error", "no interface is left to use"),
        ("mtu_small", "warning", "an interface carries less than IPv6 demands of every link"),
        ("mtus_differ", "note", "interfaces differ, so the smallest bounds every stream"),
        ("multicast_off", "note", "`multicast.enabled` is off: nothing is said to the group"),
    ),
    **_table(
        "ports",
        ("ports_ours", "ok", "the UDP and the TCP port are the agent's"),
        ("udp_port_taken", "warning", "another program has the UDP port on an address of ours"),
        ("tcp_port_taken", "note", "another program has the TCP port; peers are told another one"),
        ("firewall_open", "ok", "no rule of the firewall here is seen to lose our port"),
        ("firewall_drops", "warning", "this machine's firewall loses what agents say"),
        ("firewall_not_looked_at", "note", "not all rules of the firewall could be looked at"),
        ("peers_reachable", "ok", "the neighbours' HTTP ports take connections"),
        ("peers_unreachable", "warning", "a neighbour's HTTP port takes no connection"),
        ("agent_cannot_run", "error", "no agent can run with these settings"),
        ("check_failed", "warning", "a question could not be answered, for an unexpected reason"),
    ),
    **_table(
        "keys",
        ("key_private", "ok", "the cluster's key is readable by its owner alone"),
        ("key_readable", "warning", "other users of this machine may read the cluster's key"),
        ("key_unreadable", "error", "a key file is missing, not ours to read, or holds no key"),
        ("rotation_under_way", "note", "other cluster keys are accepted beside the current one"),
        ("packages_trusted", "ok", "there are public keys that may sign packages"),
        ("no_trusted_key", "warning", "no key may sign packages, so none is accepted"),
        ("trusted_key_writable", "warning", "other users may change which keys are trusted"),
    ),
    **_table(
        "reach",
        ("no_neighbours", "note", "nobody of this cluster answers on the subnet"),
        ("neighbours_reached", "ok", "neighbours with whom every way and size works"),
        ("neighbours_many", "note", "more neighbours answer than are examined one by one"),
        ("neighbour_silent", "note", "it was heard a while ago and does not answer now"),
        ("group_not_heard_there", "warning", "what we say to the group does not reach it"),
        ("group_not_heard_here", "warning", "what it says to the group does not reach us"),
        ("aside_not_heard_there", "note", "what we say aside does not reach it"),
        ("aside_not_heard_here", "note", "what it says aside does not reach us"),
        ("unicast_not_heard_there", "warning", "what we say to it alone does not reach it"),
        ("datagrams_lost", "warning", "much of what reaches a neighbour or comes back is lost"),
        ("full_size_lost_there", "warning", "small datagrams reach it, a stream's do not"),
        ("full_size_lost_here", "warning", "small datagrams of it reach us, a stream's do not"),
    ),
    **_table(
        "switch",
        ("querier_heard", "ok", "an IGMP or MLD querier is on this subnet"),
        ("no_querier_heard", "note", "no IGMP or MLD querier was heard"),
        ("querier_not_looked_for", "note", "the system did not let us look for a querier"),
        ("snooping_suspected", "warning", "broadcast arrives where the group does not"),
    ),
    **_table(
        "strangers",
        ("no_strangers", "ok", "every datagram that came here was understood"),
        ("other_cluster", "note", "a machine of another cluster is on this subnet"),
        ("other_key", "warning", "a machine of our cluster has another cluster key"),
        ("other_version", "warning", "a machine speaks another version of the protocol"),
        ("broken_seal", "warning", "datagrams with our key's id came whose seal does not open"),
        ("malformed", "warning", "a machine says what is no message of ours"),
        ("same_node_id", "error", "another machine has our node id"),
        ("liar", "error", "a member sent bytes that are provably wrong"),
        ("versions_differ", "note", "neighbours run another release than we"),
    ),
    **_table(
        "clock",
        ("clocks_agree", "ok", "the neighbours' clocks agree with ours"),
        ("clock_differs", "warning", "a clock is so far off that packages expire wrongly"),
    ),
    **_table(
        "buffers",
        ("buffer_granted", "ok", "the system gives the receive buffer that a stream asks for"),
        ("buffer_small", "warning", "the system gives a smaller receive buffer"),
    ),
    **_table(
        "disk",
        ("disk_fast_enough", "ok", "the cache's disk keeps up with a fast stream"),
        ("disk_slow", "warning", "the cache's disk is slower than a usual stream"),
        ("disk_refuses", "error", "the cache's directory cannot be written to"),
        ("space_enough", "ok", "there is room in the cache"),
        ("space_low", "warning", "less is free than `cache.free_bytes_min`"),
    ),
    **_table(
        "store",
        ("store_sound", "ok", "the store opens, and a sample of it hashes right"),
        ("store_unexamined", "note", "the store is another user's or not there yet"),
        ("store_damaged", "warning", "chunks of the sample were damaged, and are now forgotten"),
    ),
    **_table(
        "origin",
        ("origin_answers", "ok", "the origin has it, and serves ranges"),
        ("origin_without_ranges", "warning", "the origin serves no ranges"),
        ("origin_fails", "error", "the origin cannot be asked, or does not have it"),
        ("proxy_used", "note", "the environment names a proxy for it"),
    ),
}
