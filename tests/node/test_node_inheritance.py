"""What receivers hold and their representative lacks: when it is believed, and for how long."""

from __future__ import annotations

from mcastdist.ids import ContentId, NodeId
from mcastdist.node.commands import Package
from mcastdist.node.inheritance import HEAR_S, TRUST_S, Inheritance
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER
from mcastdist.wire import ReceiverState, Report

BLOCK_BYTES = 1_000
WHO, WHERE = NodeId(7), ("10.0.0.7", 7447)


def package(*held: tuple[int, int]) -> Package:
    """Ten blocks, of which these are here."""
    here = RangeSet(held)
    return Package(ContentId(bytes(32)), 10 * BLOCK_BYTES, BLOCK_BYTES, here, here.copy(), ())


def report(held: int, *missing: tuple[int, int], **other: object) -> Report:
    fields: dict[str, object] = {
        "session": 1, "state": ReceiverState.JOINED, "held_blocks": held, "loss_ppm": 0,
        "drop_ppm": 0, "delay_us": 0, "rate_bps": 0, "datagram_bytes_max": 1_472, "weight": 50,
        "http_port": 8_000, "missing": missing, "reason": "",
    }  # fmt: skip
    return Report(**(fields | other))  # type: ignore[arg-type]  # fields by name


def told(*reports: Report, here: Package) -> Inheritance:
    inheritance = Inheritance()
    inheritance.begin(succeeds=False, now=0.0)
    for each in reports:
        inheritance.reported(WHO, WHERE, each)
        inheritance.look(here, 0.0)
    return inheritance


def test_what_a_receiver_holds_and_we_lack_is_asked_of_it_alone() -> None:
    inheritance = told(report(4, (0, 2), (6, 4)), here=package((0, 3)))

    [source] = inheritance.sources()
    assert (source.address, source.holds) == ("10.0.0.7:8000", ((3, 6),))


def test_a_report_that_does_not_say_exactly_what_is_held_says_nothing() -> None:
    """Blocks of which it has a part are not among those it lacks, and it does not hold them."""
    assert told(report(3, (0, 2), (6, 4)), here=package()).sources() == []


def test_who_has_left_or_serves_nothing_is_not_asked() -> None:
    gone = report(4, (0, 2), (6, 4), state=ReceiverState.LEFT)
    mute = report(4, (0, 2), (6, 4), http_port=0)

    assert told(gone, here=package()).sources() == []
    assert told(mute, here=package()).sources() == []


def test_who_gives_nothing_is_not_believed_again() -> None:
    inheritance = told(report(10), here=package())
    assert inheritance.wake_at() == TRUST_S
    inheritance.wake(TRUST_S)
    inheritance.reported(WHO, WHERE, report(10))
    inheritance.look(package(), TRUST_S)

    assert inheritance.sources() == []
    assert inheritance.wake_at() == NEVER


def test_what_comes_renews_the_trust_until_all_of_it_is_here() -> None:
    inheritance, here = told(report(10), here=package((0, 8))), package((0, 9))
    inheritance.supplied(RangeSet([(8, 9)]), 4.0)
    assert inheritance.wake_at() == 4.0 + TRUST_S
    inheritance.supplied(RangeSet([(9, 10)]), 5.0)
    inheritance.look(here, 5.0)

    assert inheritance.sources() == []


def test_who_succeeds_another_hears_the_first_reports() -> None:
    inheritance = Inheritance()
    inheritance.begin(succeeds=True, now=1.0)

    assert inheritance.hears_first(1.0)
    assert inheritance.wake_at() == 1.0 + HEAR_S
    inheritance.wake(1.0 + HEAR_S)
    assert not inheritance.hears_first(1.0 + HEAR_S)
    assert inheritance.wake_at() == NEVER


def test_when_nothing_is_to_be_asked_for_all_is_forgotten() -> None:
    inheritance = told(report(10), here=package())
    inheritance.stop()

    assert inheritance.sources() == []
    assert inheritance.wake_at() == NEVER
