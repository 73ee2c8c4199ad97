"""Which rules of the house can be read off the files? Each check returns what breaks its rule.

A check takes the folder of the project, or a text, so that it can be shown a house that is broken.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

LINES_MAX = 350
LINES_WITHOUT_REASON_MAX = 250
NAMES_THAT_SAY_NOTHING = frozenset({"utils", "util", "helpers", "common", "misc"})
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError")
SILENCED = re.compile(r"#\s*type:\s*ignore(?!\[[\w, -]+\]\s+#\s+\w)")
# A home of one letter is an example's.
FOREIGN_PATH = re.compile(r"(?<![\w.:/-])/(?:work|root|home/\w{2,}|Users/\w{2,}|tmp/\w+)/")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
MESSAGE_ROW = re.compile(r"^\| (\d+) \| (\w+) \| [^|]+ \| ([\w, ]+) \|", re.MULTILINE)

NAMED_TEST = re.compile(r"`([\w/]+/test_\w+\.py)::(test_\w+)`")

LINT_IMPORTS = "from importlinter.cli import lint_imports_command as lint; lint()"
LINT_S_MAX = 120.0


def modules(root: Path) -> Iterator[Path]:
    """Every module of the package."""
    return (path for path in sorted((root / "mcastdist").rglob("*.py")))


def broken_contracts(root: Path) -> str:
    """What import-linter says if a contract of pyproject.toml is broken; empty if none is."""
    ended = subprocess.run(
        [sys.executable, "-c", LINT_IMPORTS, "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=LINT_S_MAX,
        check=False,
    )
    return ended.stdout + ended.stderr if ended.returncode else ""


def without_docstring(root: Path) -> list[str]:
    """Modules that do not say what they are for."""
    return [
        _name(root, path)
        for path in modules(root)
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]


def too_long(root: Path, reasons: Mapping[str, str]) -> list[str]:
    """Modules that got away; one of up to LINES_MAX may be excused by a reason."""
    lengths = {
        _name(root, path): len(path.read_text("utf-8").splitlines()) for path in modules(root)
    }
    return [
        f"{name}: {lines} lines"
        for name, lines in lengths.items()
        if lines > (LINES_MAX if reasons.get(name) else LINES_WITHOUT_REASON_MAX)
    ]


def unfinished(root: Path) -> list[str]:
    """Lines that promise to be written later."""
    return _lines_with(root, UNFINISHED)


def silenced_without_reason(root: Path) -> list[str]:
    """Lines at which mypy is told to be quiet in general, or without saying why."""
    return _lines_with(root, SILENCED)


def named_for_nothing(root: Path) -> list[str]:
    """Modules whose name fits anything."""
    return [_name(root, path) for path in modules(root) if path.stem in NAMES_THAT_SAY_NOTHING]


def untested(root: Path, reasons: Mapping[str, str]) -> list[str]:
    """Modules without a test module of their own, `tests/<room>/test_<module>.py`.

    Before the module's name may stand words that make the file's name unique.
    """
    tests = {path.parent: set[str]() for path in (root / "tests").rglob("test_*.py")}
    for path in (root / "tests").rglob("test_*.py"):
        tests[path.parent].add(path.stem)
    return [
        _name(root, path)
        for path in modules(root)
        if not path.stem.startswith("__")
        and _name(root, path) not in reasons
        and not _has_test(tests, root, path)
    ]


def namesakes(root: Path) -> list[str]:
    """Names that several modules below `tests` have: pytest imports only one of them."""
    paths = (root / "tests").rglob("*.py")
    counted = Counter(path.name for path in paths if path.stem not in ("conftest", "__init__"))
    return sorted(name for name, count in counted.items() if count > 1)


def idle_excuses(root: Path, long: Mapping[str, str], untried: Mapping[str, str]) -> list[str]:
    """Modules that are excused from a rule they keep, or that do not exist."""
    needed = {line.partition(":")[0] for line in too_long(root, {})}, set(untested(root, {}))
    return [
        name
        for excused, found in zip((long, untried), needed, strict=True)
        for name in excused
        if name not in found
    ]


def messages_in(protocol: str) -> dict[str, tuple[int, tuple[str, ...]]]:
    """The table of PROTOCOL.md, section 4: name -> (number, fields)."""
    return {
        name: (int(number), tuple(fields.split(", ")))
        for number, name, fields in MESSAGE_ROW.findall(protocol)
    }


def words_after(text: str, opening: str) -> list[str]:
    """The numbered words after `opening`, up to the full stop: 0 one, 1 two (and more), 2 three."""
    sentence = text.partition(opening)[2].partition(".\n")[0]
    return re.findall(r"\b\d+ ([a-z]+)", sentence)


def dead_links(root: Path, tracked: list[str]) -> list[str]:
    """Links in our documents to files or headings that are not there."""
    return [
        f"{name}: {target}"
        for name in tracked
        if name.endswith(".md")
        for target in LINK.findall(FENCED.sub("", (root / name).read_text("utf-8")))
        if "://" not in target and not target.startswith("mailto:")
        if not _resolves((root / name), target)
    ]


def named_tests(root: Path, document: str) -> list[tuple[str, str]]:
    """(module below `tests/`, test) for each test that a document names as its proof."""
    return NAMED_TEST.findall((root / document).read_text("utf-8"))


def tests_not_there(root: Path, named: list[tuple[str, str]]) -> list[str]:
    """Those of them that do not exist."""
    texts = {name: root / "tests" / name for name, _ in named}
    found = {
        name: path.read_text("utf-8") if path.is_file() else "" for name, path in texts.items()
    }
    return [f"{name}::{test}" for name, test in named if f"def {test}(" not in found[name]]


def foreign_paths(root: Path, tracked: list[str]) -> list[str]:
    """Lines with a path of the machine that something was written on."""
    return [
        f"{name}:{number}: {line.strip()}"
        for name in tracked
        if (root / name).is_file()
        for number, line in enumerate(
            (root / name).read_text("utf-8", errors="ignore").splitlines(), 1
        )
        if FOREIGN_PATH.search(line)
    ]


def tracked_files(root: Path) -> list[str]:
    """What is committed, or would be."""
    # In CI the files may belong to another user; we only read names.
    trusting = ["git", "-c", "safe.directory=*"]
    command = [*trusting, "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (root / name).exists()]


def python_versions(pyproject: str) -> tuple[str, list[str], str]:
    """(the oldest that is required, those of the classifiers, the one ruff writes for)."""
    project = tomllib.loads(pyproject)
    classified = [
        entry.rpartition(" :: ")[2]
        for entry in project["project"]["classifiers"]
        if re.search(r"Python :: 3\.\d+$", entry)
    ]
    required = project["project"]["requires-python"].removeprefix(">=")
    target = project["tool"]["ruff"]["target-version"].removeprefix("py3")
    return required, classified, f"3.{target}"


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root / "mcastdist").as_posix()


def _lines_with(root: Path, pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{_name(root, path)}:{number}: {line.strip()}"
        for path in modules(root)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def _has_test(tests: Mapping[Path, set[str]], root: Path, path: Path) -> bool:
    """A package within a room has its tests among the room's."""
    room = path.relative_to(root / "mcastdist").parts[:-1][:1]
    stems = tests.get(root / "tests" / "/".join(room) if room else root / "tests", set())
    return any(stem == f"test_{path.stem}" or stem.endswith(f"_{path.stem}") for stem in stems)


def _resolves(document: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    file = document.parent / name if name else document
    if not file.exists():
        return False
    return not anchor or anchor in {
        _slug(found) for found in HEADING.findall(file.read_text("utf-8"))
    }


def _slug(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
