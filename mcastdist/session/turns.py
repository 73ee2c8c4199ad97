"""Whose turn is it, the answers' or the stream's? And how much parity follows a block unasked?

Both are accounts: answers live on a credit that the stream earns, parity on what each block owes.
"""

from __future__ import annotations

ANSWERS_PER_BLOCK_DATAGRAM = 4  # answers take at most 4 of 5 datagrams while there is a stream
ANSWER_CREDIT_MAX = 1_024  # datagrams of answers that may go before the stream is due again
PARITY_SHARE_MAX = 0.5  # beyond this, asking is cheaper for everybody


class Turns:
    """Answers go first, but never take all of the rate."""

    def __init__(self) -> None:
        self._credit = ANSWER_CREDIT_MAX

    @property
    def is_answers(self) -> bool:
        """True if answers go before the stream."""
        return self._credit > 0

    def answered(self, datagrams: int) -> None:
        """So many went as answers."""
        self._credit -= datagrams

    def streamed(self, datagrams: int) -> None:
        """So many went as stream."""
        earned = self._credit + datagrams * ANSWERS_PER_BLOCK_DATAGRAM
        self._credit = min(earned, ANSWER_CREDIT_MAX)


class Unasked:
    """Parity that rides along, because the loss is known."""

    def __init__(self) -> None:
        self._share = 0.0
        self._owed = 0.0  # in symbols, of this round

    def set_share(self, share: float) -> None:
        """As a share of a block's symbols."""
        self._share = min(max(share, 0.0), PARITY_SHARE_MAX)

    def start_round(self) -> None:
        """What was owed to the last one is not owed any more."""
        self._owed = 0.0

    def add_block(self, symbols: int) -> None:
        """A block of so many symbols has gone."""
        self._owed += self._share * symbols

    def expected(self, symbols: int) -> int:
        """How many will be owed after a block of so many symbols, as far as can be told."""
        return int(self._share * symbols + 1) if self._share else 0

    def take(self, symbols_max: int) -> tuple[int, int] | None:
        """How many are owed in all, and how many of them go now; None if there is not one."""
        owed = int(self._owed)
        if not owed:
            return None
        count = min(owed, symbols_max)
        self._owed -= count
        return owed, count
