"""What does an agent remember of itself? Its node id, in a directory that is its own.

The id is drawn once and kept as long as the directory lives; others know this machine by it. The
directory also holds the control token and the tasks (`task_journal.py`): we make it private, and
refuse one that anybody may write.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from pathlib import Path

from mcastdist.errors import NotPermitted, StorageError
from mcastdist.ids import NodeId, node_name

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL
ID_FILE = "node.id"
ID_TEXT = re.compile(r"[0-9a-f]{16}")


class StateDir:
    """The state directory; made if it is not there."""

    def __init__(self, path: Path) -> None:
        """NotPermitted if it is somebody else's, StorageError if it cannot be used."""
        self.path = path
        try:
            path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            mode = path.stat().st_mode
        except OSError as error:
            raise refusal(path, error) from error
        if os.name == "posix" and mode & stat.S_IWOTH:  # never changed: it may not be ours alone
            raise StorageError(
                f"{path}: anybody may write into it; set node.state_dir to a private directory"
            )

    def node_id(self) -> NodeId:
        """This machine's id; drawn now if it never had one."""
        file = self.path / ID_FILE
        try:
            text = file.read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            return self.renew_node_id()
        except OSError as error:
            raise refusal(file, error) from error
        if not ID_TEXT.fullmatch(text):
            raise StorageError(
                f"{file} holds no node id (16 hex digits); remove it, and a new one is drawn"
            )
        return NodeId(int(text, 16))

    def renew_node_id(self) -> NodeId:
        """Draw another id: another machine has ours, as after copying a disk (PROTOCOL.md, 3.1)."""
        node = NodeId(secrets.randbits(64))
        try:
            write_whole(self.path / ID_FILE, f"{node_name(node)}\n".encode())
        except OSError as error:
            raise refusal(self.path / ID_FILE, error) from error
        return node


def write_whole(path: Path, data: bytes) -> None:
    """The private file has all of `data` or is as it was, also after a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, NEW_FILE, FILE_MODE), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    with contextlib.suppress(OSError):  # a directory cannot be opened on every system
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def refusal(path: Path, error: OSError) -> StorageError:
    """What to tell of a system that says no."""
    if isinstance(error, PermissionError):
        return NotPermitted(f"{path}: this user may not use it; set node.state_dir to one it owns")
    return StorageError(f"{path}: {error.strerror}; set node.state_dir to a usable directory")
