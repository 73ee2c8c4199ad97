"""Is the store sound? It opens, and a sample of what it holds hashes right.

The sample is what was used last, up to a bound: the whole is `mcastdist cache verify`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from mcastdist.agent.api import CacheEntry, CacheReport, Finding

from .findings import finding
from .names import counted

MIB = 1 << 20
SAMPLE_BYTES = 128 * MIB  # a tenth of a second of hashing on a good disk, seconds on a bad one

Verify = Callable[[str], Awaitable[CacheReport]]


async def look_at_store(entries: Sequence[CacheEntry], verify: Verify) -> list[Finding]:
    """Hash a sample again; what is damaged is forgotten, as `cache verify` does."""
    chosen = sample_of(entries)
    reports = [await verify(entry.content) for entry in chosen]
    damaged = {content: bad for one in reports for content, bad in one.damaged.items()}
    return judge_store(entries, chosen, damaged)


def sample_of(entries: Sequence[CacheEntry]) -> list[CacheEntry]:
    """What was used last, as long as it fits; the smallest, if nothing does."""
    held = [entry for entry in entries if entry.held_bytes]
    chosen, left = [], SAMPLE_BYTES
    for entry in sorted(held, key=lambda one: -one.used):
        if entry.held_bytes <= left:
            chosen.append(entry)
            left -= entry.held_bytes
    return chosen or sorted(held, key=lambda one: one.held_bytes)[:1]


def judge_store(
    entries: Sequence[CacheEntry], chosen: Sequence[CacheEntry], damaged: dict[str, int]
) -> list[Finding]:
    """What the sample means; `damaged`: content -> bad chunks."""
    names = {entry.content: f"{entry.name} {entry.version}" for entry in entries}
    if damaged:
        told = ", ".join(f"{bad} of {names.get(key, key[:12])}" for key, bad in damaged.items())
        return [
            finding(
                "store_damaged",
                f"damaged chunks were found and forgotten: {told}",
                "mcastdist cache verify looks at the rest; then examine the disk (smartctl)",
            )
        ]
    sampled_bytes = sum(entry.held_bytes for entry in chosen)
    return [
        finding(
            "store_sound",
            f"the store opens with {counted(len(entries), 'package')}; "
            f"{sampled_bytes // MIB} MiB of them hash right",
        )
    ]
