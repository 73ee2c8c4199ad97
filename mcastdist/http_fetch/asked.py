"""What is asked for, and how is that said? To a server in headers, in a log without secrets."""

from __future__ import annotations

from dataclasses import dataclass

from yarl import URL

from .headers import Validator


@dataclass(frozen=True, slots=True)
class Asked:
    """What we want: bytes [first, stop) of `url`, to the end if `stop` is None."""

    url: str
    first: int = 0
    stop: int | None = None
    expected_bytes: int | None = None
    validator: Validator | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What asks for just that."""
        if self.first == 0 and self.stop is None:
            return {}
        last = "" if self.stop is None else self.stop - 1
        headers = {"Range": f"bytes={self.first}-{last}"}
        if self.validator is not None:
            headers["If-Range"] = self.validator.value
        return headers


def shown(url: str) -> str:
    """`url` without what must not stand in a log: credentials, signed queries."""
    try:
        return str(URL(url).with_user(None).with_query(None).with_fragment(None))
    except ValueError:
        return url.split("?", 1)[0].split("@")[-1][:200]
