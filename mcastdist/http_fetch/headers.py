"""What do an answer's headers say? Each read by itself, strictly: nonsense says nothing.

What they mean together, for what was asked, is `answers.py`'s question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

RETRY_AFTER_S_MAX = 3600.0  # a server cannot silence us for longer
PEERS_NAMED_MAX = 16  # bounds what one busy peer can make us remember
PEERS_HEADER = "Mcastdist-Peers"  # PROTOCOL.md, 8

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII | re.IGNORECASE)
_UNSATISFIED = re.compile(r"bytes \*/(\d{1,18})", re.ASCII | re.IGNORECASE)
_PEER = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.%a-z]{2,64}\]):\d{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Validator:
    """By what two answers are known to be of the same bytes (RFC 9110, 8.8: strong ones only)."""

    header: Literal["ETag", "Last-Modified"]
    value: str

    def matches(self, headers: Mapping[str, str]) -> bool:
        """True if an answer with these headers has it."""
        return headers.get(self.header) == self.value


def content_length(headers: Mapping[str, str]) -> int | None:
    """How long the body is said to be."""
    text = headers.get("Content-Length", "").strip()
    return int(text) if re.fullmatch(r"\d{1,18}", text, re.ASCII) else None


def content_range(headers: Mapping[str, str]) -> tuple[int, int, int | None] | None:
    """`(first, stop, total)` of a 206; a total of None is not known."""
    found = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if found is None:
        return None
    return int(found[1]), int(found[2]) + 1, None if found[3] == "*" else int(found[3])


def unsatisfied_total(headers: Mapping[str, str]) -> int | None:
    """How long the file is, as a 416 tells it."""
    found = _UNSATISFIED.fullmatch(headers.get("Content-Range", "").strip())
    return int(found[1]) if found else None


def strong_validator(headers: Mapping[str, str]) -> Validator | None:
    """The answer's strong validator, if it has one."""
    etag = headers.get("ETag", "")
    if len(etag) >= 2 and etag.startswith('"') and etag.endswith('"'):
        return Validator("ETag", etag)
    changed, sent = _date(headers.get("Last-Modified")), _date(headers.get("Date"))
    # RFC 9110, 8.8.2.2: a date is strong if the file was at least a second old when it was sent.
    if changed and sent and (sent - changed).total_seconds() >= 1:
        return Validator("Last-Modified", headers["Last-Modified"])
    return None


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds; a date is taken relative to the server's own clock."""
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return min(float(text), RETRY_AFTER_S_MAX)
    until, sent = _date(text), _date(headers.get("Date"))
    if until is None or sent is None:
        return None
    return min(max((until - sent).total_seconds(), 0.0), RETRY_AFTER_S_MAX)


def peers_named(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The host:port of others whom a busy peer names."""
    named = (one.strip() for one in headers.get(PEERS_HEADER, "").split(","))
    good = (one for one in named if _PEER.fullmatch(one) and 0 < int(one.rsplit(":")[-1]) < 65_536)
    return tuple(dict.fromkeys(good))[:PEERS_NAMED_MAX]


def _date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):  # the latter from a time zone of a million years
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
