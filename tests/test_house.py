"""Is the house in order? The rules that hold for every file, and proof that each can be broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import click
import house_checks as checks
import pytest

from mcastdist import wire
from mcastdist.wire import MESSAGES, Phase, Standing

ROOT = Path(__file__).resolve().parents[1]

# Modules of 250 to 350 lines, and why they are not two.
LONG: dict[str, str] = {
    "election/candidate.py": "one machine of eight roles, whose rules are read side by side",
}

# Modules without a test module of their own, and what tests them.
TESTED_ELSEWHERE: dict[str, str] = {
    "agent/api.py": "nouns without behaviour; every test of the control API uses them",
}


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A house of one room, to be broken."""
    room = tmp_path / "mcastdist" / "room"
    room.mkdir(parents=True)
    (tmp_path / "tests" / "room").mkdir(parents=True)
    (tmp_path / "tests" / "room" / "test_sound.py").write_text("")
    (room / "__init__.py").write_text('"""What is here?"""\n')
    (room / "sound.py").write_text('"""What is sound?"""\n')
    return tmp_path


# --- the rooms -----------------------------------------------------------------------------------


def test_arrows_point_down_and_rooms_have_one_door() -> None:
    assert not checks.broken_contracts(ROOT)


def test_an_import_against_the_rules_is_found(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "mcastdist", tmp_path / "mcastdist")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "mcastdist" / "ranges.py").open("a") as ranges:
        ranges.write("\nimport mcastdist.wire.codec\n")

    assert "mcastdist.ranges -> mcastdist.wire.codec" in checks.broken_contracts(tmp_path)


def test_an_agent_loads_nothing_at_rest_that_only_streams_and_captures_need() -> None:
    """Each of them is some MiB that the machine whose guest it is has use for."""
    look = "import sys, mcastdist.cli.agent, mcastdist.agent.run; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())

    assert "mcastdist.agent.daemon" in loaded
    assert not loaded & {"numpy", "scapy", "rich", "mcastdist.session.sender", "unittest", "pydoc"}


def test_every_module_says_what_it_is_for(broken: Path) -> None:
    (broken / "mcastdist" / "room" / "mute.py").write_text("VALUE = 1  # no docstring\n")

    assert checks.without_docstring(broken) == ["room/mute.py"]
    assert checks.without_docstring(ROOT) == []


def test_no_module_got_away(broken: Path) -> None:
    for lines in (250, 251, 350, 351):
        (broken / "mcastdist" / "room" / f"of_{lines}.py").write_text("\n" * lines)
    reasons = {"room/of_350.py": "because", "room/of_351.py": "because"}

    assert [line.split(":")[0] for line in checks.too_long(broken, reasons)] == [
        "room/of_251.py",
        "room/of_351.py",
    ]
    assert checks.too_long(ROOT, LONG) == []


def test_nothing_is_left_for_later(broken: Path) -> None:
    (broken / "mcastdist" / "room" / "sound.py").write_text("a = 1\nraise NotImplementedError\n")

    assert checks.unfinished(broken) == ["room/sound.py:2: raise NotImplementedError"]
    assert checks.unfinished(ROOT) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("x = y  # type: ignore", True),
        ("x = y  # type: ignore[misc]", True),
        ("x = y  # type: ignore[misc]  # the stub is wrong about y", False),
        ("x = y  # ignored types", False),
    ],
)
def test_a_reason_is_told_from_none(broken: Path, line: str, found: bool) -> None:
    (broken / "mcastdist" / "room" / "sound.py").write_text(line)

    assert bool(checks.silenced_without_reason(broken)) is found


def test_no_type_is_silenced_without_reason() -> None:
    assert checks.silenced_without_reason(ROOT) == []


def test_every_module_has_a_name_of_its_own(broken: Path) -> None:
    (broken / "mcastdist" / "room" / "utils.py").write_text("")

    assert checks.named_for_nothing(broken) == ["room/utils.py"]
    assert checks.named_for_nothing(ROOT) == []


def test_every_module_has_its_tests(broken: Path) -> None:
    (broken / "mcastdist" / "room" / "untried.py").write_text("")
    (broken / "mcastdist" / "room" / "part").mkdir()
    (broken / "mcastdist" / "room" / "part" / "tried.py").write_text("")
    (broken / "tests" / "room" / "test_part_tried.py").write_text("")

    assert checks.untested(broken, {}) == ["room/untried.py"]
    assert checks.untested(broken, {"room/untried.py": "because"}) == []
    assert checks.untested(ROOT, TESTED_ELSEWHERE) == []


