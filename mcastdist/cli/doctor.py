"""`mcastdist doctor`: how is it with this machine and its subnet, and what is to be done?"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .engine import Engine
from .exits import status_of_findings
from .options import json_option, print_json, run, settings_options

if TYPE_CHECKING:
    from mcastdist.agent.api import Finding
    from mcastdist.agent.settings import Settings


@click.command("doctor")
@click.option("--url", metavar="URL", help="Also ask whether this package or file can be fetched.")
@settings_options
@json_option
@click.pass_obj
def doctor(
    engine: Engine,
    url: str | None,
    config: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Examine this machine and its subnet, and say what to do.

    Which interfaces are used and why; ports and keys; whether group, broadcast and unicast reach
    each neighbour and come back, small and as long as a stream's datagrams; clocks; machines that
    do not match, by name; whether a switch snoops without a querier; receive buffer, disk and
    store; with --url, the origin.

    The agent that runs here is asked; with none running, this command is one for some seconds. Only
    neighbours whose agent runs can answer. As root it can also look for an IGMP or MLD querier, and
    whether this machine's firewall loses what agents say.

    Each finding has a code, which docs/reasons.md explains. The exit status is 0 if there is
    nothing worse than a note, 6 for a warning, 7 for an error.
    """
    from .errand import make_request

    if url is not None:
        make_request(url, sha256=None, dest=None)  # says what is wrong with it
    settings = engine.settings(config, overrides)
    if sys.stderr.isatty() and not as_json:
        click.echo("examining for some seconds ...", err=True)
    findings = run(_examine(engine, settings, url))
    if as_json:
        print_json(findings)
    else:
        from .doctor_view import print_findings

        print_findings(findings)
    raise SystemExit(status_of_findings(one.severity for one in findings))


async def _examine(engine: Engine, settings: Settings, url: str | None) -> list[Finding]:
    from mcastdist.agent.api import CheckupRequest
    from mcastdist.agent.checkup import in_order

    from .errand import usable

    request = CheckupRequest(url=url)
    async with engine.client(settings) as agent:
        if await usable(agent):
            names = [str(one["name"]) for one in (await agent.status()).interfaces]
            work = agent.checkup(request)
        else:
            names, work = None, engine.examine_alone(settings, request)
        # Switch and firewall are looked at with the rights of who typed the command.
        seen = asyncio.to_thread(engine.examine_as_caller, settings, names)
        return in_order([one for part in await asyncio.gather(work, seen) for one in part])
