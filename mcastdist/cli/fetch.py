"""`mcastdist fetch` and `mcastdist precache`: bring this package here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .engine import Engine
from .options import json_option, settings_options

if TYPE_CHECKING:
    from mcastdist.agent.api import Priority

LINGER_S = 10.0  # the stream's last repairs take a second or two, a slow peer's blocks a few more

url_argument = click.argument("url")
sha256_option = click.option(
    "--sha256", metavar="HEX", help="URL is a plain file with this SHA-256, not a package."
)
priority_option = click.option(
    "--priority",
    type=click.Choice(["low", "normal", "high"]),
    default="normal",
    show_default=True,
    help="Who goes first where more tasks wait than tasks.active_max.",
)
linger_option = click.option(
    "--linger-s",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=LINGER_S,
    show_default=True,
    help="With no agent running: stay this long to serve others when done, and while this machine"
    " represents them; 0 leaves at once.",
)


@click.command("fetch")
@url_argument
@click.option(
    "--dest",
    metavar="DIR",
    type=click.Path(file_okay=False),
    default=".",
    help="Where the files go; the current directory by default.",
)
@sha256_option
@priority_option
@linger_option
@settings_options
@json_option
@click.pass_obj
def fetch(
    engine: Engine,
    url: str,
    dest: str,
    sha256: str | None,
    priority: Priority,
    linger_s: float,
    config: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Bring a package here and put its files in place.

    URL is the .mcd file of a published package or, with --sha256, any single file.

    The agent that runs on this machine does it; with none running, this command is an agent of its
    own for this one task: it elects, receives and serves like any other, and stays for --linger-s
    seconds while others still miss something, longer if it is their representative. If all was in
    the cache it does not stay.

    Files in DIR that are not the package's stay as they are, also those that only an older version
    had: for a clean upgrade give each version a directory of its own, or empty DIR before.

    Ctrl-C cancels the task, also in a running agent. What was verified stays in the cache, and the
    same command goes on from there.
    """
    _bring(engine, url, dest, sha256, priority, linger_s, config, overrides, as_json)


@click.command("precache")
@url_argument
@sha256_option
@priority_option
@linger_option
@settings_options
@json_option
@click.pass_obj
def precache(
    engine: Engine,
    url: str,
    sha256: str | None,
    priority: Priority,
    linger_s: float,
    config: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Bring a package into the cache only.

    No file is put in place. A later fetch of the same URL finds everything here and sends nothing
    over the network.
    """
    _bring(engine, url, None, sha256, priority, linger_s, config, overrides, as_json)


def _bring(
    engine: Engine,
    url: str,
    dest: str | None,
    sha256: str | None,
    priority: Priority,
    linger_s: float,
    config: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    from .errand import Errand, make_request, run_errand

    request = make_request(url, sha256=sha256, dest=dest, priority=priority)
    errand = Errand(request, config, overrides, linger_s, as_json)
    raise SystemExit(run_errand(engine, errand))
