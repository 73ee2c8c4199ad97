"""Servers with a link-local address."""

from __future__ import annotations

import pytest
from yarl import URL

from mcastdist.http_fetch.scopes import as_url, host_header


@pytest.mark.parametrize("percent", ["%25", "%"])
def test_the_interface_may_be_named_in_either_way(percent: str) -> None:
    url = as_url(f"http://[fe80::1{percent}eth0]:8080/a%25b.mcd")
    assert url.raw_host == "fe80::1%eth0"
    assert url.port == 8080
    assert url.raw_path == "/a%25b.mcd"
    assert host_header(url) == {"Host": "[fe80::1]:8080"}


def test_the_usual_port_is_not_named() -> None:
    assert host_header(as_url("http://[fe80::1%25eth0]/x")) == {"Host": "[fe80::1]"}


@pytest.mark.parametrize(
    "text",
    ["http://origin/a%25b", "http://10.0.0.1:80/x", "https://[fd00::1]:8443/a%25eth0", "http://h"],
)
def test_all_others_stay_as_they_are(text: str) -> None:
    assert as_url(text) == URL(text)
    assert host_header(as_url(text)) == {}
