"""How do all results read together? One HTML page that needs nothing else, and one of Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from . import catalog
from .charts import charts
from .figures import Figure, Result, Row, show
from .tables import figure_names, notes, spread, table, verdicts

STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }
table { border-collapse: collapse; margin: 1em 0 } td, th { border: 1px solid #ccc;
padding: 2px 8px; text-align: left } .pass { color: #2e7d32 } .miss { color: #c62828 }
h2 { margin-top: 2.5em } svg { display: block; margin: 1em 0 } li { color: #555 }
"""
OPENING = (
    "Hosts are network namespaces on one bridge of one machine: a figure is only good beside its "
    "peers in the same run. The median of the runs is quoted, their spread in brackets; a red line "
    "in a chart is the target."
)


def write(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write `report.html` and `report.md` into `folder`."""
    ordered = in_order(results)
    page, text = folder / "report.html", folder / "report.md"
    page.write_text(html(ordered), "utf-8")
    text.write_text(markdown(ordered), "utf-8")
    return [page, text]


def in_order(results: Sequence[Result]) -> list[Result]:
    """As the catalogue has them."""
    return sorted(results, key=lambda result: catalog.NAMES.index(result.benchmark))


def markdown(results: Sequence[Result]) -> str:
    """Which targets were reached, and then every table."""
    tables = "\n".join(table(result) for result in results)
    return f"# Benchmarks\n\n{OPENING}\n\n{verdicts(results)}\n{tables}"


def html(results: Sequence[Result]) -> str:
    """The page."""
    sections = "\n".join(_section(result) for result in results)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>mcastdist: benchmarks'
        f"</title><style>{STYLE}</style></head><body><h1>mcastdist: benchmarks</h1>"
        f"<p>{escape(OPENING)}</p>{_verdicts(results)}{sections}</body></html>\n"
    )


def _verdicts(results: Sequence[Result]) -> str:
    rows = []
    for result in results:
        aimed = [f for row in result.rows for f in row.figures if f.target is not None]
        missed = "<br>".join(escape(each) for each in result.missed)
        reached = len(aimed) - len(result.missed)
        rows.append(
            f'<tr><td><a href="#{result.benchmark}">{result.benchmark}</a></td>'
            f"<td>{escape(result.table)}</td><td>{reached} of {len(aimed)}</td>"
            f'<td class="miss">{missed}</td></tr>'
        )
    head = "<tr><th>benchmark</th><th>table</th><th>targets reached</th><th>missed</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _section(result: Result) -> str:
    names = figure_names(result)
    head = "".join(f"<th>{escape(name)}</th>" for name in ["case", "", *names])
    rows = "".join(_row(row, names) for row in result.rows)
    told = "".join(f"<li>{escape(note)}</li>" for note in notes(result))
    return (
        f'<h2 id="{result.benchmark}">{result.benchmark}</h2><p>{escape(result.question)}</p>'
        f"<table><tr>{head}</tr>{rows}</table>{charts(result, names)}<ul>{told}</ul>"
    )


def _row(row: Row, names: Sequence[str]) -> str:
    cells = "".join(_cell(row.figure(name)) for name in names)
    return f"<tr><td>{escape(row.case)}</td><td>{escape(row.subject)}</td>{cells}</tr>"


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "<td></td>"
    verdict = ""
    if figure.target is not None:
        kind, mark = ("pass", "✓") if figure.passed else ("miss", "✗")
        verdict = f' <span class="{kind}">{mark} {escape(figure.target.says)}</span>'
    shown = f"{show(figure.median)} {figure.unit}{spread(figure)}"
    return f"<td>{escape(shown)}{verdict}</td>"
