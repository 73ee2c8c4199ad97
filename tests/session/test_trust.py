"""Promises of trust: forgeries cost a repair at most, and only liars are refused."""

from __future__ import annotations

from channel import SEAL, SENDER, Channel, flipped, nothing_happens, stream_of

from mcastdist.session.trust import WARY_S
from mcastdist.wire import BAN_S

SMALL = 4_096 * 5 + 1_000  # the last block is short


def test_a_forged_symbol_is_thrown_out_and_its_block_repaired() -> None:
    channel = Channel(SMALL)
    datagrams = stream_of(channel, 0)
    datagrams[5] = flipped(datagrams[5], 100)

    channel.deliver(datagrams)

    assert channel.spoils == 1
    assert channel.receiver.counters.forged == 296
    assert channel.receiver.counters.source == 16 * 296
    assert channel.receiver.lacking(channel.now + 1.0) == [(0, 1)]
    channel.run(nothing_happens)
    channel.assert_complete()


def test_a_forger_in_another_name_cannot_silence_the_sender() -> None:
    channel = Channel(SMALL)
    datagrams = stream_of(channel, 0)
    datagrams[5] = flipped(datagrams[5], 100)
    channel.deliver(datagrams)

    channel.deliver(stream_of(channel, 1, sequence=17))

    assert list(channel.got) == [1]


def test_after_a_forgery_each_tag_is_checked_for_a_while() -> None:
    channel = Channel(SMALL)
    datagrams = stream_of(channel, 0)
    datagrams[5] = flipped(datagrams[5], 100)
    channel.deliver(datagrams)

    attacked = stream_of(channel, 1)
    attacked[3] = flipped(attacked[3], 200)
    attacked[9] = flipped(attacked[9], 33)  # the tag itself
    channel.deliver(attacked)
    assert channel.spoils == 1
    assert channel.receiver.counters.forged == 3 * 296
    assert dict(channel.receiver.lacking(channel.now + 1.0))[1] == 2

    channel.now += WARY_S + 0.1
    attacked = stream_of(channel, 2)
    attacked[3] = flipped(attacked[3], 200)
    channel.deliver(attacked)
    assert channel.spoils == 2


def test_a_forged_first_datagram_takes_no_memory_and_moves_no_position() -> None:
    channel = Channel(SMALL)
    forged = flipped(stream_of(channel, 4)[0], 100)

    channel.deliver([forged])

    assert channel.receiver.position == 0
    assert channel.receiver.lacking(channel.now + 1.0) == []
    assert channel.receiver.counters.forged == 296
    channel.deliver(stream_of(channel, 0))
    assert list(channel.got) == [0]


def test_forged_parity_never_enters_the_decoder() -> None:
    channel = Channel(SMALL)
    channel.sender.ready(0)
    channel.deliver(stream_of(channel, 0)[:-2])
    channel.sender.answer(0, 2, now=channel.now)
    (parity,) = channel.bursts()
    assert len(parity) == 5
    forged = [flipped(one, 150) for one in parity[:3]]

    channel.deliver(forged + parity[3:])

    assert channel.spoils == 1
    assert 0 not in channel.got or channel.got[0] == channel.plain(0)
    assert channel.receiver.counters.forged == 3 * 296
    channel.run(nothing_happens)
    channel.assert_complete()


def test_a_liar_with_the_key_is_refused_and_the_block_taken_from_others() -> None:
    channel = Channel(SMALL)
    liar = Channel(SMALL)
    liar.payload = bytes(SMALL)
    lies = stream_of(liar, 0, sender=66)
    truth = stream_of(channel, 0)
    lie = bytearray(truth[4])
    lie[40:] = lies[4][40:]
    lie[32:40] = SEAL.symbol_tag(0, 4, bytes(lie[40:]))
    told = [_renamed(one, 66) for one in truth]
    told[4] = _renamed(bytes(lie), 66)

    channel.deliver(told)

    refused = list(channel.trace.named("session.sender_refused"))
    assert [event.fields["sender"] for event in refused] == ["00000042"]
    channel.deliver(told)
    assert channel.got == {}
    assert channel.receiver.counters.refused == 17 * 296
    channel.deliver(truth)
    assert list(channel.got) == [0]

    channel.now += BAN_S + 1.0
    channel.deliver([_renamed(one, 66) for one in stream_of(channel, 1)])
    assert sorted(channel.got) == [0, 1]


def test_a_block_that_proved_wrong_later_is_taken_again() -> None:
    channel = Channel(SMALL)
    channel.deliver(stream_of(channel, 0))
    channel.got.clear()

    channel.receiver.lost(0)
    channel.receiver.refuse(SENDER, channel.now)
    channel.deliver(stream_of(channel, 0))
    assert channel.got == {}
    channel.deliver(stream_of(channel, 0, sender=8))
    assert list(channel.got) == [0]


def _renamed(datagram: bytes, sender: int) -> bytes:
    return datagram[:8] + sender.to_bytes(4, "big") + datagram[12:]
