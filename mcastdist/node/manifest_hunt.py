"""Who gives us the manifest? One source after the other, best first, short waits between rounds.

A manifest is small and everybody needs it, so it is asked for one source at a time and never in
parallel. A source that fails for good is not asked again; when all have, the verdict is final.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mcastdist.http_fetch import Source
from mcastdist.ids import ContentId
from mcastdist.timers import NEVER

from .commands import CancelRequest, Command, GetManifest, TaskSpec
from .environment import Environment

PUT_OFF_S_MAX = 3_600.0  # a server cannot silence us for longer than this
ROUND_WAITS_S = (0.3, 1.0, 2.0, 4.0)  # a peer that is just starting is ready by then

NOBODY = ("no_source", "no neighbour and no origin is known for it")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Nobody gave it to us. `final`: asking again is of no use."""

    code: str
    sentence: str
    final: bool


class ManifestHunt:
    """The search for one manifest. Does no I/O; see `wake_at`."""

    def __init__(self, *, spec: TaskSpec, env: Environment) -> None:
        self._spec = spec
        self._env = env
        self._sources: list[tuple[Source, ContentId | None]] = []
        self._dead: dict[tuple[str, str], tuple[str, str]] = {}
        self._tried: set[tuple[str, str]] = set()
        self._put_off: dict[tuple[str, str], float] = {}  # by a Retry-After, until then
        self._asked: tuple[int, Source] | None = None
        self._rounds = 0
        self._wait_until = -NEVER
        self._last = NOBODY
        self._outputs: list[Command] = []
        self.verdict: Verdict | None = None

    # In

    def use(
        self, sources: Sequence[tuple[Source, ContentId | None]], *, expected: bool, now: float
    ) -> None:
        """Exactly these can be asked now, best first; `expected`: to have none is a failure."""
        known = {_key(source) for source, _ in self._sources}
        self._sources = list(sources)
        now_known = {_key(source) for source, _ in sources}
        if now_known - known:
            self.verdict = None
            self._wait_until = -NEVER
        if self._asked is not None and _key(self._asked[1]) not in now_known:
            self._cancel()
        if expected and not sources:
            self.verdict = Verdict(*NOBODY, final=False)
        self._ask(now)

    def failed(
        self,
        request: int,
        code: str,
        sentence: str,
        *,
        permanent: bool,
        retry_after_s: float | None = None,
        now: float,
    ) -> None:
        """The source we asked did not give it."""
        if self._asked is None or self._asked[0] != request:
            return
        source = self._asked[1]
        self._asked = None
        self._last = (code, sentence)
        self._tried.add(_key(source))
        if permanent:
            self._dead[_key(source)] = (code, sentence)
        if retry_after_s is not None:
            self._put_off[_key(source)] = now + min(retry_after_s, PUT_OFF_S_MAX)
        self._env.trace("node.manifest_failed", at=now, source=source.address, code=code)
        self._ask(now)

    def stop(self, now: float) -> None:
        """Not needed any more, or not now."""
        self._cancel()
        self._sources = []
        self._tried.clear()
        self._rounds = 0
        self._wait_until = -NEVER
        self.verdict = None

    def wake(self, now: float) -> None:
        """The moment of `wake_at` has come."""
        if now >= self._wait_until:
            self._ask(now)

    # Out

    def wake_at(self) -> float:
        """When to call `wake`; NEVER while nothing waits."""
        waits = self._wait_until > 0 and self._asked is None and self.verdict is None
        return self._wait_until if waits and self._sources else NEVER

    def drain(self) -> list[Command]:
        """The orders."""
        outputs, self._outputs = self._outputs, []
        return outputs

    # Within

    def _ask(self, now: float) -> None:
        if self._asked is not None or self.verdict is not None or now < self._wait_until:
            return
        if not self._sources:
            return
        alive = [pair for pair in self._sources if _key(pair[0]) not in self._dead]
        fresh = [pair for pair in alive if self._may_try(_key(pair[0]), now)]
        if fresh:
            self._order(*fresh[0])
        elif alive:
            self._wait_or_give_up(min(self._ready_at(_key(pair[0])) for pair in alive), now)
        else:
            final = any(source.kind != "peer" for source, _ in self._sources)
            self.verdict = Verdict(*self._last, final)

    def _cancel(self) -> None:
        if self._asked is not None:
            self._outputs.append(CancelRequest(self._spec.id, self._asked[0]))
        self._asked = None

    def _order(self, source: Source, content: ContentId | None) -> None:
        request = self._env.next_request()
        self._asked = (request, source)
        self._wait_until = -NEVER
        self._outputs.append(GetManifest(self._spec.id, request, source, content))

    def _may_try(self, key: tuple[str, str], now: float) -> bool:
        return key not in self._tried and self._ready_at(key) <= now

    def _ready_at(self, key: tuple[str, str]) -> float:
        return self._put_off.get(key, -NEVER)

    def _wait_or_give_up(self, ready_at: float, now: float) -> None:
        """All have been tried; the first of them may be asked again at `ready_at`."""
        if self._rounds >= len(ROUND_WAITS_S):
            self.verdict = Verdict(*self._last, final=False)
            return
        wait_s = ROUND_WAITS_S[self._rounds] * (0.75 + 0.5 * self._env.rng.random())
        self._rounds += 1
        self._tried.clear()
        self._wait_until = max(now + wait_s, ready_at)


def _key(source: Source) -> tuple[str, str]:
    return source.kind, source.address
