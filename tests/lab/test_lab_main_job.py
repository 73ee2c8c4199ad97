"""Does a package cross the WAN once, and reach every machine? The main job on real sockets.

Agents as processes of their own, a switch, a WAN link, and an origin beyond it. The claims are
checked from outside wherever that is possible: files by their digests, the origin by its log, the
WAN and the segment by counters of the kernel.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from evidence import (
    PAYLOAD_COPIES_MAX,
    WAN6_COPIES_MAX,
    WAN_COPIES_MAX,
    assert_all_accounted,
    assert_delivered,
    await_representative,
    await_true,
    came_from,
    events,
    of_role,
    records,
)
from tap import Counted, Tap

from bench.lab import Agents, Lab, NginxOrigin, OwnOrigin, Package

MakeLab = Callable[..., Lab]
MakeAgents = Callable[..., Agents]

DELAY_S = 4.0
STREAM_COPIES_MAX = 1.07  # 88 bytes of headers on 1,412 with IPv6, 68 on 1,432 with IPv4
SLOW_STREAM = {"multicast.rate_limit_bps": 80_000_000}  # 64 MiB then take 7 s


def test_eight_machines_get_it_and_the_origin_gives_it_once(
    make_lab: MakeLab,
    nginx: Callable[[Lab], NginxOrigin],
    package: Package,
    make_agents: MakeAgents,
) -> None:
    lab = make_lab(8)
    tap, origin = Tap(lab), nginx(lab)
    agents = make_agents({"multicast.session_start_delay_s": DELAY_S})

    runs = [agents.fetch(host, origin.url_of(package.manifest_name)) for host in lab.hosts]
    streaming_at = _await_stream(tap)
    representative = await_representative(agents, lab.hosts)
    found = dict(zip([host.name for host in lab.hosts], records(runs), strict=True))

    assert_delivered(package, agents, lab.hosts)
    assert_all_accounted(package, found.values())
    assert origin.bytes_served(package.payload_name) <= PAYLOAD_COPIES_MAX * package.payload_bytes
    assert lab.wan_bytes() <= WAN_COPIES_MAX * package.payload_bytes
    assert tap.bytes().stream <= STREAM_COPIES_MAX * package.payload_bytes

    assert of_role(found, "representative") == [representative.name]
    assert came_from(found.pop(representative.name)) == {"origin": package.payload_bytes}
    for record in found.values():
        assert set(came_from(record)) <= {"multicast", "parity", "peer"}
        assert record["bytes_by_source"]["multicast"] > 0.9 * package.payload_bytes

    begun = events(agents, representative, "node.task")[0]
    first_round = events(agents, representative, "node.round")[0]
    assert first_round.at - begun.at >= DELAY_S
    assert streaming_at - float(str(begun.fields["t"])) >= DELAY_S


def _await_stream(tap: Tap) -> float:
    """Not before this moment, in seconds since 1970, was the stream seen on the segment."""
    return await_true(lambda: time.time() if tap.packets().stream else None, "a stream")


def test_our_own_origin_without_ipv4_and_without_the_fast_path(
    make_lab: MakeLab,
    own_origin: Callable[..., OwnOrigin],
    package: Package,
    make_agents: MakeAgents,
) -> None:
    lab = make_lab(4)
    for host in [*lab.hosts, lab.origin]:
        host.run(["ip", "-4", "address", "flush", "dev", "eth0"])
    tap, origin = Tap(lab), own_origin(lab, ipv6=True)
    agents = make_agents({"multicast.fast_path": False})

    runs = [agents.fetch(host, origin.url_of(package.manifest_name)) for host in lab.hosts]
    found = dict(zip([host.name for host in lab.hosts], records(runs), strict=True))

    assert_delivered(package, agents, lab.hosts)
    assert origin.bytes_served(package.payload_name) <= PAYLOAD_COPIES_MAX * package.payload_bytes
    assert lab.wan_bytes() <= WAN6_COPIES_MAX * package.payload_bytes
    assert tap.bytes().stream <= STREAM_COPIES_MAX * package.payload_bytes
    [representative] = of_role(found, "representative")
    del found[representative]
    for record in found.values():
        assert record["bytes_by_source"]["multicast"] > 0.9 * package.payload_bytes


def test_one_that_joins_late_caches_the_rest_and_takes_the_beginning_from_peers(
    make_lab: MakeLab,
    nginx: Callable[[Lab], NginxOrigin],
    package: Package,
    make_agents: MakeAgents,
) -> None:
    lab = make_lab(4)
    *early, late = lab.hosts
    tap, origin = Tap(lab), nginx(lab)
    agents = make_agents(SLOW_STREAM)
    url = origin.url_of(package.manifest_name)

    runs = [agents.fetch(host, url) for host in early]
    _await_share_streamed(tap, package, 0.3)
    *_, of_late = records([*runs, agents.fetch(late, url)])

    assert_delivered(package, agents, lab.hosts)
    assert origin.bytes_served(package.payload_name) <= PAYLOAD_COPIES_MAX * package.payload_bytes
    assert tap.bytes().stream <= STREAM_COPIES_MAX * package.payload_bytes
    by_source = came_from(of_late)
    assert set(by_source) <= {"multicast", "parity", "peer"}
    assert by_source["multicast"] > 0.1 * package.payload_bytes
    assert by_source["peer"] > 0.3 * package.payload_bytes


def test_for_three_that_join_late_the_beginning_is_streamed_once_more(
    make_lab: MakeLab,
    nginx: Callable[[Lab], NginxOrigin],
    package: Package,
    make_agents: MakeAgents,
) -> None:
    lab = make_lab(6)
    early, late = lab.hosts[:3], lab.hosts[3:]
    tap, origin = Tap(lab), nginx(lab)
    agents = make_agents(SLOW_STREAM)
    url = origin.url_of(package.manifest_name)
    for host in late:  # so that most of their time to start is over before
        agents.agent(host)

    runs = [agents.fetch(host, url) for host in early]
    _await_share_streamed(tap, package, 0.3)
    found = records([*runs, *(agents.fetch(host, url) for host in late)])

    assert_delivered(package, agents, lab.hosts)
    assert origin.bytes_served(package.payload_name) <= PAYLOAD_COPIES_MAX * package.payload_bytes
    assert 1.2 * package.payload_bytes < tap.bytes().stream < 1.9 * package.payload_bytes
    for record in found[3:]:
        assert record["bytes_by_source"]["multicast"] > 0.7 * package.payload_bytes


def _await_share_streamed(tap: Tap, package: Package, share: float) -> None:
    wanted = share * package.payload_bytes
    await_true(lambda: tap.bytes().stream > wanted, f"{share} of the stream")


def test_what_was_precached_is_delivered_without_a_word(
    make_lab: MakeLab,
    nginx: Callable[[Lab], NginxOrigin],
    package: Package,
    make_agents: MakeAgents,
    tmp_path: Path,
) -> None:
    lab = make_lab(4)
    tap, origin = Tap(lab), nginx(lab)
    agents = make_agents()
    url = origin.url_of(package.manifest_name)

    stored = records([agents.precache(host, url) for host in lab.hosts])
    requests, said = len(origin.served()), tap.packets()
    found = records([agents.fetch(host, url) for host in lab.hosts])
    told = agents.ask(lab.hosts[0], "fetch", url, "--dest", str(tmp_path / "for_people"))

    assert [record["state"] for record in stored] == ["cached"] * 4
    assert_delivered(package, agents, lab.hosts)
    assert [came_from(record) for record in found] == [{"cache": package.payload_bytes}] * 4
    assert tap.packets() - said == Counted(control=0, stream=0, unicast=0, http=0)
    assert len(origin.served()) == requests
    assert "nothing went over the network" in told
    assert not package.differences(tmp_path / "for_people")
