"""Where the control API listens: taken, stale, private."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcastdist.agent.control.doors import file_identity, open_tcp, open_unix
from mcastdist.errors import NotPermitted, UsageError


@pytest.fixture
def opened() -> Iterator[list[socket.socket]]:
    """Sockets to close when the test is over."""
    sockets: list[socket.socket] = []
    yield sockets
    for each in sockets:
        each.close()


def test_port_0_takes_a_free_one(opened: list[socket.socket]) -> None:
    opened.append(open_tcp("127.0.0.1:0"))
    assert opened[0].getsockname()[0] == "127.0.0.1"
    assert opened[0].getsockname()[1] > 0


def test_a_taken_port_is_named(opened: list[socket.socket]) -> None:
    opened.append(open_tcp("127.0.0.1:0"))
    port = opened[0].getsockname()[1]
    with pytest.raises(UsageError, match=f"port {port} on 127.0.0.1 is taken"):
        open_tcp(f"127.0.0.1:{port}")


def test_other_addresses_are_refused() -> None:
    with pytest.raises(UsageError, match="loopback only"):
        open_tcp("0.0.0.0:0")


def test_the_unix_socket_is_its_owners_alone(tmp_path: Path, opened: list[socket.socket]) -> None:
    path = tmp_path / "run" / "control.sock"
    opened.append(open_unix(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("directory_mode", "socket_mode"), [(0o750, 0o660), (0o755, 0o600), (0o700, 0o600)]
)
def test_the_directory_says_whether_the_group_may_in(
    tmp_path: Path, opened: list[socket.socket], directory_mode: int, socket_mode: int
) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    directory.chmod(directory_mode)
    opened.append(open_unix(directory / "control.sock"))
    assert stat.S_IMODE((directory / "control.sock").stat().st_mode) == socket_mode


def test_a_socket_left_behind_is_replaced(tmp_path: Path, opened: list[socket.socket]) -> None:
    path = tmp_path / "control.sock"
    open_unix(path).close()
    stale = file_identity(path)
    opened.append(open_unix(path))
    assert stale is not None
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_whoever_sees_the_socket_finds_it_listening(
    tmp_path: Path, opened: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "control.sock"
    seen: list[bool] = []

    class Watched(socket.socket):
        def listen(self, backlog: int = 0, /) -> None:
            seen.append(path.exists())
            super().listen(backlog)

    monkeypatch.setattr("mcastdist.agent.control.doors.socket.socket", Watched)
    opened.append(open_unix(path))
    assert seen == [False]
    assert [found.name for found in tmp_path.iterdir()] == ["control.sock"]


def test_a_socket_somebody_answers_on_is_not(tmp_path: Path, opened: list[socket.socket]) -> None:
    path = tmp_path / "control.sock"
    opened.append(open_unix(path))
    with pytest.raises(UsageError, match="another agent answers"):
        open_unix(path)
    assert path.exists()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_text("precious")
    with pytest.raises(UsageError, match="no socket"):
        open_unix(path)
    assert path.read_text() == "precious"


def test_a_path_too_long_for_a_socket_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(NotPermitted, match=r"control\.socket"):
        open_unix(tmp_path / ("x" * 200))


def test_a_path_of_just_the_length_that_the_system_takes_serves(
    tmp_path: Path, opened: list[socket.socket]
) -> None:
    longest = 107 - len(str(tmp_path)) - len("//control.sock")
    path = tmp_path / ("x" * longest) / "control.sock"
    opened.append(open_unix(path))
    assert path.exists()


def test_identity_is_none_for_nothing(tmp_path: Path) -> None:
    assert file_identity(tmp_path / "none") is None
