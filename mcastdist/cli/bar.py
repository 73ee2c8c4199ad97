"""How much is here, and where did it come from? A bar whose colours are the sources."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style

COLOURS = {
    "cache": "blue",
    "multicast": "green",
    "parity": "cyan",
    "peer": "yellow",
    "relay": "magenta",
    "origin": "red",
}
BAR_CELLS_MIN = 10


def cells(parts: Mapping[str, int], *, whole: int, width: int) -> dict[str, int]:
    """How many of `width` cells each part takes, in the order of COLOURS.

    Cumulative rounding: the sum is right, and the bar is full only when all is there.
    """
    taken: dict[str, int] = {}
    so_far = at = 0
    for source in COLOURS:
        so_far += parts.get(source, 0)
        upto = width if so_far >= whole else min(width * so_far // whole, width - 1)
        taken[source] = upto - at
        at = upto
    return taken


class SourceBar:
    """A renderable line, as wide as there is room."""

    def __init__(self, parts: Mapping[str, int], whole: int) -> None:
        self.parts = parts
        self.whole = whole

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        full, empty = ("#", "-") if options.ascii_only else ("━", "─")
        width = options.max_width
        taken = cells(self.parts, whole=self.whole, width=width) if self.whole else {}
        for source, count in taken.items():
            if count:
                yield Segment(full * count, Style.parse(COLOURS[source]))
        yield Segment(empty * (width - sum(taken.values())), Style.parse("bright_black dim"))
        yield Segment.line()

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(BAR_CELLS_MIN, options.max_width), options.max_width)
