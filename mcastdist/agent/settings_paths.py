"""Where do things lie on this machine if nobody says so?

root on Linux has the places of a system service; anybody else those of the user, by platformdirs.
Whoever sets `node.state_dir` gets cache, token and socket in it, so that two agents on one machine
(the demo, a laboratory) need one setting each to keep apart.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
import platformdirs

from mcastdist.errors import UsageError

from .settings_keys import Settings

SYSTEM_CONFIG = Path("/etc/mcastdist/agent.toml")
SYSTEM_STATE = Path("/var/lib/mcastdist")
SYSTEM_RUN = Path("/run/mcastdist")


def default_config_path() -> Path | None:
    """The settings file to read when none is named: the user's, else the system's, else none."""
    mine = Path(platformdirs.user_config_dir("mcastdist", appauthor=False)) / "agent.toml"
    candidates = [SYSTEM_CONFIG] if _is_system() else [mine, SYSTEM_CONFIG]
    return next((path for path in candidates if os.access(path, os.R_OK)), None)


def with_places(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """`settings` with every place named that was left to the machine."""
    state = Path(settings.node.state_dir or _state_dir(environ))
    replace = msgspec.structs.replace
    return replace(
        settings,
        node=replace(settings.node, state_dir=str(state)),
        cache=replace(settings.cache, dir=settings.cache.dir or str(state / "cache")),
        control=replace(
            settings.control,
            socket=settings.control.socket or str(_socket(settings, state, environ)),
            token_file=settings.control.token_file or str(state / "control.token"),
        ),
    )


def from_home(path: str) -> Path:
    """`path` with its `~` or `~user` replaced. UsageError if no file can be called so."""
    if "\0" in path:
        raise UsageError(f"{path!r:.100} holds a NUL, which no path can: give another")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UsageError(f"{path!r:.100} begins with the home of nobody: give the path") from None


def _socket(settings: Settings, state: Path, environ: Mapping[str, str]) -> Path:
    """Never under /tmp, where others could sit first; rather with the state."""
    run = environ.get("XDG_RUNTIME_DIR", "")
    if settings.node.state_dir or not (_is_system() or run):
        return state / "control.sock"
    return (SYSTEM_RUN if _is_system() else Path(run) / "mcastdist") / "control.sock"


def _state_dir(environ: Mapping[str, str]) -> Path:
    if _is_system():
        return SYSTEM_STATE
    if home := environ.get("XDG_DATA_HOME"):
        return Path(home) / "mcastdist"
    return Path(platformdirs.user_data_dir("mcastdist", appauthor=False))


def _is_system() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0
