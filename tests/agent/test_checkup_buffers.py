"""Whether a stream gets its receive buffer."""

from __future__ import annotations

import errno
import socket

import pytest
from checkup_kit import codes

from mcastdist.agent.checkup.buffers import judge_buffer, look_at_buffer

MIB = 1 << 20


def test_a_buffer_that_is_granted() -> None:
    assert codes(judge_buffer(asked=8 * MIB, got=8 * MIB)) == ["buffer_granted"]


def test_a_smaller_one_comes_with_the_command_that_helps() -> None:
    [found] = judge_buffer(asked=8 * MIB, got=212_992)

    assert (found.code, found.severity) == ("buffer_small", "warning")
    assert "212,992" in found.sentence
    assert f"sysctl -w net.core.rmem_max={8 * MIB}" in found.advice


def test_this_machine_can_be_looked_at() -> None:
    assert len(look_at_buffer()) == 1


def test_a_system_that_refuses_such_a_buffer_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing(socket.socket):
        def setsockopt(self, *_: object) -> None:
            raise OSError(errno.ENOBUFS, "No buffer space available")

    monkeypatch.setattr(socket, "socket", Refusing)

    assert codes(look_at_buffer()) == ["buffer_small"]
