"""What can a machine without the cluster key do? Be counted, and cost a bounded time and memory.

A flood here is a hundred thousand datagrams: forged in any name, recorded and repeated, cut short,
too long, for control and for the stream.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import islice
from random import Random

from agent_kit import ALICE, BOB, OTHER_KEY, make_opener, make_voice
from channel import SENDER, Channel, flipped, nothing_happens, stream_of

from mcastdist.agent.hearing import Ear
from mcastdist.agent.mismatches import HOSTS_MAX
from mcastdist.ids import NodeId
from mcastdist.session.trust import REFUSED_MAX, WARY_S
from mcastdist.wire import Opened, Seek

FLOOD = 100_000
GROWTH_BYTES_MAX = 4 << 20  # what a flood may leave behind: windows, counters, addresses
SEEK = Seek(bytes(32))


def _hostile(rng: Random) -> Iterator[bytes]:
    """Control datagrams that nobody with the key sent now."""
    true = make_voice(BOB).seal(SEEK)
    other = make_voice(BOB, key=OTHER_KEY).seal(SEEK)
    while True:
        # Version, kind and key id stay, so that it is tried; node, boot and counter are invented.
        yield true[:8] + rng.randbytes(20) + true[28:]
        yield true[: rng.randrange(len(true))]
        yield true[:24] + rng.randbytes(4) + true[28:]  # a true sender, another counter
        yield true + rng.randbytes(1_400)
        yield other
        yield rng.randbytes(rng.randrange(200))


def test_a_flood_of_forgeries_leaves_nothing_behind_and_members_are_heard_through_it() -> None:
    heard: list[Opened] = []
    opener = make_opener(ALICE)
    ear = Ear(
        opener, ALICE, on_message=lambda opened, _: heard.append(opened), on_twin=lambda: None
    )
    member, rng = make_voice(BOB), Random(1)
    ear.hear(memoryview(member.seal(SEEK)), ("10.0.0.2", 7447))

    tracemalloc.start()
    for number, datagram in enumerate(islice(_hostile(rng), FLOOD)):
        ear.hear(memoryview(datagram), (f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 7))
        if number % 10_000 == 0:
            ear.hear(memoryview(member.seal(SEEK)), ("10.0.0.2", 7447))
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert [opened.node for opened in heard] == [BOB] * 11
    assert opener.refused.total() == FLOOD
    assert opener.refused["forged"] >= FLOOD // 3
    assert grown < GROWTH_BYTES_MAX
    assert len({entry["address"] for entry in ear.mismatches.shown()}) <= HOSTS_MAX


def test_a_recording_played_again_in_any_order_is_refused() -> None:
    heard: list[Opened] = []
    opener = make_opener(ALICE)
    ear = Ear(
        opener, ALICE, on_message=lambda opened, _: heard.append(opened), on_twin=lambda: None
    )
    member, rng = make_voice(BOB), Random(2)
    recorded = [member.seal(SEEK) for _ in range(2_000)]
    late = recorded.pop(1_500)

    for again in range(10):
        for datagram in rng.sample(recorded, len(recorded)) if again else recorded:
            ear.hear(memoryview(datagram), ("10.0.0.9", 7447))
    ear.hear(memoryview(late), ("10.0.0.2", 7447))  # which is no replay, but came late

    assert len(heard) == 2_000
    assert opener.refused == {"replayed": 9 * 1_999}


def test_a_flood_into_the_stream_takes_no_memory_and_does_not_stop_it() -> None:
    """Forged symbols of every block and session, between the true ones, when tags are unchecked."""
    channel, rng = Channel(4_096 * 40, blocks_open_max=8), Random(3)
    channel.now += WARY_S + 1.0
    examples = [stream_of(channel, block)[0] for block in range(40)]
    tracemalloc.start()

    def between(burst: list[bytes]) -> list[bytes]:
        return [one for datagram in burst for one in (_forged(examples, rng), datagram)]

    channel.run(between)
    for _ in range(FLOOD // 40):
        channel.deliver([_forged(examples, rng) for _ in range(40)])
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    channel.assert_complete()
    assert grown < GROWTH_BYTES_MAX
    assert not channel.receiver._trust.refuses(SENDER, channel.now)


def test_forged_senders_without_end_are_not_remembered() -> None:
    channel = Channel(4_096 * 4)
    for number in range(10 * REFUSED_MAX):
        channel.receiver.refuse(0x1000 + number, channel.now)

    assert len(channel.receiver._trust._refused) == REFUSED_MAX


def test_a_recorded_stream_played_into_the_next_session_is_left_out() -> None:
    """The tags are right and the session is not; nor do old symbols do any harm in their own."""
    recorded, channel = Channel(4_096 * 4), Channel(4_096 * 4)
    other_session = [
        one[:12] + b"\xff\xff\xff\xff" + one[16:]
        for block in range(4)
        for one in stream_of(recorded, block)
    ]
    channel.deliver(other_session)
    assert channel.got == {}

    channel.run(nothing_happens)
    channel.deliver([one for block in range(4) for one in stream_of(channel, block)])
    channel.assert_complete()


def test_an_outsider_cannot_have_anything_sent() -> None:
    """No refusal is answered: there is nothing to reflect or to amplify."""
    said: list[object] = []
    ear = Ear(
        make_opener(ALICE), ALICE, on_message=lambda *heard: said.append(heard), on_twin=said.clear
    )
    for datagram in islice(_hostile(Random(4)), 600):
        ear.hear(memoryview(datagram), ("10.0.0.9", 7447))
    ear.hear(memoryview(make_voice(NodeId(99), key=OTHER_KEY).seal(SEEK)), ("10.0.0.9", 7447))

    assert said == []


def _forged(examples: list[bytes], rng: Random) -> bytes:
    """A datagram with the header of a true one, in its name or another, and a wrong symbol."""
    datagram = flipped(rng.choice(examples), rng.randrange(40, 290))
    if rng.random() < 0.5:
        return datagram
    return datagram[:8] + rng.randbytes(4) + datagram[12:]
