"""What was observed of single machines? Crash points, seconds, refusals, as the tests write them.

A test asks for the fixture `figure` and says `figure("crash points", 105)`. Of all cases of one
test, counts are added up, and of seconds (which end in ", s") the median and the worst are shown.
The run ends with a line for each test; docs/faults.md quotes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median

Figure = Callable[[str, float], None]

SECONDS = ", s"
TOTALS = ("crash points",)  # what is summed up over all tests, too


@dataclass
class Figures:
    """All figures of one run."""

    tests: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def note(self, case: str, what: str, value: float) -> None:
        """One figure of one case, as pytest names it."""
        test = self.tests.setdefault(case.partition("[")[0], {})
        test.setdefault(what, []).append(value)

    def table(self) -> Iterator[str]:
        """A line for each test, and for each total."""
        for name, figures in self.tests.items():
            shown = "; ".join(_shown(what, values) for what, values in figures.items())
            yield f"{name.removeprefix('tests/')}: {shown}"
        for total in TOTALS:
            counts = [sum(figures.get(total, ())) for figures in self.tests.values()]
            if any(counts):
                yield f"{total} in all: {sum(counts):,.0f}"


def _shown(what: str, values: list[float]) -> str:
    if not what.endswith(SECONDS):
        return f"{what} {sum(values):,.0f}"
    if len(values) == 1:
        return f"{what} {values[0]:.3g}"
    return f"{what} {median(values):.3g}, worst {max(values):.3g}"


FIGURES = Figures()
