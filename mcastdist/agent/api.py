"""What can be asked of an agent, and what does it answer? The nouns of the control API.

Everything here is plain data that crosses the API as JSON, with the same names. The daemon
implements `Controller`; `mcastdist.agent.control` serves it on loopback and offers the same
`Controller` to a client on the other end, so that a command need not know which one it holds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal, Protocol

from msgspec import Struct, field

State = Literal[
    "queued",
    "waiting",
    "seeking",
    "representing",
    "downloading",
    "receiving",
    "repairing",
    "verifying",
    "delivered",
    "cached",
    "suspended",
    "cancelled",
    "failed",
]
FINAL_STATES: frozenset[str] = frozenset({"delivered", "cached", "cancelled", "failed"})
SOURCES = ("cache", "multicast", "parity", "peer", "relay", "origin")
Priority = Literal["low", "normal", "high"]
Role = Literal["none", "representative", "receiver", "alone"]
Severity = Literal["ok", "note", "warning", "error"]
Failure = Literal["usage", "unavailable", "content", "storage", "interrupted", "internal"]


class TaskRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bring this here. `sha256` (hex) makes `url` a plain file; without it, it is a `.mcd`.

    `dest` is an absolute directory; None means the cache only (pre-cache). `settings` are
    overrides for this task, key by key ("multicast.session_start_delay_s" -> value). `priority`:
    who goes first where more tasks wait than may be at work at once.
    """

    url: str
    sha256: str | None = None
    dest: str | None = None
    settings: dict[str, str | int | float | bool] = field(default_factory=dict)
    priority: Priority = "normal"


class TaskRecord(Struct, kw_only=True):
    """Where one task stands. Bytes are payload bytes; `bytes_by_source` sums to what is held."""

    id: str
    url: str
    sha256: str | None
    dest: str | None
    state: State
    priority: Priority = "normal"
    reason: str = ""  # a stable code: why it failed, fell back, or waits
    sentence: str = ""  # the same for people
    failure: Failure | None = None  # which exit status a failed task means
    name: str = ""
    version: str = ""
    content: str = ""  # content id, hex; empty until the manifest is known
    payload_bytes: int = 0
    held_bytes: int = 0
    bytes_by_source: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SOURCES, 0))
    wan_bytes: int = 0  # what this node read from the origin, whether it was new or not
    role: Role = "none"
    representative: str = ""  # node name, 16 hex digits
    receivers: int = 0  # as the representative knows them
    rate_bps: float = 0.0  # payload bits a second, over the last few seconds
    seconds_left: float | None = None
    started: float = 0.0  # seconds since 1970
    seconds: float = 0.0  # that the agent ran since the start, to the end if there was one
    ended: float | None = None  # seconds since 1970
    session_delay_s_left: float | None = None
    retry_s_left: float | None = None  # of a task that rests: until it asks all again
    fallbacks: dict[str, int] = field(default_factory=dict)  # reason code -> times

    @property
    def is_final(self) -> bool:
        """True if nothing more will happen to it."""
        return self.state in FINAL_STATES


class CacheEntry(Struct, kw_only=True):
    """One package in the store."""

    content: str
    name: str
    version: str
    payload_bytes: int
    held_bytes: int
    complete: bool
    pinned: bool
    precached: bool
    created: float
    used: float
    expires_from_cache: float | None  # when age will evict it; None if pinned


class CacheReport(Struct, kw_only=True):
    """What `verify` or `gc` did."""

    checked: list[str] = field(default_factory=list)
    damaged: dict[str, int] = field(default_factory=dict)  # content -> bad chunks, now forgotten
    removed: list[str] = field(default_factory=list)
    freed_bytes: int = 0


class AgentStatus(Struct, kw_only=True):
    """The agent at a glance."""

    node: str
    version: str
    cluster: str
    pid: int
    uptime_s: float
    interfaces: list[dict[str, object]]  # name, address, family, mtu, group, why chosen
    udp_port: int
    http_port: int
    sessions: list[dict[str, object]]
    tasks: dict[str, int]  # state -> how many
    refused: dict[str, int]  # datagrams by cause
    mismatches: list[dict[str, object]]  # address, cause, count: version, key, cluster
    download: dict[str, object]  # mode, rate_limit_bps and who says so, queue_ms
    store: dict[str, object]  # directory, held_bytes, bytes_max, free_bytes, entries
    receive_buffer: dict[str, int]  # asked, got
    kernel_drops: int
    fast_path: bool
    fallbacks: dict[str, int] = field(default_factory=dict)  # of all tasks: reason code -> times
    unmet: list[dict[str, object]] = field(default_factory=list)  # interfaces asked for: name, why


class CheckupRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Examine this machine and its subnet; `url` is a package or file that should be there."""

    url: str | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """One answer of an examination."""

    code: str  # a stable word
    question: str  # what was looked at: interfaces, ports, keys, reach, ...
    severity: Severity
    sentence: str
    advice: str = ""  # what to do; empty if nothing need be done


class CacheController(Protocol):
    """The part of `Controller` that a store alone can answer, with no agent running."""

    async def cache_list(self) -> list[CacheEntry]: ...
    async def cache_pin(self, content: str, pinned: bool) -> CacheEntry: ...
    async def cache_remove(self, content: str) -> CacheReport: ...
    async def cache_verify(self, content: str | None) -> CacheReport: ...
    async def cache_gc(self) -> CacheReport: ...


class Controller(CacheController, Protocol):
    """All that an agent can be asked. Unknown ids raise UsageError."""

    async def start(self, request: TaskRequest) -> TaskRecord: ...
    async def tasks(self) -> list[TaskRecord]: ...
    async def task(self, task_id: str) -> TaskRecord: ...
    async def suspend(self, task_id: str) -> TaskRecord: ...
    async def resume(self, task_id: str) -> TaskRecord: ...
    async def cancel(self, task_id: str) -> TaskRecord: ...
    def watch(self, task_id: str | None = None) -> AsyncIterator[TaskRecord]:
        """One task (ends when it is final), or all: how they stand, then every change.

        At most a few records a second; the last one of a task is always its final state.
        """
        ...

    async def status(self) -> AgentStatus: ...
    async def settings(self) -> dict[str, object]:
        """The settings in force: dotted key -> plain value."""
        ...

    async def reload(self) -> dict[str, list[str]]:
        """Read the settings again: {"applied": [...], "needs_restart": [...]}."""
        ...

    async def checkup(self, request: CheckupRequest) -> list[Finding]:
        """Examine this machine and its subnet; takes a few seconds."""
        ...


class EmbeddedController(Controller, Protocol):
    """The controller of an agent that lives only as long as one command."""

    async def linger(self, seconds: float) -> None:
        """Stay to serve others for at most `seconds`."""
        ...
