"""Where do a benchmark's values go while it runs? Onto a sheet: by case, subject and figure.

A run that fails leaves its reason in place of values, and the others go on.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mcastdist.errors import McastdistError

from .content import CONTENT_PREFIX
from .figures import OURS, Figure, Row, Target, show
from .quiet import await_quiet

FAILURES = (AssertionError, OSError, TimeoutError, McastdistError)
SENTENCE_MAX = 400


class Sheet:
    """The rows of one result as they grow."""

    def __init__(
        self, *, loud: bool = True, patience_s: float = 0.0, work: Path | None = None
    ) -> None:
        """`patience_s`: how long each run waits for a machine that nobody else uses. `work`: where
        runs write; what a run leaves there goes with it, but for contents."""
        self.rows: list[Row] = []
        self.absent: dict[str, str] = {}
        self.remarks: list[str] = []
        self.busy_runs = 0  # begun on a machine that was not quiet
        self._loud = loud
        self._patience_s = patience_s
        self._work = work

    @contextmanager
    def trial(self, case: str, subject: str = OURS) -> Iterator[None]:
        """One run: what makes it fail is written down, and does not go further."""
        if self._patience_s and not await_quiet(self._patience_s):
            self.busy_runs += 1
        try:
            yield
        except FAILURES as error:
            told = f"{type(error).__name__}: {error}"[:SENTENCE_MAX]
            self._row(case, subject).failures.append(told)
            self.say(f"{case} · {subject} · FAILED: {told}")
        finally:
            self._tidy()

    def put(self, case: str, subject: str, **values: tuple[float, str]) -> None:
        """The values of one run: `time=(3.2, "s")`; an underscore in a name shows as a blank."""
        row = self._row(case, subject)
        for name, (value, unit) in values.items():
            self._figure(row, name.replace("_", " "), unit).values.append(float(value))
        told = ", ".join(f"{n.replace('_', ' ')} {show(v)} {u}" for n, (v, u) in values.items())
        self.say(f"{case} · {subject} · {told}")

    def aim(
        self,
        case: str,
        figure: str,
        says: str,
        *,
        subject: str = OURS,
        unit: str = "",
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> None:
        """Set a figure's target; one that nobody measured counts as missed."""
        target = Target(at_most=at_most, at_least=at_least, says=says)
        self._figure(self._row(case, subject), figure, unit).target = target

    def median(self, case: str, subject: str, figure: str) -> float | None:
        """What has been measured so far."""
        row = self._find(case, subject)
        found = row.figure(figure) if row else None
        return found.median if found else None

    def hung(self, case: str, subject: str) -> bool:
        """True if a run of it was given up since it did not end."""
        row = self._find(case, subject)
        told = row.failures if row else ()
        return any(failure.startswith(TimeoutError.__name__) for failure in told)

    def remark(self, sentence: str) -> None:
        """Something a reader of the figures should know."""
        if sentence not in self.remarks:
            self.remarks.append(sentence)

    def say(self, line: str) -> None:
        """Tell whoever waits."""
        if self._loud:
            print(f"  {line}", file=sys.stderr, flush=True)

    def _tidy(self) -> None:
        """Seventy copies of half a gigabyte are more than many a disk holds."""
        for left in self._work.iterdir() if self._work else ():
            if left.is_dir() and not left.name.startswith(CONTENT_PREFIX):
                shutil.rmtree(left, ignore_errors=True)
            elif not left.is_dir():
                left.unlink(missing_ok=True)

    def _find(self, case: str, subject: str) -> Row | None:
        return next((r for r in self.rows if (r.case, r.subject) == (case, subject)), None)

    def _row(self, case: str, subject: str) -> Row:
        found = self._find(case, subject)
        if found is None:
            found = Row(case=case, subject=subject)
            self.rows.append(found)
        return found

    def _figure(self, row: Row, name: str, unit: str) -> Figure:
        found = row.figure(name)
        if found is None:
            found = Figure(name=name, unit=unit)
            row.figures.append(found)
        return found
