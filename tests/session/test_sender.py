"""Promises of the sender: order, fair shares, one answer for many needs, and quiet when idle."""

from __future__ import annotations

from random import Random

import pytest
from channel import CLUSTER, NODE, SEAL, SESSION, Channel, header_of

from mcastdist.repair import Fountain
from mcastdist.session import Sender, seal_block
from mcastdist.session.answers import CROSSING_S
from mcastdist.session.cache import CACHE_BLOCKS
from mcastdist.session.pacing import link_bits
from mcastdist.session.sender import READ_AHEAD
from mcastdist.timers import NEVER
from mcastdist.wire import PARITY_FIRST, PARITY_RANDOM_FIRST, PARITY_SEED_MASK, PARITY_SPARE

SMALL = 4_096 * 5 + 1_000  # 5 blocks of 17 symbols, and one of 4


def said(channel: Channel, datagrams_max: int = 16) -> list[tuple[int, int]]:
    """(block, symbol) of all that the sender says now."""
    headers = [header_of(one) for burst in channel.bursts(datagrams_max) for one in burst]
    return [(int(header["block"]), int(header["symbol"])) for header in headers]


def is_parity(symbol: int) -> bool:
    return symbol & PARITY_SEED_MASK >= PARITY_FIRST


def test_a_round_is_blocks_in_order_and_their_symbols_in_order() -> None:
    channel = Channel(SMALL)
    channel.stream_all()

    assert said(channel) == [
        (block, symbol)
        for block in channel.blocks
        for symbol in range(channel.geometry.symbols(block))
    ]
    assert channel.sender.idle
    assert channel.sender.position == 6
    assert channel.sender.wake_at() == NEVER


def test_every_header_names_its_origin_and_the_sequence_has_no_gap() -> None:
    channel = Channel(SMALL)
    channel.stream_all()
    datagrams = [one for burst in channel.bursts() for one in burst]

    headers = [header_of(one) for one in datagrams]

    assert [int(header["sequence"]) for header in headers] == list(range(len(headers)))
    for header, datagram in zip(headers, datagrams, strict=True):
        assert int(header["cluster"]) == CLUSTER
        assert int(header["sender"]) == NODE & 0xFFFF_FFFF
        assert int(header["session"]) == SESSION
        assert len(datagram) == 296
        tag = SEAL.symbol_tag(int(header["block"]), int(header["symbol"]), datagram[40:])
        assert header["tag"].tobytes() == tag


def test_blocks_are_streamed_as_they_become_ready_and_never_out_of_order() -> None:
    channel = Channel(SMALL)
    channel.sender.stream(channel.blocks)
    channel.sender.ready(1)
    assert channel.sender.wants() == []
    assert said(channel) == []
    assert (channel.sender.position, channel.sender.idle) == (0, False)

    channel.sender.ready(0)
    assert channel.sender.wants() == [0, 1]
    assert {block for block, _ in said(channel)} == {0, 1}
    assert (channel.sender.position, channel.sender.idle) == (2, False)

    for block in (5, 4, 3, 2):
        channel.sender.ready(block)
    assert [block for block, _ in said(channel)][::17] == [2, 3, 4, 5]
    assert channel.sender.idle


def test_a_second_round_is_over_what_it_is_asked_for() -> None:
    channel = Channel(SMALL)
    channel.stream_all()
    said(channel)
    assert channel.sender.round == 1

    channel.sender.stream([4, 1, 1, 99, -1])

    assert channel.sender.position == 1
    assert [block for block, _ in said(channel)] == [1] * 17 + [4] * 17
    assert channel.sender.round == 2
    assert channel.sender.position == 6


def test_a_new_round_in_the_middle_of_one_starts_over() -> None:
    channel = Channel(SMALL)
    channel.stream_all()
    for block in channel.sender.wants():
        channel.sender.provide(seal_block(SEAL, channel.geometry, block, channel.plain(block)))
    assert channel.sender.next_burst(channel.now, 5) is not None

    channel.sender.stream([0])

    assert said(channel) == [(0, symbol) for symbol in range(17)]


def test_nothing_goes_before_the_rate_allows_it() -> None:
    channel = Channel(SMALL)
    channel.stream_all()
    channel.sender.set_rate(1e6)
    started_at = channel.now

    datagrams = sum(len(burst) for burst in channel.bursts())

    assert datagrams == 89
    assert channel.now - started_at == pytest.approx(link_bits(88, 296) / 1e6, rel=0.05)


def test_bursts_are_bounded_and_of_one_block() -> None:
    channel = Channel(SMALL)
    channel.stream_all()

    bursts = channel.bursts(datagrams_max=7)

    assert max(map(len, bursts)) <= 7
    assert all(len({int(header_of(one)["block"]) for one in burst}) == 1 for burst in bursts)


