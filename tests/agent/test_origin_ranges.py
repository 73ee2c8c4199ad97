"""Ranges at the origin: what is asked for, by header alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcastdist.agent.origin_ranges import Span, file_headers, one_range, span_for, span_headers

ETAG = '"v1"'


def test_a_range_is_never_beyond_the_file() -> None:
    assert one_range("bytes=0-", 0) == (0, 0)
    assert one_range("bytes=-10", 4) == (0, 4)
    assert one_range("bytes=3-100", 4) == (3, 4)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=2-3", Span(2, 4, True)),
        (" Bytes=2- ", Span(2, 10, True)),
        ("bytes=-3", Span(7, 10, True)),
        ("bytes=0-", Span(0, 10, True)),
        ("bytes=10-", None),
        ("bytes=-0", None),
        ("bytes=3-2", Span(0, 10, False)),
        ("bytes=-", Span(0, 10, False)),
        ("bytes=0-1,4-5", Span(0, 10, False)),
        ("bytes=\u0663-", Span(0, 10, False)),
        ("bytes=" + "9" * 5000 + "-", Span(0, 10, False)),
        ("", Span(0, 10, False)),
    ],
)
def test_spans(header: str, expected: Span | None) -> None:
    assert span_for({"Range": header}, 10, ETAG) == expected


def test_a_range_of_another_version_brings_the_whole() -> None:
    asked = {"Range": "bytes=2-3"}
    assert span_for(asked | {"If-Range": ETAG}, 10, ETAG) == Span(2, 4, True)
    for other in ('"v2"', "W/" + ETAG, "Mon, 03 Mar 2025 10:00:00 GMT", ""):
        assert span_for(asked | {"If-Range": other}, 10, ETAG) == Span(0, 10, False)


def test_an_empty_file_has_no_part() -> None:
    assert span_for({}, 0, ETAG) == Span(0, 0, False)
    assert span_for({"Range": "bytes=0-0"}, 0, ETAG) is None


@given(st.text(max_size=30) | st.from_regex(r"bytes=\d{0,3}-\d{0,3}", fullmatch=True))
def test_any_header_stays_within_the_file(header: str) -> None:
    span = span_for({"Range": header}, 100, ETAG)
    assert span is None or 0 <= span.first < span.stop <= 100


def test_headers_of_a_part_and_of_the_whole() -> None:
    assert span_headers(Span(2, 4, True), 10) == {
        "Content-Length": "2",
        "Content-Range": "bytes 2-3/10",
    }
    assert span_headers(Span(0, 10, False), 10) == {"Content-Length": "10"}


def test_the_etag_is_strong_and_changes_with_time_and_size(tmp_path: Path) -> None:
    file = tmp_path / "file"
    seen = set()
    for content, moment in ((b"a", 1), (b"a", 2), (b"ab", 2)):
        file.write_bytes(content)
        os.utime(file, ns=(moment, moment))
        headers = file_headers(file.stat())
        seen.add(headers["ETag"])
        assert headers["ETag"].startswith('"')
        assert headers["Last-Modified"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert len(seen) == 3
