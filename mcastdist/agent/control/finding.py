"""Where does an agent answer? The first of its doors that opens for this user.

The Unix socket comes first: its mode decides, no token is needed, and nobody can squat it as they
can a port. The loopback port is tried where there is no socket, or it does not let this user in.
"""

from __future__ import annotations

import errno
import socket
from functools import partial
from pathlib import Path

import aiohttp
import msgspec

from mcastdist.errors import NotPermitted, UnavailableError

from .problems import Problem, error_of
from .routes import ROUTES
from .security import read_token, split_listen

CONNECT_S = 2.0  # on this machine: a kernel that takes longer has other worries
ANSWER_S = 30.0  # `start` may wait for a manifest's first bytes; everything else is instant


async def find_agent(
    *, listen: str | None, unix_socket: Path | None, token_file: Path
) -> aiohttp.ClientSession:
    """A session with the agent at one of these doors; whoever asked closes it.

    Raises UnavailableError if nobody answers, NotPermitted if an agent does and refuses this user.
    """
    refused: NotPermitted | None = None
    for try_door in (partial(_at_unix, unix_socket), partial(_at_tcp, listen, token_file)):
        try:
            session = await try_door()
        except NotPermitted as error:
            refused = refused or error
        else:
            if session is not None:
                return session
    if refused is not None:
        raise refused
    places = [str(place) for place in (unix_socket, listen) if place is not None]
    raise UnavailableError(
        f"no agent answers here (looked at {' and '.join(places) or 'no place at all'}); "
        "start one with 'mcastdist agent', or name its settings with --config"
    )


async def refuse_problem(response: aiohttp.ClientResponse) -> None:
    """Raise what the agent refused with, if it did."""
    if response.status >= 400:
        raise error_of(decode_problem(await response.read()))


def decode_problem(data: bytes) -> Problem:
    """A Problem, or ClientPayloadError: whoever sent this is no agent."""
    try:
        return msgspec.json.decode(data, type=Problem)
    except msgspec.MsgspecError as error:
        raise aiohttp.ClientPayloadError("not an answer of an agent") from error


def patience(silence_s: float | None) -> aiohttp.ClientTimeout:
    """How long to wait: for the connection as always, for the next bytes `silence_s`."""
    return aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=silence_s)


async def _at_unix(path: Path | None) -> aiohttp.ClientSession | None:
    if path is None or not hasattr(socket, "AF_UNIX"):
        return None
    connector = aiohttp.UnixConnector(str(path))
    return await _answering(aiohttp.ClientSession("http://localhost", connector=connector))


async def _at_tcp(listen: str | None, token_file: Path) -> aiohttp.ClientSession | None:
    if listen is None:
        return None
    host, port = split_listen(listen)
    token = read_token(token_file)
    if token is None:
        return None  # an agent that listens has written one
    base = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    headers = {"Authorization": f"Bearer {token}"}
    return await _answering(aiohttp.ClientSession(base, headers=headers))


async def _answering(session: aiohttp.ClientSession) -> aiohttp.ClientSession | None:
    """`session` if an agent is at its end; otherwise it is closed. Raises NotPermitted."""
    answers = False
    try:
        async with session.get(ROUTES["status"].path, timeout=patience(ANSWER_S)) as response:
            await refuse_problem(response)
            answers = True
    except aiohttp.ClientConnectorError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            raise NotPermitted(
                "an agent may run here, but its control socket does not let this user in; "
                "run this as the agent's user, as a member of its group, or as root"
            ) from error
    except (aiohttp.ClientError, TimeoutError):
        pass  # nobody, or something that is no agent of ours
    finally:
        if not answers:
            await session.close()
    return session if answers else None
