"""What does docs/reasons.md say? All codes an administrator may meet, made from the code's tables.

python -m mcastdist.agent.reasons_doc > docs/reasons.md
"""

from __future__ import annotations

from collections.abc import Iterator

from mcastdist.reasons import ABOUT, DEEDS, REASONS, STATUSES, Reason

from .checkup import KINDS, QUESTIONS

INTRODUCTION = """\
# Codes, and what to do

*Made from the code by `python -m mcastdist.agent.reasons_doc`; a test holds the two together.*

Codes are stable words, for scripts and monitoring; the sentences beside them may change.

## Reasons of a task

They stand in a task's record (`reason`, and `fallbacks` with how often), in `mcastdist status` and
`mcastdist task show` with their sentence, in the log (`task falls back`, once a task and code), and
in the trace. A fallback is no failure: the task went on by another way.
"""

PREFIXES = """\
Before a code may stand who it is about ({who}); then a costlier source was asked because of it.
Or what was done because of it:
"""

FINDINGS = """\
## Findings of `mcastdist doctor`

In this order. The exit status is 0 if there is nothing worse than a note, 6 for a warning, 7 for an
error. What to do is told with each finding, since it holds names, addresses and numbers.
"""


def document() -> str:
    """The whole page."""
    who = ", ".join(f"`{prefix}` {whom}" for prefix, whom in ABOUT.items())
    parts = [INTRODUCTION, _reasons("code", REASONS), PREFIXES.format(who=who)]
    parts += [_reasons("before the code", DEEDS), "What a server or a peer answers with:\n"]
    parts.append(_reasons("code", {f"status_{number}": one for number, one in STATUSES.items()}))
    parts += [FINDINGS, *_findings()]
    return "\n".join(parts)


def _reasons(head: str, table: dict[str, Reason]) -> str:
    lines = [f"| {head} | what happened | what follows | what can be done |", "|---|---|---|---|"]
    lines += [
        f"| `{code}` | {one.happened} | {one.follows} | {one.advice} |"
        for code, one in table.items()
    ]
    return "\n".join([*lines, ""])


def _findings() -> Iterator[str]:
    for question in QUESTIONS:
        kinds = {code: kind for code, kind in KINDS.items() if kind.question == question}
        rows = [f"| `{code}` | {kind.severity} | {kind.meaning} |" for code, kind in kinds.items()]
        yield "\n".join([f"### {question}", "", "| code | severity | means |", "|---|---|---|"])
        yield "\n".join([*rows, ""])


if __name__ == "__main__":
    print(document(), end="")
