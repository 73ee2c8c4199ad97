"""`mcastdist origin`: what it says, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from mcastdist.cli.origin import host_and_port, origin
from mcastdist.errors import UsageError

RUN = "from mcastdist.cli.origin import origin; origin()"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p-1.mcd").write_bytes(b"manifest")
    return tmp_path


@pytest.mark.parametrize("one", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_in_the_end_what_it_served(folder: Path, one: int) -> None:
    log = folder / "log"
    command = [sys.executable, "-c", RUN, str(folder), "--listen", "127.0.0.1:0", "--log", str(log)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"serving {folder} at http://127.0.0.1:")
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/p-1\.mcd", url)
        with urllib.request.urlopen(url, timeout=10) as reply:
            assert reply.read() == b"manifest"
        process.send_signal(one)
        rest, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert [line.split() for line in rest.splitlines()] == [
        ["8", "bytes", "1", "requests", "/p-1.mcd"],
        ["8", "bytes", "1", "requests", "in", "all"],
    ]
    assert json.loads(log.read_text())["bytes"] == 8


def test_mistakes_are_told_in_a_sentence(folder: Path) -> None:
    runner = CliRunner()
    for arguments, told in (
        ([str(folder / "missing")], "missing"),
        ([str(folder), "--listen", "nowhere"], "nowhere"),
    ):
        result = runner.invoke(origin, arguments)
        assert isinstance(result.exception, UsageError)
        assert told in str(result.exception)


def test_help_needs_no_server_library() -> None:
    code = "import sys, mcastdist.cli.origin; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("[::1]:0", ("::1", 0)),
        ("pc.example:65535", ("pc.example", 65535)),
    ],
)
def test_where_to_listen(text: str, expected: tuple[str, int]) -> None:
    assert host_and_port(text) == expected


@pytest.mark.parametrize(
    "text", ["", ":80", "h", "h:", "h:x", "h:65536", "::1:80", "h:-1", "h:\u0663"]
)
def test_where_not_to_listen(text: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        host_and_port(text)
