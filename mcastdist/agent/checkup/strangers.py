"""Who is here and does not match: another key, another cluster, another version?

What was refused is booked by address and cause (`mismatches`). A machine that is silent is not
there for us: who has another key is named once it has said something.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mcastdist import __version__
from mcastdist.agent.api import Finding

from .examination import Neighbour
from .findings import finding
from .names import listed, shown
from .reach import name_of

# Cause -> code, what is said, what to do.
CAUSES: dict[str, tuple[str, str, str]] = {
    "cluster": ("other_cluster", "{whom} belong to another cluster (cluster.id)",
                "nothing, if that is meant; else give all the same cluster.id"),
    "key": ("other_key", "{whom} have another cluster key than we",
            "copy cluster.key_file to all machines; during a rotation name the other one in "
            "cluster.previous_key_files"),
    "version": ("other_version", "{whom} speak another version of the protocol",
                "install the same release of mcastdist everywhere"),
    "forged": ("broken_seal", "datagrams of {whom} bear our key's id, and their seal is broken",
               "look for a machine that alters or forges datagrams on this subnet"),
    "malformed": ("malformed", "{whom} say what is no message of ours",
                  "install the same release everywhere; if it is the same, report the fault"),
    "twin": ("same_node_id", "{whom} have the node id of this machine, as after copying its disk",
             "restart the younger agent: it has drawn another id"),
    "liar": ("liar", "{whom} sent blocks that are provably wrong, with our key",
             "examine that machine; if it is not yours any more, change the cluster key"),
}  # fmt: skip  # a table is read by its rows


def judge_strangers(
    mismatches: Sequence[Mapping[str, object]], names: Mapping[str, str]
) -> list[Finding]:
    """What the book of refusals means; `names`: address -> host name."""
    found = []
    for cause, (code, sentence, advice) in CAUSES.items():
        hosts = [_host(one, names) for one in mismatches if one["cause"] == cause]
        if hosts:
            found.append(finding(code, sentence.format(whom=listed(hosts)), advice))
    return found or [finding("no_strangers", "every datagram that came was understood")]


def judge_versions(neighbours: Iterable[Neighbour]) -> list[Finding]:
    """Who runs another release, though we understand one another."""
    others = [f"{name_of(one)} {one.version}" for one in neighbours if one.version != __version__]
    if not others:
        return []
    return [
        finding(
            "versions_differ",
            f"other releases than ours ({__version__}) run on {listed(others)}",
            "nothing is urgent; bring all to the same release when it suits",
        )
    ]


def _host(mismatch: Mapping[str, object], names: Mapping[str, str]) -> str:
    address = str(mismatch["address"])
    return f"{shown(address, names.get(address, ''))} ({mismatch['count']} times)"
