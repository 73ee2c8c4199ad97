"""Does the job go as well through agents that run as daemons, and do they keep quiet afterwards?

Commands reach the agent by its Unix socket. An agent that is asked to stop in the middle hands
over what it represents; when all is done nothing is said any more.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from evidence import (
    WAN_COPIES_MAX,
    assert_all_accounted,
    assert_delivered,
    await_representative,
    await_true,
    came_from,
    events,
    records,
)
from observations import struck
from tap import Counted, Tap

from bench.lab import Agents, Host, Lab, NginxOrigin, Package

MakeLab = Callable[..., Lab]
MakeAgents = Callable[..., Agents]
Nginx = Callable[[Lab], NginxOrigin]

MIB = 1 << 20
SLOW_WAN_BPS = 80_000_000  # the payload then takes 7 s
SLOW_LINK_BPS = 50_000_000  # half of the payload then takes 5 s more
BEHIND_BYTES_MAX = 8 * MIB  # as in test_main_job_faults
CLOSING_S_MAX = 12.0  # the last report, 3 s in which nobody needs anything, and a busy machine
AT_REST_S = 2.5  # two announcements, had there been any
UNAVAILABLE = 3
SILENCE = Counted(control=0, stream=0, unicast=0, http=0)


def test_daemons_bring_it_and_fall_silent(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents
) -> None:
    lab = make_lab(3)
    tap, origin, agents = Tap(lab), nginx(lab), make_agents()
    daemons = [agents.agent(host) for host in lab.hosts]
    url = origin.url_of(package.manifest_name)

    found = records([agents.fetch(host, url) for host in lab.hosts])

    assert_delivered(package, agents, lab.hosts)
    assert_all_accounted(package, found)
    assert lab.wan_bytes() <= WAN_COPIES_MAX * package.payload_bytes
    for host, daemon, record in zip(lab.hosts, daemons, found, strict=True):
        status = _ask(agents, host, "status")
        assert (status["pid"], status["tasks"]) == (daemon.pid, {"delivered": 1})
        [listed] = _ask(agents, host, "task", "list")
        assert (listed["id"], listed["state"]) == (record["id"], "delivered")
        assert listed["bytes_by_source"] == record["bytes_by_source"]
    _assert_falls_silent(tap)
    assert [daemon.end() for daemon in daemons] == [0, 0, 0]


def test_a_representative_that_is_stopped_hands_over(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents
) -> None:
    lab = make_lab(4)
    lab.wan_rate(SLOW_WAN_BPS)
    tap, origin, agents = Tap(lab), nginx(lab), make_agents()
    daemons = {host.name: agents.agent(host) for host in lab.hosts}
    url = origin.url_of(package.manifest_name)

    runs = {host.name: agents.fetch(host, url) for host in lab.hosts}
    stopped = await_representative(agents, lab.hosts)
    others = [host for host in lab.hosts if host is not stopped]
    await_true(lambda: tap.bytes().stream > package.payload_bytes / 2, "half of the stream")
    [session] = _ask(agents, stopped, "status")["sessions"]
    struck()
    status = daemons[stopped.name].end()
    of_stopped = runs.pop(stopped.name).wait(10.0)
    found = records(list(runs.values()))

    assert (session["role"], session["receivers"]) == ("representative", 3)
    assert (status, of_stopped) == (0, UNAVAILABLE)
    assert_delivered(package, agents, others)
    assert_all_accounted(package, found)
    brought_bytes = package.payload_bytes + BEHIND_BYTES_MAX
    assert lab.wan_bytes() <= WAN_COPIES_MAX * brought_bytes
    [handover] = events(agents, stopped, "node.handover")
    heirs = [host for host in others if events(agents, host, "election.role", why="heir")]
    assert len(heirs) == 1, handover


def test_what_was_fetched_through_a_daemon_is_there_for_its_next_run(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents
) -> None:
    lab = make_lab(1)
    [host] = lab.hosts
    origin, agents = nginx(lab), make_agents()
    url = origin.url_of(package.manifest_name)

    daemon = agents.agent(host)
    records([agents.precache(host, url)])
    [entry] = _ask(agents, host, "cache", "list")
    daemon.end()
    tap = Tap(lab)
    agents.agent(host)
    [record] = records([agents.fetch(host, url)])

    assert (entry["complete"], entry["precached"]) == (True, True)
    assert_delivered(package, agents, [host])
    assert came_from(record) == {"cache": package.payload_bytes}
    assert tap.packets() == SILENCE


def test_one_that_comes_when_all_is_over_takes_it_from_a_neighbour(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents
) -> None:
    lab = make_lab(2)
    tap, origin, agents = Tap(lab), nginx(lab), make_agents()
    early, late = lab.hosts
    for host in lab.hosts:
        agents.agent(host)
    url = origin.url_of(package.manifest_name)

    records([agents.fetch(early, url)])
    _assert_falls_silent(tap)
    [record] = records([agents.fetch(late, url)])

    assert_delivered(package, agents, lab.hosts)
    assert came_from(record) == {"peer": package.payload_bytes}
    assert lab.wan_bytes() <= WAN_COPIES_MAX * package.payload_bytes


def test_a_session_that_was_handed_to_the_complete_comes_to_its_end(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents
) -> None:
    """The heir serves the last one; those who are done already must say so to it."""
    lab = make_lab(4)
    tap, origin, agents = Tap(lab), nginx(lab), make_agents()
    *early, late = lab.hosts
    daemons = {host.name: agents.agent(host) for host in lab.hosts}
    url = origin.url_of(package.manifest_name)
    lab.rate(late, SLOW_LINK_BPS)

    runs = [agents.fetch(host, url) for host in early]
    representative = await_representative(agents, early)
    await_true(lambda: tap.bytes().stream > package.payload_bytes / 2, "half of the stream")
    last = agents.fetch(late, url)
    records(runs)
    status = daemons[representative.name].end()
    found = records([last])

    assert status == 0
    assert_delivered(package, agents, lab.hosts)
    assert_all_accounted(package, found)
    assert lab.wan_bytes() <= WAN_COPIES_MAX * package.payload_bytes
    _assert_falls_silent(tap)


def _ask(agents: Agents, host: Host, *command: str) -> Any:
    return json.loads(agents.ask(host, *command, "--json"))


def _assert_falls_silent(tap: Tap) -> None:
    """Soon nothing is said on the segment any more, by nobody."""

    def is_silent() -> bool:
        before = tap.packets()
        time.sleep(AT_REST_S)  # in real time: it is the absence of something that is looked for
        return tap.packets() - before == SILENCE

    await_true(is_silent, "silence at rest", CLOSING_S_MAX)
