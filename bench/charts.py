"""How do figures look side by side? Grouped bars as SVG, with the spread and the target in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from .figures import OURS, Figure, Result, show

WIDTH, LABEL_WIDTH, VALUE_WIDTH = 760, 230, 90
BAR_HEIGHT, BAR_GAP, CASE_GAP, TITLE_HEIGHT = 16, 4, 12, 24
COLOURS = {OURS: "#1565c0"}
OTHER_COLOURS = ("#9e9e9e", "#c0a060", "#80a080", "#b08080")
SPREAD_COLOUR, TARGET_COLOUR = "#00000088", "#c62828"


@dataclass(frozen=True, slots=True)
class Bar:
    """One subject in one case."""

    case: str
    subject: str
    figure: Figure


def chart(result: Result, name: str) -> str:
    """All rows that have a figure of this name; empty if there are fewer than two to compare."""
    bars = [
        Bar(row.case, row.subject, figure)
        for row in result.rows
        if (figure := row.figure(name)) is not None and figure.values
    ]
    if len(bars) < 2:
        return ""
    most = max(max(bar.figure.values) for bar in bars) or 1.0
    scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / most
    parts, y, case = [], TITLE_HEIGHT, bars[0].case
    for bar in bars:
        if bar.case != case:
            case, y = bar.case, y + CASE_GAP
        parts.append(_bar(bar, y, scale, _colour(result, bar.subject)))
        y += BAR_HEIGHT + BAR_GAP
    unit = bars[0].figure.unit
    title = _text(0, TITLE_HEIGHT - 9, f"{name}, {unit}" if unit else name, weight="bold")
    return (
        f'<svg viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg">{title}{"".join(parts)}</svg>'
    )


def charts(result: Result, names: Sequence[str]) -> str:
    """One under the other."""
    return "\n".join(filter(None, (chart(result, name) for name in names)))


def _bar(bar: Bar, y: int, scale: float, colour: str) -> str:
    figure = bar.figure
    assert figure.median is not None, "bars have values"
    assert figure.spread is not None, "bars have values"
    length = max(0.0, figure.median * scale)
    middle = y + BAR_HEIGHT / 2
    low, high = (LABEL_WIDTH + each * scale for each in figure.spread)
    label = _text(0, y + BAR_HEIGHT - 4, f"{bar.case} · {bar.subject}"[:42])
    value = _text(max(high, LABEL_WIDTH) + 6, y + BAR_HEIGHT - 4, show(figure.median))
    return (
        f'{label}<rect x="{LABEL_WIDTH}" y="{y}" width="{length:.1f}" height="{BAR_HEIGHT}" '
        f'fill="{colour}"/><line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" '
        f'stroke="{SPREAD_COLOUR}" stroke-width="2"/>{_target(figure, y, scale)}{value}'
    )


def _target(figure: Figure, y: int, scale: float) -> str:
    if figure.target is None:
        return ""
    target = figure.target
    limit = target.at_most if target.at_most is not None else target.at_least
    if limit is None or limit * scale > WIDTH - LABEL_WIDTH:
        return ""
    x = LABEL_WIDTH + limit * scale
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 2}" y2="{y + BAR_HEIGHT + 2}" '
        f'stroke="{TARGET_COLOUR}" stroke-width="2"><title>{escape(target.says)}</title></line>'
    )


def _colour(result: Result, subject: str) -> str:
    if subject in COLOURS:
        return COLOURS[subject]
    others = list(dict.fromkeys(row.subject for row in result.rows if row.subject != OURS))
    return OTHER_COLOURS[others.index(subject) % len(OTHER_COLOURS)]


def _text(x: float, y: float, words: str, *, weight: str = "normal") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="11" font-weight="{weight}"'
    return f"<text {place}>{escape(words)}</text>"
