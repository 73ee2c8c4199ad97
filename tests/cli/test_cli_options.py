"""Options that commands share, and work that ends by a signal."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mcastdist.cli.options import json_option, print_json, run, settings_options


@click.command()
@settings_options
@json_option
def command(config: Path | None, overrides: tuple[str, ...], as_json: bool) -> None:
    print_json([str(config), overrides, as_json])


def test_what_a_command_is_given() -> None:
    words = ["--config", "a.toml", "--set", "a.b=1", "--set", "c.d=2", "--json"]
    assert CliRunner().invoke(command, words).stdout == '["a.toml",["a.b=1","c.d=2"],true]\n'
    assert CliRunner().invoke(command, []).stdout == '["None",[],false]\n'


def test_the_environment_may_name_the_settings_file() -> None:
    result = CliRunner().invoke(command, [], env={"MCASTDIST_CONFIG": "/etc/x.toml"})
    assert result.stdout == '["/etc/x.toml",[],false]\n'


def test_work_gives_its_result() -> None:
    async def work() -> int:
        return 7

    assert run(work()) == 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_the_work_clean_up(number: int) -> None:
    cleaned: list[str] = []

    async def work() -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append("yes")

    with pytest.raises(KeyboardInterrupt):
        run(work())
    assert cleaned == ["yes"]


def test_a_second_signal_does_not_interrupt_the_cleaning_up() -> None:
    cleaned: list[str] = []

    async def work() -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGHUP)
        try:
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.05)
            cleaned.append("yes")

    with pytest.raises(KeyboardInterrupt):
        run(work())
    assert cleaned == ["yes"]


def test_work_under_nohup_goes_on() -> None:
    async def work() -> int:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        return 7

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run(work()) == 7
    finally:
        signal.signal(signal.SIGHUP, before)


def test_cancelled_work_is_an_interruption() -> None:
    async def work() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    with pytest.raises(KeyboardInterrupt):
        run(work())
