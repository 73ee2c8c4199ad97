"""Can the origin be asked for this, and how does it answer?

A package is asked for its payload too: that is where ranges matter. One byte of each is fetched.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Awaitable, Callable
from typing import Protocol

from yarl import URL

from mcastdist.agent.api import Finding
from mcastdist.errors import SourceError

from .findings import finding

MANIFEST_ENDING = ".mcd"


class Answered(Protocol):
    """What is needed of `http_fetch.client.Fetched`."""

    @property
    def ranges_supported(self) -> bool: ...
    @property
    def final_url(self) -> str: ...
    @property
    def total_bytes(self) -> int | None: ...


Probe = Callable[[str], Awaitable[Answered]]


async def look_at_origin(url: str, probe: Probe) -> list[Finding]:
    """Ask for the first byte of the URL and of what belongs to it."""
    found = judge_proxy(url, urllib.request.getproxies(), urllib.request.proxy_bypass)
    for one in belonging(url):
        try:
            found += judge_answer(one, await probe(one))
        except SourceError as error:
            found.append(
                finding(
                    "origin_fails", f"{error} ({error.code})", "see docs/reasons.md for the code"
                )
            )
    return found


def belonging(url: str) -> list[str]:
    """The URL; of a package, its signature and its payload too."""
    path, mark, query = url.partition("?")
    if not path.endswith(MANIFEST_ENDING):
        return [url]
    stem = path.removesuffix(MANIFEST_ENDING)
    return [url, f"{path}.minisig{mark}{query}", f"{stem}.payload{mark}{query}"]


def judge_answer(url: str, answered: Answered) -> list[Finding]:
    """What an answer means."""
    size = (
        "of unknown length" if answered.total_bytes is None else f"{answered.total_bytes:,} bytes"
    )
    how = "over TLS" if URL(answered.final_url).scheme == "https" else "without TLS"
    told = f"{without_secrets(url)} answers: {size}, {how}"
    if answered.final_url != url:
        told += f", by way of {without_secrets(answered.final_url)}"
    if answered.ranges_supported:
        return [finding("origin_answers", f"{told}, with ranges")]
    return [
        finding(
            "origin_without_ranges",
            f"{told}, without ranges: what breaks off is fetched again from its beginning",
            "serve it from a web server with range requests, or switch them on (Accept-Ranges)",
        )
    ]


def judge_proxy(
    url: str, proxies: dict[str, str], is_bypassed: Callable[[str], object]
) -> list[Finding]:
    """Whether the environment leads this URL over a proxy."""
    parts = URL(url)
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or is_bypassed(parts.host or ""):
        return []
    return [
        finding(
            "proxy_used",
            f"{parts.host} is asked by way of the proxy {without_secrets(proxy)}",
            f"if that is not meant, add {parts.host} to NO_PROXY in the agent's environment",
        )
    ]


def without_secrets(url: str) -> str:
    """A URL for people: no user, no password, no query, since a query may be a signature."""
    parts = URL(url)
    return str(parts.with_user(None).with_query(None)) if parts.host else url
