"""An agent made of memory: it plays a script, and does as told when asked to fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from msgspec.structs import replace

from mcastdist.agent.api import (
    AgentStatus,
    CacheEntry,
    CacheReport,
    CheckupRequest,
    Finding,
    TaskRecord,
    TaskRequest,
)
from mcastdist.errors import UsageError

MIB = 1 << 20
CONTENT_A = "a1" * 32
CONTENT_B = "a2" * 32
CLOCKS_AGREE = Finding(
    code="clocks_agree", question="clock", severity="ok", sentence="all clocks agree"
)


def record(task_id: str = "t1", **changes: object) -> TaskRecord:
    """A task half-way through its stream."""
    task = TaskRecord(
        id=task_id,
        url="http://origin/stdlib-3.11.mcd",
        sha256=None,
        dest="/srv/app",
        state="receiving",
        name="stdlib",
        version="3.11",
        content=CONTENT_A,
        payload_bytes=128 * MIB,
        held_bytes=64 * MIB,
        bytes_by_source={
            "cache": 0,
            "multicast": 60 * MIB,
            "parity": 2 * MIB,
            "peer": 2 * MIB,
            "relay": 0,
            "origin": 0,
        },
        role="receiver",
        representative="00000000000000ff",
        rate_bps=800e6,
        seconds_left=0.7,
        started=1_700_000_000.0,
        seconds=12.3,
    )
    return replace(task, **changes)


def entry(content: str = CONTENT_A, **changes: object) -> CacheEntry:
    """A complete package in the store."""
    package = CacheEntry(
        content=content,
        name="stdlib",
        version="3.11",
        payload_bytes=128 * MIB,
        held_bytes=128 * MIB,
        complete=True,
        pinned=False,
        precached=False,
        created=1_700_000_000.0,
        used=1_700_000_000.0,
        expires_from_cache=1_700_259_200.0,
    )
    return replace(package, **changes)


def agent_status(**changes: object) -> AgentStatus:
    """An agent with one interface, one session, and a neighbour with the wrong key."""
    status = AgentStatus(
        node="00000000000000aa",
        version="0.1.0",
        cluster="example",
        pid=4711,
        uptime_s=3_725.0,
        interfaces=[{"name": "eth0", "address": "10.0.0.5", "mtu": 1500, "why": "up"}],
        udp_port=7447,
        http_port=7447,
        sessions=[{"content": CONTENT_A, "role": "receiver", "phase": "streaming"}],
        tasks={"receiving": 1},
        refused={"forged": 0, "key": 3},
        mismatches=[{"address": "10.0.0.9", "cause": "key", "count": 3}],
        download={
            "mode": "background",
            "rate_limit_bps": 8_000_000,
            "said_by": "mon-fri 08:00-18:00 = 8000000",
            "queue_ms": 1.5,
        },
        store={
            "directory": "/var/lib/mcastdist/cache",
            "held_bytes": 128 * MIB,
            "bytes_max": 1024 * MIB,
            "free_bytes": 4096 * MIB,
            "entries": 1,
        },
        receive_buffer={"asked": 8 * MIB, "got": 4 * MIB},
        kernel_drops=0,
        fast_path=True,
    )
    return replace(status, **changes)


class FakeController:
    """Implements `EmbeddedController`. `script` is what a started task goes through."""

    def __init__(self, script: list[TaskRecord] | None = None) -> None:
        self.script = script if script is not None else [record(), record(state="delivered")]
        self.records: dict[str, TaskRecord] = {}
        self.entries: dict[str, CacheEntry] = {}
        self.calls: list[tuple[object, ...]] = []
        self.failing: dict[str, Exception] = {}
        self.damaged: dict[str, int] = {}
        self.findings = [CLOCKS_AGREE]
        self.hang = False  # after the script, watch goes on for ever
        self.watching = 0

    def _note(self, name: str, *arguments: object) -> None:
        self.calls.append((name, *arguments))
        if name in self.failing:
            raise self.failing[name]

    def called(self, name: str) -> list[tuple[object, ...]]:
        """The arguments of every call of `name`."""
        return [call[1:] for call in self.calls if call[0] == name]

    async def start(self, request: TaskRequest) -> TaskRecord:
        self._note("start", request)
        first = replace(self.script[0], url=request.url, sha256=request.sha256, dest=request.dest)
        self.records[first.id] = first
        return first

    async def tasks(self) -> list[TaskRecord]:
        self._note("tasks")
        return list(self.records.values())

    async def task(self, task_id: str) -> TaskRecord:
        self._note("task", task_id)
        if task_id not in self.records:
            raise UsageError(f"there is no task {task_id!r}")
        return self.records[task_id]

    async def suspend(self, task_id: str) -> TaskRecord:
        return await self._set(task_id, "suspend", "suspended")

    async def resume(self, task_id: str) -> TaskRecord:
        return await self._set(task_id, "resume", "seeking")

    async def cancel(self, task_id: str) -> TaskRecord:
        return await self._set(task_id, "cancel", "cancelled")

    async def _set(self, task_id: str, name: str, state: str) -> TaskRecord:
        self._note(name, task_id)
        changed = replace(await self.task(task_id), state=state)
        self.records[task_id] = changed
        return changed

    async def watch(self, task_id: str | None = None) -> AsyncIterator[TaskRecord]:
        self._note("watch", task_id)
        self.watching += 1
        try:
            for step in self.script:
                self.records[step.id] = step
                await asyncio.sleep(0)
                yield step
            if "after_script" in self.failing:
                raise self.failing["after_script"]
            if self.hang or task_id is None:
                await asyncio.Event().wait()
        finally:
            self.watching -= 1

    async def status(self) -> AgentStatus:
        self._note("status")
        return agent_status()

    async def cache_list(self) -> list[CacheEntry]:
        self._note("cache_list")
        return list(self.entries.values())

    async def cache_pin(self, content: str, pinned: bool) -> CacheEntry:
        self._note("cache_pin", content, pinned)
        self.entries[content] = replace(self.entries[content], pinned=pinned)
        return self.entries[content]

    async def cache_remove(self, content: str) -> CacheReport:
        self._note("cache_remove", content)
        gone = self.entries.pop(content)
        return CacheReport(removed=[content], freed_bytes=gone.held_bytes)

    async def cache_verify(self, content: str | None) -> CacheReport:
        self._note("cache_verify", content)
        checked = list(self.entries) if content is None else [content]
        return CacheReport(checked=checked, damaged=self.damaged)

    async def cache_gc(self) -> CacheReport:
        self._note("cache_gc")
        return CacheReport()

    async def settings(self) -> dict[str, object]:
        self._note("settings")
        return {"multicast.port": 7447, "cluster.id": "example"}

    async def reload(self) -> dict[str, list[str]]:
        self._note("reload")
        return {"applied": ["log.level"], "needs_restart": ["multicast.port"]}

    async def checkup(self, request: CheckupRequest) -> list[Finding]:
        self._note("checkup", request)
        return self.findings

    async def linger(self, seconds: float) -> None:
        self._note("linger", seconds)
