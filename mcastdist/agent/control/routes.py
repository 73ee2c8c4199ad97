"""What can be asked over HTTP? One table, from which server, client and OpenAPI text are made.

A route names the method of `Controller` it stands for; `call` says how to get there from a request.
Paths have at most one `{name}` a part, as aiohttp and OpenAPI both write it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from mcastdist.agent.api import (
    AgentStatus,
    CacheEntry,
    CacheReport,
    CheckupRequest,
    Controller,
    Finding,
    TaskRecord,
    TaskRequest,
)

WATCH_PATH = "/v1/watch"
OPENAPI_PATH = "/v1/openapi.json"


class VerifyRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which package to hash again: a content id in hex, or None for all."""

    content: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, taken apart: the `{names}` of its path, and its body if the route has one."""

    path: Mapping[str, str] = field(default_factory=dict)
    body: Any = None  # of the route's body type, checked; Any, since each route has its own


@dataclass(frozen=True, slots=True)
class Route:
    """One thing to ask. `slow` ones hash the disk, so the client sets no deadline."""

    name: str
    method: str
    path: str
    summary: str
    answer: Any  # a type that msgspec can decode into (`list[X]` is no class, hence Any)
    call: Callable[[Controller, Asked], Awaitable[object]]
    body: type[Struct] | None = None
    slow: bool = False


_TABLE = (
    Route("status", "GET", "/v1/status", "The agent at a glance", AgentStatus,
          lambda c, _: c.status()),
    Route("tasks", "GET", "/v1/tasks", "All tasks, oldest first", list[TaskRecord],
          lambda c, _: c.tasks()),
    Route("start", "POST", "/v1/tasks", "Start a task", TaskRecord,
          lambda c, asked: c.start(asked.body), body=TaskRequest),
    Route("task", "GET", "/v1/tasks/{id}", "One task", TaskRecord,
          lambda c, asked: c.task(asked.path["id"])),
    Route("suspend", "POST", "/v1/tasks/{id}/suspend", "Stop a task for now", TaskRecord,
          lambda c, asked: c.suspend(asked.path["id"])),
    Route("resume", "POST", "/v1/tasks/{id}/resume", "Go on with a suspended task", TaskRecord,
          lambda c, asked: c.resume(asked.path["id"])),
    Route("cancel", "POST", "/v1/tasks/{id}/cancel", "Give a task up", TaskRecord,
          lambda c, asked: c.cancel(asked.path["id"])),
    Route("cache_list", "GET", "/v1/cache", "The packages in the store", list[CacheEntry],
          lambda c, _: c.cache_list()),
    Route("pin", "POST", "/v1/cache/{content}/pin", "Never evict a package", CacheEntry,
          lambda c, asked: c.cache_pin(asked.path["content"], True)),
    Route("unpin", "POST", "/v1/cache/{content}/unpin", "Let a package age again", CacheEntry,
          lambda c, asked: c.cache_pin(asked.path["content"], False)),
    Route("remove", "DELETE", "/v1/cache/{content}", "Remove a package", CacheReport,
          lambda c, asked: c.cache_remove(asked.path["content"])),
    Route("verify", "POST", "/v1/cache/verify", "Hash what is held again", CacheReport,
          lambda c, asked: c.cache_verify(asked.body.content), body=VerifyRequest, slow=True),
    Route("gc", "POST", "/v1/cache/gc", "Evict what is too old or too much", CacheReport,
          lambda c, _: c.cache_gc(), slow=True),
    Route("settings", "GET", "/v1/settings", "The settings in force", dict[str, object],
          lambda c, _: c.settings()),
    Route("reload", "POST", "/v1/reload", "Read the settings again", dict[str, list[str]],
          lambda c, _: c.reload()),
    Route("checkup", "POST", "/v1/checkup", "Examine this machine and its subnet", list[Finding],
          lambda c, asked: c.checkup(asked.body), body=CheckupRequest, slow=True),
)  # fmt: skip  # a table is read by its columns

ROUTES: dict[str, Route] = {route.name: route for route in _TABLE}
