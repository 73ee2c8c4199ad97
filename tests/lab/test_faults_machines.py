"""What if machines freeze, disks are full, and two agents believe to be one?"""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from evidence import (
    WAN_COPIES_MAX,
    assert_all_accounted,
    assert_delivered,
    await_event,
    await_representative,
    await_true,
    records,
)
from observations import note, struck
from tap import Tap

from bench.lab import Agents, Host, Lab, NginxOrigin, Package

MakeLab = Callable[..., Lab]
MakeAgents = Callable[..., Agents]
Nginx = Callable[[Lab], NginxOrigin]

MIB = 1 << 20
SLOW_WAN_BPS = 80_000_000  # the payload then takes 7 s
BEHIND_BYTES_MAX = 8 * MIB  # as in test_main_job_faults
END_S_MAX = 60.0
STORAGE = 5
TIME_TO_JOIN = {"multicast.session_start_delay_s": 4}
SLOW_DISK = Path(__file__).with_name("slow_disk.py")
TOO_SMALL = "24m"  # the payload has 64 MiB


def test_a_representative_that_is_stopped_and_continued_is_replaced_and_completes(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents
) -> None:
    """SIGSTOP half-way, SIGCONT when its successor is done: what the others hold it takes."""
    lab = make_lab(4)
    lab.wan_rate(SLOW_WAN_BPS)
    tap, origin, agents = Tap(lab), nginx(lab), make_agents()
    url = origin.url_of(package.manifest_name)

    runs = {host.name: agents.fetch(host, url, linger_s=20) for host in lab.hosts}
    frozen = await_representative(agents, lab.hosts)
    others = [host for host in lab.hosts if host is not frozen]
    await_true(lambda: tap.bytes().stream > package.payload_bytes / 3, "a third of the stream")
    runs[frozen.name].signal(signal.SIGSTOP)
    struck()
    await_event(agents, others, "election.role", new="leading")
    for host in others:
        await_event(agents, [host], "node.complete", timeout_s=END_S_MAX)
    runs[frozen.name].signal(signal.SIGCONT)
    records(list(runs.values()))

    assert_delivered(package, agents, lab.hosts)
    brought_bytes = package.payload_bytes + BEHIND_BYTES_MAX
    assert lab.wan_bytes() <= WAN_COPIES_MAX * brought_bytes


@pytest.mark.parametrize("folder", ["cache", "dest"])
def test_a_receiver_whose_disk_is_full_says_so_and_disturbs_nobody(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents, folder: str
) -> None:
    """The cache's file system, or the one that it is delivered to."""
    lab = make_lab(4)
    origin, agents = nginx(lab), make_agents()
    *sound, full = lab.hosts
    _mount_small(full, agents, folder)
    url = origin.url_of(package.manifest_name)

    *runs, starved = [agents.fetch(host, url) for host in [*sound, full]]
    records(runs)

    assert_delivered(package, agents, sound)
    assert lab.wan_bytes() <= WAN_COPIES_MAX * package.payload_bytes
    assert starved.wait(END_S_MAX) == STORAGE
    note(f"its task failed after {starved.record(0)['seconds']:.1f} s")
    assert starved.record(0)["failure"] == "storage"
    assert starved.record(0)["sentence"]


def test_a_receiver_whose_disk_is_slow_completes_and_slows_nobody(
    make_lab: MakeLab,
    nginx: Nginx,
    package: Package,
    make_agents: MakeAgents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of its writes takes 200 ms: what it cannot take from the stream it gets from peers."""
    lab = make_lab(4)
    origin, agents = nginx(lab), make_agents(TIME_TO_JOIN)
    *sound, slow = lab.hosts
    url = origin.url_of(package.manifest_name)

    runs = [agents.precache(host, url, linger_s=20) for host in sound]
    monkeypatch.setattr("bench.lab.agents.MCASTDIST", (sys.executable, str(SLOW_DISK)))
    runs.append(agents.precache(slow, url, election__weight=1))
    found = records(runs)

    assert [record["state"] for record in found] == ["cached"] * 4
    assert_all_accounted(package, found)
    assert lab.wan_bytes() <= WAN_COPIES_MAX * package.payload_bytes
    *others_s, slow_s = [record["seconds"] for record in found]
    assert max(others_s) < slow_s - 1.0
    for record in found[:-1]:
        if record["role"] == "receiver":
            assert record["bytes_by_source"]["multicast"] > 0.9 * package.payload_bytes


def test_a_second_agent_on_the_same_store_is_refused_and_the_first_goes_on(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents
) -> None:
    lab = make_lab(1)
    [host] = lab.hosts
    origin, agents = nginx(lab), make_agents()
    url = origin.url_of(package.manifest_name)
    words = agents.common(host)
    daemon = agents.agent(host)

    began = time.monotonic()
    second = agents.start(
        host, "agent", *words,
        "--set", f"control.socket={agents.home(host) / 'other.sock'}",
        "--set", f"node.state_dir={agents.home(host) / 'other-state'}",
    )  # fmt: skip
    status = second.wait(END_S_MAX)
    note(f"refused {time.monotonic() - began:.1f} s after its start")
    records([agents.fetch(host, url)])

    assert status == STORAGE
    assert str(agents.home(host) / "cache") in second.log.read_text()
    assert_delivered(package, agents, [host])
    assert daemon.end() == 0


def test_two_machines_with_one_node_id_both_complete(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents
) -> None:
    """As after copying a disk: who hears the other draws another id, for its next start."""
    lab = make_lab(3)
    origin, agents = nginx(lab), make_agents()
    original, copy, _ = lab.hosts
    url = origin.url_of(package.manifest_name)
    agents.agent(original).end()
    state = agents.home(original) / "state"
    shutil.copytree(state, agents.home(copy) / "state", ignore=shutil.ignore_patterns("*lock*"))

    records([agents.fetch(host, url) for host in lab.hosts])

    assert_delivered(package, agents, lab.hosts)
    assert lab.wan_bytes() <= 2 * WAN_COPIES_MAX * package.payload_bytes
    ids = {(agents.home(host) / "state" / "node.id").read_text() for host in (original, copy)}
    assert len(ids) == 2


def _mount_small(host: Host, agents: Agents, folder: str) -> None:
    """A file system of its own, too small, seen by this host alone."""
    place = agents.home(host) / folder
    place.mkdir()
    host.run(["mount", "-t", "tmpfs", "-o", f"size={TOO_SMALL}", "tmpfs", place])
