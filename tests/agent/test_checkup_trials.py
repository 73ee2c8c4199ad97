"""How trials leave and arrive."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from agent_kit import ALICE, BOB, KEY, make_opener, make_voice, until

from mcastdist.agent.checkup import trials as module
from mcastdist.agent.checkup.examination import ALL_TRIALS, Trial
from mcastdist.agent.checkup.trials import HEARD_MAX, About, Trials
from mcastdist.agent.settings import Settings, load
from mcastdist.ids import BootId, NodeId
from mcastdist.wire import ECHO_BURST_MAX, Dismiss, Echo, Message, Opened, Probe, Way, unpad

SMALLER = "datagram_bytes_max=1000"
ASKER = ("10.0.0.9", 7447)


class FakeCarrier:
    """Opens what is sent, and notes the way and the size."""

    def __init__(self) -> None:
        self.opener = make_opener(ALICE)
        self.sent: list[tuple[Way, int, Any, Any]] = []

    def note(self, way: Way, data: bytes, address: Any = None) -> None:
        opened = self.opener.open(unpad(memoryview(data)))
        self.sent.append((way, len(data), opened.message, address))

    def send_group(self, data: bytes) -> None:
        self.note(Way.GROUP, data)

    def send_aside(self, data: bytes) -> None:
        self.note(Way.ASIDE, data)

    def send_to(self, data: bytes, address: Any) -> None:
        self.note(Way.ALONE, data, address)


@pytest.fixture
def carrier() -> FakeCarrier:
    return FakeCarrier()


@pytest.fixture
def trials(carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch) -> Trials:
    monkeypatch.setattr(module, "ECHO_WAIT_S", 0.01)

    def about(settings: Settings) -> About:
        multicast = settings.multicast
        return About(7448, multicast.datagram_bytes_max or 1_472, multicast.enabled, "h" * 99)

    return Trials(
        seal=make_voice(BOB).seal, carrier=carrier, settings=Settings(), about=about, rng=Random(1)
    )


def opened(message: Message, node: NodeId = ALICE) -> Opened:
    return Opened(node, BootId(1), message, KEY)


async def test_a_probe_is_answered_with_who_we_are(trials: Trials, carrier: FakeCarrier) -> None:
    assert trials.receive(opened(Probe(7, 3)), ASKER)
    await until(lambda: carrier.sent)

    [(way, size, echo, address)] = carrier.sent
    assert (way, address) == (Way.ALONE, ASKER)
    assert (echo.token, echo.number, echo.http_port, echo.host) == (7, 3, 7448, "h" * 64)
    assert 0 <= echo.sent_us - echo.received_us < 5_000_000
    assert size < 300


async def test_who_asks_for_it_is_shown_every_way_and_size(
    trials: Trials, carrier: FakeCarrier
) -> None:
    trials.receive(opened(Probe(7, 3, back=True)), ASKER)
    await until(lambda: len(carrier.sent) == len(ALL_TRIALS))

    assert {(way, size == 1_472) for way, size, _, _ in carrier.sent} == ALL_TRIALS
    assert all((echo.way, echo.full) == (way, size == 1_472) for way, size, echo, _ in carrier.sent)


async def test_a_flood_of_probes_is_not_answered(trials: Trials, carrier: FakeCarrier) -> None:
    for number in range(500):
        trials.receive(opened(Probe(7, number, back=True)), ASKER)
    await asyncio.sleep(0.1)

    assert len(carrier.sent) <= ECHO_BURST_MAX + 20


async def test_echoes_go_to_who_listens_as_long_as_he_does(trials: Trials) -> None:
    echo = Echo(7, 3, Way.ALONE, False, 0, 0, 0, 1_472, "0.1.0", "h1")
    heard = []
    with trials.listening(lambda *told: heard.append(told)):
        assert trials.receive(opened(echo), ASKER)
    trials.receive(opened(echo), ASKER)

    [(told, node, address, _at)] = heard
    assert (told, node, address) == (echo, ALICE, ASKER)


async def test_everybody_else_is_only_remembered(trials: Trials) -> None:
    assert not trials.receive(opened(Dismiss(1, "x")), ASKER)
    assert trials.heard[ALICE].address == ASKER

    for number in range(HEARD_MAX + 3):
        trials.receive(opened(Dismiss(1, "x"), NodeId(number)), ASKER)
    assert len(trials.heard) == HEARD_MAX
    assert ALICE not in trials.heard


async def test_a_probe_leaves_by_its_way(trials: Trials, carrier: FakeCarrier) -> None:
    for trial in sorted(ALL_TRIALS):
        trials.send(Probe(1, 1), trial, ASKER)
    trials.send(Probe(1, 1), Trial(Way.ALONE, False))  # to nobody

    assert len(carrier.sent) == len(ALL_TRIALS)


async def test_settings_that_were_read_again_are_kept_to(
    trials: Trials, carrier: FakeCarrier
) -> None:
    trials.settings = load(None, {}, [f"multicast.{key}" for key in ("enabled=false", SMALLER)])
    trials.receive(opened(Probe(7, 3, back=True)), ASKER)
    trials.send(Probe(1, 1), Trial(Way.ALONE, True), ASKER)
    alone = {trial for trial in ALL_TRIALS if trial.way is Way.ALONE}
    await until(lambda: len(carrier.sent) == 1 + len(alone))

    assert {way for way, _, _, _ in carrier.sent} == {Way.ALONE}
    assert max(size for _, size, _, _ in carrier.sent) == 1_000
