"""How does a command ask a running agent? With the same `Controller`, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from mcastdist.agent.api import (
    AgentStatus,
    CacheEntry,
    CacheReport,
    CheckupRequest,
    Finding,
    TaskRecord,
    TaskRequest,
)
from mcastdist.errors import UnavailableError

from .finding import ANSWER_S, decode_problem, find_agent, patience, refuse_problem
from .problems import error_of
from .routes import ROUTES, WATCH_PATH, VerifyRequest
from .watching import HEARTBEAT_S

SILENCE_S = 3 * HEARTBEAT_S  # of a watch: the agent is dead, or as good as

Answer = TypeVar("Answer")


class ControlClient:
    """A `Controller` on the other end of the control API. Made by `connect`, ended by `close`."""

    def __init__(self, *, listen: str | None, unix_socket: Path | None, token_file: Path) -> None:
        self._listen = listen
        self._unix_socket = unix_socket
        self._token_file = token_file
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    def connect(
        cls, *, listen: str | None, unix_socket: Path | None, token_file: Path
    ) -> ControlClient:
        """A client for the agent at these doors; it opens one of them when first used."""
        return cls(listen=listen, unix_socket=unix_socket, token_file=token_file)

    async def reachable(self) -> bool:
        """True if an agent answers. Raises NotPermitted if one does but refuses this user."""
        try:
            await self._open()
        except UnavailableError:
            return False
        return True

    async def close(self) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    # Tasks

    async def start(self, request: TaskRequest) -> TaskRecord:
        """See `Controller`."""
        return await self._ask("start", TaskRecord, body=request)

    async def tasks(self) -> list[TaskRecord]:
        """See `Controller`."""
        return await self._ask("tasks", list[TaskRecord])

    async def task(self, task_id: str) -> TaskRecord:
        """See `Controller`."""
        return await self._ask("task", TaskRecord, id=task_id)

    async def suspend(self, task_id: str) -> TaskRecord:
        """See `Controller`."""
        return await self._ask("suspend", TaskRecord, id=task_id)

    async def resume(self, task_id: str) -> TaskRecord:
        """See `Controller`."""
        return await self._ask("resume", TaskRecord, id=task_id)

    async def cancel(self, task_id: str) -> TaskRecord:
        """See `Controller`."""
        return await self._ask("cancel", TaskRecord, id=task_id)

    async def watch(self, task_id: str | None = None) -> AsyncIterator[TaskRecord]:
        """See `Controller`. Raises UnavailableError if the agent stops in the middle."""
        query = {} if task_id is None else {"task": task_id}
        last: TaskRecord | None = None
        session = await self._open()
        try:
            async with session.get(
                WATCH_PATH, params=query, timeout=patience(SILENCE_S)
            ) as response:
                await refuse_problem(response)
                async for line in response.content:
                    if line.strip():
                        last = _decode_line(line)
                        yield last
        except (aiohttp.ClientError, TimeoutError, ValueError, msgspec.MsgspecError) as error:
            raise _gone(error) from error
        if last is None or not last.is_final:
            raise _gone(None)

    # The rest

    async def status(self) -> AgentStatus:
        """See `Controller`."""
        return await self._ask("status", AgentStatus)

    async def cache_list(self) -> list[CacheEntry]:
        """See `Controller`."""
        return await self._ask("cache_list", list[CacheEntry])

    async def cache_pin(self, content: str, pinned: bool) -> CacheEntry:
        """See `Controller`."""
        return await self._ask("pin" if pinned else "unpin", CacheEntry, content=content)

    async def cache_remove(self, content: str) -> CacheReport:
        """See `Controller`."""
        return await self._ask("remove", CacheReport, content=content)

    async def cache_verify(self, content: str | None) -> CacheReport:
        """See `Controller`."""
        return await self._ask("verify", CacheReport, body=VerifyRequest(content=content))

    async def cache_gc(self) -> CacheReport:
        """See `Controller`."""
        return await self._ask("gc", CacheReport)

    async def settings(self) -> dict[str, object]:
        """See `Controller`."""
        return await self._ask("settings", dict[str, object])

    async def reload(self) -> dict[str, list[str]]:
        """See `Controller`."""
        return await self._ask("reload", dict[str, list[str]])

    async def checkup(self, request: CheckupRequest) -> list[Finding]:
        """See `Controller`."""
        return await self._ask("checkup", list[Finding], body=request)

    # Within

    async def _ask(
        self, name: str, answer: type[Answer], *, body: msgspec.Struct | None = None, **path: str
    ) -> Answer:
        """Ask route `name`, with `path` for the names in its path."""
        route = ROUTES[name]
        session = await self._open()
        url = route.path.format(**{k: quote(v, safe="") for k, v in path.items()})
        data = None if body is None else msgspec.json.encode(body)
        headers = {} if data is None else {"Content-Type": "application/json"}
        timeout = patience(None if route.slow else ANSWER_S)
        try:
            async with session.request(
                route.method, URL(url, encoded=True), data=data, headers=headers, timeout=timeout
            ) as response:
                await refuse_problem(response)
                return msgspec.json.decode(await response.read(), type=answer)
        except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError) as error:
            raise _gone(error) from error

    async def _open(self) -> aiohttp.ClientSession:
        """The session, opened when it is first needed. Raises UnavailableError or NotPermitted."""
        if self._session is None:
            self._session = await find_agent(
                listen=self._listen, unix_socket=self._unix_socket, token_file=self._token_file
            )
        return self._session


def _decode_line(line: bytes) -> TaskRecord:
    try:
        return msgspec.json.decode(line, type=TaskRecord)
    except msgspec.ValidationError:
        raise error_of(decode_problem(line)) from None


def _gone(error: Exception | None) -> UnavailableError:
    why = "" if error is None else f" ({type(error).__name__})"
    return UnavailableError(
        f"the agent stopped answering{why}; see its log, and ask again when it runs"
    )
