"""Our datagrams as scapy's layers; and that nothing of the agent pays for it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from test_dissect import SEEK, control, stream
from wire_samples import BOOT, CLUSTER, KEY, NODE, SESSION

pytest.importorskip("scapy", reason="scapy is in the extra `diag`")

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from mcastdist.wire import KIND_STREAM, PORT, VERSION, scapy_layers
from mcastdist.wire.dissect import Unsealer
from mcastdist.wire.scapy_layers import Mcastdist, McastdistControl, McastdistStream, message_in

scapy_layers.bind()


def captured(data: bytes, port: int = PORT) -> Ether:
    """As scapy reads it from a file."""
    return Ether(bytes(Ether() / IP(dst="239.255.1.2") / UDP(sport=4000, dport=port) / data))


def test_a_stream_datagram_has_its_fields() -> None:
    layer = captured(stream(5)[0])[McastdistStream]

    assert (layer.version, layer.kind) == (VERSION, KIND_STREAM)
    assert (layer.cluster, layer.session) == (CLUSTER, SESSION)
    assert layer.sender == NODE & 0xFFFF_FFFF
    assert (layer.block, layer.symbol, layer.sequence, layer.sent_us) == (3, 5, 70, 9)
    assert bytes(layer.payload) == bytes([0xA5]) * 100


def test_a_control_datagram_has_its_fields_and_can_be_opened() -> None:
    layer = captured(control())[McastdistControl]

    assert (layer.node, layer.boot, layer.counter) == (NODE, BOOT, 1)
    assert (layer.key_id, layer.cluster) == (KEY.key_id, CLUSTER)
    assert message_in(layer, Unsealer([KEY])) == SEEK


def test_layers_give_the_bytes_back() -> None:
    for data, layer in ((stream(5)[0], McastdistStream), (control(), McastdistControl)):
        rebuilt = layer(data)
        rebuilt.raw_packet_cache = None  # so that it is built from its fields
        assert bytes(rebuilt) == data


def test_what_is_neither_is_shown_and_breaks_nothing() -> None:
    for data in (b"", b"\x01", b"\x01Xyz", b"\x01S", b"\x01C" + bytes(5)):
        captured(data).show(dump=True)
    assert captured(b"\x01Xyz")[Mcastdist].kind == ord("X")


def test_another_port_can_be_bound() -> None:
    assert McastdistStream not in captured(stream(5)[0], 9_733)
    scapy_layers.bind(9_733)
    assert McastdistStream in captured(stream(5)[0], 9_733)


def test_the_agent_never_loads_scapy() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, mcastdist.agent.daemon, mcastdist.cli\n"
         "print([name for name in sys.modules if 'scapy' in name])"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert loaded.stdout.strip() == "[]"
