"""Which frames come in here? Writes them to a pcap file until it is asked to end (SIGTERM).

    python recorder.py FILE --snap-bytes 128 --bytes-max 1000000000 --without br0 wan

Runs by itself in a namespace, with nothing but the standard library: it starts in a moment. The
kernel puts the beginning of each frame into a ring that this process shares with it (packet(7),
TPACKET_V2), so an ordinary user's small socket buffer loses nothing, and a frame costs no call.
What goes out is not recorded: on a switch all that goes out has come in.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import mmap
import signal
import socket
import struct
import sys
import time
from types import FrameType
from typing import BinaryIO

SOL_PACKET, SO_ATTACH_FILTER = 263, 26
PACKET_RX_RING, PACKET_STATISTICS, PACKET_VERSION, PACKET_IGNORE_OUTGOING = 5, 6, 10, 23
TPACKET_V2 = 1
ETH_P_ALL = 3

HEAD = struct.Struct("=IIIHHII")  # tpacket2_hdr: status, length, captured, mac, net, s, ns
STATUS = struct.Struct("=I")
STATUS_KERNEL, STATUS_USER = 0, 1
SLOT_HEAD_BYTES = 80  # more than the kernel's header, the address and the gap before the frame
SLOT_ALIGNMENT = 16
BLOCK_BYTES = 1 << 18
RING_BYTES = 1 << 24  # 80,000 frames of which 128 bytes are kept: seconds of a busy switch
LOOK_S = 0.02

# Classic BPF (linux/filter.h): load a word, jump if equal, return.
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
INTERFACE_INDEX = 0xFFFF_F008  # SKF_AD_OFF + SKF_AD_IFINDEX: not of the frame, but about it
WHOLE = 0xFFFF_FFFF

PCAP_NANOSECONDS, LINK_ETHERNET = 0xA1B2_3C4D, 1


class Recorder:
    """A ring of frames as they come in by any interface but those `without`."""

    def __init__(self, snap_bytes: int, without: list[str]) -> None:
        self._slot_bytes = -(-(SLOT_HEAD_BYTES + snap_bytes) // SLOT_ALIGNMENT) * SLOT_ALIGNMENT
        self._snap_bytes = snap_bytes
        slots_a_block = BLOCK_BYTES // self._slot_bytes
        blocks = RING_BYTES // BLOCK_BYTES
        self._offsets = [
            block * BLOCK_BYTES + slot * self._slot_bytes
            for block in range(blocks)
            for slot in range(slots_a_block)
        ]
        self._next = 0
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
        self._socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self._leave_out(without)
        request = struct.pack(
            "=IIII", BLOCK_BYTES, blocks, self._slot_bytes, blocks * slots_a_block
        )
        self._socket.setsockopt(SOL_PACKET, PACKET_RX_RING, request)
        self._ring = mmap.mmap(self._socket.fileno(), blocks * BLOCK_BYTES)

    def take(self, out: BinaryIO, bytes_max: int) -> tuple[int, int]:
        """Write what has come to `out`, at most `bytes_max`; (how many frames, how many not)."""
        ring, written, left_out = self._ring, 0, 0
        while True:
            at = self._offsets[self._next]
            status, length, captured, mac, _, seconds, nanoseconds = HEAD.unpack_from(ring, at)
            if not status & STATUS_USER:
                return written, left_out
            captured = min(captured, self._snap_bytes)
            if out.tell() + captured < bytes_max:
                out.write(struct.pack("=IIII", seconds, nanoseconds, captured, length))
                out.write(ring[at + mac : at + mac + captured])
                written += 1
            else:
                left_out += 1
            STATUS.pack_into(ring, at, STATUS_KERNEL)
            self._next = (self._next + 1) % len(self._offsets)

    def dropped(self) -> int:
        """How many frames the kernel had no room for since this was asked last."""
        _, drops = struct.unpack("=II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        return int(drops)

    def _leave_out(self, names: list[str]) -> None:
        indices = [index for index, name in socket.if_nameindex() if name in names]
        steps = [(LOAD, 0, 0, INTERFACE_INDEX)]
        steps += [
            (JUMP_EQUAL, len(indices) - number, 0, index) for number, index in enumerate(indices)
        ]
        steps += [(RETURN, 0, 0, WHOLE), (RETURN, 0, 0, 0)]
        code = b"".join(struct.pack("=HBBI", *step) for step in steps)
        held = ctypes.create_string_buffer(code)
        program = struct.pack("@HP", len(steps), ctypes.addressof(held))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def main() -> None:
    """Record until SIGTERM; one line when it has begun, and one with what came of it."""
    parser = argparse.ArgumentParser(description="Record what comes in, as pcap.")
    parser.add_argument("file")
    parser.add_argument("--snap-bytes", type=int, required=True)
    parser.add_argument("--bytes-max", type=int, required=True)
    parser.add_argument("--without", nargs="*", default=[])
    given = parser.parse_args()
    ended = False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal ended
        ended = True

    signal.signal(signal.SIGTERM, end)
    recorder = Recorder(given.snap_bytes, given.without)
    frames = lost = 0
    with open(given.file, "wb") as out:
        out.write(
            struct.pack("=IHHiIII", PCAP_NANOSECONDS, 2, 4, 0, 0, given.snap_bytes, LINK_ETHERNET)
        )
        print("recording", flush=True)
        last = False
        while not last:
            last = ended  # what came before the signal is taken too
            written, left_out = recorder.take(out, given.bytes_max)
            frames, lost = frames + written, lost + left_out
            if not last:
                time.sleep(LOOK_S)
    json.dump({"frames": frames, "lost": lost + recorder.dropped()}, sys.stdout)


if __name__ == "__main__":
    main()
