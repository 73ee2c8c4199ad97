"""When does a machine offer what it holds to who seeks it? (PROTOCOL.md, section 5)

After a random wait, unless enough others have offered it meanwhile: a thousand holders are as good
as three. It takes no task for that.
"""

from __future__ import annotations

from dataclasses import dataclass

from mcastdist.ids import ContentId, Locator
from mcastdist.timers import Timers
from mcastdist.wire import OFFER_WAIT_S, OFFERS_ENOUGH, Offer

from .commands import Package, Send
from .environment import Environment


@dataclass(slots=True)
class _Holding:
    """Content that is here and can be served."""

    locator: Locator
    package: Package
    offers_heard: int = 0
    asked_aside: bool = False  # by one who may be out of the group's reach


class Offering:
    """What one machine holds, and the offers of it that wait. Does no I/O; see `wake_at`."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._holdings: dict[Locator, _Holding] = {}
        self._timers: Timers[Locator] = Timers()  # offers that wait

    # In

    def hold(self, locator: Locator, package: Package) -> None:
        """This is here, complete."""
        self._holdings[locator] = _Holding(locator, package)

    def drop(self, content: ContentId) -> None:
        """This is not here any more."""
        gone = [key for key, one in self._holdings.items() if one.package.content == content]
        for locator in gone:
            del self._holdings[locator]
            self._timers.stop(locator)

    def asked(self, locator: Locator, *, aside: bool, now: float) -> None:
        """Somebody wants this, and hears of no session for it."""
        holding = self._holdings.get(locator)
        if holding is None:
            return
        holding.offers_heard = 0
        holding.asked_aside |= aside
        self._timers.set_if_earlier(locator, now + self._env.rng.random() * OFFER_WAIT_S)

    def hear(self, offer: Offer, *, now: float) -> None:
        """Another holder offers."""
        holding = self._holdings.get(Locator(offer.locator))
        if holding is None or not self._timers.is_set(holding.locator):
            return
        holding.offers_heard += 1
        if holding.offers_heard >= OFFERS_ENOUGH:
            self._timers.stop(holding.locator)
            self._env.trace("node.offer_suppressed", at=now, locator=holding.locator)

    # Out

    def holds(self, locator: Locator) -> bool:
        """True if it could be offered."""
        return locator in self._holdings

    def wake_at(self) -> float:
        """When to ask for `due`; NEVER while no offer waits."""
        return self._timers.wake_at()

    def due(self, now: float, *, http_port: int, busy: bool) -> list[Send]:
        """The offers whose time has come, as from a server that is `busy` or not."""
        offers = []
        for holding in [self._holdings[locator] for locator in self._timers.due(now)]:
            self._env.trace("node.offer", at=now, locator=holding.locator)
            offer = _offer(holding, http_port, busy)
            offers.append(Send(offer))
            if holding.asked_aside:
                offers.append(Send(offer, aside=True))
                holding.asked_aside = False
        return offers


def _offer(holding: _Holding, http_port: int, busy: bool) -> Offer:
    package = holding.package
    return Offer(
        locator=holding.locator,
        content=package.content,
        http_port=http_port,
        held_blocks=package.held.count,
        complete=True,
        busy=busy,
    )
