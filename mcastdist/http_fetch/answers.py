"""Is this the answer we asked for? Judged by its head alone, before a byte of the body is used.

A server can be wrong in more ways than a status tells: no ranges, another range, another length,
another version of the file, a login page with status 200. Each gets a code of its own. What HTTP
cannot show, the caller finds by hashing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yarl import URL

from mcastdist.errors import SourceError

from .asked import Asked, shown
from .headers import (
    Validator,
    content_length,
    content_range,
    peers_named,
    retry_after_s,
    strong_validator,
    unsatisfied_total,
)

_OURS = (".payload", ".mcd", ".minisig")  # never a web page, whatever the server thinks
_TRANSIENT = frozenset({408, 425, 429})  # of the 4xx; all others stay as they are
_WEB_PAGE = frozenset({"text/html", "application/xhtml+xml"})


class AskOthers(SourceError):
    """A busy peer names others: `addresses` are host:port, unverified."""

    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """What the body will be: bytes [first, stop) of `total_bytes`; None is not known."""

    first: int
    stop: int | None
    total_bytes: int | None
    ranges_supported: bool
    validator: Validator | None


def judge(asked: Asked, status: int, headers: Mapping[str, str], *, final_url: str) -> Body:
    """What this answer brings. Raises SourceError if it is not what was asked for."""
    if status == 416 and asked.stop is None and unsatisfied_total(headers) == asked.first:
        _refuse_length(asked, asked.first)
        return Body(asked.first, asked.first, asked.first, True, strong_validator(headers))
    if status not in (200, 206):
        raise refusal(asked, status, headers)
    _refuse_coding(asked, headers)
    _refuse_web_page(asked, headers, final_url)
    body = _partial(asked, headers) if status == 206 else _whole(asked, headers)
    _refuse_change(asked, status, headers)  # first: a changed file often has another length too
    _refuse_length(asked, body.total_bytes)
    return body


def refusal(asked: Asked, status: int, headers: Mapping[str, str]) -> SourceError:
    """What a status other than 200 and 206 means."""
    url = shown(asked.url)
    if status == 511:
        return SourceError(
            url, "captive_portal",
            f"{url}: the network wants a login first (status 511); log this machine in",
        )  # fmt: skip
    if status == 416:
        _refuse_length(asked, unsatisfied_total(headers))
    permanent = 400 <= status < 500 and status not in _TRANSIENT
    error = AskOthers(
        url, f"status_{status}", f"{url} answered with status {status}; {_advice(status)}",
        permanent=permanent, retry_after_s=None if permanent else retry_after_s(headers),
    )  # fmt: skip
    error.addresses = peers_named(headers)
    return error


def _advice(status: int) -> str:
    if status in (401, 403):
        return "allow this machine to read it"
    if status in (404, 410):
        return "publish it there or correct the URL"
    if status == 407:
        return "give the proxy's credentials in its environment variable"
    return "look at the server's log" if status >= 500 else "it will be asked again or passed over"


def _partial(asked: Asked, headers: Mapping[str, str]) -> Body:
    found = content_range(headers)
    if found is None:
        raise _wrong_range(asked, headers)
    first, stop, total = found
    if first != asked.first or stop <= first or (asked.stop is not None and stop > asked.stop):
        raise _wrong_range(asked, headers)
    if total is not None and stop > total:
        raise _wrong_range(asked, headers)
    length = content_length(headers)
    if length is not None and length != stop - first:
        raise _wrong_length(asked, f"sends {length} bytes for a range of {stop - first}")
    return Body(first, stop, total, True, strong_validator(headers))


def _whole(asked: Asked, headers: Mapping[str, str]) -> Body:
    total = content_length(headers)
    ranges = not asked.headers and headers.get("Accept-Ranges", "").strip().lower() == "bytes"
    return Body(0, total, total, ranges, strong_validator(headers))


def _refuse_coding(asked: Asked, headers: Mapping[str, str]) -> None:
    coding = headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        url = shown(asked.url)
        raise SourceError(
            url, "encoded",
            f"{url} came with Content-Encoding {coding!r:.40} unasked; switch it off on the server",
            permanent=True,
        )  # fmt: skip


def _refuse_web_page(asked: Asked, headers: Mapping[str, str], final_url: str) -> None:
    kind = headers.get("Content-Type", "").split(";")[0].strip().lower()
    if kind not in _WEB_PAGE:
        return
    url, expected = shown(asked.url), asked.expected_bytes
    fits = expected is None or "Content-Range" in headers or content_length(headers) == expected
    if fits and not URL(asked.url).path.endswith(_OURS):
        return
    if URL(final_url).host != URL(asked.url).host:
        raise SourceError(
            url, "captive_portal",
            f"{url} leads to a web page at {shown(final_url)}; log this machine in to the network",
        )  # fmt: skip
    raise SourceError(
        url, "error_page", f"{url} is a web page, not the file; correct the URL or the server"
    )


def _refuse_length(asked: Asked, total: int | None) -> None:
    if asked.expected_bytes is not None and total not in (None, asked.expected_bytes):
        raise _wrong_length(asked, f"has {total} bytes where {asked.expected_bytes} are expected")
    needed = asked.first if asked.stop is None else asked.stop
    if total is not None and total < needed:
        raise _wrong_length(asked, f"has {total} bytes where {needed} are needed")


def _refuse_change(asked: Asked, status: int, headers: Mapping[str, str]) -> None:
    """If-Range answered with 200 is a change, unless it is the same bytes and no range support.

    Not permanent: servers behind one name may differ in their ETags and not in their bytes, so a
    caller may ask again without the validator and let the hashes decide.
    """
    validator = asked.validator
    if validator is None or validator.matches(headers):
        return
    if status == 206 and validator.header not in headers:
        return  # a 206 to If-Range is the server's word that nothing changed
    url = shown(asked.url)
    raise SourceError(
        url, "changed", f"{url} changed while it was fetched; publish under a new name instead"
    )


def _wrong_range(asked: Asked, headers: Mapping[str, str]) -> SourceError:
    url, got = shown(asked.url), headers.get("Content-Range", "nothing")
    return SourceError(
        url, "wrong_range",
        f"{url} answered a request for bytes from {asked.first} to {asked.stop} with {got!r:.60};"
        " repair the server or its cache",
        permanent=True,
    )  # fmt: skip


def _wrong_length(asked: Asked, what: str) -> SourceError:
    url = shown(asked.url)
    return SourceError(
        url, "wrong_length", f"{url} {what}; publish the package again or correct the URL",
        permanent=True,
    )  # fmt: skip
