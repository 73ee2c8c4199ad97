"""Frames out of files: pcap, pcapng, gzipped, cut short, and none at all."""

from __future__ import annotations

import gzip
import random
import sys
from pathlib import Path

import capture_kit as kit
import pytest

from mcastdist.cli.capture import CutShort, frames
from mcastdist.errors import UsageError

pytest.importorskip("scapy", reason="scapy is in the extra `diag`")

FRAMES = [kit.udp(each) for each in kit.stream(0, 1, 2)]


@pytest.mark.parametrize("made", [kit.pcap, kit.pcapng])
@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_frames_come_with_number_time_and_length(tmp_path: Path, made, packed) -> None:
    found = list(frames(kit.write(tmp_path / "a", packed(made(FRAMES)))))

    assert [each.data for each in found] == FRAMES
    assert [each.number for each in found] == [1, 2, 3]
    assert [each.at for each in found] == pytest.approx([kit.BEGAN + n / 10 for n in range(3)])
    assert {(each.link, each.wire_bytes) for each in found} == {(1, len(FRAMES[0]))}


def test_a_frame_that_was_cut_for_the_capture_keeps_its_length(tmp_path: Path) -> None:
    (found,) = frames(kit.write(tmp_path / "a", kit.pcap(FRAMES[:1], snap_bytes=96)))

    assert (len(found.data), found.wire_bytes) == (96, len(FRAMES[0]))


@pytest.mark.parametrize("made", [kit.pcap, kit.pcapng])
def test_a_capture_without_frames_is_one(tmp_path: Path, made) -> None:
    assert list(frames(kit.write(tmp_path / "a", made([])))) == []


@pytest.mark.parametrize("made", [kit.pcap, kit.pcapng])
@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_a_file_that_was_cut_anywhere_says_so(tmp_path: Path, made, packed) -> None:
    whole = packed(made(FRAMES))
    whole_ends = {len(made(FRAMES[:count])) for count in range(4)} if packed is bytes else set()
    for end in range(len(made([])) if packed is bytes else 150, len(whole)):
        if end in whole_ends or (made is kit.pcapng and _ends_with_a_block(whole[:end])):
            continue
        path = kit.write(tmp_path / "a", whole[:end])
        with pytest.raises((CutShort, UsageError)) as caught:
            list(frames(path))
        assert "a" in str(caught.value)


def _ends_with_a_block(data: bytes) -> bool:
    """A pcapng that was cut between blocks is a whole one, only shorter."""
    length = int.from_bytes(data[-4:], "little")
    return 12 <= length <= len(data) and data[-length + 4 :][:4] == data[-4:]


@pytest.mark.parametrize("made", [kit.pcap, kit.pcapng])
def test_spoilt_files_end_with_a_sentence_and_never_otherwise(tmp_path: Path, made) -> None:
    rng = random.Random(1)
    whole = made(FRAMES)
    for _ in range(400):
        spoilt = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
        path = kit.write(tmp_path / "a", bytes(spoilt))
        try:
            list(frames(path))
        except (CutShort, UsageError):
            continue


@pytest.mark.parametrize("data", [b"", b"hello, this is no capture", b"\x1f\x8bnot gzip either"])
def test_what_is_no_capture_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UsageError, match="no capture"):
        list(frames(kit.write(tmp_path / "a", data)))


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            list(frames(path))


def test_a_link_that_we_cannot_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="type 127"):
        list(frames(kit.write(tmp_path / "a", kit.pcap(FRAMES, link=127))))


def test_without_scapy_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scapy.utils", None)
    with pytest.raises(UsageError, match=r"pip install 'mcastdist\[diag\]'"):
        list(frames(kit.write(tmp_path / "a", kit.pcap(FRAMES))))
