"""Where does the control API listen? The two listening sockets, opened with care.

A Unix socket that an earlier agent left behind is replaced; one that somebody answers on is not. It
opens for its owner, and for the group too where the directory says so by letting the group in and
nobody else (systemd's `RuntimeDirectoryMode=0750`).
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from pathlib import Path

from mcastdist.errors import NotPermitted, UsageError

from .security import split_listen

PROBE_S = 0.5  # a live agent's kernel accepts at once; a dead one's refuses at once
BACKLOG = 16  # a person and a few scripts, not a crowd


def open_tcp(listen: str) -> socket.socket:
    """A listening loopback socket. Raises UsageError if the port is taken or not loopback."""
    host, port = split_listen(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":  # elsewhere this option would let two agents share the port
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(("127.0.0.1" if host == "localhost" else host, port))
        door.listen(BACKLOG)
    except OSError as error:
        door.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"port {port} on {host} is taken, perhaps by another agent; "
                "stop it, or set control.listen to another port"
            ) from error
        raise UsageError(
            f"cannot listen on control.listen {listen!r} ({error.strerror}); give another address"
        ) from error
    door.setblocking(False)
    return door


def open_unix(path: Path) -> socket.socket:
    """A listening Unix socket at `path`. Raises UsageError or NotPermitted."""
    _clear_stale(path)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Whoever sees the socket is to find it listening. A name as long, for a path has its limit.
    unready = path.with_name(f"~{path.name[1:]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unready.unlink(missing_ok=True)
        # The socket must not be open to all even for an instant, so the mask, not chmod, closes it.
        mask = os.umask(0o177)
        try:
            door.bind(str(unready))
        finally:
            os.umask(mask)
        unready.chmod(_mode_for(path.parent))
        door.listen(BACKLOG)
        unready.replace(path)
    except OSError as error:
        door.close()
        with contextlib.suppress(OSError):
            unready.unlink()
        reason = error.strerror or str(error)  # "AF_UNIX path too long" has no errno
        raise NotPermitted(
            f"cannot make the control socket {path} ({reason}); set control.socket to another path"
        ) from error
    door.setblocking(False)
    return door


def file_identity(path: Path) -> tuple[int, int] | None:
    """What tells this file from a later one of the same name."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _mode_for(directory: Path) -> int:
    bits = directory.stat().st_mode
    group_only = bits & stat.S_IXGRP and not bits & stat.S_IRWXO
    return 0o660 if group_only else 0o600


def _clear_stale(path: Path) -> None:
    """Remove a socket that nobody listens on. Raises UsageError if it is something else."""
    try:
        found = path.lstat()
    except OSError:
        return  # nothing there, or the bind will say what is wrong
    if not stat.S_ISSOCK(found.st_mode):
        raise UsageError(f"control.socket {path} is there already and is no socket; move it away")
    if _answers(path):
        raise UsageError(
            f"another agent answers on {path}; stop it, or set control.socket to another path"
        )
    with contextlib.suppress(OSError):
        path.unlink()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PROBE_S)
        try:
            probe.connect(str(path))
        except PermissionError:
            return True  # somebody else's: not ours to remove
        except OSError as error:
            # A full backlog (EAGAIN, or our patience over) is a busy agent, not a dead one.
            return isinstance(error, TimeoutError) or error.errno == errno.EAGAIN
    return True
