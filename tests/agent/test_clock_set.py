"""What if somebody sets the machine's clock while tasks are under way? Nothing waits for it."""

from __future__ import annotations

import ast
import asyncio
import time
from pathlib import Path

import pytest
from agent_kit import PATIENCE_S, Site, end, package_named, until_held
from figure_book import Figure

from mcastdist.agent.api import TaskRequest
from mcastdist.agent.controller import AgentController
from mcastdist.agent.run import embedded_agent

HOUR_S = 3_600.0
DAY_S = 86_400.0
PACKAGE = Path(__file__).parents[2] / "mcastdist"

# Who reads the wall clock, and what for; whoever measures a time reads the monotonic one.
READS_WALL_CLOCK = {
    "agent/cache.py": "how old a package is, over restarts: the default of `wall`",
    "agent/checkup/asking.py": "how far the neighbours' clocks are apart",
    "agent/checkup/trials.py": "how far the neighbours' clocks are apart",
    "agent/daemon.py": "business hours, and the default of `wall`",
    "agent/origin_server.py": "its log",
    "agent/run.py": "the default of `wall`",
    "agent/serving.py": "has its publisher set an end to it? the default of `wall`",
    "agent/status.py": "business hours",
    "agent/stream_inlet.py": "what the kernel notes by it; an age below 0 or too great is none",
    "agent/task_journal.py": "how long ago a task ended, over restarts: the default of `wall`",
    "agent/taskbook.py": "when a task began and ended, for people: the default of `wall`",
    "agent/trace_file.py": "when an event was, for people",
    "cli/capture/listing.py": "when a datagram was captured, for people",
    "cli/publish.py": "the number of a version, which goes up with the time",
}


class Clock:
    """The machine's clock, and somebody who sets it."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize("leap_s", [-HOUR_S, HOUR_S, -20 * 365 * DAY_S])
async def test_a_clock_that_is_set_during_a_task_changes_nothing_of_it(
    site: Site, clock: Clock, leap_s: float, figure: Figure
) -> None:
    settings = site.settings(download__rate_limit_bps=32_000_000, tasks__active_max=1)
    urls = [site.publish(package_named(name)) for name in ("first", "second")]
    async with embedded_agent(settings, wall=clock) as agent:
        began = time.monotonic()
        first, second = [await agent.start(TaskRequest(url=url)) for url in urls]
        assert second.state == "queued"
        await until_held(agent, first.id, 1 << 20)
        clock.ahead_s += leap_s
        half_way_s = (await agent.task(first.id)).seconds
        first = await end(agent, first)
        clock.ahead_s -= leap_s  # and back, while the next is at work
        second = await end(agent, second)
        took_s = time.monotonic() - began

    figure("a stop-watch differs from the task's time by, s", took_s - second.seconds)
    assert (first.state, second.state) == ("cached", "cached")
    assert 0 < half_way_s < first.seconds < second.seconds < took_s
    assert first.ended is not None
    assert first.ended - first.started == pytest.approx(leap_s, abs=took_s)
    assert site.served(".payload") == 2 * len(package_named("first").payload)


async def test_packages_of_a_task_outlive_an_hour_more_and_an_hour_less(
    site: Site, clock: Clock
) -> None:
    async with embedded_agent(site.settings(), wall=clock) as agent:
        await end(agent, await agent.start(TaskRequest(url=site.publish(package_named("kept")))))
        for clock.ahead_s in (HOUR_S, -HOUR_S):
            assert (await agent.cache_gc()).removed == []
        assert [entry.name for entry in await agent.cache_list()] == ["kept"]


async def test_business_hours_follow_the_clock_that_was_set(site: Site, clock: Clock) -> None:
    noon = time.mktime((2026, 3, 4, 12, 0, 0, 0, 0, -1))  # a Wednesday
    clock.ahead_s = noon - time.time()
    settings = site.settings(download__schedule='["mon-fri 08:00-18:00 = 1000000"]')
    async with embedded_agent(settings, wall=clock) as agent:
        limits = []
        for hours in (0, 9, -9):  # at noon, at nine in the evening, at noon again
            clock.ahead_s += hours * HOUR_S
            agent._agent.look_at_clock()
            limits.append((await agent.status()).download["rate_limit_bps"])

    assert limits == [1_000_000, 0, 1_000_000]


async def test_a_rest_is_as_long_as_it_was_meant_to_be(site: Site, clock: Clock) -> None:
    from contextlib import AsyncExitStack

    from mcastdist.agent.daemon import open_agent  # one that rests: a command's agent does not

    settings = site.settings(
        download__retry_backoff_min="[3]", download__allow_peers="false",
        multicast__enabled="false",
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        opened = await open_agent(settings, stack, trace=None, wall=clock)
        agent = AgentController(opened)
        record = await agent.start(TaskRequest(url="http://127.0.0.1:9/x.mcd"))
        async with asyncio.timeout(PATIENCE_S):
            while (now := await agent.task(record.id)).retry_s_left is None:
                await asyncio.sleep(0.05)
        clock.ahead_s = -HOUR_S
        later = await agent.task(record.id)

    assert now.state == "waiting"
    assert now.reason.startswith("waits_to_retry:")
    assert 120 < now.retry_s_left <= 200  # three minutes and a jitter
    assert now.retry_s_left - 10 < later.retry_s_left <= now.retry_s_left


def wall_clock_calls(source: str) -> list[str]:
    """`time.time`, `time.localtime` and `datetime.now`, called or handed on."""
    return [
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr)
        in {("time", "time"), ("time", "time_ns"), ("time", "localtime"), ("datetime", "now")}
    ]


def test_who_reads_the_wall_clock_has_a_reason(figure: Figure) -> None:
    readers = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if wall_clock_calls(path.read_text("utf-8"))
    }

    figure("modules that read it", len(readers))
    assert readers == set(READS_WALL_CLOCK)
    assert wall_clock_calls("import time\nx = time.time()") == ["time.time"]
