"""Whom do we reach, who reaches us, and by which ways? Judged from an examination's book.

An echo proves two things: the probe was heard there, and the echo here. What was sent thrice and
never heard does not arrive. A finding is made for each kind of trouble, with the machines it is
about; where it is all of them, the trouble is likely on this machine's side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mcastdist.agent.api import Finding
from mcastdist.wire import Way

from .examination import NEIGHBOURS_MAX, Examination, Neighbour, Trial
from .findings import finding
from .names import listed, shown

LOSS_MIN = 0.1  # two or more of some fifteen; less may be chance

GROUP, ASIDE, ALONE = (Trial(way, False) for way in (Way.GROUP, Way.ASIDE, Way.ALONE))

FIREWALL = "let UDP port {port}, IGMP and MLD through the firewalls"
SNOOPING = "switch IGMP/MLD snooping off for this VLAN, or an IGMP/MLD querier on"

# Code, what is said of the machines, what to do.
TROUBLES = (
    ("group_not_heard_there", "what we say to the group does not reach {whom}",
     f"{FIREWALL} there and on the way; until then broadcast and peers take over"),
    ("group_not_heard_here", "what is said to the group by {whom} does not reach us",
     f"{FIREWALL} here and on the way; check that multicast.enabled is on there"),
    ("aside_not_heard_there", "what we say to every machine does not reach {whom}",
     "allow broadcast (IPv6: ff02::1) on the subnet; it only matters where the group fails"),
    ("aside_not_heard_here", "what is said to every machine by {whom} does not reach us",
     "allow broadcast (IPv6: ff02::1) on the subnet; it only matters where the group fails"),
    ("unicast_not_heard_there", "what we say to it alone does not reach {whom}",
     f"{FIREWALL} there, and look for isolation of clients on the switch or access point"),
    ("full_size_lost_there", "small datagrams reach {whom}, and a stream's do not",
     "give all machines and the switch the same MTU, or set multicast.datagram_bytes_max"),
    ("full_size_lost_here", "small datagrams of {whom} reach us, and a stream's do not",
     "give all machines and the switch the same MTU, or set multicast.datagram_bytes_max"),
)  # fmt: skip  # a table is read by its rows


def judge_reach(
    book: Examination, silent: Sequence[str], *, aside: bool, port: int
) -> list[Finding]:
    """What the book means. `silent`: who was heard of late and is not in it; `aside`: if we can."""
    neighbours = book.examined
    found = _presence(book, port)
    troubled = {id(one): troubles_of(one, aside=aside) for one in neighbours}
    for code, sentence, advice in TROUBLES:
        concerned = [one for one in neighbours if code in troubled[id(one)]]
        if concerned:
            told = sentence.format(whom=_names(concerned))
            whose = _whose_fault(concerned, of=len(neighbours))
            found.append(finding(code, told, whose + advice.format(port=port)))
    whole = [one for one in neighbours if not troubled[id(one)]]
    if whole:
        found.append(_whole(whole))
    if silent:
        found.append(
            finding(
                "neighbour_silent",
                f"{listed(list(silent))} spoke within the last minutes and does not answer now",
                "if its agent should run, look at its log and its firewall",
            )
        )
    return found


def judge_loss(book: Examination) -> list[Finding]:
    """Where much of what arrives at all is lost nevertheless."""
    losing = [(one, book.loss(one)) for one in book.examined]
    losing = [(one, share) for one, share in losing if share >= LOSS_MIN]
    if not losing:
        return []
    told = listed([f"{name_of(one)} {share:.0%}" for one, share in losing])
    return [
        finding(
            "datagrams_lost",
            f"of what was asked a share stayed without answer, there or back: {told}",
            "look for bad cables, Wi-Fi, half duplex or a busy machine; streams repair it, slower",
        )
    ]


def judge_snooping(book: Examination) -> list[Finding]:
    """Broadcast arrives where the group does not: a switch that knows nobody in the group."""
    cut_off = [
        one for one in book.examined if _only_aside(one.heard_there) or _shown_only_aside(one)
    ]
    if not cut_off:
        return []
    return [
        finding(
            "snooping_suspected",
            f"between us and {_names(cut_off)} broadcast arrives and the group does not, as behind "
            "a switch that snoops with no querier",
            f"{SNOOPING}, or look for a firewall that drops multicast there",
        )
    ]


def troubles_of(one: Neighbour, *, aside: bool) -> set[str]:
    """The codes of what is wrong between us and one neighbour."""
    checks: list[tuple[str, Callable[[], bool]]] = [
        ("group_not_heard_there", lambda: GROUP not in one.heard_there),
        ("aside_not_heard_there", lambda: aside and ASIDE not in one.heard_there),
        ("unicast_not_heard_there", lambda: ALONE not in one.heard_there),
        ("full_size_lost_there", lambda: _full_lost(one.heard_there)),
    ]
    if ALONE in one.heard_there:  # or it was never asked to show what arrives here
        checks += [
            ("group_not_heard_here", lambda: GROUP not in one.heard_here),
            ("aside_not_heard_here", lambda: aside and ASIDE not in one.heard_here),
            ("full_size_lost_here", lambda: _full_lost(one.heard_here)),
        ]
    return {code for code, is_so in checks if is_so()}


def name_of(one: Neighbour) -> str:
    """A neighbour as people know it."""
    return shown(one.address[0], one.host)


def _full_lost(heard: set[Trial]) -> bool:
    """By some way small ones arrive and full ones do not."""
    return any(Trial(one.way, True) not in heard for one in heard if not one.full)


def _only_aside(heard: set[Trial]) -> bool:
    return ASIDE in heard and GROUP not in heard


def _shown_only_aside(one: Neighbour) -> bool:
    """It was asked to show what arrives here, and of group and aside only this did."""
    return ALONE in one.heard_there and _only_aside(one.heard_here)


def _names(neighbours: Sequence[Neighbour]) -> str:
    return listed([name_of(one) for one in neighbours])


def _whose_fault(concerned: Sequence[Neighbour], *, of: int) -> str:
    """Where all who answer are concerned, what they have in common is us, or the switch."""
    everybody = len(concerned) == of > 1
    return f"all {of} are concerned: look at this machine and its port first; " if everybody else ""


def _presence(book: Examination, port: int) -> list[Finding]:
    count = len(book.neighbours)
    if count > NEIGHBOURS_MAX:
        return [
            finding(
                "neighbours_many",
                f"{count} neighbours answer; {NEIGHBOURS_MAX} of them were examined one by one",
            )
        ]
    if count:
        return []
    return [
        finding(
            "no_neighbours",
            "no other agent of this cluster answers on this subnet",
            "if one should, run its `mcastdist doctor`: with another cluster key or id than ours "
            f"it does not understand us, and names us; {FIREWALL.format(port=port)}",
        )
    ]


def _whole(whole: Sequence[Neighbour]) -> Finding:
    sizes = sorted({one.datagram_bytes_max for one in whole})
    return finding(
        "neighbours_reached",
        f"{_names(whole)}: group, broadcast and unicast arrive both "
        f"ways, small and full ({' or '.join(f'{size:,}' for size in sizes)} bytes)",
    )
