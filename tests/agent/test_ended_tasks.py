"""What is left in memory of a task that is over? Its record, and nothing else.

Sealed blocks and slots are megabytes that the garbage collector does not count: what hangs in a
circle of references waits for its third generation, which comes seldom. So it is off here.
"""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from agent_kit import PATIENCE_S, Site, noise, publish, until

from mcastdist.agent.api import TaskRequest
from mcastdist.agent.chores import close_idle
from mcastdist.agent.controller import AgentController
from mcastdist.agent.package import OpenPackage
from mcastdist.agent.runs import Run
from mcastdist.agent.stream_receiving import ReceivingStream
from mcastdist.agent.stream_sending import SendingStream
from mcastdist.manifest import Manifest
from mcastdist.node import Stream, Task
from mcastdist.session import Assembly, Receiver, SealedBlock, Sender

PUBLISHED = publish({"a": noise("a", 3 << 20)})
STREAM = {"multicast__min_receivers": 1}  # for one receiver too
OF_A_TASK = (
    Assembly, Manifest, OpenPackage, Receiver, ReceivingStream, Run, SealedBlock, Sender,
    SendingStream, Stream, Task,
)  # fmt: skip


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Garbage of other tests is away, and none of this one's goes by itself."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def alive() -> Counter[str]:
    """What there is now of what tasks are made of."""
    return Counter(type(one).__name__ for one in gc.get_objects() if isinstance(one, OF_A_TASK))


def has_seen(seen: set[str]) -> bool:
    """True once there has been what is large."""
    seen |= alive().keys()
    return {"Sender", "Receiver", "SealedBlock", "SendingStream", "ReceivingStream"} <= seen


async def fetch(agent: AgentController, url: str) -> None:
    record = await agent.start(TaskRequest(url=url))
    async with asyncio.timeout(PATIENCE_S):
        async for now in agent.watch(record.id):
            record = now
    assert record.state == "cached"


@pytest.mark.usefixtures("uncollected")
async def test_of_tasks_that_are_over_nothing_stays_in_memory(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcastdist.agent.chores.IDLE_S", 0.0)
    url = site.publish(PUBLISHED)
    before = alive()
    async with site.agent(**STREAM) as one, site.agent(**STREAM) as two:
        await asyncio.gather(fetch(one, url), fetch(two, url), until(partial(has_seen, set())))
        for agent in (one, two):
            await until(lambda agent=agent: not agent._agent.driver.node.is_engaged)
            await until(lambda agent=agent: not agent._agent.streams._closing)
            await close_idle(agent._agent)

        assert alive() - before == Counter()
