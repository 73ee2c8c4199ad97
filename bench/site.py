"""What stands around every run of ours? An origin with the package, and a fleet of agents."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from mcastdist.agent.api import TaskRecord

from .content import Content
from .fleet import Fleet, Setting, Task, ended_at
from .lab import Host, Lab, NginxOrigin

SAMPLE_S = 0.02
LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Site:
    """One lab with an origin and agents."""

    lab: Lab
    origin: NginxOrigin
    fleet: Fleet
    content: Content

    @property
    def url(self) -> str:
        """What a task names."""
        return self.origin.url_of(self.content.package.manifest_name)

    def copies_over_wan(self) -> float:
        """How often the content came over the WAN, the headers of IP and TCP not counted."""
        return self.lab.wan_carried_bytes() / self.content.size


@contextmanager
def site(
    lab: Lab, content: Content, work: Path, settings: Mapping[str, Setting] | None = None
) -> Iterator[Site]:
    """An origin on nginx, and a fleet whose agents are yet to be started."""
    work.mkdir(parents=True)
    with (
        NginxOrigin(lab.origin, content.package.directory, work / "nginx") as origin,
        Fleet(lab, work, content.keys, settings) as fleet,
    ):
        yield Site(lab, origin, fleet, content)


def await_that(condition: Callable[[], bool], timeout_s: float, what: str) -> float:
    """Look again and again until it holds; when that was, in monotonic time.

    AssertionError, saying `what` did not happen, after `timeout_s`.
    """
    give_up_at = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > give_up_at:
            raise AssertionError(f"{what}: not within {timeout_s:.0f} s")
        time.sleep(LOOK_S)
    return time.monotonic()


def seconds_each(tasks: Sequence[Task], records: Sequence[TaskRecord]) -> list[float]:
    """From the start of the first task to the end of each."""
    began = min(task.started for task in tasks)
    return [ended_at(task, record) - began for task, record in zip(tasks, records, strict=True)]


def representative(fleet: Fleet, tasks: Sequence[Task]) -> Host | None:
    """The host that says it represents; None if nobody does."""
    records = fleet.records(tasks)
    found = [t.host for t, r in zip(tasks, records, strict=True) if r.role == "representative"]
    return found[0] if found else None


class Recorder:
    """Bytes that came in by a port, sampled while the `with` lasts."""

    def __init__(self, lab: Lab, port: str) -> None:
        self.samples: list[tuple[float, int]] = []  # monotonic time, bytes since the lab began
        self._lab = lab
        self._port = port
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def last_rise(self, *, bytes_min: int = 1) -> float:
        """When it last rose by `bytes_min` or more between two samples. AssertionError: never."""
        for (_, before), (at, after) in reversed(
            list(zip(self.samples, self.samples[1:], strict=False))
        ):
            if after - before >= bytes_min:
                return at
        raise AssertionError(f"nothing came by {self._port}")

    def busiest(self, window_s: float) -> float:
        """The most bytes in any window of this length."""
        most, first = 0, 0
        for at, count in self.samples:
            while self.samples[first][0] < at - window_s:
                first += 1
            most = max(most, count - self.samples[first][1])
        return most

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE_S):
            self.samples.append((time.monotonic(), self._lab.all_traffic()[self._port].bytes))
