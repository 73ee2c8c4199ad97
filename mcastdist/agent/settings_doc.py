"""What does docs/settings.md say? `python -m mcastdist.agent.settings_doc > docs/settings.md`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from .settings import KeyDoc, describe
from .settings_table import sections

INTRODUCTION = """\
# Settings

Made from the code by `python -m mcastdist.agent.settings_doc`; a test holds the two together.

One TOML file, `agent.toml`. Every key can also be given as an environment variable,
`MCASTDIST_<SECTION>_<KEY>`, and on the command line, `--set section.key=value`; the command line
wins over the environment, the environment over the file. In these two a list is written with
commas. An unknown key, or a value that is not allowed, is refused before anything starts, with the
place where it stood. A relative path in the file is relative to the file.

A change of the file is taken up on SIGHUP or `reload`; keys marked *restart* need one. Keys marked
*task* can be overridden by a single task. `mcastdist settings show` prints what holds here;
secrets lie in files, and only the files' names are settings.
"""


def markdown() -> str:
    """The whole document."""
    return "\n".join([INTRODUCTION, *_tables()])


def _tables() -> Iterator[str]:
    for name, docs in groupby(describe(), lambda doc: doc.key.partition(".")[0]):
        yield f"## `[{name}]` {sections()[name].__doc__}\n"
        yield "| key | type | default | allowed | meaning | |"
        yield "|---|---|---|---|---|---|"
        yield from (_row(doc) for doc in docs)
        yield ""


def _row(doc: KeyDoc) -> str:
    marks = [word for word, holds in (("restart", doc.restart), ("task", doc.per_task)) if holds]
    allowed = "" if doc.allowed == doc.type else doc.allowed
    cells = [f"`{doc.key}`", doc.type, doc.default, allowed, doc.doc, ", ".join(marks)]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    print(markdown(), end="")
