"""What is given to other members."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from agent_kit import admit, held, make_library, make_run, noise, publish
from fake_node import FakeNode, fake_task

from mcastdist.agent.library import Library
from mcastdist.agent.peer_words import PEERS_NAMED_MAX
from mcastdist.agent.serving import Serving
from mcastdist.errors import ContentError
from mcastdist.ids import ContentId
from mcastdist.wire import ReceiverState

PUBLISHED = publish({"a": noise("a", 1000)})


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = make_library(tmp_path)
    yield library
    library.close_all()


def make_serving(library: Library) -> Serving:
    serving = Serving(library, {}, rng=random.Random(1))
    serving.node = FakeNode()
    return serving


async def test_a_package_is_opened_when_somebody_asks(library: Library) -> None:
    held(library, PUBLISHED)
    library.close(PUBLISHED.content)
    serving = make_serving(library)
    package = await serving.find(PUBLISHED.content)

    assert package is not None
    assert await serving.find(PUBLISHED.content) is package


async def test_what_was_evicted_is_not_offered_any_more(library: Library) -> None:
    serving = make_serving(library)
    gone = ContentId(bytes(32))

    assert await serving.find(gone) is None
    assert serving.node.named("drop") == [(gone,)]


async def test_what_has_expired_is_not_given(library: Library) -> None:
    old = publish({"a": b"1"}, expires=1_700_000_100)  # long ago; the tests' own clock is before
    held(library, old)
    serving = make_serving(library)
    assert await serving.find(old.content) is None

    library.close(old.content)
    with pytest.raises(ContentError):
        await serving.find(old.content)


def test_more_is_expected_while_a_task_works_on_it(library: Library) -> None:
    serving = make_serving(library)
    run = make_run()
    serving._runs[run.spec.id] = run
    assert not serving.expects(PUBLISHED.content)

    run.know(admit(library, PUBLISHED))
    assert not serving.expects(PUBLISHED.content)
    serving.node.tasks[run.spec.id] = fake_task()
    assert serving.expects(PUBLISHED.content)
    assert not serving.expects(ContentId(bytes(32)))


def listener(host: str, state: ReceiverState, http_port: int) -> SimpleNamespace:
    report = SimpleNamespace(state=state, http_port=http_port)
    return SimpleNamespace(address=(host, 7447), report=report)


def represent(serving: Serving, library: Library, everybody: list[SimpleNamespace]) -> None:
    run = make_run()
    run.know(admit(library, PUBLISHED))
    serving._runs[run.spec.id] = run
    task = serving.node.tasks[run.spec.id] = fake_task()
    audience = SimpleNamespace(all=lambda: everybody)
    task.representation = SimpleNamespace(audience=audience)


def test_receivers_that_are_done_are_named(library: Library) -> None:
    serving = make_serving(library)
    everybody: list[SimpleNamespace] = []
    represent(serving, library, everybody)
    assert serving.others(PUBLISHED.content) == []

    everybody += [
        listener("10.0.0.1", ReceiverState.DONE, 7447),
        listener("fe80::1%eth0", ReceiverState.DONE, 80),
        listener("10.0.0.3", ReceiverState.RECEIVING, 7447),
        listener("10.0.0.4", ReceiverState.DONE, 0),
    ]
    assert serving.others(PUBLISHED.content) == ["10.0.0.1:7447", "[fe80::1]:80"]
    assert serving.others(ContentId(bytes(32))) == []


def test_of_thousands_a_few_are_named_and_others_each_time(library: Library) -> None:
    """All of them would be a header that no client takes (8,190 bytes)."""
    hosts = [f"10.0.{number >> 8}.{number & 255}" for number in range(4_096)]
    serving = make_serving(library)
    represent(serving, library, [listener(host, ReceiverState.DONE, 7447) for host in hosts])

    named = [serving.others(PUBLISHED.content) for _ in range(100)]
    assert all(len(set(each)) == PEERS_NAMED_MAX for each in named)
    assert len({name for each in named for name in each}) > 50 * PEERS_NAMED_MAX
    assert {name for each in named for name in each} <= {f"{host}:7447" for host in hosts}
