"""Records survive, torn tails do not."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import xxhash
from store_kit import QuickDisk

from mcastdist.errors import NoSpace
from mcastdist.store.catalog import DECODER, Seen
from mcastdist.store.disk import File
from mcastdist.store.journal import FRAME, RECORD_BYTES_MAX, Journal, decode, encode

RECORDS = [Seen("a", 1), Seen("b" * 300, 2), Seen("ünï", 3)]


def journal(path: Path, disk: QuickDisk | None = None) -> Journal[Seen]:
    return Journal(disk or QuickDisk(), path, DECODER)  # type: ignore[arg-type]  # one kind only


def test_what_is_appended_is_found_again(tmp_path: Path) -> None:
    first = journal(tmp_path / "j")
    for record in RECORDS:
        first.append(record)
    first.close()
    first.append(Seen("after close", 4))
    first.close()
    again = journal(tmp_path / "j")
    assert again.found == [*RECORDS, Seen("after close", 4)]
    assert again.size == (tmp_path / "j").stat().st_size


def test_every_torn_length_keeps_the_whole_records() -> None:
    data = b"".join(map(encode, RECORDS))
    ends = [0]
    for record in RECORDS:
        ends.append(ends[-1] + len(encode(record)))
    for length in range(len(data) + 1):
        found, end = decode(data[:length], DECODER)
        whole = sum(1 for each in ends[1:] if each <= length)
        assert found == RECORDS[:whole]
        assert end == ends[whole]


def test_every_flipped_bit_ends_the_journal_there() -> None:
    data = b"".join(map(encode, RECORDS))
    first = len(encode(RECORDS[0]))
    for at in range(first, first + len(encode(RECORDS[1]))):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[at] ^= 1 << bit
            assert decode(bytes(damaged), DECODER) == ([RECORDS[0]], first)


@pytest.mark.parametrize(
    "tail",
    [
        bytes(FRAME.size),
        bytes(4096),
        FRAME.pack(RECORD_BYTES_MAX + 1, 0) + bytes(64),
        FRAME.pack(0xFFFFFFFF, 0),
        encode([9, "a kind nobody knows"]),
        encode({"not": "an array"}),
        encode([2, "a", "not a number"]),
        b"\xff",
    ],
)
def test_a_tail_that_is_no_record_is_ignored_and_overwritten(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "j"
    path.write_bytes(encode(RECORDS[0]) + tail)
    torn = journal(path)
    assert torn.found == [RECORDS[0]]
    torn.append(RECORDS[2])
    torn.close()
    assert path.read_bytes() == encode(RECORDS[0]) + encode(RECORDS[2])


def test_a_good_record_behind_a_tear_never_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "j"
    torn = bytearray(encode(Seen("a", 1)))
    torn[-1] ^= 1
    path.write_bytes(bytes(torn) + encode(Seen("ghost", 9)))
    again = journal(path)
    again.append(Seen("a", 2))  # as long as the torn one
    again.close()
    assert journal(path).found == [Seen("a", 2)]


class Full(QuickDisk):
    """Has room for half of what is written while it is full."""

    is_full = False

    def write(self, file: File, data: bytes | memoryview, offset: int) -> None:
        if not self.is_full:
            return super().write(file, data, offset)
        super().write(file, memoryview(data)[: len(data) // 2], offset)
        raise NoSpace(1, 0, "full")


def test_a_record_that_did_not_fit_is_not_there_and_does_not_hide_the_next(tmp_path: Path) -> None:
    disk = Full()
    kept = journal(tmp_path / "j", disk)
    kept.append(RECORDS[0])
    disk.is_full = True
    with pytest.raises(NoSpace):
        kept.append(RECORDS[1])
    disk.is_full = False
    kept.append(RECORDS[2])
    kept.close()
    assert journal(tmp_path / "j").found == [RECORDS[0], RECORDS[2]]


def test_rewriting_replaces_all_and_appending_goes_on(tmp_path: Path) -> None:
    kept = journal(tmp_path / "j")
    for record in RECORDS:
        kept.append(record)
    kept.rewrite([RECORDS[1]])
    kept.append(RECORDS[0])
    kept.close()
    assert journal(tmp_path / "j").found == [RECORDS[1], RECORDS[0]]
    assert [path.name for path in tmp_path.iterdir()] == ["j"]


def test_the_bytes_of_a_record_are_what_older_stores_have() -> None:
    record = Seen("a", 1)
    assert encode(record).hex() == "00000005a1e4d2524d4b867b9302a16101"
    assert msgspec.msgpack.decode(bytes.fromhex("9302a16101")) == [2, "a", 1]


def test_a_record_whose_text_is_none_ends_the_journal_there() -> None:
    """Found by fuzzing: msgspec has an error of its own for that, which is none of msgspec's."""
    body = msgspec.msgpack.encode(Seen("tool", 7)).replace(b"tool", b"\xff\xff\xff\xff")
    broken = FRAME.pack(len(body), xxhash.xxh3_64_intdigest(body)) + body
    good = encode(Seen("app", 1))

    assert decode(good + broken, DECODER) == ([Seen("app", 1)], len(good))
