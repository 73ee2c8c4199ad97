"""What was observed over all seeds? For every scenario its seeds, its subnets, and its figures.

A test writes a figure down with `note`; `finish` and `run_to` write down by themselves how long
everybody took after the fault, and how often the origin was paid. `pytest -s tests/sim`, or
MCASTDIST_SIM_SEEDS, shows the median and the worst of each; without them a line for each module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median


@dataclass
class Scenario:
    """One test function with all its seeds."""

    seeds: int = 0  # cases: a seed at each of the moments that it is tried at
    subnets: int = 0
    figures: dict[str, list[float]] = field(default_factory=dict)

    def row(self, name: str) -> str:
        """All of it on one line."""
        figures = "; ".join(
            f"{what}: median {median(values):.2f}, worst {max(values):.2f}"
            for what, values in self.figures.items()
        )
        return f"{name:<78} {self.seeds:>6,} {self.subnets:>8,}  {figures}"


class Observed:
    """All scenarios of one run."""

    def __init__(self) -> None:
        self.scenarios: dict[str, Scenario] = {}
        self._now = Scenario()

    def begin(self, case: str) -> None:
        """What is noted from now on belongs to this case, as pytest names it."""
        self._now = self.scenarios.setdefault(case.partition("[")[0], Scenario())
        self._now.seeds += 1

    def tried(self, subnets: int) -> None:
        """The case has simulated so many."""
        self._now.subnets += subnets

    def note(self, what: str, value: float) -> None:
        """One figure of one subnet, with its unit in its name."""
        self._now.figures.setdefault(what, []).append(value)

    def table(self, *, whole: bool) -> Iterator[str]:
        """A line for each scenario, or for each module."""
        yield f"{'simulated':<78} {'cases':>6} {'subnets':>8}"
        modules: dict[str, Scenario] = {}
        for name, scenario in self.scenarios.items():
            path, _, test = name.rpartition("/")[2].partition("::")
            module = modules.setdefault(path, Scenario())
            module.seeds += scenario.seeds
            module.subnets += scenario.subnets
            if whole:
                yield scenario.row(test)
        yield from (module.row(path) for path, module in modules.items())
        cases = sum(module.seeds for module in modules.values())
        subnets = sum(module.subnets for module in modules.values())
        yield Scenario(cases, subnets).row(f"{len(self.scenarios)} scenarios")


OBSERVED = Observed()
note = OBSERVED.note
