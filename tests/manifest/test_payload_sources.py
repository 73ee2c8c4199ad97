from __future__ import annotations

import pytest

from mcastdist.errors import MalformedManifest, UsageError
from mcastdist.manifest import file_name_of, resolve_source
from mcastdist.manifest.sources import check_source


@pytest.mark.parametrize(
    "source",
    [
        "tool-1.0.payload",
        "sub/tool-1.0+b.payload",
        "http://host/x",
        "https://host:8443/a%20b?token=1",
        "https://[2001:db8::1]/x",
        "https://host",
        "https://日本.example/パス",
    ],
)
def test_urls_and_plain_relative_paths_are_sources(source: str) -> None:
    check_source(source)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "/absolute",
        "//host/x",
        "../up",
        "a/../b",
        "a//b",
        "a/",
        "a b",
        "a?b",
        "a%2e",
        "ü",
        "ftp://host/x",
        "file:///etc/passwd",
        "http:",
        "http:///x",
        "http://",
        "http://host:99999/x",
        "http://host:port/x",
        "http://[::1/x",
        "http://ho st/x",
        "http://host/\r\nX: y",
        "javascript:alert(1)",
        "https://host/" + "x" * 5_000,
    ],
)
def test_what_cannot_be_asked_is_no_source(source: str) -> None:
    with pytest.raises(MalformedManifest, match="source") as caught:
        check_source(source)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("source", "manifest_url", "expected"),
    [
        ("p", "http://h/d/m.mcd", "http://h/d/p"),
        ("p", "http://h/m.mcd?token=a/b#frag", "http://h/p"),
        ("p", "http://h", "http://h/p"),
        ("a/p+1", "https://h:1/d/m.mcd", "https://h:1/d/a/p+1"),
        ("p", "http://h/a%20b/m.mcd", "http://h/a%20b/p"),
        ("p", "http://h/a%2Fb%3Fc%23d/m.mcd", "http://h/a%2Fb%3Fc%23d/p"),
        ("p", "http://h/%E6%97%A5/m.mcd", "http://h/%E6%97%A5/p"),
        ("p", "http://h/d/", "http://h/d/p"),
        ("p", "http://user:pw@h/d/m.mcd", "http://user:pw@h/d/p"),
        ("https://cdn/x?y=1", "http://h/d/m.mcd", "https://cdn/x?y=1"),
        ("http://cdn/x#frag", "http://h/d/m.mcd", "http://cdn/x"),
    ],
)
def test_relative_sources_lie_beside_the_manifest(
    source: str, manifest_url: str, expected: str
) -> None:
    assert resolve_source(source, manifest_url) == expected


@pytest.mark.parametrize("url", ["", "m.mcd", "ftp://h/m.mcd", "file:///m.mcd", "http:///m"])
def test_only_http_has_manifests(url: str) -> None:
    with pytest.raises(UsageError):
        resolve_source("p", url)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://h/d/setup.exe", "setup.exe"),
        ("http://h/d/Setup%20(x64).exe?x=1#y", "Setup (x64).exe"),
        ("http://h/%E6%97%A5", "日"),
        ("http://h/", "download"),
        ("http://h", "download"),
        ("http://h/d/", "download"),
        ("http://h/..%2f..%2fetc", "download"),
        ("http://h/%2e%2e", "download"),
        ("http://h/nul", "download"),
        ("http://h/a%00b", "download"),
        ("http://h/a%3Ab", "download"),
        ("http://[::1/", "download"),
    ],
)
def test_a_plain_file_is_called_as_its_url_ends_if_that_is_safe(url: str, name: str) -> None:
    assert file_name_of(url) == name
