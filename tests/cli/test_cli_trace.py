"""The story of a task, from a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

LINES = [
    {"t": 1_700_000_000.0, "at": 50.0, "event": "node.task", "task": "t1", "locator": "aabbccdd"},
    {"t": 1_700_000_000.1, "at": 50.1, "event": "election.role", "new": "leading", "why": "claim"},
    *(
        {"t": 1_700_000_001.0, "at": 51.0 + n, "event": "repair.need_suppressed", "block": n}
        for n in range(40)
    ),
    {"t": 1_700_000_099.0, "at": 99.0, "event": "node.complete", "locator": "aabbccdd"},
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "trace.jsonl"
    torn = '{"t":1700000100.0,"at":100.0,"ev'
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES) + torn)
    return path


def test_a_story(terminal, file: Path) -> None:
    result = terminal.type("trace", str(file))
    assert result.exit_code == 0
    began, *lines = result.stdout.splitlines()
    assert began.startswith("from 2023-11-1")
    assert [line.split(maxsplit=2)[:2] for line in lines] == [
        ["0.000", "node"],
        ["0.100", "election"],
        ["1.000", "repair"],
        ["49.000", "node"],
    ]
    assert "represents the subnet (claim)" in lines[1]
    assert lines[2].rstrip().endswith("40 times until 40.000")


def test_every_event(terminal, file: Path) -> None:
    assert len(terminal.type("trace", str(file), "--every").stdout.splitlines()) == 1 + len(LINES)


def test_json(terminal, file: Path) -> None:
    told = json.loads(terminal.type("trace", str(file), "--task", "t1", "--json").stdout)
    assert [line["count"] for line in told] == [1, 1, 40, 1]
    assert told[0]["sentence"].startswith("begins to look for")


@pytest.mark.parametrize("words", [("--task", "t9"), ("--content", "ffffff")])
def test_a_task_that_is_not_in_it(terminal, file: Path, words) -> None:
    result = terminal.type("trace", str(file), *words)
    assert result.exit_code == 2
    assert words[1] in result.stderr


def test_files_that_are_no_trace(terminal, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("hello\n")
    for name in ("other", "none"):
        assert terminal.type("trace", str(tmp_path / name)).exit_code == 2
    (tmp_path / "empty").write_text("")
    assert terminal.type("trace", str(tmp_path / "empty")).exit_code == 2
