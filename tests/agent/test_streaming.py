"""What threads tell, whatever stops them."""

from __future__ import annotations

from types import SimpleNamespace

from stream_kit import Noted

from mcastdist.agent.package import SEVERAL
from mcastdist.agent.streaming import node_of, start_thread, supplier_of

STREAM = SimpleNamespace(task="t")


def test_a_thread_that_ends_in_order_reports_nothing() -> None:
    noted = Noted()
    start_thread("x", lambda: None, STREAM, noted).join()

    assert noted.troubles == []


def test_a_thread_that_breaks_says_why() -> None:
    noted = Noted()
    thread = start_thread("x", lambda: 1 // 0, STREAM, noted)
    thread.join()

    assert thread.daemon
    assert [type(error) for error in noted.troubles] == [ZeroDivisionError]


def test_one_sender_can_be_named_and_several_cannot() -> None:
    assert node_of(supplier_of({0xAB})) == 0xAB
    assert node_of(supplier_of({0xFFFF_FFFF})) == 0xFFFF_FFFF
    assert supplier_of({1, 2}) == supplier_of(set()) == SEVERAL
    assert node_of(SEVERAL) is None
    assert node_of("peer 10.0.0.1:7447") is None
