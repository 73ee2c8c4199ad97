"""Who talks to us and is not understood? Refused datagrams, by address and cause.

A host of another cluster, with an old key or another version is no attack but a mistake somebody
wants to hear about: `status` and `doctor` name it. Replays and our own echoes are normal.
"""

from __future__ import annotations

from collections import Counter, OrderedDict

from mcastdist.node import Address

HOSTS_MAX = 256  # bounds what spoofed addresses could make us remember
TELLING = frozenset({"version", "cluster", "key", "forged", "malformed", "twin", "liar"})


class Mismatches:
    """A bounded book of refusals worth showing."""

    def __init__(self) -> None:
        self._hosts: OrderedDict[str, Counter[str]] = OrderedDict()

    def note(self, source: Address, cause: str) -> None:
        """A datagram from there was refused for this."""
        if cause not in TELLING:
            return
        causes = self._hosts.setdefault(source[0], Counter())
        causes[cause] += 1
        self._hosts.move_to_end(source[0])
        if len(self._hosts) > HOSTS_MAX:
            self._hosts.popitem(last=False)

    def shown(self) -> list[dict[str, object]]:
        """One entry per host and cause, the most recent host last."""
        return [
            {"address": host, "cause": cause, "count": count}
            for host, causes in self._hosts.items()
            for cause, count in causes.items()
        ]
