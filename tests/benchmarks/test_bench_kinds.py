"""Bytes by kind out of a recording."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# Captures are made by hand for the tests of `mcastdist pcap`; pytest puts only a test's own folder
# on the path, and this does the same for that one.
sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

import capture_kit as kit

from bench.kinds import SHOWN, by_kind
from bench.lab import Lab
from bench.lab.recording import Recording
from bench.sheet import Sheet

pytest.importorskip("scapy", reason="scapy is in the extra `diag`")

CONTENT_BYTES = 1_000


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """As if it had been made: a little of each kind, a tenth of a second apart."""
    return Recording(Lab(1), kit.write(tmp_path / "lan.pcap", kit.pcap(kit.everything())))


def test_each_kind_is_a_share_of_the_content(recording: Recording) -> None:
    sheet = Sheet(loud=False)
    figures = by_kind(recording, kit.BEGAN, CONTENT_BYTES, sheet)

    assert list(figures) == list(SHOWN)
    assert figures["data"] == (4 * kit.STREAM_WIRE_BYTES / CONTENT_BYTES, "x content")
    assert figures["parity"] == (2 * kit.STREAM_WIRE_BYTES / CONTENT_BYTES, "x content")
    assert all(value > 0 for value, _ in figures.values())
    assert sheet.remarks == []


def test_what_was_before_does_not_count(recording: Recording) -> None:
    figures = by_kind(recording, kit.BEGAN + 0.35, CONTENT_BYTES, Sheet(loud=False))

    assert figures["control"] == (0, "x content")
    assert figures["data"] == (2 * kit.STREAM_WIRE_BYTES / CONTENT_BYTES, "x content")


def test_without_scapy_the_other_figures_stand(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scapy.utils", None)
    sheet = Sheet(loud=False)

    assert by_kind(recording, 0.0, CONTENT_BYTES, sheet) == {}
    assert "no bytes by kind" in sheet.remarks[0]


def test_frames_that_were_missed_are_told(recording: Recording) -> None:
    recording.frames, recording.lost = 13, 2
    sheet = Sheet(loud=False)
    by_kind(recording, 0.0, CONTENT_BYTES, sheet)

    assert sheet.remarks == ["the recorder missed 2 of 15 frames"]
