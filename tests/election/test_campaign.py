"""What a candidate says, and how often."""

from __future__ import annotations

from random import Random

import pytest

from mcastdist.election import Credentials, Merits
from mcastdist.election.campaign import OBJECT_GAP_S, SEEK_JITTER_S, Campaign
from mcastdist.ids import Locator, NodeId
from mcastdist.wire import CLAIM_COUNT, SEEK_COUNT, SEEK_S

LOCATOR = Locator(bytes(32))


def _campaign(seed: int = 1) -> Campaign:
    credentials = Credentials(Merits(50), node=NodeId(1), locator=LOCATOR)
    return Campaign(credentials, Random(seed))


def test_queries_are_counted_and_name_what_is_known() -> None:
    campaign = _campaign()
    campaign.begin_seeking(0.0)
    assert campaign.seeks_left == SEEK_COUNT
    assert campaign.seek().content == b""
    assert campaign.seeks_left == SEEK_COUNT - 1


@pytest.mark.parametrize("seed", range(10))
def test_the_first_query_waits_a_moment_drawn_at_random(seed: int) -> None:
    assert 5.0 <= _campaign(seed).begin_seeking(5.0) <= 5.0 + SEEK_JITTER_S


def test_a_query_of_another_counts_for_ours_but_never_below_none() -> None:
    campaign = _campaign()
    campaign.begin_seeking(0.0)
    for _ in range(SEEK_COUNT + 3):
        until = campaign.seek_heard(1.0)
        assert 1.0 + SEEK_S / SEEK_COUNT <= until <= 1.0 + SEEK_S / SEEK_COUNT + SEEK_JITTER_S
    assert campaign.seeks_left == 0


def test_claims_carry_the_standing_of_the_moment() -> None:
    credentials = Credentials(Merits(50), node=NodeId(1), locator=LOCATOR)
    campaign = Campaign(credentials, Random(1))
    campaign.begin_claiming()
    assert campaign.claims_left == CLAIM_COUNT
    assert campaign.claim(0.0).standing.held == 0
    credentials.held = 1.0
    credentials.heard(7)
    assert campaign.claim(0.1).standing.held == 255
    assert campaign.claim(0.1).standing.generation == 8


def test_objections_keep_a_distance() -> None:
    campaign = _campaign()
    assert campaign.may_object(0.0)
    campaign.claim(1.0)
    assert not campaign.may_object(1.0 + OBJECT_GAP_S - 0.001)
    assert campaign.may_object(1.0 + OBJECT_GAP_S + 0.001)
