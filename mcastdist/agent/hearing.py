"""Whom do we listen to? Control datagrams, opened here and nowhere else, or counted and refused.

A node that has our id and another boot id is a twin, as after copying a disk (PROTOCOL.md, 3.1):
what it says is not for us, and it is told of once, so that one of us draws another id.
"""

from __future__ import annotations

from collections.abc import Callable

from mcastdist.errors import PeerError, Unauthentic
from mcastdist.ids import NodeId
from mcastdist.node import Address
from mcastdist.wire import Opened, Opener, unpad

from . import logs
from .mismatches import Mismatches

log = logs.get("agent")


class Ear:
    """Hears what is sent to us."""

    def __init__(
        self,
        opener: Opener,
        own: NodeId,
        *,
        on_message: Callable[[Opened, Address], None],
        on_twin: Callable[[], None],
    ) -> None:
        """`on_twin` is called once, when the first datagram of a twin is heard."""
        self.refused = opener.refused
        self.mismatches = Mismatches()
        self._opener = opener
        self._own = own
        self._on_message = on_message
        self._on_twin = on_twin
        self._has_twin = False

    def hear(self, data: memoryview, source: Address) -> None:
        """A datagram: the one place that distrusts."""
        try:
            opened = self._opener.open(unpad(data))
        except Unauthentic as error:
            self.mismatches.note(source, error.cause)
        except PeerError:
            self.mismatches.note(source, "malformed")
        else:
            if opened.node == self._own:
                self._meet_twin(source)
            else:
                self._on_message(opened, source)

    def _meet_twin(self, source: Address) -> None:
        self.mismatches.note(source, "twin")
        if not self._has_twin:
            self._has_twin = True
            log.warning("another agent has our node id", address=source[0])
            self._on_twin()
