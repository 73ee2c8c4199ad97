"""What was observed in the lab? For every test the WAN's copies, and seconds since the fault.

A test calls `struck` when the fault comes; the rest is read off the hosts' traces at its end. The
run shows it as a table; docs/faults.md quotes it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.lab import Agents, Lab, Package
from mcastdist.agent.trace_file import read_trace
from mcastdist.errors import McastdistError
from mcastdist.tracing import Event


@dataclass
class Test:
    """What is known of the one that runs."""

    name: str = ""
    struck_at: float | None = None  # seconds since 1970
    labs: list[Lab] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)


ALL: list[Test] = []


def begin(name: str) -> None:
    """A test begins."""
    ALL.append(Test(name))


def struck() -> None:
    """The fault comes now."""
    ALL[-1].struck_at = time.time()


def note(figure: str) -> None:
    """What only the test itself can see."""
    ALL[-1].figures.append(figure)


def conclude(lab: Lab, package: Package, made: list[Agents]) -> None:
    """A lab is about to end: look at what it shows."""
    test = ALL[-1]
    copies = lab.wan_bytes() / package.payload_bytes
    test.figures.append(f"{copies:.2f} copies on the WAN, with headers")
    seen = list(_events(made))
    if test.struck_at is not None:
        test.figures += _since(test.struck_at, seen)
    else:
        test.figures += _from_first_to_last(seen)


def table() -> Iterator[str]:
    """A line for each test."""
    for test in ALL:
        if test.figures:
            yield f"{test.name.partition('::')[2]}: {'; '.join(test.figures)}"


def _since(struck_at: float, events: list[Event]) -> Iterator[str]:
    led = [e for e in events if e.name == "election.role" and e.fields.get("new") == "leading"]
    done = [e for e in events if e.name == "node.complete"]
    led_s = [after for e in led if (after := float(str(e.fields["t"])) - struck_at) > 0]
    done_s = [after for e in done if (after := float(str(e.fields["t"])) - struck_at) > 0]
    if led_s:
        yield f"another represents after {min(led_s):.1f} s"
    if done_s:
        yield f"all complete after {max(done_s):.1f} s"


def _from_first_to_last(events: list[Event]) -> Iterator[str]:
    begun_s = [float(str(e.fields["t"])) for e in events if e.name == "node.task"]
    done_s = [float(str(e.fields["t"])) for e in events if e.name == "node.complete"]
    if begun_s and done_s:
        yield f"all complete {max(done_s) - min(begun_s):.1f} s after the first began"


def _events(made: list[Agents]) -> Iterator[Event]:
    for agents in made:
        for trace in agents.work.glob("*/trace.jsonl"):
            try:
                yield from read_trace(trace)
            except McastdistError:
                continue  # of an agent that was killed before it had written any
