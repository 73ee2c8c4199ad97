"""How do results read as tables? Markdown, for the terminal and for the documents."""

from __future__ import annotations

from collections.abc import Sequence

from .figures import Figure, Result, Row, show


def table(result: Result) -> str:
    """One result: a row for each subject in each case, and what there is to say about it."""
    names = figure_names(result)
    head = ["case", "", *names]
    rows = [[row.case, row.subject, *(_cell(row, name) for name in names)] for row in result.rows]
    lines = [f"### {result.benchmark}: {result.question}", "", *_grid(head, rows)]
    lines += [f"- {remark}" for remark in notes(result)]
    return "\n".join(lines) + "\n"


def verdicts(results: Sequence[Result]) -> str:
    """One line for each benchmark: how many targets it reached, and which it missed."""
    rows = []
    for result in results:
        aimed = [f for row in result.rows for f in row.figures if f.target is not None]
        reached = sum(1 for figure in aimed if figure.passed)
        rows.append([result.benchmark, result.table, f"{reached} of {len(aimed)}",
                     "<br>".join(result.missed) or "-"])  # fmt: skip
    return "\n".join(_grid(["benchmark", "table", "targets reached", "missed"], rows)) + "\n"


def figure_names(result: Result) -> list[str]:
    """The columns, in the order in which they were first measured."""
    names: dict[str, None] = {}
    for row in result.rows:
        names.update(dict.fromkeys(figure.name for figure in row.figures))
    return list(names)


def _cell(row: Row, name: str) -> str:
    figure = row.figure(name)
    if figure is None:
        return ""
    return f"{show(figure.median)} {figure.unit}{spread(figure)}{_verdict(figure)}"


def spread(figure: Figure) -> str:
    """From the smallest to the largest value, if there are several."""
    if figure.spread is None or len(figure.values) < 2:
        return ""
    low, high = figure.spread
    return f" ({show(low)} to {show(high)})"


def _verdict(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f" {'✓' if figure.passed else '✗'} {figure.target.says}"


def notes(result: Result) -> list[str]:
    """Remarks, who took no part and why, what failed, and how to run it again."""
    failed = [
        f"{row.case}, {row.subject}: {failure}" for row in result.rows for failure in row.failures
    ]
    absent = [f"{peer} took no part: {reason}" for peer, reason in result.absent.items()]
    runs = max((len(f.values) for row in result.rows for f in row.figures), default=0)
    where = (
        f"`{result.command}`, commit {result.commit or 'unknown'}, {result.when}, {runs} run(s) "
        f"each, load before {result.load_before}, {_busy(result)}{result.machine.cores} cores of "
        f"{result.machine.cpu}"
    )
    return [*result.remarks, *absent, *failed, where]


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows), ""]


def _busy(result: Result) -> str:
    return (
        f"{result.busy_runs} begun while others used the processors, " if result.busy_runs else ""
    )
