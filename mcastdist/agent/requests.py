"""Can this be asked for? What people type is checked before anything begins."""

from __future__ import annotations

from pathlib import PurePath

from yarl import URL

from mcastdist.errors import UsageError

from .api import TaskRequest

DIGEST_DIGITS = 64


def check_request(request: TaskRequest) -> None:
    """UsageError if this cannot be a task."""
    check_url(request.url)
    if request.dest is not None and not PurePath(request.dest).is_absolute():
        raise UsageError(f"dest {request.dest!r} is not absolute; give the whole path")
    digits = request.sha256
    if digits is not None and not (
        len(digits) == DIGEST_DIGITS and set(digits.lower()) <= set("0123456789abcdef")
    ):
        raise UsageError(f"sha256 {digits!r} is not {DIGEST_DIGITS} hex digits")


def check_url(given: str) -> None:
    """UsageError if nothing can be fetched from there."""
    try:
        url = URL(given)
        is_web = url.scheme in ("http", "https") and bool(url.host) and url.port is not None
    except ValueError:
        is_web = False
    if not is_web:
        raise UsageError(f"{given!r} is no http or https URL; give the package's .mcd there")
