"""The capture of the switch: each frame once, before its loss, and the bytes by kind out of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.kinds import by_kind
from bench.lab import Host, Lab
from bench.lab.recording import Recording
from bench.sheet import Sheet
from mcastdist.cli.capture import frames

pytest.importorskip("scapy", reason="scapy is in the extra `diag`")

GROUP = "239.255.77.1"
SPEAK = [sys.executable, str(Path(__file__).with_name("speak.py"))]
FRAME_BYTES = 1_042
CHATTER_MAX = 20  # what a host's kernel says by itself: group memberships, neighbour discovery

MakeLab = Callable[..., Lab]


def say(host: Host, count: int) -> None:
    """Send `count` datagrams of 1,000 bytes, in segmented bursts."""
    host.run([*SPEAK, "say", GROUP, str(count), "segments"])


def test_each_frame_is_recorded_once_as_it_enters_the_switch(
    make_lab: MakeLab, tmp_path: Path
) -> None:
    lab = make_lab(3)
    lab.loss(lab.hosts[1], permille=500)
    with Recording(lab, tmp_path / "deep" / "lan.pcap") as recording:
        before = lab.traffic(lab.hosts[0])
        say(lab.hosts[0], 3_200)
        after = lab.traffic(lab.hosts[0])

    found = [each for each in frames(recording.file) if each.wire_bytes == FRAME_BYTES]
    assert len(found) == 3_200
    assert 3_200 <= after.packets - before.packets <= 3_200 + CHATTER_MAX
    assert {len(each.data) for each in found} == {128}
    assert found == sorted(found, key=lambda each: each.at)
    assert recording.frames >= 3_200
    assert recording.lost == 0


def test_what_the_origin_sends_is_left_out(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab(1)
    with Recording(lab, tmp_path / "lan.pcap") as recording:
        lab.origin.run([*SPEAK, "say", lab.hosts[0].address, "50", "single"])

    assert not [each for each in frames(recording.file) if each.wire_bytes == FRAME_BYTES]


def test_a_full_file_is_told(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab(2, wan=False)
    with Recording(lab, tmp_path / "lan.pcap", bytes_max=10_000) as recording:
        say(lab.hosts[0], 320)

    assert recording.file.stat().st_size <= 10_200
    assert recording.lost >= 200
    sheet = Sheet(loud=False)
    by_kind(recording, 0.0, 1, sheet)
    assert "the recorder missed" in sheet.remarks[0]


def test_a_recorder_that_cannot_write_says_why(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab(1, wan=False)
    (tmp_path / "lan.pcap").mkdir()
    with pytest.raises(OSError, match="nothing can be recorded"):
        Recording(lab, tmp_path / "lan.pcap").__enter__()
