"""Which blocks come from whom, outside the stream? `http_fetch`'s plan, spoken as orders.

One supply lasts as long as its task. The representative's names the origin; a receiver's names
peers, and the origin only when peers have failed it for a while. Blocks are asked for when `want`
says so, and no longer when they are here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from mcastdist.http_fetch import Cancel, Exhausted, Plan, Request, Source
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER

from .commands import CancelRequest, Command, GetBlocks, TaskId
from .environment import Environment

SourceKey = tuple[str, str]
RUN_BLOCKS_MAX = 64  # 64 MiB a request: few requests, and a redirected or failed one costs little
RETRY_ATTEMPTS_S = (5.0, 10.0, 30.0)  # neighbours come and go in seconds, not in minutes
PEERS_PARALLEL = 4  # enough to fill a gigabit link from slow peers, few enough to be polite


class Supply:
    """One task's fetching of blocks by HTTP. Does no I/O; see `wake_at`."""

    def __init__(self, *, task: TaskId, env: Environment, now: float) -> None:
        self._task = task
        self._env = env
        self._sources: dict[SourceKey, Source] = {}
        self._steps: Counter[str] = Counter()  # of the plans that are gone
        self._plan = self._new_plan((), now)
        self._wanted = RangeSet()
        self._numbers: dict[int, int] = {}  # the plan's request id -> ours
        self._ids: dict[int, int] = {}  # and back
        self._commands: list[Command] = []
        self.exhausted: Exhausted | None = None

    # In

    def use(self, sources: Iterable[Source], *, now: float) -> None:
        """Exactly these sources from now on; what others were asked for is cancelled."""
        fresh: dict[SourceKey, Source] = {one.key: one for one in sources}
        if fresh == self._sources:
            return
        gone = [source for key, source in self._sources.items() if key not in fresh]
        new = [source for source in fresh.values() if self._is_news(source)]
        self._sources = fresh
        for source in gone:
            self._plan.remove_source(source, now=now)
        for source in new:
            self._plan.add_source(source, now=now)
            self.exhausted = None

    def want(self, blocks: RangeSet, *, now: float) -> None:
        """Exactly these blocks are to be fetched."""
        for start, stop in self._wanted:
            for first, last in blocks.gaps(start, stop):
                self._plan.remove_missing(RangeSet([(first, last)]), now=now)
        for start, stop in blocks:
            for first, last in self._wanted.gaps(start, stop):
                self._plan.add_missing(RangeSet([(first, last)]), now=now)
        self._wanted = blocks.copy()

    def block_held(self, block: int, *, now: float) -> None:
        """This block is here, from wherever."""
        if block in self._wanted:
            self._wanted.remove(block, block + 1)
            self._plan.block_arrived(block, now=now)

    def finished(self, request: int, *, now: float) -> bool:
        """A request came to its end; False if it was none of ours."""
        plan_id = self._forget(request)
        if plan_id is not None:
            self._plan.finished(plan_id, now=now)
        return plan_id is not None

    def failed(
        self,
        request: int,
        code: str,
        *,
        now: float,
        permanent: bool = False,
        retry_after_s: float | None = None,
        ask_instead: Sequence[Source] = (),
    ) -> bool:
        """A request failed; False if it was none of ours."""
        plan_id = self._forget(request)
        if plan_id is not None:
            self._plan.failed(
                plan_id,
                code,
                now=now,
                permanent=permanent,
                retry_after_s=retry_after_s,
                ask_instead=ask_instead,
            )
        return plan_id is not None

    def stop(self, *, now: float) -> None:
        """Cancel everything and want nothing."""
        for number in list(self._ids):
            self._commands.append(CancelRequest(self._task, number))
        self._numbers.clear()
        self._ids.clear()
        self._wanted = RangeSet()
        self._sources = {}
        self.exhausted = None
        self._steps += Counter(self._plan.fallbacks)
        self._plan = self._new_plan((), now)

    def wake(self, *, now: float) -> None:
        """The moment of `wake_at` has come."""
        self._plan.wake(now)

    # Out

    @property
    def fallbacks(self) -> Counter[str]:
        """Why a costlier source was asked: reason code -> times."""
        return self._steps + Counter(self._plan.fallbacks)

    def wake_at(self) -> float:
        """When to call `wake`; NEVER while nothing is wanted."""
        return self._plan.wake_at() if self._wanted else NEVER

    def drain(self) -> list[Command]:
        """The orders, in order."""
        for output in self._plan.drain():
            self._translate(output)
        commands, self._commands = self._commands, []
        return commands

    @property
    def has_servers(self) -> bool:
        """True if not only peers may be asked."""
        return any(source.kind != "peer" for source in self._sources.values())

    @property
    def under_way(self) -> int:
        """Requests that were ordered and have not come to an end."""
        return len(self._ids)

    # Within

    def _is_news(self, source: Source) -> bool:
        """True if it is not known, or not for what it holds."""
        known = self._sources.get(source.key)
        return known is None or known.holds != source.holds

    def _translate(self, output: Request | Cancel | Exhausted) -> None:
        if isinstance(output, Exhausted):
            self.exhausted = output
        elif isinstance(output, Cancel):
            number = self._numbers.pop(output.id, None)
            if number is not None:
                del self._ids[number]
                self._commands.append(CancelRequest(self._task, number))
        else:
            self.exhausted = None
            number = self._env.next_request()
            self._numbers[output.id], self._ids[number] = number, output.id
            self._commands.append(
                GetBlocks(self._task, number, output.source, output.first_block, output.block_count)
            )

    def _forget(self, request: int) -> int | None:
        plan_id = self._ids.pop(request, None)
        if plan_id is not None:
            self._numbers.pop(plan_id, None)
        return plan_id

    def _new_plan(self, sources: Sequence[Source], now: float) -> Plan:
        return Plan(
            missing=RangeSet(),
            sources=list(sources),
            now=now,
            rng=self._env.rng,
            run_blocks_max=RUN_BLOCKS_MAX,
            peers_parallel=PEERS_PARALLEL,
            backoff=RETRY_ATTEMPTS_S,
            trace=self._env.trace,
        )
