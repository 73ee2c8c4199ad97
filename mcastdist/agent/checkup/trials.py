"""How do trials leave and arrive? Probes are answered, echoes given to who examines.

This has nothing to do with any task, so the node knows nothing of it. Whom we have heard of late is
kept too, for whatever they said: who is silent to an examination may have gone, or be cut off.
"""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from mcastdist import __version__
from mcastdist.agent.config import datagram_bytes_max
from mcastdist.agent.identity import Voice
from mcastdist.agent.interfaces import Chosen
from mcastdist.agent.settings import Settings
from mcastdist.ids import NodeId
from mcastdist.node import Address
from mcastdist.wire import ECHO_WAIT_S, Echo, Message, Opened, Probe, Way, pad

from .answering import Allowance, Answer, answers_to
from .examination import Trial

HEARD_MAX = 256  # more neighbours than anybody reads about
HOST_CHARS_MAX = 64  # what a message's word holds

OnEcho = Callable[[Echo, NodeId, Address, float], None]


class Carrier(Protocol):
    """What trials need of `sockets.ControlTransport`."""

    def send_group(self, data: bytes) -> None: ...
    def send_aside(self, data: bytes) -> None: ...
    def send_to(self, data: bytes, address: Address) -> None: ...


class About(NamedTuple):
    """What an echo says of this machine, as it is now."""

    http_port: int
    datagram_bytes_max: int
    multicast: bool
    host: str


class Heard(NamedTuple):
    """When a node was last heard, by the monotonic clock, and from where."""

    address: Address
    at: float


class Trials:
    """Answers probes, and sends them. For the event loop."""

    def __init__(
        self,
        *,
        seal: Callable[[Message], bytes],
        carrier: Carrier,
        settings: Settings,
        about: Callable[[Settings], About],
        rng: random.Random,
    ) -> None:
        self.settings = settings  # those in force: replaced when they are read again
        self._seal = seal
        self._carrier = carrier
        self._about = about
        self._rng = rng
        self._allowance = Allowance()
        self._listeners: list[OnEcho] = []
        self.heard: OrderedDict[NodeId, Heard] = OrderedDict()

    def receive(self, opened: Opened, source: Address) -> bool:
        """True if this was part of a trial, and nothing for the node."""
        self._note(opened.node, source)
        if isinstance(opened.message, Probe):
            self._answer(opened.message, source)
        elif isinstance(opened.message, Echo):
            at = time.time()
            for listener in list(self._listeners):
                listener(opened.message, opened.node, source, at)
        return isinstance(opened.message, Probe | Echo)

    def send(self, message: Probe | Echo, trial: Trial, to: Address | None = None) -> None:
        """Seal and send, by this way and in this size; `to`: for Way.ALONE."""
        data = self._seal(message)
        if trial.full:
            data = pad(data, self._about(self.settings).datagram_bytes_max)
        if trial.way is Way.GROUP:
            self._carrier.send_group(data)
        elif trial.way is Way.ASIDE:
            self._carrier.send_aside(data)
        elif to is not None:
            self._carrier.send_to(data, to)

    @contextmanager
    def listening(self, listener: OnEcho) -> Iterator[None]:
        """Tell of every echo, as long as the context lasts."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    # Within

    def _note(self, node: NodeId, source: Address) -> None:
        self.heard[node] = Heard(source, time.monotonic())
        self.heard.move_to_end(node)
        if len(self.heard) > HEARD_MAX:
            self.heard.popitem(last=False)

    def _answer(self, probe: Probe, source: Address) -> None:
        received_us = round(time.time() * 1e6)
        loop = asyncio.get_running_loop()
        for answer in answers_to(probe, multicast=self._about(self.settings).multicast):
            if self._allowance.take(now=time.monotonic()):
                wait_s = self._rng.random() * ECHO_WAIT_S
                loop.call_later(wait_s, self._echo, probe, answer, received_us, source)

    def _echo(self, probe: Probe, answer: Answer, received_us: int, source: Address) -> None:
        about = self._about(self.settings)
        echo = Echo(
            token=probe.token,
            number=probe.number,
            way=answer.way,
            full=answer.full,
            received_us=received_us,
            sent_us=round(time.time() * 1e6),
            http_port=about.http_port,
            datagram_bytes_max=about.datagram_bytes_max,
            version=__version__,
            host=about.host[:HOST_CHARS_MAX],
        )
        self.send(echo, Trial(answer.way, answer.full), source)


def trials_of(
    settings: Settings,
    interfaces: Sequence[Chosen],
    http_port: int,
    *,
    voice: Voice,
    carrier: Carrier,
) -> Trials:
    """The trials of an agent; `interfaces` may change, and are looked at when somebody asks.

    So may the settings: those here are what it begins with.
    """

    def about(settings: Settings) -> About:
        return About(
            http_port=http_port,
            datagram_bytes_max=datagram_bytes_max(settings, interfaces),
            multicast=settings.multicast.enabled,
            host=socket.gethostname(),
        )

    seal, rng = voice.seal, random.Random()
    return Trials(seal=seal, carrier=carrier, settings=settings, about=about, rng=rng)
