"""Whatever a client sends, the control API answers as its own description says, and never 500.

Requests are made from the OpenAPI text: bodies that fit their schema, nearly fit it, or do not at
all, and any name in a path. They go to a real agent. MCASTDIST_API_EXAMPLES=1000 tries as many of
each operation.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from agent_kit import open_site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcastdist.agent.control import serve
from mcastdist.agent.control.openapi import openapi
from mcastdist.agent.control.problems import Problem
from mcastdist.agent.control.routes import ROUTES, Route

EXAMPLES = int(os.environ.get("MCASTDIST_API_EXAMPLES", "15"))
SLOW = {"checkup": 2}  # it examines the subnet, which takes seconds
READY_S_MAX = 30.0
TEXT = st.text(max_size=40)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


class Server:
    """A real agent with its API, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._run()])

    def __enter__(self) -> Server:
        self._thread.start()
        assert self._ready.wait(READY_S_MAX)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    def ask(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """One request with the token; status and body."""
        host, _, port = self.address.rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=READY_S_MAX)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    async def _run(self) -> None:
        async with AsyncExitStack() as stack:
            site = await stack.enter_async_context(open_site(self.folder))
            agent = await stack.enter_async_context(site.agent())
            token_file = self.folder / "token"
            server = await serve(
                agent, listen="127.0.0.1:0", unix_socket=None, token_file=token_file
            )
            stack.push_async_callback(server.close)
            assert server.address is not None
            self.address, self.token = server.address, token_file.read_text().strip()
            self._ready.set()
            await self._over.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("site")) as server:
        yield server


def fitting(schema: dict[str, Any], folder: Path) -> st.SearchStrategy[Any]:
    """What this schema allows; addresses and places are ours, so that nobody else is asked."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return fitting(openapi()["components"]["schemas"][name], folder)
    if "anyOf" in schema:
        return st.one_of([fitting(one, folder) for one in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("type") == "object":
        return _objects(schema, folder)
    if schema.get("type") == "array":
        return st.lists(fitting(schema["items"], folder), max_size=3)
    return {
        "string": TEXT, "integer": st.integers(), "number": st.floats(allow_nan=False),
        "boolean": st.booleans(), "null": st.none(),
    }.get(schema.get("type", ""), ANY_JSON)  # fmt: skip


def _objects(schema: dict[str, Any], folder: Path) -> st.SearchStrategy[dict[str, Any]]:
    if "properties" not in schema:
        return st.dictionaries(TEXT, fitting(schema["additionalProperties"], folder), max_size=3)
    ours: dict[str, st.SearchStrategy[Any]] = {
        "url": TEXT.map(lambda text: f"http://127.0.0.1:9/{text}"),
        "dest": st.none() | st.just(str(folder / "out")) | st.just("not/absolute"),
    }
    fields = {
        name: ours[name] if name in ours else fitting(one, folder)
        for name, one in schema["properties"].items()
    }
    required = {name: fields.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(required, optional=fields)


def bodies(route: Route, folder: Path) -> st.SearchStrategy[bytes]:
    """What fits, what is any JSON, and what is none."""
    described = openapi()["paths"][route.path][route.method.lower()]
    if "requestBody" not in described:
        return st.just(b"")
    schema = described["requestBody"]["content"]["application/json"]["schema"]
    fits = fitting(schema, folder)
    bent = st.builds(lambda one, more: one | more if isinstance(one, dict) else one, fits,
                     st.dictionaries(TEXT, ANY_JSON, max_size=1))  # fmt: skip
    as_json = st.one_of(fits, bent, ANY_JSON).map(lambda one: json.dumps(one).encode())
    return as_json if route.name not in SLOW else ANY_JSON.map(lambda one: json.dumps(one).encode())


@pytest.mark.parametrize("route", ROUTES.values(), ids=list(ROUTES))
def test_what_is_answered_is_what_is_described(server: Server, route: Route) -> None:
    described = openapi()["paths"][route.path][route.method.lower()]["responses"]
    tried = min(EXAMPLES, SLOW.get(route.name, EXAMPLES))
    if "{" not in route.path and route.body is None:
        tried = 1  # there is nothing to vary

    @settings(
        max_examples=tried, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(name=TEXT, body=bodies(route, server.folder) | st.binary(max_size=60))
    def ask(name: str, body: bytes) -> None:
        part = quote(name, safe="") or "x"
        path = route.path.replace("{id}", part).replace("{content}", part)
        status, answer = server.ask(route.method, path, body)
        assert str(status) in described, (status, answer)
        assert status != 500, answer
        kind = route.answer if status == 200 else Problem
        msgspec.json.decode(answer, type=kind)

    ask()
