"""What do the commands need of the agent's room? Five things, loaded when first used.

It is click's context object, so that a test can hand in another one.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mcastdist.agent.api import (
        CacheController,
        CheckupRequest,
        Controller,
        EmbeddedController,
        Finding,
    )
    from mcastdist.agent.settings import Settings

    class RemoteController(Controller, Protocol):
        """A controller in another process, which may not be there."""

        async def reachable(self) -> bool:
            """True if it answers. Raises NotPermitted if it refuses this user."""
            ...


class Engine:
    """The real thing."""

    def settings(
        self, config: Path | None, overrides: Sequence[str], environ: Mapping[str, str] = os.environ
    ) -> Settings:
        """The settings as given; without `config`, the user's or the system's file if any."""
        from mcastdist.agent.settings import default_config_path, load

        return load(config or default_config_path(), environ, overrides)

    def client(self, settings: Settings) -> AbstractAsyncContextManager[RemoteController]:
        """The running agent, if there is one."""
        from mcastdist.agent.control import ControlClient

        control = settings.control
        return ControlClient.connect(
            listen=control.listen or None,
            unix_socket=Path(control.socket) if control.socket else None,
            token_file=Path(control.token_file),
        )

    def embedded(self, settings: Settings) -> AbstractAsyncContextManager[EmbeddedController]:
        """An agent in this process, a full member, for as long as the context lasts."""
        from mcastdist.agent import embedded_agent

        return embedded_agent(settings)

    def offline_cache(self, settings: Settings) -> AbstractAsyncContextManager[CacheController]:
        """The store itself, while no agent holds it."""
        from mcastdist.agent import offline_cache

        return offline_cache(settings)

    async def examine_alone(self, settings: Settings, request: CheckupRequest) -> list[Finding]:
        """Examine machine and subnet as an agent of our own, as far as one can run."""
        from mcastdist.agent import examine_alone

        return await examine_alone(settings, request)

    def examine_as_caller(self, settings: Settings, names: Sequence[str] | None) -> list[Finding]:
        """Look with this process's rights at queriers and firewall, on these interfaces."""
        from mcastdist.agent.checkup import examine_as_caller

        return examine_as_caller(settings, names)

    def run_agent(self, settings: Settings) -> int:
        """Be the daemon; the exit status when it has ended."""
        from mcastdist.agent import run_agent

        return run_agent(settings)


def engine_of(given: object) -> Engine:
    """The engine of a command: click's object, or the real one where nothing was given."""
    return given if isinstance(given, Engine) else Engine()


@asynccontextmanager
async def cache_of(engine: Engine, settings: Settings) -> AsyncIterator[CacheController]:
    """The running agent's cache, or the store itself where no agent runs."""
    async with engine.client(settings) as client:
        if await client.reachable():
            yield client
            return
    async with engine.offline_cache(settings) as store:
        yield store
