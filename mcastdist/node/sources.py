"""Which neighbours can supply this locator, and where do they serve?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mcastdist.http_fetch import Source
from mcastdist.ids import ContentId, NodeId
from mcastdist.wire import Announce, Offer, Phase

from .commands import Address

LEADER_ORDER, OFFER_ORDER, BUSY_ORDER, ORIGIN_ORDER = 0, 1, 2, 10
NEIGHBOURS_MAX = 16  # more would not be asked in a task's life; bounds what offers can cost


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One node that said it serves this content."""

    source: Source
    content: ContentId


class Neighbours:
    """The book of peers for one task: the representative, and those that offered."""

    def __init__(self) -> None:
        self._leader: tuple[NodeId, Neighbour] | None = None
        self._offers: dict[NodeId, Neighbour] = {}
        self._refused: set[NodeId] = set()

    # In

    def announced(self, announce: Announce, sender: NodeId, address: Address) -> None:
        """The representative told its port and perhaps its content."""
        if not announce.content or announce.phase is Phase.CLOSED or not announce.http_port:
            self._leader = None
            return
        source = Source("peer", peer_address(address[0], announce.http_port), LEADER_ORDER)
        self._leader = (sender, Neighbour(source, ContentId(announce.content)))
        self._offers.pop(sender, None)

    def leader_lost(self) -> None:
        """The representative is not heard any more: to ask it would take as long as a time-out."""
        self._leader = None

    def offered(self, offer: Offer, sender: NodeId, address: Address) -> None:
        """A holder offered."""
        is_full = len(self._offers) >= NEIGHBOURS_MAX and sender not in self._offers
        if is_full or not offer.http_port:
            return
        order = BUSY_ORDER if offer.busy else OFFER_ORDER
        source = Source("peer", peer_address(address[0], offer.http_port), order)
        self._offers[sender] = Neighbour(source, ContentId(offer.content))

    def refuse(self, node: NodeId) -> None:
        """This one sent something bad: do not ask it again."""
        self._refused.add(node)

    # Out

    def for_manifest(self) -> list[tuple[Source, ContentId | None]]:
        """Whom to ask for the manifest, and of which content, best first."""
        return [(neighbour.source, neighbour.content) for neighbour in self._peers()]

    def for_blocks(self, content: ContentId) -> list[Source]:
        """Whom to ask for blocks of this content."""
        return [one.source for one in self._peers() if one.content == content]

    # Within

    def _peers(self) -> list[Neighbour]:
        book = dict(self._offers)
        if self._leader is not None:
            book[self._leader[0]] = self._leader[1]
        peers = [peer for node, peer in book.items() if node not in self._refused]
        return sorted(peers, key=lambda peer: peer.source.order)


def origin_sources(urls: Sequence[str]) -> list[Source]:
    """Origins (preferred servers first) as sources, in order."""
    return [Source("origin", url, ORIGIN_ORDER + index) for index, url in enumerate(urls)]


def peer_address(host: str, port: int) -> str:
    """`host:port`, with brackets around an IPv6 host."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
