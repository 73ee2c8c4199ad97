"""Which options do commands share, and how does one run what is asynchronous?"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
Result = TypeVar("Result")


def settings_options(command: Command) -> Command:
    """`--config` and `--set`, as `config` and `overrides`."""
    command = click.option(
        "--set",
        "overrides",
        metavar="SECTION.KEY=VALUE",
        multiple=True,
        help="Change one setting; may be repeated.",
    )(command)
    return click.option(
        "--config",
        envvar="MCASTDIST_CONFIG",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The settings file (agent.toml); without it, the user's or the system's.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`, as `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print the result as JSON on one line."
    )(command)


def print_json(result: object) -> None:
    """`result` on stdout, one line."""
    import msgspec

    click.echo(msgspec.json.encode(result).decode())


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run `work` to its end. A signal to end cancels it, and is raised as KeyboardInterrupt."""
    import asyncio

    try:
        return asyncio.run(_cancelled_by_signals(work))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _cancelled_by_signals(work: Coroutine[Any, Any, Result]) -> Result:
    """SIGINT is asyncio's own; SIGHUP is a terminal that was closed, unless `nohup` said no."""
    import asyncio
    import contextlib
    import signal

    task = asyncio.current_task()
    assert task is not None

    def cancel() -> None:
        if not task.cancelling():  # a second one must not interrupt the cleaning up
            task.cancel()

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None or signal.getsignal(number) == signal.SIG_IGN:
            continue
        with contextlib.suppress(NotImplementedError, RuntimeError):  # Windows; not the main thread
            asyncio.get_running_loop().add_signal_handler(number, cancel)
    return await work
