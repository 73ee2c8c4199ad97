"""A daemon in a process of its own, as a service manager starts it, and a client of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agent_kit import PATIENCE_S

from mcastdist.agent.control import ControlClient
from mcastdist.agent.settings import Settings


@asynccontextmanager
async def daemon(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """The daemon as a service manager starts it."""
    words = [f"--set={each}" for each in settings.origin.overrides]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("MCASTDIST_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mcastdist", "agent", *words,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, env=environ,
    )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def connected(settings: Settings) -> contextlib.AbstractAsyncContextManager[ControlClient]:
    """A client of the daemon, once it is there."""
    socket = Path(settings.control.socket)
    async with asyncio.timeout(PATIENCE_S):
        while not socket.exists():
            await asyncio.sleep(0.02)
    return ControlClient.connect(
        listen=None, unix_socket=socket, token_file=Path(settings.control.token_file)
    )
