"""The live view: what it says at which width, and that it goes away."""

from __future__ import annotations

import io

import pytest
from fake_controller import record
from rich.console import Console

from mcastdist.cli.live import LiveProgress, task_view


def lines(width: int, **changes: object) -> list[str]:
    console = Console(file=io.StringIO(), width=width, markup=False)
    console.print(task_view(record(**changes)))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_three_lines() -> None:
    head, bar, sources = lines(100)
    assert head.split() == ["stdlib", "3.11", "receiving", "from", "00000000000000ff"]
    assert bar.startswith(" ━")
    assert "─" in bar
    for figure in ("50 %", "64.0 of 128.0 MiB", "95.4 MiB/s", "1 s left"):
        assert figure in bar
    assert sources == " ■ multicast 60.0  ■ parity 2.0  ■ peer 2.0  ■ origin 0 MiB"


@pytest.mark.parametrize("width", [60, 80, 200])
def test_it_fits(width: int) -> None:
    assert all(len(line) <= width for line in lines(width, sentence="waits for peers"))


def test_the_reason_is_the_fourth_line_and_is_not_read_as_markup() -> None:
    assert lines(100, sentence="peer [bold]x[/bold] is busy\x1b")[3].strip() == (
        "peer [bold]x[/bold] is busy\\x1b"
    )


def test_before_the_manifest_there_is_only_the_head() -> None:
    assert len(lines(100, payload_bytes=0, name="", state="seeking")) == 1


def test_it_is_taken_away_at_the_end() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    with LiveProgress(console) as progress:
        progress.show(record())
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().rstrip().endswith("\x1b[2K")
