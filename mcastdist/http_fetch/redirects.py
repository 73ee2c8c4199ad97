"""Where does a redirect lead, and may we go there?"""

from __future__ import annotations

from urllib.parse import urljoin

from yarl import URL

from mcastdist.errors import SourceError

from .asked import shown

_STATUSES = frozenset({301, 302, 303, 307, 308})


def is_redirect(status: int) -> bool:
    """True if an answer of this status only says where to ask."""
    return status in _STATUSES


def target_of(asked_url: str, url: URL, location: str) -> URL:
    """Where `url`, reached from `asked_url`, sends us with this Location.

    Raises SourceError: `redirect` if that is no web address, `insecure_redirect` if it is less
    safe than `url`.
    """
    target = _joined(url, location)
    if not location or target.scheme not in ("http", "https") or not target.host:
        raise _refused(
            asked_url, "redirect", f"redirects to {location!r:.80}, which is no web address"
        )
    if url.scheme == "https" and target.scheme == "http":
        raise _refused(
            asked_url, "insecure_redirect",
            f"redirects from HTTPS to plain HTTP ({shown(str(target))}); give that URL yourself"
            " if it is meant",
        )  # fmt: skip
    return target


def too_many(asked_url: str, redirects_max: int) -> SourceError:
    """It redirects more often than we follow."""
    return _refused(
        asked_url, "redirect", f"redirects more than {redirects_max} times; give the final URL"
    )


def _joined(url: URL, location: str) -> URL:
    """`location` as seen from `url`; an empty URL if it is none.

    Not by `URL.join`, which decodes the folders of `url` under a relative location (seen in yarl
    1.25): "a%2Fb/c" and "d" would give "a/b/d", another file.
    """
    try:
        return URL(urljoin(str(url), location))
    except ValueError:
        return URL()


def _refused(asked_url: str, code: str, what: str) -> SourceError:
    where = shown(asked_url)
    return SourceError(where, code, f"{where} {what}", permanent=True)
