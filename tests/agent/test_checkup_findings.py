"""The table of findings, and that the code makes exactly what it holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mcastdist.agent import checkup
from mcastdist.agent.checkup.findings import KINDS, QUESTIONS, finding, in_order

CODE = re.compile(r'"([a-z_0-9]+)"')
FOLDER = Path(checkup.__file__).parent


def test_every_code_of_the_table_is_made_somewhere() -> None:
    modules = (path for path in FOLDER.glob("*.py") if path.name != "findings.py")
    words = {word for path in modules for word in CODE.findall(path.read_text("utf-8"))}

    assert not set(KINDS) - words


def test_a_code_that_is_not_in_the_table_cannot_be_found() -> None:
    with pytest.raises(KeyError):
        finding("nonsense", "x")


def test_codes_are_words_and_questions_are_known() -> None:
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in KINDS)
    assert list(dict.fromkeys(kind.question for kind in KINDS.values())) == list(QUESTIONS)


def test_findings_are_told_by_question_and_otherwise_as_found() -> None:
    codes = ["clocks_agree", "interface_used", "group_not_heard_here", "neighbours_reached"]
    ordered = in_order([finding(code, code) for code in codes])

    assert [one.code for one in ordered] == [codes[1], codes[2], codes[3], codes[0]]
