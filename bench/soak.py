"""Does anything grow? Tasks, kills, restarts and losses for minutes or hours, under one seed.

Each round all agents of a subnet get one of a few packages anew; meanwhile one of them is killed
(kill -9) and started again, or loses datagrams, or gets no multicast. Every task must end with the
right bytes. The agent that is never touched must not grow: its memory, file descriptors and
threads, measured between rounds, are no larger in the second half than in the first.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .content import Content
from .fleet import Task
from .lab import Host, Lab
from .site import Site, site
from .usage import resident_bytes

HOSTS = 4
MIB = 1 << 20
CONTENT_BYTES = 8 * MIB
TASK_S_MAX = 120.0
STRIKE_S_MAX = 4.0  # after the tasks' start: before, in and after the stream
ROUNDS_MIN = 4
GROWTH_BYTES_MAX = 32 * MIB  # pools fill, as the same machine represents, repairs and serves
GROWTH_COUNT_MAX = 8  # of descriptors and threads: connections that are just being closed
SETTINGS = {"multicast.session_start_delay_s": 1, "multicast.min_package_bytes": 1}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """What one process holds."""

    resident_bytes: int
    descriptors: int
    threads: int


@dataclass(slots=True)
class Story:
    """What happened: how often, and how large the untouched agent was after each round."""

    tasks: int = 0
    strikes: dict[str, int] = field(default_factory=dict)
    sizes: list[Size] = field(default_factory=list)

    def growth(self) -> list[str]:
        """What is larger in the second half than it ever was in the first; empty if nothing is."""
        half = len(self.sizes) // 2
        first, second = self.sizes[:half], self.sizes[half:]
        most = {"resident_bytes": GROWTH_BYTES_MAX}
        grown = {
            name: max(getattr(one, name) for one in second)
            - max(getattr(one, name) for one in first)
            for name in ("resident_bytes", "descriptors", "threads")
        }
        return [f"{by} more {n}" for n, by in grown.items() if by > most.get(n, GROWTH_COUNT_MAX)]


def soak(minutes: float, seed: int, work: Path, say: Say) -> Story:
    """Go on for so long. AssertionError if a task fails, bytes are wrong, or an agent grows."""
    rng, story = random.Random(seed), Story()
    content = Content(work, CONTENT_BYTES)
    with Lab(HOSTS) as lab, site(lab, content, work / "ours", SETTINGS) as here:
        here.fleet.start(lab.hosts)
        ends_at = time.monotonic() + minutes * 60
        while time.monotonic() < ends_at or len(story.sizes) < ROUNDS_MIN:
            _round(here, rng, story)
            size = size_of(here.fleet.pid(lab.hosts[0]))
            story.sizes.append(size)
            say(
                f"round {len(story.sizes)}: {size.resident_bytes / MIB:.1f} MiB, "
                f"{size.descriptors} descriptors, {size.threads} threads"
            )
    assert not story.growth(), f"after {len(story.sizes)} rounds there are {story.growth()}"
    return story


def size_of(pid: int) -> Size:
    """Of a process that runs. OSError if there is none."""
    place = Path(f"/proc/{pid}")
    return Size(
        resident_bytes(pid),
        sum(1 for _ in (place / "fd").iterdir()),
        sum(1 for _ in (place / "task").iterdir()),
    )


def _round(here: Site, rng: random.Random, story: Story) -> None:
    """All hosts fetch it into a new place; something happens to one of them meanwhile."""
    number = len(story.sizes)
    dest = f"round-{number}"
    tasks = here.fleet.begin(here.lab.hosts, here.url, dest=dest)
    story.tasks += len(tasks)
    victim = rng.choice(here.lab.hosts[1:])  # the first is the one that is measured
    strike = rng.choice(("kill", "loss", "no_multicast", "nothing"))
    story.strikes[strike] = story.strikes.get(strike, 0) + 1
    time.sleep(rng.random() * STRIKE_S_MAX)
    again = _strike(here, strike, victim, dest, rng)
    left = [task for task in tasks if not again or task.host is not victim] + again
    here.fleet.finish(left, TASK_S_MAX)
    here.lab.loss(victim, 0)
    here.lab.heal()
    _check(here, left, dest)
    _forget(here)


def _strike(here: Site, strike: str, victim: Host, dest: str, rng: random.Random) -> list[Task]:
    """Let it happen; the task that takes the place of one that was killed."""
    if strike == "loss":
        here.lab.loss(victim, rng.choice((20, 100, 300)))
    elif strike == "no_multicast":
        here.lab.block_multicast(victim)
    elif strike == "kill":
        here.fleet.kill(victim)
        here.fleet.start([victim])
        return here.fleet.begin([victim], here.url, dest=dest)
    return []


def _check(here: Site, tasks: list[Task], dest: str) -> None:
    for task in tasks:
        found = here.fleet.home(task.host) / dest / here.content.file.name
        assert here.content.is_equal(found), f"{task.host.name} holds wrong bytes in {found}"
        found.unlink()


def _forget(here: Site) -> None:
    """The caches are emptied, but for what a session still serves: the next round starts anew."""
    for host in here.lab.hosts:
        here.fleet.clear_cache(host)
