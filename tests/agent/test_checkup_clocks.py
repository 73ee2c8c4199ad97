"""Whether the clocks agree."""

from __future__ import annotations

from checkup_kit import book, codes, neighbour

from mcastdist.agent.checkup.clocks import judge_clocks


def test_clocks_that_agree() -> None:
    found = judge_clocks(book(neighbour(1, offset_s=0.5), neighbour(2, offset_s=-2.0)))

    assert codes(found) == ["clocks_agree"]
    assert "2.000 s" in found[0].sentence


def test_a_clock_that_is_off_is_named() -> None:
    [found] = judge_clocks(book(neighbour(1, offset_s=-3_600.0), neighbour(2)))

    assert (found.code, found.severity) == ("clock_differs", "warning")
    assert "h1 (10.0.0.1) by -3600 s" in found.sentence
    assert "this machine" not in found.sentence


def test_if_all_others_are_off_it_is_us() -> None:
    [found] = judge_clocks(book(*(neighbour(n, offset_s=90.0) for n in (1, 2))))

    assert "this machine's clock" in found.sentence


def test_nobody_to_compare_with() -> None:
    assert judge_clocks(book()) == []
