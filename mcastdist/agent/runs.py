"""What is going on for one locator on this machine? The agent's side of a node's task.

Several people may ask for the same thing; on the network it is one task of the node, here one
`Run` with its package and its account of where the bytes came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mcastdist.ids import ContentId, Locator
from mcastdist.node import NodeConfig, TaskSpec

from .api import SOURCES
from .package import OpenPackage

RATE_WINDOW_S = 3.0  # long enough to be readable, short enough to show what is happening
RATE_SPAN_S_MIN = 0.5  # a single burst tells nothing


@dataclass(slots=True)
class Account:
    """Payload bytes by the way they came, and what the origin was asked for."""

    by_source: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SOURCES, 0))
    wan_bytes: int = 0
    _recent: list[tuple[float, int]] = field(default_factory=list)

    def add(self, source: str, count: int, now: float) -> None:
        """`count` payload bytes came from `source`."""
        self.by_source[source] += count
        self._recent.append((now, count))
        if self._recent[0][0] < now - 2 * RATE_WINDOW_S:
            self._recent = [pair for pair in self._recent if pair[0] >= now - RATE_WINDOW_S]

    def rate_bps(self, now: float) -> float:
        """Bits a second, over the last RATE_WINDOW_S, or since something came after a pause."""
        recent = [(at, count) for at, count in self._recent if at >= now - RATE_WINDOW_S]
        if not recent:
            return 0.0
        return sum(count for _, count in recent) * 8 / max(RATE_SPAN_S_MIN, now - recent[0][0])

    def share_out(self, shares: dict[str, int], total: int, now: float) -> None:
        """`total` payload bytes came in these proportions."""
        whole = sum(shares.values()) or 1
        left = total
        for source, share in list(shares.items())[1:]:
            part = min(left, total * share // whole)
            self.add(source, part, now)
            left -= part
        self.add(next(iter(shares)), left, now)


@dataclass(frozen=True, slots=True)
class Share:
    """What of a run's account is one task's: the run may be older, or not the task's first.

    `before`: what the run had brought when the task joined it, which was here for the task.
    `carried`: what the task's earlier runs had brought, which is here for the present one.
    """

    before: dict[str, int] = field(default_factory=dict)
    before_wan_bytes: int = 0
    carried: dict[str, int] = field(default_factory=dict)
    carried_wan_bytes: int = 0

    @classmethod
    def joining(cls, account: Account, by_source: dict[str, int], wan_bytes: int) -> Share:
        """A task whose record stood so joins a run whose account stands so."""
        return cls(_brought(account.by_source), account.wan_bytes, _brought(by_source), wan_bytes)

    def by_source(self, account: Account) -> dict[str, int]:
        """The task's payload bytes by the way they came."""
        shares = {
            source: self.carried.get(source, 0) + count - self.before.get(source, 0)
            for source, count in account.by_source.items()
        }
        here = account.by_source["cache"] + sum(self.before.values())
        return shares | {"cache": max(0, here - sum(self.carried.values()))}

    def wan_bytes(self, account: Account) -> int:
        """What the origin sent for the task."""
        return self.carried_wan_bytes + account.wan_bytes - self.before_wan_bytes


def _brought(by_source: dict[str, int]) -> dict[str, int]:
    return {source: count for source, count in by_source.items() if source != "cache"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a task is after, as far as fetching its manifest needs it."""

    locator: Locator
    urls: tuple[str, ...]
    sha256: bytes | None
    precached: bool


@dataclass(slots=True)
class Run:
    """One locator under way."""

    spec: TaskSpec
    config: NodeConfig
    sha256: bytes | None
    precached: bool
    package: OpenPackage | None = None
    account: Account = field(default_factory=Account)
    dirty_bytes: int = 0  # written and not yet committed

    @property
    def locator(self) -> Locator:
        """What is asked for."""
        return self.spec.locator

    @property
    def content(self) -> ContentId | None:
        """What it brings, once that is known. A package may be closed meanwhile, and open again."""
        return None if self.package is None else self.package.content

    def wanted(self) -> Wanted:
        """What fetching its manifest needs to know."""
        return Wanted(self.spec.locator, self.spec.urls, self.sha256, self.precached)

    def know(self, package: OpenPackage, brought_bytes: int = 0) -> None:
        """The manifest is here, and with it `brought_bytes` of payload from the origin."""
        self.package = package
        package.is_read_soon |= not self.precached
        held_bytes = package.holding.held_bytes
        brought_bytes = min(brought_bytes, held_bytes)
        self.account.by_source["cache"] = held_bytes - brought_bytes
        self.account.by_source["origin"] += brought_bytes


Runs = dict[str, Run]


def urls_of(url: str, preferred: Sequence[str]) -> tuple[str, ...]:
    """The preferred servers' copies of a URL, then the URL: each takes scheme and host's place."""
    _, _, rest = url.partition("://")
    _, slash, path = rest.partition("/")
    return (*(f"{prefix.rstrip('/')}{slash}{path}" for prefix in preferred), url)
