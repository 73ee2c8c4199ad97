"""Which settings concern this machine alone? Cache, tasks, control API, places, log and trace."""

from __future__ import annotations

from typing import Annotated, Literal

from .settings_checks import Section, address_or_nothing, key, loopback_or_nothing


class CacheSettings(Section, frozen=True):
    """What is kept on this machine, and for how long?"""

    dir: Annotated[
        str,
        key(
            "Where packages are kept.", path=True, restart=True, default="`cache` in node.state_dir"
        ),
    ] = ""
    bytes_max: Annotated[
        int, key("Most the cache may hold; 0 = 20 % of the disk.", ge=0, le=1 << 60)
    ] = 0
    age_days_max: Annotated[
        float, key("A package unused for longer may go.", ge=0.01, le=36_500)
    ] = 3.0
    precached_age_days_max: Annotated[
        float, key("The same for a package that was pre-cached.", ge=0.01, le=36_500)
    ] = 14.0
    free_bytes_min: Annotated[
        int, key("Leave at least this much of the disk free.", ge=0, le=1 << 60)
    ] = 2 << 30


class ControlSettings(Section, frozen=True):
    """Where does the agent take commands?"""

    listen: Annotated[
        str,
        key(
            "Loopback address and port of the control API; port 0 = a free one, empty = none.",
            check=loopback_or_nothing,
            allowed="a loopback host:port such as 127.0.0.1:7448, or nothing",
            restart=True,
        ),
    ] = "127.0.0.1:7448"
    socket: Annotated[
        str,
        key(
            "Unix socket of the control API.",
            path=True,
            restart=True,
            default="`control.sock` in `/run/mcastdist` as root, in `mcastdist` of the user's"
            " runtime directory, or in node.state_dir if that is set or there is no other",
        ),
    ] = ""
    token_file: Annotated[
        str,
        key(
            "File with the token that control.listen asks for; made by the agent.",
            path=True,
            restart=True,
            default="`control.token` in node.state_dir",
        ),
    ] = ""


class NodeSettings(Section, frozen=True):
    """Where does this agent live?"""

    state_dir: Annotated[
        str,
        key(
            "What the agent remembers: its node id, its token.",
            path=True,
            restart=True,
            default="`/var/lib/mcastdist` as root, else the user's data directory",
        ),
    ] = ""
    address: Annotated[
        str,
        key(
            "Use only this local address; empty = each chosen interface's own.",
            check=address_or_nothing,
            allowed="an IP address, or nothing",
            restart=True,
        ),
    ] = ""


class TaskSettings(Section, frozen=True):
    """How much is done at once?"""

    active_max: Annotated[
        int,
        key(
            "So many tasks are at work at once; the others are queued, by priority, then by age."
            " What others stream is taken beside it.",
            ge=1,
            le=1_000,
        ),
    ] = 8  # packages share one WAN and one LAN: more at once end no sooner, each only later


class LogSettings(Section, frozen=True):
    """What does the agent tell the log?"""

    level: Annotated[Literal["debug", "info", "warning", "error"], key("Least level logged.")] = (
        "info"
    )
    format: Annotated[
        Literal["text", "json"], key("Lines for people, or a JSON object a line.")
    ] = "text"


class TraceSettings(Section, frozen=True):
    """Is every decision written down?"""

    file: Annotated[
        str, key("JSON lines of every decision; empty = none.", path=True, restart=True)
    ] = ""
