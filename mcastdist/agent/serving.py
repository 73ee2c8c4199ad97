"""What do we give to other members? Packages by their content id, opened when somebody asks."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

from mcastdist.ids import ContentId
from mcastdist.node import Node, peer_address
from mcastdist.wire import ReceiverState

from .library import Library
from .package import OpenPackage
from .peer_words import PEERS_NAMED_MAX
from .runs import Runs


class Serving:
    """What `PeerServer` asks the agent. `node` is given before the first request."""

    node: Node

    def __init__(
        self,
        library: Library,
        runs: Runs,
        *,
        rng: random.Random,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._library = library
        self._runs = runs
        self._rng = rng
        self._wall = wall

    async def find(self, content: ContentId) -> OpenPackage | None:
        """A package that is here, whole or in part. Raises ContentError if it may not be used."""
        package = self._library.opened(content)
        if package is None:
            package = await asyncio.to_thread(self._library.get, content, now=self._wall())
        if package is None:
            self.node.drop(content)  # evicted meanwhile: do not offer it any more
        elif package.manifest.is_expired(self._wall()):
            package = None
        return package

    def expects(self, content: ContentId) -> bool:
        """True if we will have more of this soon: a task works on it."""
        return any(
            run.package is not None
            and run.package.content == content
            and self.node.task(run_id) is not None
            for run_id, run in self._runs.items()
        )

    def others(self, content: ContentId) -> list[str]:
        """Some receivers that have told us they are done with this content, as host:port.

        Without the scope of a link-local address: it is the name of an interface of ours. No more
        than are asked, since the names of all would be too long for a header; and drawn by lot, so
        that not all who hear that we are busy go to the same few.
        """
        done = self._done(content)
        if len(done) > PEERS_NAMED_MAX:
            done = self._rng.sample(done, PEERS_NAMED_MAX)
        return [peer_address(host.partition("%")[0], port) for host, port in done]

    def _done(self, content: ContentId) -> list[tuple[str, int]]:
        """All of them."""
        found: list[tuple[str, int]] = []
        for run_id, run in self._runs.items():
            task = self.node.task(run_id)
            if run.package is None or run.package.content != content or task is None:
                continue
            if task.representation is not None:
                found += [
                    (one.address[0], one.report.http_port)
                    for one in task.representation.audience.all()
                    if one.report.state is ReceiverState.DONE and one.report.http_port
                ]
        return found
