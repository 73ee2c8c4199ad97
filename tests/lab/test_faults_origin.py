"""What if the origin puts everybody off, or stops in the middle? One machine asks, and all wait."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from evidence import PAYLOAD_COPIES_MAX, assert_delivered, await_true, came_from, records
from observations import note, struck
from stubborn_origin import PUTS_OFF, RETRY_AFTER_S

from bench.lab import Agents, Lab, Package

MakeLab = Callable[..., Lab]
MakeAgents = Callable[..., Agents]

PROGRAM = Path(__file__).with_name("stubborn_origin.py")
PORT = 8_081
STALLED_S_MAX = 90.0  # half a minute of patience, and the rest of the job
BUSY_S = 8.0


@dataclass(frozen=True)
class Stubborn:
    """The program on the lab's origin."""

    url: str
    work: Path

    def feels(self, mood: str) -> None:
        """How it meets requests from now on."""
        (self.work / "mood.new").write_text(mood)
        (self.work / "mood.new").rename(self.work / "mood")

    def asked(self) -> list[dict[str, Any]]:
        """All requests so far."""
        log = self.work / "asked"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@contextmanager
def _stubborn(lab: Lab, package: Package, work: Path) -> Iterator[Stubborn]:
    work.mkdir()
    address = lab.origin.address
    argv = [sys.executable, PROGRAM, package.directory, address, str(PORT), work]
    process = lab.origin.popen(argv, stderr=subprocess.STDOUT)
    try:
        yield Stubborn(f"http://{address}:{PORT}/{package.manifest_name}", work)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def stubborn(tmp_path: Path, package: Package) -> Iterator[Callable[[Lab], Stubborn]]:
    """`stubborn(lab)`: the package on an origin that is told how to be difficult."""
    with ExitStack() as stack:
        yield lambda lab: stack.enter_context(_stubborn(lab, package, tmp_path / "stubborn"))


@pytest.mark.parametrize("mood", PUTS_OFF)
def test_an_origin_that_puts_everybody_off_is_asked_by_one_and_no_sooner(
    make_lab: MakeLab,
    stubborn: Callable[[Lab], Stubborn],
    package: Package,
    make_agents: MakeAgents,
    mood: str,
) -> None:
    """503 or 429 with Retry-After, to three machines, for some seconds."""
    lab = make_lab(3)
    origin, agents = stubborn(lab), make_agents()
    origin.feels(mood)

    runs = [agents.fetch(host, origin.url) for host in lab.hosts]
    await_true(origin.asked, "a request")
    time.sleep(BUSY_S)
    origin.feels("well")
    struck()  # from now on it could be had
    found = records(runs)

    assert_delivered(package, agents, lab.hosts)
    busy = [one for one in origin.asked() if one["mood"] == mood]
    note(f"{len(busy)} requests put off in {BUSY_S:.0f} s")
    assert len({one["client"] for one in busy}) == 1
    by_path: dict[str, list[float]] = {}
    for one in busy:
        by_path.setdefault(one["path"], []).append(one["at"])
    gaps_s = [b - a for ats in by_path.values() for a, b in pairwise(ats)]
    assert all(gap_s >= RETRY_AFTER_S for gap_s in gaps_s), by_path
    brought = sum(came_from(record).get("origin", 0) for record in found)
    assert brought <= PAYLOAD_COPIES_MAX * package.payload_bytes
    assert lab.wan_bytes() <= 1.1 * package.payload_bytes


def test_an_origin_that_stops_in_the_middle_is_noticed_and_what_came_is_kept(
    make_lab: MakeLab,
    stubborn: Callable[[Lab], Stubborn],
    package: Package,
    make_agents: MakeAgents,
) -> None:
    lab = make_lab(3)
    origin, agents = stubborn(lab), make_agents()
    origin.feels("stall")

    runs = [agents.fetch(host, origin.url) for host in lab.hosts]
    payload = f"/{package.payload_name}"
    await_true(lambda: [one for one in origin.asked() if one["path"] == payload], "the payload")
    origin.feels("well")
    found = records(runs, timeout_s=STALLED_S_MAX)

    assert_delivered(package, agents, lab.hosts)
    stalled = [one for one in origin.asked() if one["mood"] == "stall" and one["path"] == payload]
    assert len({one["client"] for one in stalled}) == 1
    assert any("stalled" in code for record in found for code in record["fallbacks"])
    assert lab.wan_bytes() <= 1.1 * package.payload_bytes
