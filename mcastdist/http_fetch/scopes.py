"""How is a server reached that has a link-local IPv6 address, good only on one interface of ours?

In a URL the interface's name follows `%25` (RFC 6874), and people write a bare `%`. The system's
resolver wants the bare one; the server is told neither, as the name means nothing to it.
"""

from __future__ import annotations

import re

from yarl import URL

_SCOPE = re.compile(r"^(https?://(?:[^/@]*@)?\[[0-9A-Fa-f:.]+)%25", re.IGNORECASE)


def as_url(text: str) -> URL:
    """The URL as the resolver takes it. ValueError if it is none."""
    return URL(_SCOPE.sub(r"\1%", text))


def host_header(url: URL) -> dict[str, str]:
    """What the server is to be told in place of a host with a scope; nothing for all others."""
    plain, percent, _ = (url.host or "").partition("%")
    if not percent:
        return {}
    port = "" if url.is_default_port() else f":{url.port}"
    return {"Host": f"[{plain}]{port}"}
