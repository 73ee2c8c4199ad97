"""What is answered to who examines, and how often."""

from __future__ import annotations

from mcastdist.agent.checkup.answering import Allowance, Answer, answers_to
from mcastdist.wire import ECHO_BURST_MAX, ECHOES_PER_S_MAX, Probe, Way


def test_a_probe_is_answered_once_to_the_asker() -> None:
    assert answers_to(Probe(1, 2), multicast=True) == [Answer(Way.ALONE, False)]


def test_who_wants_to_see_what_arrives_is_shown_every_way_once() -> None:
    answers = answers_to(Probe(1, 2, back=True), multicast=True)

    assert sorted(answers) == [Answer(way, full) for way in Way for full in (False, True)]


def test_who_says_nothing_to_the_group_does_not_do_so_for_a_trial() -> None:
    answers = answers_to(Probe(1, 2, back=True), multicast=False)

    assert {answer.way for answer in answers} == {Way.ALONE}


def test_no_more_is_answered_than_allowed() -> None:
    allowance = Allowance()

    taken = sum(allowance.take(now=second / 100) for second in range(1000))

    assert taken == ECHO_BURST_MAX + 10 * ECHOES_PER_S_MAX - 1  # the last hundredth is not over


def test_a_long_rest_allows_no_more_than_one_burst() -> None:
    allowance = Allowance()
    assert allowance.take(now=0.0)

    assert sum(allowance.take(now=1e6) for _ in range(1000)) == ECHO_BURST_MAX
