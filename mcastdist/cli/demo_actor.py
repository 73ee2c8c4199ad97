"""How is one agent of the demo run? As a service manager would, though no longer than the demo.

It has a store, an address 127.0.0.x and a control socket of its own, through which it is asked.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import AsyncExitStack
from pathlib import Path

from mcastdist.agent.api import TaskRecord, TaskRequest
from mcastdist.agent.control import ControlClient
from mcastdist.errors import McastdistError, UnavailableError

from .demo_child import child_command

READY_S_MAX = 30.0
READY_LOOK_S = 0.05
STOP_S_MAX = 10.0
LOG_LINES = 1  # of the agent's log, where it ended and nobody told it to


class Actor:
    """One agent process, its control API, and what it last said."""

    def __init__(self, number: int, folder: Path, *, is_late: bool) -> None:
        self.name = f"agent {number}"
        self.address = f"127.0.0.{number + 1}"
        self.folder = folder / f"agent-{number}"
        self.is_late = is_late
        self.record: TaskRecord | None = None
        self.trouble = ""
        self.process: asyncio.subprocess.Process | None = None

    @property
    def delivered(self) -> Path:
        """Where it puts the package."""
        return self.folder / "delivered"

    @property
    def state(self) -> str:
        """One or two words."""
        if self.trouble:
            return "failed"
        return self.record.state if self.record else ("comes late" if self.is_late else "starting")

    @property
    def problem(self) -> str:
        """Why it failed, in a sentence; empty if it did not."""
        if self.trouble:
            return self.trouble
        failed = self.record is not None and self.record.state == "failed"
        return self.record.sentence or self.record.reason if self.record and failed else ""

    @property
    def is_over(self) -> bool:
        """True if nothing more is to be expected."""
        return bool(self.trouble) or (self.record is not None and self.record.is_final)

    async def start(self, settings: dict[str, object]) -> None:
        """Start the process."""
        self.folder.mkdir()
        own = {
            "node.address": self.address,
            "node.state_dir": str(self.folder / "state"),
            "cache.dir": str(self.folder / "cache"),
            "control.socket": str(self.folder / "control.sock"),
            "control.listen": "",
        }
        words = [f"--set={key}={_as_text(value)}" for key, value in (settings | own).items()]
        with (self.folder / "agent.log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                *child_command("agent", *words),
                stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL, env=clean_environ(),
            )  # fmt: skip

    async def ready(self, stack: AsyncExitStack) -> ControlClient:
        """Wait until it answers. Raises UnavailableError with what it said if it does not."""
        socket = self.folder / "control.sock"
        until = time.monotonic() + READY_S_MAX
        while time.monotonic() < until:
            assert self.process is not None, "started before"
            if self.process.returncode is not None:
                raise UnavailableError(f"{self.name} ended at once: {self._last_words()}")
            if socket.exists():
                client = ControlClient.connect(
                    listen=None,
                    unix_socket=socket,
                    token_file=self.folder / "state" / "control.token",
                )
                return await stack.enter_async_context(client)
            await asyncio.sleep(READY_LOOK_S)
        raise UnavailableError(
            f"{self.name} was not ready in {READY_S_MAX:.0f} s, as this machine is busy: take fewer"
            " --agents, or try again later"
        )

    async def fetch(self, client: ControlClient, url: str) -> None:
        """Give it the task and follow what becomes of it."""
        try:
            request = TaskRequest(url=url, dest=str(self.delivered))
            self.record = await client.start(request)
            async for record in client.watch(self.record.id):
                self.record = record
        except McastdistError as error:
            self.trouble = f"{error} ({self._last_words()})"

    async def stop(self) -> None:
        """End the process, politely first."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            async with asyncio.timeout(STOP_S_MAX):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    def _last_words(self) -> str:
        lines = (self.folder / "agent.log").read_text(errors="replace").splitlines()
        return " / ".join(lines[-LOG_LINES:]) or "it said nothing"


def clean_environ() -> dict[str, str]:
    """This environment without settings of ours: the demo shows the same everywhere."""
    return {key: value for key, value in os.environ.items() if not key.startswith("MCASTDIST_")}


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, list) else str(value)
