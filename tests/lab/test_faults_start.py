"""What if an agent starts while the machine itself is still starting?"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from bench.lab import Agents, Host, Lab

MakeLab = Callable[..., Lab]
MakeAgents = Callable[..., Agents]

ASKED_TIMES = 3  # one a second, RFC 4862: long enough to start an agent meanwhile
TAKEN_UP_S_MAX = 10.0


def test_an_agent_starts_while_its_only_address_is_still_tried_and_takes_it_up(
    make_lab: MakeLab, make_agents: MakeAgents
) -> None:
    [host] = make_lab(1, wan=False).hosts
    agents = make_agents()
    _have_a_tentative_address(host)

    run = agents.agent(host)
    at_first = _used(agents, host)
    until = time.monotonic() + TAKEN_UP_S_MAX
    while not _used(agents, host):
        assert time.monotonic() < until, "the address was never taken up"
        time.sleep(0.2)

    assert at_first == []
    assert _used(agents, host) == ["eth0"]
    assert run.end() == 0


def _have_a_tentative_address(host: Host) -> None:
    """Plug the cable in, as it were: IPv6 alone, which asks whether anybody has the address."""
    host.run(["ip", "-4", "address", "flush", "dev", "eth0"])
    host.run(["ip", "link", "set", "eth0", "down"])
    for name, value in (("accept_dad", 1), ("dad_transmits", ASKED_TIMES)):
        host.run(["sh", "-c", f"echo {value} > /proc/sys/net/ipv6/conf/eth0/{name}"])
    host.run(["ip", "link", "set", "eth0", "addrgenmode", "none"])
    host.run(["ip", "link", "set", "eth0", "up"])
    host.run(["ip", "-6", "address", "add", "fe80::77/64", "dev", "eth0"])


def _used(agents: Agents, host: Host) -> list[str]:
    asked = agents.start(host, "status", "--json", *agents.common(host))
    assert asked.wait(10.0) == 0
    status: dict[str, Any] = json.loads(asked.out.read_text())
    return [one["name"] for one in status["interfaces"]]