def test_a_burst_tells_its_size() -> None:
    channel = Channel(SMALL)
    channel.stream_all()
    channel.sender.provide(seal_block(SEAL, channel.geometry, 0, channel.plain(0)))
    channel.sender.set_rate(40e9)

    burst = channel.sender.next_burst(channel.now, 16)

    assert burst is not None
    assert (burst.block, burst.count, burst.datagram_bytes, burst.bytes) == (0, 16, 296, 16 * 296)
    assert len(burst.buffers) == 32
    assert sum(len(one) for one in burst.buffers) == burst.bytes


# --- answers --------------------------------------------------------------------------------------


def test_an_answer_is_what_is_missing_and_a_few_more_of_fresh_parity() -> None:
    channel = Channel(SMALL)
    channel.sender.ready(2)
    channel.sender.answer(2, 4, now=channel.now)
    assert channel.sender.queue == 1

    first = said(channel)
    channel.now += 1.0
    channel.sender.answer(2, 4, now=channel.now)
    second = said(channel)

    assert len(first) == len(second) == 4 + PARITY_SPARE
    symbols = [symbol for _, symbol in first + second]
    assert all(is_parity(symbol) for symbol in symbols)
    assert all(symbol & PARITY_SEED_MASK >= PARITY_RANDOM_FIRST for symbol in symbols)
    assert len(set(symbols)) == 2 * (4 + PARITY_SPARE)
    assert (channel.sender.queue, channel.sender.idle) == (0, True)


def test_two_senders_of_one_content_make_different_parity() -> None:
    symbols = []
    for seed in (1, 2):
        channel = Channel(SMALL)
        channel.sender = Sender(
            geometry=channel.geometry, session=SESSION, sender=NODE, cluster=CLUSTER,
            parity=Fountain(), seal=SEAL, rng=Random(seed), now=channel.now,
        )  # fmt: skip
        channel.sender.ready(0)
        channel.sender.answer(0, 5, now=channel.now)
        symbols.append({symbol for _, symbol in said(channel)})

    assert not symbols[0] & symbols[1]


def test_needs_of_one_block_are_answered_by_the_largest() -> None:
    channel = Channel(SMALL)
    channel.sender.ready(0)
    for missing in (2, 6, 3):
        channel.sender.answer(0, missing, now=channel.now)

    assert len(said(channel)) == 6 + PARITY_SPARE


def test_a_need_that_crossed_its_answer_is_not_answered_twice() -> None:
    channel = Channel(SMALL)
    channel.sender.ready(0)
    channel.sender.answer(0, 4, now=channel.now)
    said(channel)

    channel.sender.answer(0, 3, now=channel.now + CROSSING_S / 2)
    assert said(channel) == []
    channel.sender.answer(0, 6, now=channel.now + CROSSING_S / 2)
    assert len(said(channel)) == 2

    channel.now += 10 * CROSSING_S
    channel.sender.answer(0, 3, now=channel.now)
    assert len(said(channel)) == 3 + PARITY_SPARE


def test_who_misses_more_than_half_gets_the_source_symbols_once() -> None:
    channel = Channel(SMALL)
    channel.sender.ready(0)
    channel.sender.answer(0, 9, now=channel.now)
    channel.sender.set_rate(1e6)
    channel.sender.provide(seal_block(SEAL, channel.geometry, 0, channel.plain(0)))
    assert channel.sender.next_burst(channel.now, 4) is not None

    channel.sender.answer(0, 17, now=channel.now + 10 * CROSSING_S)
    rest = said(channel)

    assert rest == [(0, symbol) for symbol in range(1, 17)]


def test_answers_go_first_but_the_stream_keeps_a_fifth() -> None:
    channel = Channel(4_096 * 400)
    channel.stream_all()
    for _ in range(30):
        for block in channel.blocks:
            channel.sender.answer(block, 8, now=channel.now)
        for block in channel.sender.wants():
            channel.sender.provide(seal_block(SEAL, channel.geometry, block, channel.plain(block)))

    order = [is_parity(symbol) for _, symbol in said(channel)]

    assert all(order[:1_000])
    contested = order[1_024 : len(order) - order[::-1].index(True)]
    assert len(contested) > 2_000
    assert sum(contested) / len(contested) == pytest.approx(0.8, abs=0.03)


def test_needs_of_what_is_not_here_or_makes_no_sense_are_ignored() -> None:
    channel = Channel(SMALL)
    channel.sender.ready(0)
    for block, missing in ((1, 4), (99, 4), (-1, 4), (0, 0), (0, -5)):
        channel.sender.answer(block, missing, now=channel.now)

    assert (channel.sender.queue, channel.sender.wants(), said(channel)) == (0, [], [])


def test_a_need_for_more_than_there_is_means_the_whole_block() -> None:
    channel = Channel(SMALL)
    channel.sender.ready(5)
    channel.sender.answer(5, 10**6, now=channel.now)

    assert said(channel) == [(5, symbol) for symbol in range(4)]


# --- parity unasked -------------------------------------------------------------------------------


def test_parity_follows_each_block_by_the_share_that_is_set() -> None:
    channel = Channel(4_096 * 100)
    channel.sender.set_parity_share(0.05)
    channel.stream_all()

    order = said(channel)

    parity = [(block, symbol) for block, symbol in order if is_parity(symbol)]
    assert len(parity) == int(100 * 17 * 0.05)
    assert order == sorted(order, key=lambda one: one[0])


