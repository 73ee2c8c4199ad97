"""How does the cache look? A row a package, or all that is known of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table

from .show import details, table_of
from .words import moment, percent, printable, size

if TYPE_CHECKING:
    from mcastdist.agent.api import CacheEntry

CONTENT_SHOWN = 12  # hex digits: enough to be unique in any cache, and what the log shows


def cache_table(entries: Iterable[CacheEntry]) -> Table:
    """A row a package."""
    table = table_of("CONTENT", "PACKAGE", ">SIZE", ">HELD", "USED", "GOES", "NOTES")
    for package in entries:
        table.add_row(
            package.content[:CONTENT_SHOWN],
            printable(f"{package.name} {package.version}"),
            size(package.payload_bytes),
            percent(package.held_bytes, package.payload_bytes),
            moment(package.used),
            moment(package.expires_from_cache) if package.expires_from_cache else "never",
            _notes(package),
        )
    return table


def cache_details(package: CacheEntry) -> RenderableType:
    """All that is known of a package in the cache."""
    expires = package.expires_from_cache
    return details(
        {
            "content": package.content,
            "package": f"{package.name} {package.version}",
            "size": size(package.payload_bytes),
            "held": f"{size(package.held_bytes)}"
            f" ({percent(package.held_bytes, package.payload_bytes)})",
            "kept since": moment(package.created),
            "last used": moment(package.used),
            "goes": moment(expires) if expires else "never",
            "notes": _notes(package),
        }
    )


def _notes(package: CacheEntry) -> str:
    facts = (
        (package.pinned, "pinned"),
        (package.precached, "pre-cached"),
        (not package.complete, "incomplete"),
    )
    return ", ".join(note for holds, note in facts if holds)
