"""Would an agent start with these settings? What it would open is looked at, and nothing is kept.

Keys and certificates are read; where it would write is tried with a directory that is taken away
again. Ports are left out: the agent that runs here has them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mcastdist.errors import NotPermitted, StorageError, UsageError
from mcastdist.http_fetch.client import HttpClient
from mcastdist.store import rehearse_delivery

from .checkup import look_at_keys
from .identity import read_keys, trusted_keys
from .interfaces import choose, read_inventory
from .settings import Settings, require
from .state_dir import StateDir
from .unmet import NOTHING_LEFT, unmet


def try_start(settings: Settings) -> list[str]:
    """What the agent would only warn of, as sentences. Raises what it would stop at."""
    require(settings, "cluster.id", "cluster.key_file")
    read_keys(settings.cluster)
    trusted_keys(settings.cluster.trusted_keys)
    HttpClient(ca_file=settings.download.ca_file or None)
    _try_state_dir(Path(settings.node.state_dir))
    _try_directory("cache.dir", Path(settings.cache.dir))
    control = settings.control
    for name, file in (("control.socket", control.socket), ("trace.file", settings.trace.file)):
        if file:
            _try_file(name, Path(file))
    _try_file("control.token_file", Path(control.token_file))
    return _about_keys(settings) + _about_interfaces(settings)


def _about_keys(settings: Settings) -> list[str]:
    """What `doctor` would find about them."""
    found = look_at_keys(settings)
    return [f"{one.sentence}: {one.advice}" for one in found if one.severity == "warning"]


def _about_interfaces(settings: Settings) -> list[str]:
    choice = choose(settings, read_inventory())
    told = [f"{one.name}: {one.why}" for one in unmet(settings, choice)]
    return told if choice.chosen else [*told, NOTHING_LEFT]


def _try_state_dir(path: Path) -> None:
    _try_directory("node.state_dir", path)
    if path.is_dir():
        StateDir(path)  # which refuses one that anybody may write into


def _try_directory(name: str, path: Path) -> None:
    with _said_of(name):
        rehearse_delivery(path)


def _try_file(name: str, path: Path) -> None:
    _try_directory(name, path.parent)
    if path.is_dir():
        raise UsageError(f"{name}: {path} is a directory; name a file")
    if path.exists() and not os.access(path, os.W_OK):
        raise NotPermitted(f"{name}: {path} may not be written by this user; name another file")


@contextmanager
def _said_of(name: str) -> Iterator[None]:
    """Begin what is refused with the setting's name."""
    try:
        yield
    except NotPermitted as error:
        raise NotPermitted(f"{name}: {error}") from None
    except StorageError as error:
        raise StorageError(f"{name}: {error}") from None
