"""All of a capture, counted."""

from __future__ import annotations

import capture_kit as kit

from mcastdist.cli.capture import Account, Frame, Kind, Looker, Tally
from mcastdist.wire import Offer
from mcastdist.wire.dissect import Unsealer

PORT = 7447


def counted(frames: list[bytes] | list[Frame], *, with_key: bool = True) -> Account:
    """The account of these frames."""
    looker = Looker(PORT, None, Unsealer([kit.KEY]) if with_key else None)
    tally = Tally(PORT)
    for each in kit.numbered([data for data in frames if isinstance(data, bytes)]) or [
        frame for frame in frames if isinstance(frame, Frame)
    ]:
        for sighting in looker.look(each):
            tally.add(sighting)
    return tally.account()


def test_every_frame_is_counted_once_under_its_kind() -> None:
    frames = kit.everything()
    account = counted(frames)

    assert {kind.value: count.datagrams for kind, count in account.kinds.items()} == {
        "data": 3, "again": 1, "parity": 2, "control": 1, "repair": 2, "origin": 2, "copy": 1,
        "refused": 1, "other": 2,
    }  # fmt: skip
    assert account.frames == len(frames)
    assert account.bytes == sum(map(len, frames))
    assert (account.began, round(account.seconds, 6)) == (kit.BEGAN, (len(frames) - 1) / 10)
    assert account.clusters == [f"{kit.CLUSTER:08x}"]


def test_messages_are_named_with_the_key_and_sealed_without() -> None:
    frames = [kit.udp(kit.control())] * 2

    assert {name: count.datagrams for name, count in counted(frames).messages.items()} == {
        "Seek": 2
    }
    assert list(counted(frames, with_key=False).messages) == ["sealed"]


def test_a_session_is_told_with_what_is_missing_of_it() -> None:
    frames = [kit.udp(each) for each in kit.stream(0, 1, kit.PARITY, sequence=10)]
    frames += [kit.udp(each) for each in kit.stream(0, block=7, sequence=20)]
    (session,) = counted([*frames, frames[0], kit.udp(kit.control())]).sessions

    assert (session.session, session.address) == ("abcdef01", kit.SENDER)
    assert session.sender == f"{kit.NODE:016x}", "control from the same node tells its whole id"
    assert (session.data, session.parity, session.again, session.blocks) == (3, 1, 0, 2)
    assert session.uncaptured == 7
    assert (session.symbol_bytes, session.bytes) == (100, 4 * kit.STREAM_WIRE_BYTES)
    assert abs(session.seconds - 0.3) < 1e-6
    assert abs(session.rate_bps - 4 * kit.STREAM_WIRE_BYTES * 8 / 0.3) < 1


def test_senders_are_told_the_busiest_first() -> None:
    frames = [kit.udp(kit.control(), kit.RECEIVER), *map(kit.udp, kit.stream(0, 1, 2))]
    first, second = counted([*frames, kit.udp(b"hello", "10.0.0.7", port=53)]).senders

    assert (first.address, list(first.kinds)) == (kit.SENDER, [Kind.DATA])
    assert (second.address, second.nodes) == (kit.RECEIVER, [f"{kit.NODE:016x}"])


def test_a_port_that_an_offer_tells_is_one_of_peers() -> None:
    offer = Offer(bytes(32), bytes(range(32)), 7700, 1, True, False)
    frames = [kit.udp(kit.control(offer)), kit.tcp(b"", port=7700)]

    assert counted(frames).kinds[Kind.REPAIR].datagrams == 1
    assert Kind.REPAIR not in counted(frames, with_key=False).kinds


def test_a_joined_run_is_one_frame_and_many_datagrams() -> None:
    account = counted([kit.udp(b"".join(kit.stream(0, 1, 2)))])

    assert (account.frames, account.kinds[Kind.DATA].datagrams) == (1, 3)
    assert account.bytes == 3 * kit.STREAM_WIRE_BYTES


def test_refusals_are_counted_by_cause_and_the_first_are_told() -> None:
    refused = counted([kit.udp(b"\x02S" + bytes(80))] * 8).refused

    assert list(refused) == ["version"]
    assert refused["version"].count == 8
    assert [example.frame for example in refused["version"].first] == [1, 2, 3, 4, 5]
    assert refused["version"].first[0].source == kit.SENDER


def test_nothing_is_an_account_too() -> None:
    assert counted([]) == Account()
