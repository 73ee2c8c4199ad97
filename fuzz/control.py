"""Can a request to the control API do anything but be carried out or refused with a sentence?

Bodies go as far as the agent looks at them before a task begins; heads as far as the guard does.
"""

from __future__ import annotations

import msgspec

from mcastdist.agent.api import TaskRequest
from mcastdist.agent.control.routes import ROUTES
from mcastdist.agent.control.security import refusal, split_listen
from mcastdist.agent.records import locator_of
from mcastdist.agent.requests import check_request
from mcastdist.agent.settings import Settings, with_overrides
from mcastdist.errors import UsageError
from mcastdist.ids import DIGEST_BYTES

TOKEN = "t0ken"
BODIES = [route.body for route in ROUTES.values() if route.body is not None]


def fuzz_one(data: bytes) -> None:
    """Try `data` as the body of each route, and as the head of a request."""
    for body in BODIES:
        _body(data, body)
    _head(data.decode("latin-1"))


def seeds() -> list[bytes]:
    """Requests that are true, for a fuzzer to spoil."""
    return [
        b'{"url": "https://origin.example/tool-1.0.mcd", "dest": "/srv/tool"}',
        b'{"url":"http://10.0.0.1:8080/setup.exe","sha256":"' + b"0a" * 32 + b'","dest":null,'
        b'"settings":{"multicast.session_start_delay_s":0.5,"election.weight":0}}',
        b'{"content": "' + b"ff" * 32 + b'"}',
        b"Host: 127.0.0.1:7448\nAuthorization: Bearer t0ken\nOrigin: null",
        b"Host: [::1]:7448\nAuthorization: bearer t0ken",
        b"127.0.0.1:0",
    ]


def _body(data: bytes, kind: type[msgspec.Struct]) -> None:
    try:
        asked = msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return
    assert msgspec.json.decode(msgspec.json.encode(asked), type=kind) == asked
    if isinstance(asked, TaskRequest):
        try:
            check_request(asked)
            with_overrides(Settings(), asked.settings)
            assert len(locator_of(asked)) == DIGEST_BYTES
        except UsageError:
            return


def _head(text: str) -> None:
    lines = (line.partition(":") for line in text.splitlines())
    headers = {name.strip().title(): value.strip() for name, _, value in lines}
    refused = refusal(headers, TOKEN)
    if refused is None:
        assert headers["Authorization"].split()[1] == TOKEN
        assert "Origin" not in headers
    try:
        split_listen(text)
    except UsageError:
        return
