"""Whether the ports are ours, and the neighbours' take connections."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest
from checkup_kit import codes, neighbour

from mcastdist.agent.checkup.ports import holder_of, judge_doors, judge_ports, look_at_doors

HERE = [("10.0.0.5", 7447), ("10.1.0.5", 7447)]


def test_ports_that_are_ours() -> None:
    assert codes(judge_ports(7447, HERE, 7447, "")) == ["ports_ours"]
    assert codes(judge_ports(7447, [], 0, "")) == ["ports_ours"]  # multicast alone, no HTTP


def test_a_udp_port_that_is_taken_names_its_holder() -> None:
    [found] = judge_ports(7447, [("10.0.0.5", 40_000), HERE[1]], 7447, "other (77)")

    assert (found.code, found.severity) == ("udp_port_taken", "warning")
    assert "by other (77) on 10.0.0.5:" in found.sentence


def test_a_tcp_port_that_is_taken() -> None:
    [found] = judge_ports(7447, HERE, 40_001, "")

    assert found.code == "tcp_port_taken"
    assert "40001" in found.sentence


def test_doors() -> None:
    tried = [neighbour(1), neighbour(2)]

    assert codes(judge_doors(tried, [True, True])) == ["peers_reachable"]
    [shut] = judge_doors(tried, [True, False])
    assert (shut.code, shut.severity) == ("peers_unreachable", "warning")
    assert "h2 (10.0.0.2) port 7447" in shut.sentence
    assert judge_doors([], []) == []


async def test_a_door_is_tried() -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    open_one, shut_one, none = neighbour(1, http_port=port), neighbour(2), neighbour(3, http_port=0)
    open_one.address = shut_one.address = ("127.0.0.1", 7447)
    shut_one.http_port = 1
    async with server:
        found = await look_at_doors([open_one, shut_one, none])

    assert codes(found) == ["peers_unreachable"]
    assert "port 1" in found[0].sentence


@pytest.mark.skipif(os.name != "posix", reason="the system does not tell whose a socket is")
def test_who_holds_a_port() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]

        assert f"({os.getpid()})" in holder_of(port, own_pid=-1)
        assert holder_of(port, own_pid=os.getpid()) == ""
