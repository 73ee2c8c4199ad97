"""docs/faults.md names a test for every promise: does each exist?"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LINES_MIN = 50  # of issue and promise: a table that shrinks has lost something


def missing_tests(document: str) -> list[str]:
    """The tests that are named and do not exist."""
    return [f"{path}::{name}" for path, name in NAMED.findall(document) if not _has(path, name)]


def _has(path: str, name: str) -> bool:
    file = ROOT / path
    if not file.is_file():
        return False
    tree = ast.parse(file.read_text("utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(one, functions) and one.name == name for one in ast.walk(tree))


def test_every_promise_about_faults_names_a_test_that_exists() -> None:
    document = (ROOT / "docs" / "faults.md").read_text("utf-8")

    assert missing_tests(document) == []
    assert len(NAMED.findall(document)) >= LINES_MIN


def test_a_test_that_is_missing_is_found() -> None:
    gone = "`tests/test_faults_document.py::test_gone`"

    assert missing_tests(gone) == ["tests/test_faults_document.py::test_gone"]
