"""How commands are carried out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from agent_kit import ALICE, make_opener, make_run, make_voice

from mcastdist.agent.hands import Hands, task_of
from mcastdist.errors import UsageError
from mcastdist.http_fetch import Source
from mcastdist.node import (
    CancelRequest,
    CloseStream,
    Complete,
    GetBlocks,
    GetManifest,
    OpenStream,
    Rejoin,
    Send,
    TaskFailed,
)
from mcastdist.wire import Dismiss

PEER = Source("peer", "10.0.0.1:7447", 0)
SAYING = Dismiss(1, "slow")


@pytest.fixture
def run() -> Any:
    run = make_run()
    run.package = Mock()
    return run


@pytest.fixture
def stream(run: Any) -> Any:
    return SimpleNamespace(task=run.spec.id, content=b"c")


@pytest.fixture
def hands(run: Any) -> Any:
    hands = Hands(
        voice=make_voice(),
        streams=Mock(),
        runs={run.spec.id: run},
        listener=Mock(),
        reports=Mock(),
    )
    hands.transport, hands.fetcher = Mock(), Mock()
    return hands


def test_messages_are_sealed_and_sent(hands: Any) -> None:
    hands.carry_out(Send(SAYING))
    hands.carry_out(Send(SAYING, ("10.0.0.1", 7447)))

    (to_group,) = hands.transport.send_group.call_args.args
    to_one, address = hands.transport.send_to.call_args.args
    opener = make_opener(ALICE)
    assert [opener.open(each).message for each in (to_group, to_one)] == [SAYING, SAYING]
    assert address == ("10.0.0.1", 7447)


def test_fetches_are_handed_on_with_what_they_need(hands: Any, run: Any) -> None:
    manifest = GetManifest(run.spec.id, 1, PEER, None)
    blocks = GetBlocks(run.spec.id, 2, PEER, 0, 4)
    for command in (manifest, blocks, CancelRequest(run.spec.id, 2)):
        hands.carry_out(command)

    hands.fetcher.get_manifest.assert_called_once_with(manifest, run.wanted())
    hands.fetcher.get_blocks.assert_called_once_with(blocks, run.package)
    hands.fetcher.cancel.assert_called_once_with(2)


def test_streams_are_opened_closed_and_joined_again(hands: Any, run: Any, stream: Any) -> None:
    for command in (OpenStream(stream), Rejoin(stream), CloseStream(stream)):
        hands.carry_out(command)

    hands._streams.open.assert_called_once_with(stream, run.package, hands._reports)
    hands._streams.rejoin.assert_called_once_with(stream)
    hands.transport.rejoin.assert_called_once_with()
    hands._streams.close.assert_called_once_with(stream)


@pytest.mark.parametrize("error", [UsageError("cannot hear group"), OSError(24, "too many files")])
def test_a_stream_that_cannot_be_opened_is_left_to_the_peers(
    hands: Any, stream: Any, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    hands._streams.open.side_effect = error
    hands.carry_out(OpenStream(stream))

    assert "stream cannot be opened" in caplog.text


def test_ends_are_told(hands: Any) -> None:
    hands.carry_out(Complete("a"))
    hands.carry_out(TaskFailed("b", "code", "sentence"))

    hands._listener.complete.assert_called_once_with("a")
    hands._listener.failed.assert_called_once_with("b", "code", "sentence")


def test_whose_command_it_is(stream: Any) -> None:
    assert task_of(Complete("a")) == "a"
    assert task_of(OpenStream(stream)) == stream.task
    assert task_of(Send(SAYING)) is None
