"""One frame, field by field."""

from __future__ import annotations

import capture_kit as kit
import pytest

pytest.importorskip("scapy", reason="scapy is in the extra `diag`")

from mcastdist.cli.capture.fields import shown


@pytest.mark.parametrize(("source", "target"), [(kit.SENDER, kit.GROUP), ("fd00::1", "ff12::1")])
def test_our_layers_are_among_them(source: str, target: str) -> None:
    told = shown(kit.frame(kit.udp(kit.stream(5)[0], source, target)), 7447)

    assert "mcastdist stream" in told
    assert source in told
    assert "0xabcdef01" in told


def test_control_and_another_port() -> None:
    assert "mcastdist control" in shown(kit.frame(kit.udp(kit.control(), port=9000)), 9000)


def test_a_link_unknown_to_scapy_and_a_cut_frame_are_shown_as_they_are() -> None:
    whole = kit.udp(kit.stream(5)[0])

    assert "Raw" in shown(kit.frame(whole, link=9999), 7447)
    assert "Ethernet" in shown(kit.frame(whole[:60]), 7447)
