"""How is a package brought? Through the agent that runs here, or by being one for a while.

    an agent answers ─► start ─► watch ─────────────► summary
    none answers ─► be an agent ─► start ─► watch ─► summary ─► linger ─► leave in good order

An interruption cancels the task in both cases: who started it has stopped wanting it. What has been
verified stays in the cache, so that the same command later goes on from there.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from mcastdist.agent.api import (
    Controller,
    EmbeddedController,
    Priority,
    TaskRecord,
    TaskRequest,
)
from mcastdist.errors import McastdistError, NotPermitted, UnavailableError, UsageError

from .agreement import task_settings
from .engine import Engine
from .exits import Exit, status_of_task
from .options import print_json, run
from .progress import Progress, choose_progress
from .summary import all_from_cache, summary
from .words import duration, printable

if TYPE_CHECKING:
    from mcastdist.agent.settings import Settings

    from .engine import RemoteController

SHA256_HEX_CHARS = 64


@dataclass(frozen=True, slots=True)
class Errand:
    """What the command line asked for. `linger_s`: only as an agent of our own."""

    request: TaskRequest
    config: Path | None
    overrides: Sequence[str]
    linger_s: float
    as_json: bool


def make_request(
    url: str, *, sha256: str | None, dest: str | None, priority: Priority = "normal"
) -> TaskRequest:
    """Check what a human typed. Raises UsageError."""
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url!r} is no URL to fetch from; give one with http:// or https://")
    if sha256 is not None:
        sha256 = sha256.strip().lower()
        if len(sha256) != SHA256_HEX_CHARS or set(sha256) - set("0123456789abcdef"):
            raise UsageError(
                f"--sha256 takes {SHA256_HEX_CHARS} hex digits, as sha256sum prints them; "
                f"got {len(sha256)} characters"
            )
    place = None if dest is None else os.path.abspath(dest)
    return TaskRequest(url=url, sha256=sha256, dest=place, priority=priority)


def run_errand(engine: Engine, errand: Errand) -> Exit:
    """Do it, show it, and say how it ended."""
    settings = engine.settings(errand.config, errand.overrides)
    task = run(_bring(engine, settings, errand))
    return status_of_task(task.state, task.failure)


async def _bring(engine: Engine, settings: Settings, errand: Errand) -> TaskRecord:
    progress = choose_progress(as_json=errand.as_json)
    async with engine.client(settings) as client:
        if await usable(client):
            own = task_settings(errand.overrides, settings, await client.settings())
            request = replace(errand.request, settings=own)
            task = await follow(client, request, progress)
            _tell(task, as_json=errand.as_json)
            return task
    async with engine.embedded(settings) as agent:
        task = await follow(agent, errand.request, progress)
        _tell(task, as_json=errand.as_json)
        if _has_something_for_others(task):
            await _linger(agent, errand.linger_s, quiet=errand.as_json)
    return task


async def follow(controller: Controller, request: TaskRequest, progress: Progress) -> TaskRecord:
    """Start a task and show it until it is final; cancel it if we are cancelled."""
    task = await controller.start(request)
    try:
        with progress:
            progress.show(task)
            if not task.is_final:
                async for changed in controller.watch(task.id):
                    progress.show(task := changed)
    except asyncio.CancelledError:
        with suppress(McastdistError):  # the agent may be gone as well
            await controller.cancel(task.id)
        raise
    if not task.is_final:
        raise UnavailableError(
            f"the agent stopped before task {task.id} was done, and goes on with it when it runs"
            " again: mcastdist task list"
        )
    return task


async def usable(client: RemoteController) -> bool:
    """True if the running agent takes our commands; says so if it runs and does not."""
    try:
        return await client.reachable()
    except NotPermitted as error:
        click.echo(f"{printable(error)}; going on as an agent of our own", err=True)
        return False


def _has_something_for_others(task: TaskRecord) -> bool:
    """True if all of it came over the network, even if there is no room to deliver it here.

    Who represented and left at once would make the next one pay the WAN again.
    """
    is_whole = task.failure == "storage" and 0 < task.payload_bytes == task.held_bytes
    return (task.state in ("delivered", "cached") or is_whole) and not all_from_cache(task)


async def _linger(agent: EmbeddedController, seconds: float, *, quiet: bool) -> None:
    """Stay for the others. The work is done, so an interruption here is no failure."""
    if seconds <= 0:
        return
    if not quiet:
        stay = f"staying up to {duration(seconds)} to serve others, longer if they depend on this"
        stay += " machine; Ctrl-C leaves now"
        click.echo(stay, err=True)
    with suppress(asyncio.CancelledError):
        await agent.linger(seconds)


def _tell(task: TaskRecord, *, as_json: bool) -> None:
    done = task.state in ("delivered", "cached")
    if as_json:
        print_json(task)
    else:
        click.echo(summary(task), err=not done)
    if not done and task.sentence:
        click.echo(f"mcastdist: {printable(task.sentence)}", err=True)
