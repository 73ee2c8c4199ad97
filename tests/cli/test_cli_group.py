"""Which commands there are, that --help loads none of them, and what errors become."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from mcastdist.cli import main
from mcastdist.cli.exits import Exit
from mcastdist.cli.group import COMMANDS, LazyGroup
from mcastdist.errors import (
    BadSignature,
    DigestMismatch,
    MalformedMessage,
    NoSpace,
    NotPermitted,
    SourceError,
    StoreBusy,
    UsageError,
)


def failing(error: BaseException) -> click.Group:
    """A group with one command that fails so."""

    class Failing(LazyGroup):
        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
            @click.command(cmd_name)
            def fail() -> None:
                raise error

            return fail

    return Failing("mcastdist", params=[click.Option(["--debug"], is_flag=True)])


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("s"), Exit.USAGE),
        (SourceError("u", "dns", "s"), Exit.UNAVAILABLE),
        (MalformedMessage("s"), Exit.UNAVAILABLE),
        (BadSignature("s"), Exit.CONTENT),
        (DigestMismatch(b"a", b"b", "s"), Exit.CONTENT),
        (NoSpace(2, 1, "s"), Exit.STORAGE),
        (NotPermitted("s"), Exit.STORAGE),
        (StoreBusy("s"), Exit.STORAGE),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (ZeroDivisionError("s"), Exit.UNEXPECTED),
        (click.UsageError("s"), Exit.USAGE),
    ],
)
def test_errors_become_one_sentence_and_a_status(error: BaseException, status: Exit) -> None:
    result = CliRunner().invoke(failing(error), ["any"], prog_name="mcastdist")
    assert result.exit_code == status
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_a_bug_says_how_to_see_more_and_debug_shows_it() -> None:
    group = failing(ZeroDivisionError("division"))
    plain = CliRunner().invoke(group, ["any"]).stderr
    assert plain == "mcastdist: unexpected ZeroDivisionError: division; --debug shows where\n"
    assert "Traceback" in CliRunner().invoke(group, ["--debug", "any"]).stderr


def test_a_sentence_cannot_move_the_cursor() -> None:
    result = CliRunner().invoke(failing(UsageError("a\x1b[2Jb\nc\u202ed")), ["any"])
    assert result.stderr == "mcastdist: a\\x1b[2Jb\\nc\\u202ed\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_listed_help_is_the_commands_own(name: str) -> None:
    command = main.get_command(click.Context(main), name)  # type: ignore[attr-defined]
    assert command.name == name
    assert command.help.strip().splitlines()[0] == COMMANDS[name]


def test_an_unknown_command_is_refused() -> None:
    result = CliRunner().invoke(main, ["nonsense"])
    assert result.exit_code == Exit.USAGE
    assert "nonsense" in result.stderr


def test_help_loads_nothing_heavy() -> None:
    """The reason for the lazy group; measured 0.05 s on two cores."""
    code = (
        "import sys; from mcastdist.cli import main; main(['--help'], standalone_mode=False);"
        "heavy = {'aiohttp', 'numpy', 'rich', 'msgspec', 'asyncio', 'cryptography'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(name in done.stdout for name in COMMANDS)


def test_python_m_does_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mcastdist", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("mcastdist ")


def test_a_reader_who_has_had_enough_is_no_error() -> None:
    """`mcastdist --help | head -1`, with so much to say that the pipe breaks."""
    code = (
        "import click, sys\n"
        "from mcastdist.cli.group import LazyGroup\n"
        "class Long(LazyGroup):\n"
        "    def get_command(self, ctx, name):\n"
        "        return click.Command(name, callback=lambda: print('x\\n' * 999_999))\n"
        "Long('mcastdist')(['any'])\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as talker:
        assert talker.stdout is not None
        assert talker.stderr is not None
        talker.stdout.readline()
        talker.stdout.close()
        assert talker.stderr.read() == ""
        talker.wait(timeout=10)
