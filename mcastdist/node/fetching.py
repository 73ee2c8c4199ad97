"""Where does one task get its manifest and its blocks by HTTP, and when has everybody failed it?

The book of neighbours, the hunt for the manifest and the supply of blocks, put together: who may
be asked is the task's decision (is the origin open to us?), whom to ask next is theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mcastdist.http_fetch import Source
from mcastdist.ranges import RangeSet
from mcastdist.timers import NEVER

from .commands import Command, Package, TaskSpec
from .config import NodeConfig
from .environment import Environment
from .inheritance import Inheritance
from .manifest_hunt import ManifestHunt, Verdict
from .sources import Neighbours, origin_sources
from .supply import Supply


class Fetching:
    """All that one task fetches by HTTP. Does no I/O; see `wake_at`."""

    def __init__(self, *, spec: TaskSpec, config: NodeConfig, env: Environment, now: float) -> None:
        self._spec = spec
        self._config = config
        self._hunt = ManifestHunt(spec=spec, env=env)
        self._supply = Supply(task=spec.id, env=env, now=now)
        self.neighbours = Neighbours()
        self.inheritance = Inheritance()
        self._sentences: dict[str, str] = {}  # by code: they name who failed us, and what to do

    # In

    def look_for_manifest(self, *, from_origin: bool, expected: bool, now: float) -> None:
        """Somebody is to give us the manifest; `expected`: there should be somebody by now."""
        peers = self.neighbours.for_manifest()
        origins = origin_sources(self._spec.urls if from_origin else ())
        sources = [*peers, *((source, None) for source in origins)]
        self._hunt.use(sources, expected=expected, now=now)

    def look_for_blocks(
        self, package: Package, missing: RangeSet, *, from_origin: bool, now: float
    ) -> None:
        """Exactly these blocks are to be fetched, as soon as it is known who holds them."""
        self.inheritance.look(package, now)
        if self.inheritance.hears_first(now):
            return
        peers = [*self.inheritance.sources(), *self.neighbours.for_blocks(package.content)]
        peers = peers if self._config.allow_peers else []
        origins = origin_sources(package.origins if from_origin else ())
        self._supply.use([*peers, *origins], now=now)
        self._supply.want(missing, now=now)

    def blocks_held(self, blocks: RangeSet, *, now: float) -> None:
        """These blocks are here, from wherever."""
        self.inheritance.supplied(blocks, now)
        for block in blocks.numbers():
            self._supply.block_held(block, now=now)

    def finished(self, request: int, *, now: float) -> None:
        """A request came to its end."""
        self._supply.finished(request, now=now)

    def failed(
        self,
        request: int,
        code: str,
        sentence: str,
        *,
        now: float,
        permanent: bool,
        retry_after_s: float | None,
        ask_instead: Sequence[Source],
    ) -> None:
        """A request failed: the plan, or the hunt for the manifest, decides what follows."""
        ours = self._supply.failed(
            request, code, now=now, permanent=permanent, retry_after_s=retry_after_s,
            ask_instead=ask_instead,
        )  # fmt: skip
        if ours:
            self._sentences[code] = sentence
        else:
            self._hunt.failed(
                request, code, sentence, permanent=permanent, retry_after_s=retry_after_s, now=now
            )

    def stop_hunt(self, now: float) -> None:
        """The manifest is here, or not to be asked for now."""
        self._hunt.stop(now)

    def stop_blocks(self, now: float) -> None:
        """No blocks are to be asked for now."""
        self._supply.stop(now=now)

    def stop(self, now: float) -> None:
        """Nothing is to be asked for now."""
        self.inheritance.stop()
        self.stop_hunt(now)
        self.stop_blocks(now)

    def wake(self, now: float) -> None:
        """The moment of `wake_at` has come."""
        self._hunt.wake(now)
        self._supply.wake(now=now)
        self.inheritance.wake(now)

    # Out

    @property
    def verdict(self) -> Verdict | None:
        """Set when everybody who may be asked has failed us."""
        if self._hunt.verdict is not None:
            return self._hunt.verdict
        exhausted = self._supply.exhausted
        if exhausted is None:
            return None
        code = exhausted.reason.partition("_")[2]
        sentence = self._sentences.get(code, f"no source can supply it: {exhausted.reason}")
        final = self._supply.has_servers and exhausted.retry_at == NEVER
        return Verdict(exhausted.reason, sentence, final)

    @property
    def fallbacks(self) -> Counter[str]:
        """Why a costlier source was asked: reason code -> times."""
        return self._supply.fallbacks

    def wake_at(self) -> float:
        """When to call `wake`; NEVER while nothing is waited for."""
        return min(self._hunt.wake_at(), self._supply.wake_at(), self.inheritance.wake_at())

    def drain(self) -> list[Command]:
        """The orders, in order."""
        return self._hunt.drain() + self._supply.drain()
