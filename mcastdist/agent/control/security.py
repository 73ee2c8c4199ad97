"""Who may speak to the control API? The agent's own user and administrators, and no web page.

Two doors. The Unix socket is guarded by its mode. The loopback port is open to every process of the
machine, and to every browser on it, so there:

- a **token** is asked for. It is drawn anew at each start and written to a private file once the
  port is ours: who squats the port while no agent runs may be sent a token, but an old one.
- a request with an **Origin** comes from a web page and is refused, whatever else it brings.
- a **Host** that is not loopback means a name was pointed at 127.0.0.1 (DNS rebinding): refused.

The last two hold at both doors, since a proxy may lead a page to the Unix socket as well.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from mcastdist.errors import NotPermitted, UsageError

TOKEN_BYTES = 32  # 256 bits: not to be guessed, short enough to paste
TOKEN_CHARS_MAX = 1_024  # of a token file: what is longer is not one of ours


def split_listen(listen: str) -> tuple[str, int]:
    """`host:port` as a pair; only loopback will do. Raises UsageError."""
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not is_loopback(host):
        raise UsageError(
            f"control.listen is {listen!r}; the control API listens on loopback only: "
            "give 127.0.0.1:PORT, [::1]:PORT, or nothing to switch it off"
        )
    if not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"control.listen is {listen!r}; give a port from 0 to 65535")
    return host, int(port)


def is_loopback(host: str) -> bool:
    """True for `localhost` and for literal loopback addresses; other names are not looked up."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let in, and the HTTP status that says so."""

    status: int
    sentence: str


def refusal(headers: Mapping[str, str], token: str | None) -> Refusal | None:
    """Why a request with these headers is refused, or None. `token` None: the door needs none."""
    if "Origin" in headers:
        return Refusal(403, "the control API refuses requests that a web page sends (Origin)")
    host = headers.get("Host", "")
    if not is_loopback(_without_port(host)):
        return Refusal(
            403, f"the control API is not called {host[:100]!r}; use 127.0.0.1 or localhost"
        )
    if token is not None and not _has_token(headers.get("Authorization", ""), token):
        return Refusal(
            401,
            "the control API needs the token of this run of the agent: send what is in "
            "control.token_file as 'Authorization: Bearer TOKEN', or use the Unix socket",
        )
    return None


def create_token(path: Path) -> str:
    """Draw a token and put it into a private file, in place of an earlier one."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(token + "\n")
        temporary.replace(path)
    except OSError as error:
        raise NotPermitted(
            f"cannot write the control token to {path} ({error.strerror}); "
            "set control.token_file to a place the agent may write to"
        ) from error
    return token


def read_token(path: Path) -> str | None:
    """The token of the running agent; None if there is none. Raises NotPermitted."""
    try:
        with path.open(encoding="ascii") as file:
            token = file.read(TOKEN_CHARS_MAX + 1).strip()
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise NotPermitted(
            f"the control token {path} is another user's; run this as the agent's user or as root"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise NotPermitted(f"cannot read the control token {path} ({error})") from error
    if not token or len(token) > TOKEN_CHARS_MAX or not token.isprintable() or " " in token:
        raise NotPermitted(f"{path} holds no control token; restart the agent to have it written")
    return token


def _has_token(authorization: str, token: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    # Constant time, and on bytes: `compare_digest` takes no non-ASCII text.
    same = hmac.compare_digest(given.encode("utf-8", "surrogateescape"), token.encode())
    return same and scheme.lower() == "bearer"


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