def test_every_test_module_has_a_name_of_its_own(broken: Path) -> None:
    (broken / "tests" / "other").mkdir()
    (broken / "tests" / "other" / "test_sound.py").write_text("")

    assert checks.namesakes(broken) == ["test_sound.py"]
    assert checks.namesakes(ROOT) == []


def test_nothing_is_excused_that_needs_no_excuse(broken: Path) -> None:
    excuses = {"room/gone.py": "because", "room/sound.py": "because"}

    assert checks.idle_excuses(broken, excuses, {}) == list(excuses)
    assert checks.idle_excuses(broken, {}, excuses) == list(excuses)
    assert checks.idle_excuses(ROOT, LONG, TESTED_ELSEWHERE) == []


# --- the documents -------------------------------------------------------------------------------


def test_protocol_and_code_have_the_same_messages() -> None:
    text = (ROOT / "PROTOCOL.md").read_text("utf-8")
    in_code = {each.__name__: (each.kind, each.__struct_fields__) for each in MESSAGES}

    assert checks.messages_in(text) == in_code
    assert checks.messages_in(text.replace("| 6 | Need |", "| 7 | Need |")) != in_code
    assert checks.messages_in(text.replace("held_blocks, complete", "complete")) != in_code


def test_protocol_and_code_have_the_same_standing_and_phases() -> None:
    text = (ROOT / "PROTOCOL.md").read_text("utf-8")

    assert f"`standing` is an array ({', '.join(Standing.__struct_fields__)})" in text
    assert checks.words_after(text, "`phase`: ") == [each.name.lower() for each in Phase]
    assert [each.value for each in Phase] == list(range(len(Phase)))


def test_readme_shows_the_two_commands_and_names_every_other() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    first_screen = "\n".join(readme.splitlines()[:60])

    assert "make run" in first_screen
    assert "make test" in first_screen
    assert not [name for name in _commands() if f"mcastdist {name}" not in readme]


def test_links_in_documents_lead_somewhere(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# One heading, two\n[up](#one-heading-two)\n")
    (tmp_path / "a.md").write_text(
        "[x](there.md) [x](gone.md) [x](there.md#one-heading-two) [x](there.md#none) "
        "[x](https://example.org/)\n```\n[x](in-code.md)\n```\n"
    )

    assert checks.dead_links(tmp_path, ["a.md", "there.md"]) == [
        "a.md: gone.md",
        "a.md: there.md#none",
    ]
    assert checks.dead_links(ROOT, checks.tracked_files(ROOT)) == []


def test_the_tests_that_show_what_security_claims_exist(tmp_path: Path) -> None:
    (tmp_path / "tests" / "room").mkdir(parents=True)
    (tmp_path / "tests" / "room" / "test_a.py").write_text("async def test_there() -> None: ...")
    (tmp_path / "S.md").write_text(
        "`room/test_a.py::test_there`, `room/test_a.py::test_gone`, `no/test_b.py::test_there`"
    )

    assert checks.tests_not_there(tmp_path, checks.named_tests(tmp_path, "S.md")) == [
        "room/test_a.py::test_gone",
        "no/test_b.py::test_there",
    ]
    named = checks.named_tests(ROOT, "SECURITY.md")
    assert len(named) > 50
    assert checks.tests_not_there(ROOT, named) == []


def test_no_file_names_a_place_on_somebodys_machine(tmp_path: Path) -> None:
    lines = ["see /{}/main/x", "http://host/{}/x", "a/{}/b", "'/{}/y'"]
    (tmp_path / "a").write_text("\n".join(line.format("work") for line in lines))

    assert [line[:4] for line in checks.foreign_paths(tmp_path, ["a"])] == ["a:1:", "a:4:"]
    assert checks.foreign_paths(ROOT, checks.tracked_files(ROOT)) == []


def test_the_versions_of_python_agree() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    required, classified, target = checks.python_versions(text)

    assert required == classified[0] == target
    minors = [int(version.partition(".")[2]) for version in classified]
    assert minors == list(range(minors[0], minors[0] + len(minors)))
    assert checks.python_versions(text.replace(">=3.11", ">=3.12"))[0] == "3.12"


def test_the_wires_door_offers_only_what_exists() -> None:
    assert all(hasattr(wire, name) for name in wire.__all__)


def _commands() -> list[str]:
    from mcastdist.cli import main

    assert isinstance(main, click.Group)
    return main.list_commands(click.Context(main))
