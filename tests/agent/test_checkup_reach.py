"""What an examination's book means: who is reached, by which way, and who is not."""

from __future__ import annotations

import pytest
from checkup_kit import (
    ALONE,
    ASIDE,
    FULL_ALONE,
    FULL_ASIDE,
    FULL_GROUP,
    GROUP,
    book,
    codes,
    neighbour,
)

from mcastdist.agent.api import Finding
from mcastdist.agent.checkup.examination import NEIGHBOURS_MAX, Examination, Trial
from mcastdist.agent.checkup.reach import judge_loss, judge_reach, judge_snooping, troubles_of

BOTH_GROUP = (GROUP, FULL_GROUP)
BOTH_ASIDE = (ASIDE, FULL_ASIDE)


def judge(made: Examination, *, aside: bool = True, silent: tuple[str, ...] = ()) -> list[Finding]:
    return judge_reach(made, silent, aside=aside, port=7447)


def test_where_all_is_well_there_is_one_finding() -> None:
    [found] = judge(book(neighbour(1), neighbour(2)))

    assert (found.code, found.severity, found.advice) == ("neighbours_reached", "ok", "")
    assert "h1 (10.0.0.1), h2 (10.0.0.2)" in found.sentence
    assert "1,472 bytes" in found.sentence


@pytest.mark.parametrize(
    ("lost", "code"),
    [
        (BOTH_GROUP, "group_not_heard"),
        (BOTH_ASIDE, "aside_not_heard"),
        ((FULL_GROUP,), "full_size_lost"),
        ((FULL_GROUP, FULL_ASIDE, FULL_ALONE), "full_size_lost"),
    ],
)
def test_each_trouble_has_its_code_for_each_direction(lost: tuple[Trial, ...], code: str) -> None:
    assert troubles_of(neighbour(not_there=lost), aside=True) == {f"{code}_there"}
    assert troubles_of(neighbour(not_here=lost), aside=True) == {f"{code}_here"}


def test_whom_unicast_does_not_reach_is_blamed_for_nothing_it_was_not_asked() -> None:
    cut_off = neighbour(
        not_there=(ALONE, FULL_ALONE), not_here=(*BOTH_GROUP, *BOTH_ASIDE, FULL_ALONE)
    )

    assert troubles_of(cut_off, aside=True) == {"unicast_not_heard_there"}


def test_what_this_subnet_does_not_have_is_not_missed() -> None:
    lost = {"not_there": BOTH_ASIDE, "not_here": BOTH_ASIDE}

    assert codes(judge(book(neighbour(**lost)), aside=False)) == ["neighbours_reached"]


def test_the_machines_it_is_about_are_named_and_the_others_are_well() -> None:
    found = judge(book(neighbour(1), neighbour(2, not_there=BOTH_GROUP), neighbour(3)))

    assert codes(found) == ["group_not_heard_there", "neighbours_reached"]
    assert "h2 (10.0.0.2)" in found[0].sentence
    assert "h1" not in found[0].sentence
    assert "7447" in found[0].advice
    assert "h2" not in found[1].sentence


def test_where_all_are_concerned_this_machine_is_looked_at_first() -> None:
    [both] = judge(book(*(neighbour(n, not_there=BOTH_GROUP) for n in (1, 2))))
    [alone] = judge(book(neighbour(1, not_there=BOTH_GROUP)))

    assert "look at this machine and its port first" in both.advice
    assert "look at this machine and its port first" not in alone.advice


def test_alone_on_the_subnet() -> None:
    [found] = judge(book())

    assert (found.code, found.severity) == ("no_neighbours", "note")
    assert "cluster key" in found.advice


def test_who_has_fallen_silent_is_named() -> None:
    found = judge(book(neighbour(1)), silent=("h7 (10.0.0.7)",))

    assert codes(found) == ["neighbours_reached", "neighbour_silent"]
    assert "h7 (10.0.0.7)" in found[1].sentence


def test_of_very_many_a_part_is_examined() -> None:
    found = judge(book(*(neighbour(n) for n in range(NEIGHBOURS_MAX + 1))))

    assert codes(found) == ["neighbours_many", "neighbours_reached"]
    assert f"and {NEIGHBOURS_MAX - 5} more" in found[1].sentence


@pytest.mark.parametrize(
    ("not_there", "not_here", "suspected"),
    [
        ((), (), False),
        (BOTH_GROUP, (), True),
        ((), BOTH_GROUP, True),
        ((*BOTH_GROUP, *BOTH_ASIDE), (), False),  # then it is no switch that snoops
        (BOTH_ASIDE, (), False),
    ],
)
def test_snooping_is_suspected_where_only_broadcast_arrives(
    not_there: tuple[Trial, ...], not_here: tuple[Trial, ...], suspected: bool
) -> None:
    found = judge_snooping(book(neighbour(not_there=not_there, not_here=not_here)))

    assert codes(found) == ["snooping_suspected"] * suspected


@pytest.mark.parametrize(("answered", "told"), [(20, False), (19, False), (18, True), (10, True)])
def test_much_loss_is_told(answered: int, told: bool) -> None:
    made = book(neighbour(1))
    for number in range(1, 21):
        made.probe(GROUP, at=0.0)
        if number <= answered:
            made.examined[0].answered.add(number)
    found = judge_loss(made)

    assert codes(found) == ["datagrams_lost"] * told
    assert not told or f"h1 (10.0.0.1) {1 - answered / 20:.0%}" in found[0].sentence
