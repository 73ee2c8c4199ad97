"""Which frames are in the file? By scapy's reader, which knows pcap, pcapng, and both gzipped.

The reader takes a file that ends in the middle for one that ends, so that is found out here: a
capture that lost its end must not be taken for a quiet network.
"""

from __future__ import annotations

import logging
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from mcastdist.errors import ContentError, UsageError

from .packets import LINK_BYTES, Frame

if TYPE_CHECKING:
    from scapy.utils import RawPcapReader

FRAME_BYTES_MAX = 1 << 18  # what tcpdump takes of a frame at most
PCAP_HEADER_BYTES, RECORD_HEADER_BYTES = 24, 16
BLOCK_BYTES_MIN = 12  # of pcapng: its type, and its length at both ends
NANOSECONDS, MICROSECONDS = 1e-9, 1e-6


class CutShort(ContentError):
    """A capture that ends in the middle of a frame, or is damaged there."""


def frames(path: Path) -> Iterator[Frame]:
    """All frames, in the order of the file.

    UsageError if it cannot be read, is no capture, or of a link that we cannot read, and where
    scapy is not installed; CutShort after the last frame of a file that does not end as it should.
    """
    with _open(path) as file, _reader(path, file) as reader:
        taken = PCAP_HEADER_BYTES
        number = 0
        while (record := _next(reader)) is not None:
            data, about = record
            number += 1
            taken += RECORD_HEADER_BYTES + getattr(about, "caplen", 0)
            yield Frame(number, _moment(reader, about), _link(path, reader, about),
                        about.wirelen, data)  # fmt: skip
        if not _is_whole(reader, taken):
            raise CutShort(
                f"{path} ends in the middle, after frame {number}: copy it again, or stop the "
                "capture before you read it"
            )


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})") from error


def _reader(path: Path, file: BinaryIO) -> RawPcapReader:
    try:
        from scapy.error import Scapy_Exception
        from scapy.utils import RawPcapReader
    except ImportError:
        raise UsageError(
            "captures are read with scapy, which is not installed: pip install 'mcastdist[diag]'"
        ) from None
    logging.getLogger("scapy").setLevel(logging.CRITICAL)  # it would tell of what we tell of
    # Its metaclass takes an open file too, and chooses the class that reads it.
    open_reader = cast("Callable[[BinaryIO], RawPcapReader]", RawPcapReader)
    try:
        return open_reader(file)
    except Scapy_Exception:
        raise UsageError(f"{path} is no capture: give a pcap or pcapng file") from None


def _next(reader: RawPcapReader) -> tuple[bytes, Any] | None:
    from scapy.error import Scapy_Exception

    try:
        return reader._read_packet(FRAME_BYTES_MAX)
    except (EOFError, Scapy_Exception, struct.error):  # the end, or damage: `_is_whole` tells
        return None


def _moment(reader: RawPcapReader, about: Any) -> float:
    """Seconds since 1970; 0 if the frame has no time (a pcapng's simple blocks)."""
    if hasattr(about, "sec"):
        unit = NANOSECONDS if reader.nano else MICROSECONDS
        return float(about.sec + about.usec * unit)
    if about.tshigh is None:
        return 0.0
    return float(((about.tshigh << 32) + about.tslow) / about.tsresol)


def _link(path: Path, reader: RawPcapReader, about: Any) -> int:
    own = reader if hasattr(reader, "linktype") else about  # pcapng may mix interfaces
    link = int(own.linktype)
    if link not in LINK_BYTES:
        raise UsageError(
            f"{path} was captured on a link of type {link}, which we cannot read: capture on "
            "Ethernet, or with tcpdump -i any"
        )
    return link


def _is_whole(reader: RawPcapReader, taken: int) -> bool:
    """pcap: as long as its records say. pcapng: its last block tells its length at both ends."""
    file = reader.f
    try:
        end = file.tell()
        if file.read(1):
            return False  # the reader gave up before the end
        if hasattr(reader, "linktype"):
            return bool(end == taken)
        block_bytes = _number_at(reader, end - 4)
        is_possible = BLOCK_BYTES_MIN <= block_bytes <= end
        return is_possible and block_bytes == _number_at(reader, end - block_bytes + 4)
    except (EOFError, OSError, zlib.error):  # of a gzipped file
        return False


def _number_at(reader: RawPcapReader, at: int) -> int:
    reader.f.seek(at)
    return int.from_bytes(reader.f.read(4), "big" if reader.endian == ">" else "little")
