"""What proves that a stream does not reach us, and what does not."""

from __future__ import annotations

from node_kit import BLOCKS, announce

from mcastdist.node.hearing import OUT_OF_REACH_S, WRAP_GRACE_S, Hearing
from mcastdist.wire import DEAF_S, Phase


def _listening(phase: Phase = Phase.WAITING) -> Hearing:
    hearing = Hearing(announce(phase), now=0.0)
    hearing.listens(0.0)
    return hearing


def _stream(hearing: Hearing, positions: dict[float, int], **changes: object) -> None:
    for now, position in positions.items():
        hearing.announced(announce(Phase.STREAMING, position=position, **changes), now=now)


def test_a_moving_stream_that_is_not_heard_makes_deaf_after_a_while() -> None:
    hearing = _listening()
    _stream(hearing, {1.0: 0, 2.0: 3})
    assert not hearing.is_deaf(1.0 + DEAF_S - 0.01)
    assert hearing.is_deaf(1.0 + DEAF_S)


def test_a_stream_that_stands_still_proves_nothing() -> None:
    """The representative waits for a block from a slow WAN."""
    hearing = _listening()
    _stream(hearing, {float(second): 0 for second in range(1, 60)})
    assert not hearing.is_deaf(60.0)


def test_silence_between_the_blocks_of_a_slow_download_proves_nothing() -> None:
    hearing = _listening()
    for second in range(1, 60):
        if second % 5 == 0:
            assert hearing.heard(second - 0.5)
        hearing.announced(announce(Phase.STREAMING, position=second // 5), now=float(second))
        assert not hearing.is_deaf(second + 0.9)


def test_who_hears_its_representative_only_aside_is_out_of_the_groups_reach() -> None:
    hearing = _listening()
    hearing.announced(announce(aside=True), now=OUT_OF_REACH_S - 0.1)
    assert not hearing.is_deaf(60.0)
    hearing.announced(announce(aside=True), now=OUT_OF_REACH_S)
    assert hearing.is_out_of_reach
    assert hearing.is_deaf(60.0)


def test_who_hears_the_stream_or_the_group_is_within_its_reach() -> None:
    hearing = _listening()
    for second in range(1, 20):
        hearing.announced(announce(aside=second % 2 == 1), now=float(second))
        assert not hearing.is_deaf(second + 0.9)
    for second in range(20, 40):
        assert hearing.heard(second - 0.5)
        hearing.announced(announce(aside=True), now=float(second))
        assert not hearing.is_deaf(second + 0.9)


def test_hearing_again_heals() -> None:
    hearing = _listening()
    _stream(hearing, {1.0: 0, 2.0: 3})
    assert hearing.is_deaf(10.0)
    assert hearing.heard(10.0)
    assert not hearing.is_deaf(10.1)


def test_what_was_heard_before_is_no_news() -> None:
    hearing = _listening()
    assert hearing.heard(1.0)
    assert not hearing.heard(1.0)
    assert not hearing.heard(None)


def test_who_does_not_listen_yet_is_not_deaf() -> None:
    """No manifest, so no stream is open."""
    hearing = Hearing(announce(), now=0.0)
    _stream(hearing, {1.0: 0, 2.0: 3, 3.0: 5, 4.0: 6})
    assert not hearing.is_deaf(30.0)


def test_what_moved_before_we_listened_does_not_count() -> None:
    hearing = Hearing(announce(Phase.STREAMING, position=1), now=1.0)
    hearing.listens(1.5)
    _stream(hearing, {2.0: 4})
    assert not hearing.is_deaf(30.0)


def test_a_whole_round_unheard_makes_deaf_at_its_end_however_short_it_was() -> None:
    hearing = _listening()
    _stream(hearing, {1.0: 0})
    hearing.announced(announce(Phase.REPAIRING, position=BLOCKS), now=1.3)
    assert hearing.is_deaf(1.3)


def test_so_does_a_round_of_which_no_announcement_was_heard() -> None:
    hearing = _listening()
    hearing.announced(announce(Phase.WAITING), now=1.0)
    hearing.announced(announce(Phase.REPAIRING, position=BLOCKS), now=2.0)
    assert hearing.is_deaf(2.0)


def test_who_heard_a_part_of_the_round_is_not_deaf_at_its_end() -> None:
    hearing = _listening()
    _stream(hearing, {1.0: 0, 2.0: 3})
    hearing.heard(1.5)
    hearing.announced(announce(Phase.REPAIRING, position=BLOCKS), now=3.0)
    assert not hearing.is_deaf(3.0)


def test_who_joins_at_the_very_end_of_a_round_is_not_deaf() -> None:
    hearing = Hearing(announce(Phase.STREAMING, position=7), now=5.0)
    hearing.listens(5.1)
    hearing.announced(announce(Phase.REPAIRING, position=BLOCKS), now=5.2)
    assert not hearing.is_deaf(5.2)


def test_deafness_lasts_over_further_rounds() -> None:
    """Short rounds must not make us hope for ever."""
    hearing = _listening()
    _stream(hearing, {1.0: 0})
    hearing.announced(announce(Phase.REPAIRING, position=BLOCKS), now=1.5)
    _stream(hearing, {2.0: 0}, round=2)
    hearing.announced(announce(Phase.REPAIRING, position=BLOCKS, round=2), now=2.5)
    assert hearing.is_deaf(2.5)


def test_a_round_is_final_when_no_other_follows_for_a_while() -> None:
    hearing = _listening()
    _stream(hearing, {1.0: 0})
    assert not hearing.round_is_over
    hearing.announced(announce(Phase.REPAIRING, position=BLOCKS), now=2.0)
    hearing.announced(announce(Phase.REPAIRING, position=BLOCKS), now=2.5)
    assert hearing.round_is_over
    assert not hearing.round_is_final(2.0 + WRAP_GRACE_S)
    assert hearing.round_is_final(2.02 + WRAP_GRACE_S)

    _stream(hearing, {4.0: 0}, round=2)
    assert not hearing.round_is_over
    assert not hearing.round_is_final(10.0)


def test_who_joins_between_rounds_waits_for_one_no_longer_than_the_others() -> None:
    hearing = Hearing(announce(Phase.REPAIRING, position=BLOCKS), now=5.0)
    hearing.announced(announce(Phase.REPAIRING, position=BLOCKS), now=5.0)
    assert hearing.round_is_over
    assert hearing.round_is_final(5.02 + WRAP_GRACE_S)
    assert not hearing.is_deaf(60.0)


def test_in_a_large_group_it_takes_longer_until_all_have_told_what_they_lack() -> None:
    hearing = _listening()
    _stream(hearing, {1.0: 0})
    hearing.announced(announce(Phase.REPAIRING, position=BLOCKS, receivers=1_000), now=2.0)
    hearing.announced(announce(Phase.REPAIRING, position=BLOCKS, receivers=100), now=9.0)
    assert not hearing.round_is_final(12.0)
    assert hearing.round_is_final(2.1 + WRAP_GRACE_S + 10.0)
