"""When a stream is open, looked at, complained about, and joined again."""

from __future__ import annotations

from node_kit import (
    BLOCKS,
    announce,
    environment,
    hear,
    need,
    of_kind,
    package,
    said,
    streamed,
)

from mcastdist.node import CloseStream, Command, OpenStream, Rejoin
from mcastdist.node.listening import IDLE_POLL_S, POLL_S, REJOIN_S, Listening
from mcastdist.timers import NEVER
from mcastdist.wire import DEAF_S, Announce, Need, Phase


def _listening(told: Announce | None = None) -> Listening:
    listening = Listening(told or announce(), task="task", env=environment(), now=0.0)
    listening.open(package(), 0.0)
    return listening


def _run(listening: Listening, until: float) -> tuple[int, list[Command]]:
    """How often something had been heard, and the orders."""
    heard, commands = 0, listening.drain()
    while listening.wake_at() <= until:
        heard += listening.wake(listening.wake_at())
        commands += listening.drain()
    return heard, commands


def test_it_is_opened_once() -> None:
    listening = _listening()
    listening.open(package(), 1.0)
    assert len(of_kind(listening.drain(), OpenStream)) == 1


def test_it_is_opened_anew_when_datagrams_have_shrunk() -> None:
    listening = _listening()
    listening.announced(announce(symbol_bytes=64), now=1.0)
    listening.open(package(), 1.0)
    assert [type(one) for one in listening.drain()] == [OpenStream, CloseStream, OpenStream]


def test_it_is_looked_at_often_while_it_moves_and_seldom_otherwise() -> None:
    listening = _listening()
    listening.wake(listening.wake_at())
    assert listening.wake_at() <= 0.05 + IDLE_POLL_S
    idle_until = listening.wake_at()
    listening.announced(announce(Phase.STREAMING), now=0.1)
    assert listening.wake_at() <= 0.1 + POLL_S < idle_until


def test_what_was_heard_is_told_once() -> None:
    listening = _listening()
    listening.announced(announce(Phase.STREAMING), now=1.0)
    assert listening.stream is not None
    hear(listening.stream, streamed([0]), now=1.0)
    assert _run(listening, 2.0)[0] == 1


def test_holes_are_complained_about_unless_another_does() -> None:
    for other_complains, complaints in ((False, 1), (True, 0)):
        listening = _listening()
        _run(listening, 0.99)
        listening.announced(announce(Phase.STREAMING), now=1.0)
        assert listening.stream is not None
        hear(listening.stream, streamed(range(BLOCKS))[1:], now=1.0)
        listening.wake(listening.wake_at())
        if other_complains:
            listening.hear(need((0, 9)), now=1.05)
        assert len(said(_run(listening, 1.2)[1], Need)) == complaints


def test_the_deaf_join_again_now_and_then() -> None:
    listening = _listening()
    for second in range(1, 31):
        listening.announced(announce(Phase.STREAMING, position=min(second, 8)), now=float(second))
    commands = _run(listening, 40.0)[1]
    assert listening.hearing.is_deaf(40.0)
    assert 1 <= len(of_kind(commands, Rejoin)) <= (40 - DEAF_S) / REJOIN_S + 1


def test_once_closed_there_is_nothing_to_do() -> None:
    listening = _listening()
    listening.close()
    listening.close()
    assert len(of_kind(listening.drain(), CloseStream)) == 1
    assert listening.stream is None
    assert listening.wake_at() == NEVER
    listening.hear(need((0, 1)), now=1.0)
    assert not listening.wake(1.0)
