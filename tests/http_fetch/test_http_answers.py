"""Heads of answers, good and hostile, without a network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from mcastdist.errors import SourceError
from mcastdist.http_fetch.answers import AskOthers, Body, judge, refusal
from mcastdist.http_fetch.asked import Asked, shown
from mcastdist.http_fetch.headers import Validator

URL = "http://origin.example/p.payload"
ETAG = Validator("ETag", '"v1"')
PART = Asked(URL, 100, 200, 1000)


def judged(asked: Asked, status: int, final_url: str = "", **headers: str) -> Body:
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return judge(asked, status, named, final_url=final_url or asked.url)


def code_of(asked: Asked, status: int, final_url: str = "", **headers: str) -> str:
    with pytest.raises(SourceError) as caught:
        judged(asked, status, final_url, **headers)
    assert caught.value.source == shown(asked.url)
    return caught.value.code


# --- 206 --------------------------------------------------------------------------------------


def test_the_part_that_was_asked_for() -> None:
    body = judged(PART, 206, content_range="bytes 100-199/1000", content_length="100", etag='"v1"')
    assert body == Body(100, 200, 1000, True, ETAG)


def test_a_shorter_part_is_taken_for_what_it_is() -> None:
    assert judged(PART, 206, content_range="bytes 100-149/1000").stop == 150


def test_an_unknown_total_is_allowed() -> None:
    assert judged(PART, 206, content_range="bytes 100-199/*").total_bytes is None


@pytest.mark.parametrize(
    "content_range",
    [
        "",
        "bytes 0-99/1000",
        "bytes 101-199/1000",
        "bytes 100-200/1000",
        "bytes 100-99/1000",
        "bytes 100-199/150",
        "bytes 100-199",
        "items 100-199/1000",
        "bytes -100-199/1000",
        "bytes 100-199/1000, bytes 300-399/1000",
        "bytes \u0661\u0660\u0660-\u0661\u0669\u0669/\u0661\u0660\u0660\u0660",
        "bytes 100-199/" + "9" * 5000,
    ],
)
def test_another_range_than_asked(content_range: str) -> None:
    assert code_of(PART, 206, content_range=content_range) == "wrong_range"


def test_several_parts_at_once_are_not_what_was_asked() -> None:
    assert code_of(PART, 206, content_type="multipart/byteranges; boundary=x") == "wrong_range"


def test_a_part_of_another_length_than_its_range() -> None:
    headers = {"content_range": "bytes 100-199/1000", "content_length": "99"}
    assert code_of(PART, 206, **headers) == "wrong_length"


def test_a_part_of_a_file_of_another_length() -> None:
    assert code_of(PART, 206, content_range="bytes 100-199/1001") == "wrong_length"


# --- 200 --------------------------------------------------------------------------------------


def test_a_server_without_ranges_sends_the_whole() -> None:
    assert judged(PART, 200, content_length="1000") == Body(0, 1000, 1000, False, None)


def test_a_whole_file_that_was_asked_for_says_whether_ranges_work() -> None:
    assert judged(Asked(URL), 200, content_length="9", accept_ranges="bytes").ranges_supported
    assert not judged(Asked(URL), 200, content_length="9").ranges_supported
    assert not judged(Asked(URL), 200, content_length="9", accept_ranges="none").ranges_supported


def test_a_file_of_another_length() -> None:
    assert code_of(PART, 200, content_length="999") == "wrong_length"
    assert code_of(Asked(URL, 0, 20), 200, content_length="10") == "wrong_length"


def test_nonsense_as_length_is_no_length() -> None:
    for text in ("-1", "1e3", "9" * 5000, "\u0663", ""):
        assert judged(PART, 200, content_length=text).total_bytes is None


# --- error pages ------------------------------------------------------------------------------


def test_a_web_page_in_place_of_a_package_is_an_error_page() -> None:
    for url in (URL, "http://h/a.mcd", "http://h/a.mcd.minisig", "http://h/a.mcd?sig=1"):
        assert code_of(Asked(url), 200, content_type="Text/HTML; charset=x") == "error_page"
    headers = {"content_type": "text/html", "content_range": "bytes 100-199/1000"}
    assert code_of(PART, 206, **headers) == "error_page"


def test_a_web_page_after_a_redirect_elsewhere_is_a_captive_portal() -> None:
    portal = "http://login.hotel.example/?back=1"
    assert code_of(Asked(URL), 200, portal, content_type="text/html") == "captive_portal"
    assert code_of(Asked(URL), 511) == "captive_portal"


def test_a_plain_file_may_be_a_web_page_if_its_length_is_right() -> None:
    page = Asked("http://h/manual.html", 0, 5, 10)
    assert judged(page, 200, content_type="text/html", content_length="10").total_bytes == 10
    assert judged(Asked("http://h/x"), 200, content_type="text/html").total_bytes is None
    assert code_of(page, 200, content_type="text/html", content_length="11") == "error_page"
    assert code_of(page, 200, content_type="text/html") == "error_page"


def test_a_coding_we_did_not_ask_for_is_refused() -> None:
    assert code_of(PART, 200, content_length="1000", content_encoding="gzip") == "encoded"
    assert judged(PART, 200, content_length="1000", content_encoding="identity").stop == 1000


# --- changes ----------------------------------------------------------------------------------


WITH = Asked(URL, 100, 200, 1000, ETAG)


def test_the_whole_with_another_etag_has_changed() -> None:
    assert code_of(WITH, 200, content_length="1000", etag='"v2"') == "changed"
    assert code_of(WITH, 200, content_length="1234", etag='"v2"') == "changed"
    assert code_of(WITH, 200, content_length="1000") == "changed"


def test_the_whole_with_the_same_etag_is_a_server_without_ranges() -> None:
    assert judged(WITH, 200, content_length="1000", etag='"v1"').first == 0


def test_a_part_with_another_etag_has_changed_whatever_the_server_thinks() -> None:
    part = {"content_range": "bytes 100-199/1000"}
    assert code_of(WITH, 206, etag='"v2"', **part) == "changed"
    assert judged(WITH, 206, etag='"v1"', **part).first == 100
    assert judged(WITH, 206, **part).first == 100


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 410, 416, 451])
def test_what_stays_as_it_is(status: int) -> None:
    error = refusal(PART, status, {"Retry-After": "5"})
    assert (error.code, error.permanent) == (f"status_{status}", True)
    assert error.retry_after_s is None


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass(status: int) -> None:
    error = refusal(PART, status, {"Retry-After": "5"})
    assert (error.code, error.permanent, error.retry_after_s) == (f"status_{status}", False, 5.0)


def test_416_tells_the_length_and_so_the_cause() -> None:
    with pytest.raises(SourceError, match="has 50 bytes where 1000") as caught:
        refusal(PART, 416, {"Content-Range": "bytes */50"})
    assert caught.value.code == "wrong_length"


def test_odd_statuses_are_refused() -> None:
    for status in (100, 204, 226, 304, 399, 600, 999):
        assert code_of(PART, status) == f"status_{status}"


def test_busy_peers_name_others() -> None:
    named = "10.0.0.1:7447, [fe80::1%eth0]:7447,10.0.0.1:7447 , pc.example:1"
    error = refusal(PART, 503, {"Mcastdist-Peers": named, "Retry-After": "1"})
    assert isinstance(error, AskOthers)
    assert error.addresses == ("10.0.0.1:7447", "[fe80::1%eth0]:7447", "pc.example:1")


def test_no_secret_stands_in_a_refusal() -> None:
    error = refusal(Asked("https://user:geheim@cdn.example/a.mcd?signature=secret#x"), 403, {})
    assert "geheim" not in str(error)
    assert "secret" not in str(error)


@given(
    st.integers(100, 999),
    st.dictionaries(
        st.sampled_from(
            ["Content-Range", "Content-Length", "Content-Type", "ETag", "Last-Modified", "Date",
             "Retry-After", "Accept-Ranges", "Content-Encoding", "Mcastdist-Peers"]
        ),
        st.one_of(st.text(max_size=40), st.sampled_from(["bytes 100-199/1000", "1000", '"v1"'])),
    ),
)  # fmt: skip
def test_any_head_is_judged_or_refused(status: int, headers: dict[str, str]) -> None:
    try:
        body = judge(WITH, status, headers, final_url=URL)
    except SourceError:
        return
    assert body.first in (0, 100)
    assert body.stop is None or body.stop <= 1000
    assert body.total_bytes in (None, 1000)


def test_a_file_said_to_end_where_we_resume_must_have_its_length() -> None:
    """Found by fuzzing: a shortened file looked complete to who had as much of it."""
    asked = Asked(URL, 100, None, 1000)
    with pytest.raises(SourceError) as refused:
        judge(asked, 416, {"Content-Range": "bytes */100"}, final_url=URL)
    assert refused.value.code == "wrong_length"
