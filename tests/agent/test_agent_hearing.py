"""Whom an agent listens to."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from agent_kit import ALICE, BOB, OTHER_KEY, make_opener, make_voice

from mcastdist.agent.hearing import Ear
from mcastdist.node import Address
from mcastdist.wire import Dismiss, Opened, pad

SAYING = Dismiss(1, "slow")
SOURCE = ("10.0.0.9", 7447)


@dataclass
class Heard:
    """An ear of Alice's, and what came through."""

    messages: list[tuple[Opened, Address]] = field(default_factory=list)
    twins: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ear = Ear(
            make_opener(ALICE),
            ALICE,
            on_message=lambda opened, source: self.messages.append((opened, source)),
            on_twin=lambda: self.twins.append("twin"),
        )

    def hear(self, data: bytes) -> None:
        self.ear.hear(memoryview(data), SOURCE)


def test_a_member_is_heard_once() -> None:
    heard = Heard()
    datagram = make_voice(BOB).seal(SAYING)
    heard.hear(datagram)
    heard.hear(datagram)

    ((opened, source),) = heard.messages
    assert (opened.node, opened.message, source) == (BOB, SAYING, SOURCE)
    assert heard.ear.refused["replayed"] == 1
    assert heard.ear.mismatches.shown() == []


@pytest.mark.parametrize(
    ("datagram", "cause", "told"),
    [
        (b"", "too_short", False),
        (b"\x02" + bytes(60), "version", True),
        (make_voice(BOB, OTHER_KEY).seal(SAYING), "key", True),
        (make_voice(BOB).seal(SAYING)[:-1] + b"\0", "forged", True),
        (bytes(2000), "malformed", True),
    ],
)
def test_others_are_counted_and_the_telling_ones_named(
    datagram: bytes, cause: str, told: bool
) -> None:
    heard = Heard()
    heard.hear(datagram)

    assert heard.messages == []
    assert heard.ear.refused[cause] == 1
    assert [one["cause"] for one in heard.ear.mismatches.shown()] == [cause] * told


def test_a_twin_is_not_believed_and_told_of_once() -> None:
    heard = Heard()
    twin = make_voice(ALICE)
    heard.hear(twin.seal(SAYING))
    heard.hear(twin.seal(SAYING))

    assert heard.messages == []
    assert heard.twins == ["twin"]
    assert heard.ear.mismatches.shown() == [{"address": "10.0.0.9", "cause": "twin", "count": 2}]


def test_what_was_filled_up_is_heard_like_any_other() -> None:
    heard = Heard()
    heard.hear(pad(make_voice(BOB).seal(SAYING), 1_472))

    assert [opened.message for opened, _ in heard.messages] == [SAYING]
