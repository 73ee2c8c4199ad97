"""A command line whose agent is made of memory."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

# The fake agent is shared with the tests of the control API; pytest puts a test's own folder on the
# path, and this does the same for that one.
sys.path.insert(0, str(Path(__file__).parents[1] / "agent"))

from fake_controller import FakeController

from mcastdist.agent.api import CheckupRequest, Finding
from mcastdist.agent.settings import Settings, load
from mcastdist.cli import main
from mcastdist.cli.engine import Engine
from mcastdist.errors import UnavailableError


class FakeRemote(FakeController):
    """A running agent that may be absent, or refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.present = True
        self.refuses: Exception | None = None

    async def reachable(self) -> bool:
        if self.refuses is not None:
            raise self.refuses
        return self.present

    def _note(self, name: str, *arguments: object) -> None:
        if not self.present:
            raise UnavailableError("no agent answers here")
        super()._note(name, *arguments)


class FakeEngine(Engine):
    """Hands out fakes, and remembers how often the embedded agent was left in order."""

    def __init__(self) -> None:
        self.remote = FakeRemote()
        self.own = FakeController()
        self.offline = FakeController()
        self.alone: list[Finding] = []
        self.switch: list[Finding] = []
        self.looked_at: list[list[str] | None] = []
        self.agent_status = 0
        self.ran: list[Settings] = []
        self.opened: list[str] = []
        self.closed: list[str] = []

    def settings(
        self,
        config: Path | None,
        overrides: Sequence[str],
        environ: Mapping[str, str] | None = None,
    ) -> Settings:
        return load(config, {}, overrides)

    @asynccontextmanager
    async def client(self, settings: Settings) -> AsyncIterator[FakeRemote]:
        yield self.remote

    @asynccontextmanager
    async def embedded(self, settings: Settings) -> AsyncIterator[FakeController]:
        self.opened.append("own")
        try:
            yield self.own
        finally:
            self.closed.append("own")

    async def examine_alone(self, settings: Settings, request: CheckupRequest) -> list[Finding]:
        self.own.calls.append(("checkup", request))
        return self.alone

    def examine_as_caller(self, settings: Settings, names: list[str] | None) -> list[Finding]:
        self.looked_at.append(names)
        return self.switch

    @asynccontextmanager
    async def offline_cache(self, settings: Settings) -> AsyncIterator[FakeController]:
        self.opened.append("offline")
        try:
            yield self.offline
        finally:
            self.closed.append("offline")

    def run_agent(self, settings: Settings) -> int:
        self.ran.append(settings)
        return self.agent_status


class Terminal:
    """Types commands and keeps what they print."""

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine

    def type(self, *words: str) -> Result:
        return CliRunner().invoke(main, list(words), obj=self.engine, prog_name="mcastdist")


@pytest.fixture
def engine() -> FakeEngine:
    """With an agent that runs here."""
    return FakeEngine()


@pytest.fixture
def terminal(engine: FakeEngine) -> Terminal:
    """Where to type."""
    return Terminal(engine)
