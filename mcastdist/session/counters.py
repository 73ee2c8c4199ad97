"""What came, in bytes of datagrams, sorted by what it was good for?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Bytes by kind, headers included; each datagram is counted once."""

    source: int = 0  # source symbols that were missing
    parity: int = 0  # parity of blocks that were not complete
    duplicate: int = 0  # symbols that were here, not needed any more, or had no room
    forged: int = 0  # a wrong tag, found before the symbol was believed or after
    foreign: int = 0  # not of this session, or malformed
    refused: int = 0  # of a sender that lied

    def placed(self, *, is_parity: bool, came: int, of_use: int) -> None:
        """Symbols came, and some of them were of use."""
        if is_parity:
            self.parity += of_use
        else:
            self.source += of_use
        self.duplicate += came - of_use

    def unmasked(self, *, source: int, parity: int) -> None:
        """What was counted as good was forged."""
        self.source -= source
        self.parity -= parity
        self.forged += source + parity
