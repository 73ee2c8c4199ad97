"""Who tells the node what happens."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from agent_kit import (
    ALICE,
    BOB,
    admit,
    fill,
    make_library,
    make_opener,
    make_run,
    make_voice,
    noise,
    plain,
    publish,
    until,
)
from fake_node import FakeNode, fake_task

from mcastdist.agent.driver import Driver
from mcastdist.agent.package import Landed
from mcastdist.errors import NoSpace
from mcastdist.ranges import RangeSet
from mcastdist.wire import Dismiss, Probe

ONE = RangeSet([(0, 1)])
NONE = RangeSet()
PUBLISHED = publish({"a": noise("a", 3 << 20)})


class Bench:
    """A driver whose node, streams and listener are played."""

    def __init__(self, folder: Path) -> None:
        self.node = FakeNode()
        self.listener = Mock()
        self.streams = Mock()
        self.streams.drop_shares.return_value = []
        self.twins: list[str] = []
        self.busy = False
        self.driver = Driver(
            node=self.node,
            own=ALICE,
            voice=make_voice(ALICE),
            opener=make_opener(ALICE),
            streams=self.streams,
            runs={},
            listener=self.listener,
            is_busy=lambda: self.busy,
            on_twin=lambda: self.twins.append("twin"),
        )
        self.driver.trials = Mock()
        self.driver.trials.receive.return_value = False
        self.library = make_library(folder)
        self.package = admit(self.library, PUBLISHED)

    def run(self, url: str = "http://origin/app-1.mcd", *, known: bool = True) -> Any:
        """A run that has begun."""
        run = make_run(url)
        if known:
            run.know(self.package)
        self.driver.start(run)
        self.node.tasks[run.spec.id] = fake_task(leader=BOB)
        return run


@pytest.fixture
async def bench(tmp_path: Path) -> Any:
    bench = Bench(tmp_path)
    yield bench
    bench.driver.close()
    bench.library.close_all()


async def test_a_run_begins_with_what_is_here(bench: Bench) -> None:
    fill(bench.package, PUBLISHED.payload, [(0, 1 << 20)])
    run = bench.run()
    fresh = bench.run("http://origin/other.mcd", known=False)

    (first, package), (second, nothing) = bench.node.named("start")
    assert (first, second, nothing) == (run.spec.id, fresh.spec.id, None)
    bench.streams.expect.assert_called_with()
    assert package.held == ONE
    assert package.origins == ("http://origin/app-1.payload",)


async def test_a_datagram_of_a_member_is_a_turn_of_the_node(bench: Bench) -> None:
    bench.busy = True
    datagram = make_voice(BOB).seal(Dismiss(1, "slow"))
    bench.driver.ear.hear(memoryview(datagram), ("10.0.0.9", 7447))

    assert bench.node.named("receive") == [(Dismiss(1, "slow"), BOB, ("10.0.0.9", 7447))]
    assert bench.node.uploads_busy


async def test_a_bug_in_receiving_is_no_reason_to_end_a_task(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.run()
    bench.node.breaks_at = "receive"
    bench.driver.ear.hear(memoryview(make_voice(BOB).seal(Dismiss(1, "x"))), ("10.0.0.9", 1))

    assert "Traceback" in caplog.text
    bench.listener.broken.assert_not_called()


async def test_a_twin_is_told_of(bench: Bench) -> None:
    bench.driver.ear.hear(memoryview(make_voice(ALICE).seal(Dismiss(1, "x"))), ("10.0.0.9", 1))

    assert bench.twins == ["twin"]
    assert bench.node.calls == []


async def test_what_belongs_to_a_trial_is_not_for_the_node(bench: Bench) -> None:
    bench.driver.trials.receive.return_value = True
    bench.driver.ear.hear(memoryview(make_voice(BOB).seal(Probe(1, 2))), ("10.0.0.9", 1))

    assert not bench.node.calls


async def test_a_plain_file_was_brought_by_whoever_downloaded_it(bench: Bench) -> None:
    file = plain(noise("plain", 1000))
    package = admit(bench.library, file, url="http://o/x")
    fill(package, file.payload)
    run = bench.run("http://o/x", known=False)
    bench.driver.package_known(run.spec.id, package, brought_bytes=1000)

    assert run.account.by_source["origin"] == 1000
    assert run.account.by_source["cache"] == 0
    ((task, known),) = bench.node.named("package_known")
    assert (task, known.held) == (run.spec.id, ONE)
    assert known.origins == ("http://o/x",)


async def test_blocks_are_told_to_all_that_bring_the_same_content(bench: Bench) -> None:
    one, two = bench.run(), bench.run("http://mirror/app-1.mcd")
    other = bench.run("http://origin/other.mcd", known=False)
    bench.driver.landed(one.spec.id, ONE, Landed(ONE, NONE, 500), "peer")

    assert [call[0] for call in bench.node.named("blocks_held")] == [one.spec.id, two.spec.id]
    assert [run.account.by_source["peer"] for run in (one, two, other)] == [500, 500, 0]
    assert one.dirty_bytes == 500
    assert bench.driver.written.is_set()
    assert bench.node.named("blocks_lost") == []


async def test_a_run_that_is_over_is_not_told(bench: Bench) -> None:
    bench.driver.landed("gone", ONE, Landed(ONE, NONE, 500), "peer")
    bench.driver.package_known("gone", bench.package)
    bench.driver.wan_bytes("gone", 1)

    assert bench.node.calls == []


async def test_a_member_that_lies_is_refused_and_named(bench: Bench) -> None:
    run = bench.run()
    liar = f"node {BOB & 0xFFFF_FFFF:08x}"
    bench.driver.landed(run.spec.id, ONE, Landed(NONE, ONE, 0, liar), "multicast")

    assert bench.node.named("blocks_lost") == [(run.spec.id, ONE)]
    assert bench.node.named("refuse") == [(run.spec.id, BOB)]
    assert bench.driver.ear.mismatches.shown() == [
        {"address": "10.0.0.9", "cause": "liar", "count": 1}
    ]


@pytest.mark.parametrize("culprit", ["", "origin http://o/p", "node 00000007"])
async def test_nobody_is_refused_for_what_somebody_else_did(bench: Bench, culprit: str) -> None:
    run = bench.run()
    bench.driver.landed(run.spec.id, ONE, Landed(NONE, ONE, 0, culprit), "multicast")

    assert bench.node.named("refuse") == []


async def test_what_threads_report_reaches_the_node_on_the_loop(bench: Bench) -> None:
    run = bench.run()
    stream = SimpleNamespace(task=run.spec.id)
    landed = Landed(ONE, NONE, 90)

    def report() -> None:
        bench.driver.stream_block(stream, 0, landed, {"multicast": 2, "parity": 1})
        bench.driver.stream_lost(stream, 2)

    thread = threading.Thread(target=report)
    thread.start()
    await until(lambda: bench.node.named("blocks_lost"))
    thread.join()

    assert bench.node.named("blocks_held") == [(run.spec.id, ONE, ONE)]
    assert bench.node.named("blocks_lost") == [(run.spec.id, RangeSet([(2, 3)]))]
    assert (run.account.by_source["multicast"], run.account.by_source["parity"]) == (60, 30)


async def test_a_full_disk_ends_the_task_and_not_the_session(bench: Bench) -> None:
    run = bench.run()
    error = NoSpace(10, 1, "no room")
    bench.driver.stream_trouble(SimpleNamespace(task=run.spec.id), error)
    await until(lambda: bench.listener.storage_failed.called)

    assert bench.node.named("stop") == [(run.spec.id, "storage")]
    bench.listener.storage_failed.assert_called_once_with(run.spec.id, error)


async def test_a_bug_in_a_thread_ends_the_task_with_a_traceback(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    run = bench.run()
    error = RuntimeError("impossible")
    bench.driver.stream_trouble(SimpleNamespace(task=run.spec.id), error)
    await until(lambda: bench.listener.broken.called)

    assert bench.node.named("stop") == [(run.spec.id, "internal")]
    bench.listener.broken.assert_called_once_with(run.spec.id, error)
    assert "impossible" in caplog.text


async def test_failures_are_handed_on(bench: Bench) -> None:
    run = bench.run()
    bench.driver.failed(
        run.spec.id, 7, "refused", "nobody there", permanent=True, retry_after_s=2.0, ask_instead=()
    )
    bench.driver.finished(run.spec.id, 8)
    bench.driver.wan_bytes(run.spec.id, 99)

    ((task, request, code, how),) = bench.node.named("request_failed")
    assert (task, request, code) == (run.spec.id, 7, "refused")
    assert how == {"permanent": True, "retry_after_s": 2.0, "ask_instead": ()}
    assert bench.node.named("request_finished") == [(run.spec.id, 8)]
    assert run.account.wan_bytes == 99


async def test_damage_found_by_verifying_is_told_as_blocks(bench: Bench) -> None:
    run = bench.run()
    bench.driver.damaged(bench.package, [4])  # chunks of 256 KiB, blocks of 1 MiB

    assert bench.node.named("blocks_lost") == [(run.spec.id, RangeSet([(1, 2)]))]


async def test_damage_is_told_also_if_the_package_was_closed_and_opened_meanwhile(
    bench: Bench,
) -> None:
    before = bench.package
    bench.library.close(PUBLISHED.content)
    bench.package = admit(bench.library, PUBLISHED)
    run = bench.run()
    bench.driver.damaged(before, [4])

    assert bench.node.named("blocks_lost") == [(run.spec.id, RangeSet([(1, 2)]))]


async def test_kernel_drops_reach_the_reports(bench: Bench) -> None:
    run = bench.run()
    bench.streams.drop_shares.return_value = [(SimpleNamespace(task=run.spec.id), 1234)]
    bench.node.wakes_at = 0.0
    bench.driver.close()  # so that it is woken by hand only
    for _ in range(3):
        bench.driver._look_around()

    # Once: three looks within a report interval are one.
    assert bench.node.tasks[run.spec.id].reception.drops == [1234]
