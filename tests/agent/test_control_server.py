"""The control API as any HTTP client sees it: routes, refusals, limits, what it leaves behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from fake_controller import CONTENT_A, FakeController, entry, record

from mcastdist.agent.api import CheckupRequest
from mcastdist.agent.control import ControlServer, serve
from mcastdist.agent.control.server import BODY_BYTES_MAX
from mcastdist.errors import NoSpace, UsageError


class Door:
    """A raw client at the TCP door, with the token unless told otherwise."""

    def __init__(self, server: ControlServer, token: str, session: aiohttp.ClientSession) -> None:
        self.base = f"http://{server.address}"
        self.token = token
        self.session = session

    async def ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: object
    ) -> tuple[int, object]:
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        async with self.session.request(method, self.base + path, headers=sent, **more) as response:
            return response.status, await response.json()


@pytest.fixture
def agent() -> FakeController:
    controller = FakeController()
    controller.records["t1"] = record()
    controller.entries[CONTENT_A] = entry()
    return controller


@pytest.fixture
async def server(agent: FakeController, tmp_path: Path) -> AsyncIterator[ControlServer]:
    running = await serve(
        agent,
        listen="127.0.0.1:0",
        unix_socket=tmp_path / "control.sock",
        token_file=tmp_path / "control.token",
    )
    yield running
    await running.close()


@pytest.fixture
async def door(server: ControlServer, tmp_path: Path) -> AsyncIterator[Door]:
    token = (tmp_path / "control.token").read_text().strip()
    async with aiohttp.ClientSession() as session:
        yield Door(server, token, session)


@pytest.mark.parametrize(
    ("method", "path", "body", "call"),
    [
        ("GET", "/v1/status", None, ("status",)),
        ("GET", "/v1/tasks", None, ("tasks",)),
        ("GET", "/v1/tasks/t1", None, ("task", "t1")),
        ("POST", "/v1/tasks/t1/suspend", None, ("suspend", "t1")),
        ("POST", "/v1/tasks/t1/resume", None, ("resume", "t1")),
        ("POST", "/v1/tasks/t1/cancel", None, ("cancel", "t1")),
        ("GET", "/v1/cache", None, ("cache_list",)),
        ("POST", f"/v1/cache/{CONTENT_A}/pin", None, ("cache_pin", CONTENT_A, True)),
        ("POST", f"/v1/cache/{CONTENT_A}/unpin", None, ("cache_pin", CONTENT_A, False)),
        ("DELETE", f"/v1/cache/{CONTENT_A}", None, ("cache_remove", CONTENT_A)),
        ("POST", "/v1/cache/verify", {"content": CONTENT_A}, ("cache_verify", CONTENT_A)),
        ("POST", "/v1/cache/verify", None, ("cache_verify", None)),
        ("POST", "/v1/cache/gc", None, ("cache_gc",)),
        ("GET", "/v1/settings", None, ("settings",)),
        ("POST", "/v1/reload", None, ("reload",)),
        (
            "POST",
            "/v1/checkup",
            {"url": "http://o/p"},
            ("checkup", CheckupRequest(url="http://o/p")),
        ),
        ("POST", "/v1/checkup", None, ("checkup", CheckupRequest())),
    ],
)
async def test_every_route_asks_the_controller(
    agent: FakeController,
    door: Door,
    method: str,
    path: str,
    body: object,
    call: tuple[object, ...],
) -> None:
    status, _ = await door.ask(method, path, json=body) if body else await door.ask(method, path)
    assert status == 200
    assert agent.calls[0] == call


async def test_a_task_is_started_with_what_was_asked(agent: FakeController, door: Door) -> None:
    wanted = {"url": "http://o/p.mcd", "dest": "/srv", "settings": {"election.weight": 0}}
    status, answer = await door.ask("POST", "/v1/tasks", json=wanted)
    assert status == 200
    assert isinstance(answer, dict)
    assert (answer["url"], answer["dest"]) == ("http://o/p.mcd", "/srv")
    (request,) = agent.called("start")[0]
    assert request.settings == {"election.weight": 0}


async def test_the_description_is_served(door: Door) -> None:
    status, answer = await door.ask("GET", "/v1/openapi.json")
    assert status == 200
    assert isinstance(answer, dict)
    assert answer["openapi"].startswith("3.")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": ""}, 401),
        ({"Origin": "http://evil.example"}, 403),
        ({"Host": "evil.example"}, 403),
    ],
)
@pytest.mark.parametrize("path", ["/v1/status", "/v1/watch", "/v1/openapi.json", "/nothing"])
async def test_strangers_are_refused_before_anything_is_asked(
    agent: FakeController, door: Door, headers: dict[str, str], status: int, path: str
) -> None:
    got, answer = await door.ask("GET", path, headers=headers)
    assert got == status
    assert isinstance(answer, dict)
    assert answer["error"] == "not_permitted"
    assert agent.calls == []


async def test_a_page_is_refused_at_the_unix_socket_too(
    server: ControlServer, agent: FakeController, tmp_path: Path
) -> None:
    connector = aiohttp.UnixConnector(str(tmp_path / "control.sock"))
    async with aiohttp.ClientSession(connector=connector) as session:
        async with session.get("http://localhost/v1/status") as response:
            assert response.status == 200
        headers = {"Origin": "null"}
        async with session.get("http://localhost/v1/status", headers=headers) as response:
            assert response.status == 403


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b'{"url": "http://o/p.mcd"}', "text/plain", 415),
        (b'{"url": "http://o/p.mcd"}', "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b'{"url": 1}', "application/json", 400),
        (b'{"url": "u", "surprise": 1}', "application/json", 400),
        (b'{"url": "u", "settings": {"a.b": [1]}}', "application/json", 400),
        (b"[" * 100_000, "application/json", 413),
        (b'{"url": "' + b"u" * BODY_BYTES_MAX + b'"}', "application/json", 413),
        (b"[" * 60_000, "application/json", 400),
        (b'{"url": "\xff"}', "application/json", 400),
    ],
)
async def test_bodies_that_are_not_what_a_route_takes(
    agent: FakeController, door: Door, data: bytes, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type}
    got, answer = await door.ask("POST", "/v1/tasks", data=data, headers=headers)
    assert got == status
    assert isinstance(answer, dict)
    assert answer["kind"] == "usage"
    assert agent.calls == []


async def test_a_body_that_nobody_reads_is_limited_too(door: Door) -> None:
    headers = {"Content-Type": "application/json"}
    data = b" " * (BODY_BYTES_MAX + 1)
    got, _ = await door.ask("POST", "/v1/reload", data=data, headers=headers)
    assert got == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/nothing", 404), ("POST", "/v1/status", 405), ("GET", "/", 404)],
)
async def test_unknown_routes_answer_as_json(
    door: Door, method: str, path: str, status: int
) -> None:
    got, answer = await door.ask(method, path)
    assert got == status
    assert isinstance(answer, dict)
    assert path in answer["sentence"]


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (UsageError("no such task"), 400, "usage"),
        (NoSpace(2, 1, "too little room"), 507, "storage"),
        (ZeroDivisionError("secret"), 500, "internal"),
    ],
)
async def test_errors_become_problems(
    agent: FakeController, door: Door, error: Exception, status: int, kind: str
) -> None:
    agent.failing["tasks"] = error
    got, answer = await door.ask("GET", "/v1/tasks")
    assert got == status
    assert isinstance(answer, dict)
    assert answer["kind"] == kind
    assert "secret" not in answer["sentence"]


async def test_a_failing_agent_is_no_reason_to_stop(agent: FakeController, door: Door) -> None:
    agent.failing["tasks"] = ZeroDivisionError()
    assert (await door.ask("GET", "/v1/tasks"))[0] == 500
    assert (await door.ask("GET", "/v1/status"))[0] == 200


async def test_watch_streams_a_record_a_line_and_ends(door: Door) -> None:
    headers = {"Authorization": f"Bearer {door.token}"}
    url = door.base + "/v1/watch"
    async with door.session.get(url, params={"task": "t1"}, headers=headers) as response:
        lines = (await response.text()).splitlines()
    assert [json.loads(line)["state"] for line in lines] == ["receiving", "delivered"]


async def test_watching_an_unknown_task_is_refused_at_once(door: Door) -> None:
    status, answer = await door.ask("GET", "/v1/watch?task=nope")
    assert status == 400
    assert isinstance(answer, dict)
    assert "nope" in answer["sentence"]


async def test_an_error_while_watching_is_the_last_line(agent: FakeController, door: Door) -> None:
    agent.failing["after_script"] = UsageError("changed its mind")
    headers = {"Authorization": f"Bearer {door.token}"}
    async with door.session.get(door.base + "/v1/watch", headers=headers) as response:
        last = (await response.text()).splitlines()[-1]
    assert json.loads(last)["sentence"] == "changed its mind"


async def test_close_ends_watches_and_takes_the_files_away(
    agent: FakeController, server: ControlServer, door: Door, tmp_path: Path
) -> None:
    agent.hang = True
    headers = {"Authorization": f"Bearer {door.token}"}
    async with door.session.get(door.base + "/v1/watch", headers=headers) as response:
        await response.content.readline()
        await asyncio.wait_for(server.close(), timeout=5)
    assert agent.watching == 0
    assert list(tmp_path.iterdir()) == []
    await server.close()


async def test_close_leaves_a_later_agents_files_alone(
    server: ControlServer, tmp_path: Path
) -> None:
    later = tmp_path / "later"
    later.write_text("another agent's token")
    later.replace(tmp_path / "control.token")
    await server.close()
    assert (tmp_path / "control.token").read_text() == "another agent's token"


async def test_a_taken_port_writes_no_token(server: ControlServer, tmp_path: Path) -> None:
    assert server.address is not None
    token = tmp_path / "second" / "control.token"
    with pytest.raises(UsageError, match="is taken"):
        await serve(FakeController(), listen=server.address, unix_socket=None, token_file=token)
    assert not token.exists()


async def test_a_second_door_that_fails_closes_the_first(
    server: ControlServer, tmp_path: Path
) -> None:
    token = tmp_path / "second" / "control.token"
    with pytest.raises(UsageError, match="another agent answers"):
        await serve(
            FakeController(),
            listen="127.0.0.1:0",
            unix_socket=tmp_path / "control.sock",
            token_file=token,
        )
    assert not token.exists()
    assert (tmp_path / "control.sock").exists()
