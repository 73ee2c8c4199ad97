"""Promises about many tasks at once, and about people who cancel and suspend them."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest
from moments import MOMENTS, receivers, run_to, session
from observed import note
from promises import AT_EACH, EACH, ONCE, finish, note_outcome
from segment import Segment

PACKAGES = 10
QUEUED = 1_000


@pytest.mark.parametrize("seed", EACH)
def test_ten_packages_at_once_have_several_representatives_and_are_each_paid_once(
    seed: int,
) -> None:
    segment = Segment(nodes=6, seed=seed, blocks=6, packages=PACKAGES)
    for package in range(PACKAGES):
        segment.start(package=package, at=0.05 * package)
    segment.run_until(1.4)
    representing = {node for n in range(PACKAGES) for node in segment.representatives_of(n)}
    assert len(representing) >= 3
    segment.run(20.0)
    finish(segment, packages=PACKAGES)
    assert [segment.wan_copies_of(package) for package in range(PACKAGES)] == [1.0] * PACKAGES


@pytest.mark.parametrize("seed", EACH)
def test_ten_packages_survive_whoever_represents_most_of_them(seed: int) -> None:
    segment = Segment(
        nodes=5, seed=seed, blocks=6, packages=PACKAGES, delay_s=1.5, stream_bps=200_000
    )
    for package in range(PACKAGES):
        segment.start(package=package)
    segment.run_until(2.0)
    of_each = (segment.representatives_of(package) for package in range(PACKAGES))
    [(busiest, of_how_many)] = Counter(chain.from_iterable(of_each)).most_common(1)
    note("packages that it represented", of_how_many)
    segment.kill(busiest)
    segment.struck_at = segment.now
    segment.run(60.0)
    finish(segment, packages=PACKAGES)


@pytest.mark.parametrize("seed", ONCE)
def test_a_thousand_tasks_on_one_segment_all_end(seed: int) -> None:
    """Some thirty are under way at a time."""
    segment = Segment(nodes=2, seed=seed, blocks=1, packages=QUEUED, delay_s=0.5)
    for package in range(QUEUED):
        segment.start(package=package, at=0.25 * package)
    segment.run(600.0)
    left = [package for package in range(QUEUED) if segment.unfinished(package)]
    assert left == []
    assert sum(segment.wan_copies_of(package) for package in range(QUEUED)) == QUEUED


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH)
def test_one_that_cancels_at_any_moment_takes_no_more_and_harms_nobody(
    seed: int, moment: str
) -> None:
    """The representative, or a receiver; whoever cancels is asked for nothing."""
    segment = session(seed, moment)
    representative = run_to(segment, moment)
    quitter = representative if seed % 2 else receivers(segment)[0].id
    had = len(segment.machines[quitter].disk)
    if quitter == representative:
        segment.excuse = "who has cancelled serves nobody"
    segment.stop(quitter, "cancelled")
    segment.run(60.0)
    segment.check_bytes()
    assert segment.unfinished() in ([], [quitter])  # a representative may have had it all
    note("blocks taken after it", len(segment.machines[quitter].disk) - had)
    assert len(segment.machines[quitter].disk) == had
    note_outcome(segment)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seed", AT_EACH)
def test_if_all_cancel_at_any_moment_nothing_is_asked_or_said_any_more(
    seed: int, moment: str
) -> None:
    segment = session(seed, moment)
    run_to(segment, moment)
    before = segment.said.total()
    for node in segment.machines:
        segment.stop(node, "cancelled")
    segment.run_until(segment.now + 10.0)
    note("messages after it", segment.said.total() - before)
    served, said = segment.wan_blocks.total(), segment.said.total()
    segment.run_until(segment.now + 100.0)
    assert (segment.wan_blocks.total(), segment.said.total()) == (served, said)
