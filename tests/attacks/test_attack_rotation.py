"""Can the cluster key be changed while packages pass? A fleet at each step of docs/keys.md.

Real agents on the loopback. One step apart they share one download, by the stream and from peers; a
machine that was left behind is alone and completes alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from agent_kit import KEY, OTHER_KEY, PATIENCE_S, Site, noise, open_site, publish

from mcastdist.agent.api import TaskRecord, TaskRequest
from mcastdist.agent.controller import AgentController

PUBLISHED = publish({"a": noise("rotated", 3 << 20)})
FILES = {"old": KEY, "new": OTHER_KEY}
STEPS = {  # as in docs/keys.md: what it speaks with, what it understands beside it
    "before": ("old", []),
    "1": ("old", ["new"]),
    "2": ("new", ["old"]),
    "3": ("new", []),
}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        for name, key in FILES.items():
            (tmp_path / f"{name}.key").write_text(key.text())
        yield site


async def _agent(
    site: Site, stack: AsyncExitStack, step: str, **changes: object
) -> AgentController:
    speaks, understands = STEPS[step]
    beside = [str(site.folder / f"{name}.key") for name in understands]
    agent = site.agent(
        cluster__key_file=site.folder / f"{speaks}.key",
        cluster__previous_key_files=beside,
        **changes,
    )
    return await stack.enter_async_context(agent)


async def _fetch(agent: AgentController, url: str, dest: Path) -> TaskRecord:
    record = await agent.start(TaskRequest(url=url, dest=str(dest)))
    async with asyncio.timeout(PATIENCE_S):
        async for now in agent.watch(record.id):
            record = now
    return record


@pytest.mark.parametrize("steps", [("before", "1"), ("1", "2"), ("2", "3")], ids="-".join)
@pytest.mark.parametrize("ahead", [0, 1], ids=["the-later-represents", "the-earlier-represents"])
async def test_neighbouring_steps_share_one_download_by_the_stream(
    site: Site, steps: tuple[str, str], ahead: int
) -> None:
    """Three of them, so that there is a stream; the heaviest represents."""
    url = site.publish(PUBLISHED)
    earlier, later = steps
    members = [later, earlier, later] if ahead == 0 else [earlier, later, earlier]
    async with AsyncExitStack() as stack:
        agents = [
            await _agent(
                site, stack, step, election__weight=60 - number, multicast__min_receivers=1
            )
            for number, step in enumerate(members)
        ]
        records = await asyncio.gather(
            *(_fetch(agent, url, site.folder / f"out{n}") for n, agent in enumerate(agents))
        )

    assert [record.state for record in records] == ["delivered"] * 3
    assert site.served(".payload") == len(PUBLISHED.payload)
    assert records[0].role == "representative"
    assert all(record.bytes_by_source["multicast"] > 0 for record in records[1:])


@pytest.mark.parametrize(
    "steps", [("before", "1"), ("1", "2"), ("2", "3"), ("2", "1")], ids="-".join
)
async def test_a_holder_gives_manifest_and_blocks_to_its_neighbouring_step(
    site: Site, steps: tuple[str, str]
) -> None:
    url = site.publish(PUBLISHED)
    async with AsyncExitStack() as stack:
        holder, seeker = [
            await _agent(site, stack, step, multicast__min_package_bytes=1 << 30) for step in steps
        ]
        await _fetch(holder, url, site.folder / "out0")
        paid = site.served()
        record = await _fetch(seeker, url, site.folder / "out1")

    assert record.state == "delivered"
    assert site.served() == paid
    assert record.bytes_by_source["peer"] == len(PUBLISHED.payload)


async def test_who_was_left_behind_is_alone_and_completes_alone(site: Site) -> None:
    url = site.publish(PUBLISHED)
    async with AsyncExitStack() as stack:
        agents = [await _agent(site, stack, step) for step in ("before", "3")]
        records = await asyncio.gather(
            *(_fetch(agent, url, site.folder / f"out{n}") for n, agent in enumerate(agents))
        )
        statuses = [await agent.status() for agent in agents]

    assert [record.state for record in records] == ["delivered"] * 2
    assert site.served(".payload") == 2 * len(PUBLISHED.payload)
    assert all(status.refused["key"] > 0 for status in statuses)
