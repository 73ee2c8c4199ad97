"""How does an agent let itself be asked? A small HTTP server before a `Controller`.

    request ─► guard (Origin, Host, token) ─► route table ─► Controller ─► JSON
                      │                                          │
                      └───────────── a Problem, as JSON ◄────────┘

One application per door, since one of them wants a token; both share the routes. The server decides
nothing about tasks: it takes requests apart and puts answers together.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from mcastdist.agent.api import Controller
from mcastdist.errors import McastdistError, UsageError

from .doors import file_identity, open_tcp, open_unix
from .openapi import openapi
from .problems import HTTP_STATUS, Problem, problem_of
from .routes import OPENAPI_PATH, ROUTES, WATCH_PATH, Asked, Route
from .security import create_token, refusal
from .watching import stream_watch

BODY_BYTES_MAX = 64 * 1024  # a task with every setting overridden is under 8 KiB
CLOSE_S = 2.0  # running requests get this long to end when the agent stops

log = logging.getLogger(__name__)


class ControlServer:
    """A running control API; made by `serve`."""

    def __init__(self, controller: Controller) -> None:
        self.address: str | None = None  # host:port as bound, None if there is no TCP door
        self._controller = controller
        self._closing = asyncio.Event()
        self._runners: list[web.AppRunner] = []
        self._files: list[tuple[Path, tuple[int, int] | None]] = []

    async def listen_tcp(self, listen: str, token_file: Path) -> None:
        """Open the loopback door, then write the token that it asks for."""
        door = open_tcp(listen)
        try:
            # Only now: whoever reads the new token finds us, and nobody else, on the port.
            token = create_token(token_file)
            self._owns(token_file)
            await self._start(door, token)
        except BaseException:
            door.close()
            raise
        self.address = _shown(door)

    async def listen_unix(self, path: Path) -> None:
        """Open the door that needs no token, where the system knows such doors."""
        if not hasattr(socket, "AF_UNIX"):
            log.info("this system has no Unix sockets; control.listen is the only door")
            return
        door = open_unix(path)
        self._owns(path)
        await self._start(door, None)

    async def close(self) -> None:
        """Stop listening, end the watches, and take token and socket away. Idempotent."""
        self._closing.set()
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()
        for path, identity in self._files:
            if identity is not None and file_identity(path) == identity:
                path.unlink(missing_ok=True)
        self._files.clear()

    def _owns(self, path: Path) -> None:
        self._files.append((path, file_identity(path)))

    async def _start(self, door: socket.socket, token: str | None) -> None:
        app = application(self._controller, token=token, closing=self._closing)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_S)
        self._runners.append(runner)
        await runner.setup()
        await web.SockSite(runner, door).start()


async def serve(
    controller: Controller, *, listen: str | None, unix_socket: Path | None, token_file: Path
) -> ControlServer:
    """Offer `controller` at loopback `listen` (host:port; port 0: any) and at `unix_socket`.

    None switches a door off. The token file exists as long as the TCP door is open. Raises
    UsageError when a door is taken or not loopback, NotPermitted when the system forbids it.
    """
    server = ControlServer(controller)
    try:
        if listen is not None:
            await server.listen_tcp(listen, token_file)
        if unix_socket is not None:
            await server.listen_unix(unix_socket)
    except BaseException:
        await server.close()
        raise
    return server


def application(
    controller: Controller, *, token: str | None, closing: asyncio.Event
) -> web.Application:
    """The routes before a controller, behind the guard. `token` None: none is asked for."""
    app = web.Application(middlewares=[_guard(token)], client_max_size=BODY_BYTES_MAX)
    for route in ROUTES.values():
        app.router.add_route(route.method, route.path, _handler(controller, route))

    async def watch(request: web.Request) -> web.StreamResponse:
        return await stream_watch(request, controller, closing)

    async def describe(_: web.Request) -> web.Response:
        return _json(openapi())

    app.router.add_get(WATCH_PATH, watch, allow_head=False)
    app.router.add_get(OPENAPI_PATH, describe, allow_head=False)
    return app


def _handler(controller: Controller, route: Route) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        body = await _body(request, route)
        return _json(await route.call(controller, Asked(dict(request.match_info), body)))

    return handle


async def _body(request: web.Request, route: Route) -> object:
    data = await request.read()
    if data and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="the control API takes JSON (application/json)")
    if route.body is None:
        return None
    try:
        return msgspec.json.decode(data or b"{}", type=route.body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"the request is not what {request.path} takes: {error}") from error


def _guard(token: str | None) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        refused = refusal(request.headers, token)
        if refused is not None:
            log.warning("control request refused: %s", refused.sentence)
            problem = Problem(error="not_permitted", sentence=refused.sentence, kind="storage")
            return _json(problem, status=refused.status)
        try:
            return await handler(request)
        except McastdistError as error:
            problem = problem_of(error)
            return _json(problem, status=HTTP_STATUS[problem.kind])
        except web.HTTPException as error:
            problem = Problem(error="usage", sentence=_http_sentence(error, request), kind="usage")
            return _json(problem, status=error.status)
        except Exception as error:
            log.exception("a control request failed")
            return _json(problem_of(error), status=500)

    return guard


def _http_sentence(error: web.HTTPException, request: web.Request) -> str:
    what = f"{request.method} {request.path}"
    if error.status == 413:
        return f"{what}: the body is larger than {BODY_BYTES_MAX} bytes"
    if error.status in (404, 405):
        return f"{what} is not something the control API knows; see {OPENAPI_PATH}"
    return f"{what}: {error.text}"


def _json(answer: object, *, status: int = 200) -> web.Response:
    body = msgspec.json.encode(answer)
    return web.Response(body=body, status=status, content_type="application/json")


def _shown(door: socket.socket) -> str:
    host, port = door.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
