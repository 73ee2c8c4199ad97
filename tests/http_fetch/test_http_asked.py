"""What we ask for, and what of it may be shown."""

from __future__ import annotations

from mcastdist.http_fetch.asked import Asked, shown
from mcastdist.http_fetch.headers import Validator

URL = "http://origin.example/p.payload"
ETAG = Validator("ETag", '"v1"')


def test_headers_ask_for_just_the_range() -> None:
    assert Asked(URL, 100, 200, 1000).headers == {"Range": "bytes=100-199"}
    assert Asked(URL, 5).headers == {"Range": "bytes=5-"}
    assert Asked(URL).headers == {}
    assert Asked(URL, 5, 9, None, ETAG).headers == {"Range": "bytes=5-8", "If-Range": '"v1"'}


def test_no_secret_stands_in_what_is_shown() -> None:
    url = "https://user:geheim@cdn.example:8443/a/b.mcd?signature=secret#x"
    assert shown(url) == "https://cdn.example:8443/a/b.mcd"
    assert "geheim" not in shown("https://user:geheim@[broken/b?secret")
    assert "secret" not in shown("https://user:geheim@[broken/b?secret")
