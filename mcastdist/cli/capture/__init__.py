"""What was on the wire? A capture (pcap, pcapng) read, and counted by kind.

file        frames out of the file, by scapy's reader
packets     IP, UDP and TCP out of a frame
sightings   our datagrams out of a packet
flows       which TCP is HTTP of ours, between peers or from the origin
tally       all of it, counted by kind, sender and session
"""

from .account import Account, Count, Example, Kind, Refused, SenderCount, SessionCount
from .file import CutShort, frames
from .packets import Frame
from .sightings import Looker, Sighting
from .tally import Tally

__all__ = [
    "Account",
    "Count",
    "CutShort",
    "Example",
    "Frame",
    "Kind",
    "Looker",
    "Refused",
    "SenderCount",
    "SessionCount",
    "Sighting",
    "Tally",
    "frames",
]
