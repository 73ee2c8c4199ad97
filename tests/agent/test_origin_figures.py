"""The origin's figures: bytes and requests, of each path and of all."""

from __future__ import annotations

from mcastdist.agent.origin_figures import OriginFigures


def test_nothing_was_served_at_first() -> None:
    figures = OriginFigures()
    assert figures.stats() == {"bytes": 0, "requests": 0, "paths": {}}
    assert figures.bytes_of("/p") == 0
    assert figures.stats()["paths"] == {}  # a question leaves nothing behind


def test_bytes_and_requests_add_up() -> None:
    figures = OriginFigures()
    for path, sent in (("/q", 7), ("/p", 5), ("/p", 3)):
        figures.requested(path)
        figures.sent(path, sent)
    figures.sent("/p", 2)  # a later slice of the same answer
    assert figures.bytes_of("/p") == 10
    assert figures.stats() == {
        "bytes": 17,
        "requests": 3,
        "paths": {"/p": {"bytes": 10, "requests": 2}, "/q": {"bytes": 7, "requests": 1}},
    }
    assert list(figures.stats()["paths"]) == ["/p", "/q"]


def test_a_client_that_left_at_once_is_a_request_without_bytes() -> None:
    figures = OriginFigures()
    figures.requested("/p")
    assert figures.stats()["paths"] == {"/p": {"bytes": 0, "requests": 1}}
