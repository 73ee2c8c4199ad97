"""Whether the origin can be asked, and how it answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from checkup_kit import codes

from mcastdist.agent.checkup.origin import (
    belonging,
    judge_answer,
    judge_proxy,
    look_at_origin,
    without_secrets,
)
from mcastdist.errors import SourceError


def answered(url: str, *, ranges: bool = True, size: int | None = 1_000) -> Any:
    return SimpleNamespace(ranges_supported=ranges, final_url=url, total_bytes=size)


def test_a_package_is_asked_for_with_all_that_belongs_to_it() -> None:
    assert belonging("https://o/d/app-1.mcd?sig=7") == [
        "https://o/d/app-1.mcd?sig=7",
        "https://o/d/app-1.mcd.minisig?sig=7",
        "https://o/d/app-1.payload?sig=7",
    ]
    assert belonging("https://o/x.iso") == ["https://o/x.iso"]


def test_an_origin_that_is_well() -> None:
    [found] = judge_answer("https://o/x", answered("https://o/x"))

    assert found.code == "origin_answers"
    assert "1,000 bytes, over TLS, with ranges" in found.sentence


def test_without_ranges_is_a_warning() -> None:
    [found] = judge_answer("http://o/x", answered("http://o/x", ranges=False, size=None))

    assert (found.code, found.severity) == ("origin_without_ranges", "warning")
    assert "of unknown length, without TLS" in found.sentence


def test_a_redirect_is_told_without_its_signature() -> None:
    [found] = judge_answer("http://o/x", answered("https://cdn/y?signature=secret"))

    assert "by way of https://cdn/y" in found.sentence
    assert "secret" not in found.sentence


async def test_each_failure_is_a_finding_with_its_code() -> None:
    async def probe(url: str) -> Any:
        if url.endswith(".payload"):
            raise SourceError(url, "status_404", f"{url} answered with status 404")
        return answered(url)

    found = await look_at_origin("http://o/app-1.mcd", probe)

    assert codes(found) == ["origin_answers", "origin_answers", "origin_fails"]
    assert "(status_404)" in found[2].sentence


@pytest.mark.parametrize(
    ("url", "bypassed", "told"),
    [("http://o/x", False, True), ("http://o/x", True, False), ("https://o/x", False, False)],
)
def test_a_proxy_is_named_without_its_password(url: str, bypassed: bool, told: bool) -> None:
    proxies = {"http": "http://me:secret@proxy:3128"}
    found = judge_proxy(url, proxies, lambda _host: bypassed)

    assert codes(found) == ["proxy_used"] * told
    assert all("http://proxy:3128" in one.sentence for one in found)
    assert all("secret" not in one.sentence for one in found)


def test_urls_for_people() -> None:
    assert without_secrets("https://u:p@o/x?y=1") == "https://o/x"