def test_every_datagram_of_much_parity_carries_its_own_tag() -> None:
    """More than one batch of parity a block: no batch may write over headers still to be sent."""
    channel = Channel(100 * 256, block_bytes=100 * 256)
    channel.sender.set_parity_share(0.45)
    channel.stream_all()

    datagrams = [one for burst in channel.bursts() for one in burst]

    parity = [one for one in datagrams if is_parity(int(header_of(one)["symbol"]))]
    assert len(parity) > 40
    for datagram in parity:
        header = header_of(datagram)
        tag = SEAL.symbol_tag(int(header["block"]), int(header["symbol"]), datagram[40:])
        assert header["tag"].tobytes() == tag


def test_a_share_beyond_reason_is_cut() -> None:
    channel = Channel(4_096 * 20)
    channel.sender.set_parity_share(7.0)
    channel.stream_all()

    order = said(channel)

    assert sum(is_parity(symbol) for _, symbol in order) == 20 * 17 // 2


def test_unasked_parity_saves_the_question() -> None:
    channel = Channel(4_096 * 50)
    channel.sender.set_parity_share(0.4)
    rng = Random(1)
    channel.stream_all()
    for burst in channel.bursts():
        if kept := [one for one in burst if rng.random() > 0.05]:
            channel.deliver(kept)

    assert len(channel.got) >= 47


# --- sealed blocks --------------------------------------------------------------------------------


def test_it_wants_a_few_blocks_ahead_and_those_of_answers_first() -> None:
    channel = Channel(4_096 * 50)
    channel.stream_all()
    assert channel.sender.wants() == list(range(READ_AHEAD))

    channel.sender.answer(40, 3, now=channel.now)
    assert channel.sender.wants() == [40, *range(READ_AHEAD - 1)]

    channel.sender.provide(seal_block(SEAL, channel.geometry, 40, channel.plain(40)))
    assert 40 not in channel.sender.wants()


def test_sealed_blocks_are_kept_for_answers_but_not_without_bound() -> None:
    channel = Channel(4_096 * 100)
    channel.stream_all()
    said(channel)

    assert len(channel.sender._sealed) == CACHE_BLOCKS
    channel.sender.answer(99, 3, now=channel.now)
    assert channel.sender.wants() == []
    channel.sender.answer(5, 3, now=channel.now)
    assert channel.sender.wants() == [5]


def test_an_answer_that_waits_for_its_block_does_not_hold_up_the_stream() -> None:
    channel = Channel(SMALL)
    channel.stream_all()
    channel.sender.provide(seal_block(SEAL, channel.geometry, 0, channel.plain(0)))
    channel.sender.answer(3, 4, now=channel.now)

    burst = channel.sender.next_burst(channel.now, 16)

    assert burst is not None
    assert burst.block == 0


def test_a_block_that_is_none_cannot_be_ready() -> None:
    channel = Channel(SMALL)
    with pytest.raises(IndexError):
        channel.sender.ready(6)


# --- parity made ahead ----------------------------------------------------------------------------


def test_parity_is_made_ahead_for_blocks_of_the_stream_once_a_loss_is_known() -> None:
    channel = Channel(SMALL)
    channel.stream_all()
    assert channel.sender.parity_ahead(0) == []

    channel.sender.set_parity_share(0.25)
    ids = channel.sender.parity_ahead(0)
    assert len(ids) == int(0.25 * channel.geometry.symbols(0) + 1)
    assert not set(ids) & set(channel.sender.parity_ahead(1))

    last = channel.geometry.block_count - 1
    channel.sender.stream([0])
    assert channel.sender.parity_ahead(last) == []


def test_what_was_made_ahead_is_what_follows_the_block() -> None:
    channel = Channel(SMALL)
    channel.stream_all()
    channel.sender.set_parity_share(0.25)
    made = {}
    for block in channel.sender.wants():
        ids = channel.sender.parity_ahead(block)
        sealed = seal_block(
            SEAL, channel.geometry, block, channel.plain(block), parity=Fountain(), ids=ids
        )
        made[block] = set(ids)
        channel.sender.provide(sealed)

    sent = [one for one in said(channel) if one[1] >= PARITY_FIRST]
    assert sent
    for block, symbol in sent:
        assert block not in made or symbol in made[block]


def test_where_too_little_was_made_ahead_the_rest_follows() -> None:
    channel = Channel(SMALL)
    channel.stream_all()
    channel.sender.set_parity_share(0.5)
    ids = channel.sender.parity_ahead(0)[:2]
    channel.sender.provide(
        seal_block(SEAL, channel.geometry, 0, channel.plain(0), parity=Fountain(), ids=ids)
    )

    sent = [symbol for block, symbol in said(channel) if block == 0 and symbol >= PARITY_FIRST]
    assert sent[:2] == ids
    assert len(sent) == len(set(sent)) == int(0.5 * channel.geometry.symbols(0))
