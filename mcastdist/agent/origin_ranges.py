"""Which bytes of a file does a request get, and what stands above them? RFC 9110, sections 13, 14.

One range at a time; what is malformed, or has several, is answered with the whole file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate

_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes [first, stop) of a file; `is_partial` makes it a 206."""

    first: int
    stop: int
    is_partial: bool


def span_for(headers: Mapping[str, str], size: int, etag: str) -> Span | None:
    """What to send of a file; None if the range lies outside."""
    asked = one_range(headers.get("Range", ""), size)
    if asked is None or headers.get("If-Range", etag) != etag:
        return Span(0, size, False)
    return Span(*asked, True) if asked[0] < asked[1] else None


def one_range(header: str, size: int) -> tuple[int, int] | None:
    """`[first, stop)` of a Range header; an empty one if it cannot be satisfied, None to ignore it.

    RFC 9110, 14.2: what is malformed, or has several ranges, may be answered with the whole.
    """
    found = _ONE_RANGE.fullmatch(header.strip())
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        length = int(found[2])
        return (max(0, size - length), size) if length else (0, 0)
    first = int(found[1])
    stop = min(size, int(found[2]) + 1) if found[2] else size
    if found[2] and int(found[2]) < first:
        return None
    return (first, stop) if first < stop else (0, 0)


def file_headers(facts: os.stat_result) -> dict[str, str]:
    """What is said of a file, whatever part of it is sent; the ETag is a strong one."""
    return {
        "ETag": f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"',
        "Last-Modified": formatdate(facts.st_mtime, usegmt=True),
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
        "X-Content-Type-Options": "nosniff",
    }


def span_headers(span: Span, size: int) -> dict[str, str]:
    """What is said of the part that is sent."""
    headers = {"Content-Length": str(span.stop - span.first)}
    if span.is_partial:
        headers["Content-Range"] = f"bytes {span.first}-{span.stop - 1}/{size}"
    return headers
