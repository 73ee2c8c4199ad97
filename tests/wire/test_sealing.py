"""Only a member's new datagram opens; every other one is refused, counted, and changes nothing."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from wire_samples import BOOT, CLUSTER, GOLDEN, KEY, LOCATOR, ME, NODE

from mcastdist.errors import MalformedMessage, Unauthentic
from mcastdist.ids import BootId, NodeId, cluster_tag
from mcastdist.wire import (
    CONTROL_BYTES_MAX,
    REFUSALS,
    REPLAY_WINDOW,
    SENDERS_MAX,
    ClusterKey,
    Message,
    Opener,
    Sealer,
    SealExhausted,
    Seek,
)
from mcastdist.wire.sealing import COUNTER_MAX, ReplayWindow

GOLDEN_DATAGRAM = (
    "01" "43" "78" "00" "50d858e0" "1111222233334444" "5555666677778888" "00000001"
    "dde93242daa24644d4ce19b4e9fcbd74aaacc3ce6a8c88c7a9a32d8543c78f3857c3096ff5"
    "4282c8f5ab134ac66beefe9ee4027ebff5e9"
)  # fmt: skip
HEADER_BYTES = 28


def make_sealer(key: ClusterKey = KEY, *, node: int = NODE, boot: int = BOOT) -> Sealer:
    return Sealer(key, CLUSTER, NodeId(node), BootId(boot))


def make_opener(*keys: ClusterKey) -> Opener:
    return Opener(keys or (KEY,), CLUSTER, ME)


def assert_refused(opener: Opener, datagram: bytes, cause: str) -> None:
    before = Counter(opener.refused)
    with pytest.raises(Unauthentic) as refusal:
        opener.open(datagram)
    assert refusal.value.cause == cause
    assert opener.refused - before == Counter({cause: 1})
    assert cause in REFUSALS


def test_golden_datagram() -> None:
    assert make_sealer().seal(Seek(LOCATOR)).hex() == GOLDEN_DATAGRAM
    opened = make_opener().open(bytes.fromhex(GOLDEN_DATAGRAM))
    assert opened == (NODE, BOOT, Seek(LOCATOR), KEY)


@pytest.mark.parametrize("message", [message for message, _ in GOLDEN])
def test_every_message_comes_through(message: Message) -> None:
    opener = make_opener()
    assert opener.open(memoryview(make_sealer().seal(message))).message == message
    assert not opener.refused


def test_a_datagram_counts_once() -> None:
    opener, sealer = make_opener(), make_sealer()
    first, second = sealer.seal(Seek(LOCATOR)), sealer.seal(Seek(LOCATOR))
    opener.open(second)
    opener.open(first)
    assert_refused(opener, first, "replayed")
    assert_refused(opener, second, "replayed")


def test_every_flipped_bit_is_refused_and_leaves_no_trace() -> None:
    whole = make_sealer().seal(Seek(LOCATOR))
    opener = make_opener()
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Unauthentic):
            opener.open(bytes(flipped))
    assert opener.refused == {
        "version": 8, "kind": 8, "key": 8, "cluster": 32, "forged": (len(whole) - 7) * 8,
    }  # fmt: skip
    assert opener.open(whole).node == NODE


def test_every_truncation_is_refused() -> None:
    whole = make_sealer().seal(Seek(LOCATOR))
    opener = make_opener()
    for length in range(len(whole)):
        short = length < HEADER_BYTES + 16
        assert_refused(opener, whole[:length], "too_short" if short else "forged")
    assert_refused(opener, whole + b"\0", "forged")


def test_an_oversize_datagram_is_not_even_opened() -> None:
    opener = make_opener()
    with pytest.raises(MalformedMessage, match="at most 1200"):
        opener.open(bytes(CONTROL_BYTES_MAX + 1))
    assert opener.refused == {"malformed": 1}


def test_a_member_that_seals_nonsense_is_told_from_a_forger() -> None:
    opener = make_opener()
    name = NODE.to_bytes(8, "big") + BOOT.to_bytes(8, "big")
    cipher = AESGCM(KEY.derive(b"mcastdist control" + name))
    header = bytes.fromhex(GOLDEN_DATAGRAM)[:HEADER_BYTES]
    datagram = header + cipher.encrypt(bytes(11) + b"\1", b"\x91\x7f", header)
    with pytest.raises(MalformedMessage, match="number 127"):
        opener.open(datagram)
    assert opener.refused == {"malformed": 1}
    assert_refused(opener, datagram, "replayed")


def test_another_cluster_version_and_kind_are_named() -> None:
    opener = make_opener()
    foreign = Sealer(KEY, cluster_tag("other"), NODE, BOOT).seal(Seek(LOCATOR))
    assert_refused(opener, foreign, "cluster")
    ours = make_sealer().seal(Seek(LOCATOR))
    assert_refused(opener, b"\x02" + ours[1:], "version")
    assert_refused(opener, b"\x01\x53" + ours[2:], "kind")


def test_our_own_echo_is_told_from_a_twin() -> None:
    opener = make_opener()
    assert_refused(opener, make_sealer(node=1, boot=1).seal(Seek(LOCATOR)), "own")
    assert opener.open(make_sealer(node=1, boot=2).seal(Seek(LOCATOR))).boot == 2  # a twin
    opener.add_own(NodeId(1), BootId(3))
    assert_refused(opener, make_sealer(node=1, boot=3).seal(Seek(LOCATOR)), "own")
    assert_refused(opener, make_sealer(node=1, boot=1).seal(Seek(LOCATOR)), "own")


def test_two_keys_live_side_by_side_during_a_rotation() -> None:
    new, old, strange = ClusterKey(bytes(16)), KEY, ClusterKey(b"\xff" * 16)
    assert len({new.key_id, old.key_id, strange.key_id}) == 3
    opener = make_opener(new, old)
    opener.open(make_sealer(new).seal(Seek(LOCATOR)))
    opener.open(make_sealer(old).seal(Seek(LOCATOR)))
    assert_refused(opener, make_sealer(strange).seal(Seek(LOCATOR)), "key")


def test_two_keys_that_share_their_id_are_both_tried() -> None:
    first, second = keys_with_one_id()
    opener = make_opener(first, second)
    opener.open(make_sealer(first).seal(Seek(LOCATOR)))
    datagram = make_sealer(second).seal(Seek(LOCATOR))
    opener.open(datagram)
    assert_refused(opener, datagram, "replayed")
    assert_refused(make_opener(first), datagram, "forged")


def keys_with_one_id() -> tuple[ClusterKey, ClusterKey]:
    seen: dict[int, ClusterKey] = {}
    for number in range(257):
        key = ClusterKey(hashlib.sha256(bytes([number & 0xFF, number >> 8])).digest())
        if key.key_id in seen:
            return seen[key.key_id], key
        seen[key.key_id] = key
    raise AssertionError("257 keys have at most 256 ids")


def test_the_longest_silent_sender_is_forgotten_first_and_forgers_forget_nobody() -> None:
    opener = make_opener()
    first, second = make_sealer(node=2), make_sealer(node=3)
    opening = [sealer.seal(Seek(LOCATOR)) for sealer in (first, second)]
    for datagram in opening:
        opener.open(datagram)
    forgery = bytearray(opening[0])
    for number in range(SENDERS_MAX + 1):
        forgery[8:16] = (number + 10).to_bytes(8, "big")
        assert_refused(opener, bytes(forgery), "forged")
    for datagram in opening:
        assert_refused(opener, datagram, "replayed")
    opener.open(first.seal(Seek(LOCATOR)))  # heard again, so `second` is the longest silent
    for node in range(10, 10 + SENDERS_MAX - 1):
        opener.open(make_sealer(node=node).seal(Seek(LOCATOR)))
    assert_refused(opener, opening[0], "replayed")
    assert opener.open(opening[1]).node == 3


def test_the_counter_ends_and_begins_again_under_another_boot_id() -> None:
    sealer, opener = make_sealer(), make_opener()
    sealer._counter = COUNTER_MAX - 1
    assert not sealer.exhausted
    last = sealer.seal(Seek(LOCATOR))
    assert opener.open(last).boot == BOOT
    assert sealer.exhausted
    with pytest.raises(SealExhausted, match="boot id"):
        sealer.seal(Seek(LOCATOR))
    sealer.renew(BootId(99))
    assert opener.open(sealer.seal(Seek(LOCATOR))).boot == 99


def test_the_window_takes_what_is_late_but_not_what_is_older() -> None:
    window = ReplayWindow()
    assert window.admit(REPLAY_WINDOW + 1)
    assert not window.admit(1)
    assert not window.admit(0)
    assert not window.admit(-5)
    assert all(window.admit(counter) for counter in range(2, REPLAY_WINDOW + 1))
    assert not any(window.admit(counter) for counter in range(1, REPLAY_WINDOW + 2))
    assert window.admit(COUNTER_MAX)
    assert not window.admit(COUNTER_MAX)
    assert window.admit(COUNTER_MAX - REPLAY_WINDOW + 1)
    assert window._seen.bit_length() <= REPLAY_WINDOW


@given(st.lists(st.integers(1, 3 * REPLAY_WINDOW), max_size=80))
def test_the_window_agrees_with_a_set(counters: list[int]) -> None:
    window, seen, highest = ReplayWindow(), set(), 0
    for counter in counters:
        fresh = counter not in seen and counter > highest - REPLAY_WINDOW
        assert window.admit(counter) == fresh
        seen.add(counter)
        highest = max(highest, counter)
