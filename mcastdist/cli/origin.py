"""`mcastdist origin`: serve a folder of published packages over HTTP, and say what was served."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from mcastdist.errors import UsageError

if TYPE_CHECKING:
    from mcastdist.agent.origin_server import Answer, OriginServer

LISTEN = "0.0.0.0:8080"  # an origin is there to be reached by others


@click.command("origin")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--listen", default=LISTEN, show_default=True, metavar="HOST:PORT",
    help="Where to listen; port 0 takes a free one, [::]:8080 listens on IPv6.",
)  # fmt: skip
@click.option(
    "--rate-limit", type=click.IntRange(min=0), default=0, metavar="BPS",
    help="Bits per second over all requests together; 0 is no limit.",
)  # fmt: skip
@click.option(
    "--log", "log_file", type=click.File("a", lazy=False), metavar="FILE",
    help="Append one JSON line per answered request; - is standard output.",
)  # fmt: skip
def origin(directory: Path, listen: str, rate_limit: int, log_file: TextIO | None) -> None:
    """Serve the packages in DIRECTORY: what `publish` wrote there.

    Prints the URL of each package, for `mcastdist fetch`. At the end (Ctrl-C, SIGTERM), and at
    /-/stats while it runs, it tells how many bytes of each file it served.
    """
    host, port = host_and_port(listen)
    asyncio.run(_serve(directory, host, port, rate_limit, log_file))


def host_and_port(text: str) -> tuple[str, int]:
    """`HOST:PORT` or `[IPv6]:PORT` in two. Raises UsageError."""
    host, separator, port = text.rpartition(":")
    is_bracketed = host.startswith("[") and host.endswith("]")
    is_port = port.isascii() and port.isdigit() and int(port) < 65_536
    if not separator or not host or not is_port or (":" in host and not is_bracketed):
        raise UsageError(f"--listen {text!r} is not HOST:PORT, such as {LISTEN} or [::]:8080")
    return host.strip("[]"), int(port)


async def _serve(
    directory: Path, host: str, port: int, rate_limit: int, log_file: TextIO | None
) -> None:
    from mcastdist.agent.origin_server import start_origin  # slow to import: not for --help

    def log(answer: Answer) -> None:
        print(json.dumps(answer), file=log_file, flush=True)

    server = await start_origin(
        directory, host, port, rate_limit_bps=rate_limit, log=log if log_file else None
    )
    try:
        _say_where(server, directory)
        await _stop_signal()
    finally:
        await server.close()
        _say_what(server)


def _say_where(server: OriginServer, directory: Path) -> None:
    url = f"http://{_reachable(server.host)}:{server.port}/"
    click.echo(f"serving {directory} at {url}")
    packages = server.package_urls()
    for package in packages:
        click.echo(f"  {package.replace(server.url, url, 1)}")
    if not packages:
        click.echo("  no packages yet: publish one there with `mcastdist publish --out`")


def _say_what(server: OriginServer) -> None:
    stats = server.stats()
    for path, served in stats["paths"].items():
        click.echo(_line(served["bytes"], served["requests"], path))
    click.echo(_line(stats["bytes"], stats["requests"], "in all"))


def _line(byte_count: int, requests: int, what: str) -> str:
    return f"{byte_count:>15,} bytes  {requests:>6,} requests  {what}"


async def _stop_signal() -> None:
    """Return at SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    with suppress(NotImplementedError):  # Windows, where Ctrl-C interrupts the loop itself
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(one, stopped.set)
    await stopped.wait()


def _reachable(host: str) -> str:
    """The address to print for `host`: a wildcard is nothing to connect to."""
    if host == "0.0.0.0":
        return _own_address(socket.AF_INET, "192.0.2.1") or "127.0.0.1"
    if host == "::":
        return f"[{_own_address(socket.AF_INET6, '2001:db8::1') or '::1'}]"
    return f"[{host}]" if ":" in host else host


def _own_address(family: socket.AddressFamily, anybody: str) -> str:
    """The address we would speak to `anybody` from; empty without a route."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((anybody, 9))  # a documentation address; a UDP connect sends nothing
            return str(probe.getsockname()[0])
    except OSError:
        return ""
