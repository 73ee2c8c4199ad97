"""What does one frame look like, field by field? As scapy's layers have it, ours among them."""

from __future__ import annotations

from scapy.config import conf
from scapy.layers.inet6 import IPv6  # so that scapy knows IPv6 behind an Ethernet header
from scapy.packet import Packet, Raw

from mcastdist.wire import scapy_layers

from .packets import Frame

__all__ = ["IPv6", "shown"]


def shown(frame: Frame, port: int) -> str:
    """The layers of `frame` with their fields, a line each; UDP on `port` is ours."""
    scapy_layers.bind(port)
    layer: type[Packet] = conf.l2types.num2layer.get(frame.link, Raw)
    return str(layer(frame.data).show(dump=True))
