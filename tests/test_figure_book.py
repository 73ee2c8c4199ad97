"""What tests observe is shown at the end: counts are added up, of seconds the worst is named."""

from __future__ import annotations

from figure_book import Figures


def test_each_test_has_its_line_and_crash_points_have_their_total() -> None:
    figures = Figures()
    for case, points in (("cut", 40), ("torn", 2)):
        figures.note(f"tests/store/test_crash.py::test_a[{case}]", "crash points", points)
    figures.note("tests/store/test_crash.py::test_b", "crash points", 1_000)
    for took_s in (0.5, 3.0, 0.25):
        figures.note("tests/agent/test_x.py::test_c", "noticed after, s", took_s)

    assert list(figures.table()) == [
        "store/test_crash.py::test_a: crash points 42",
        "store/test_crash.py::test_b: crash points 1,000",
        "agent/test_x.py::test_c: noticed after, s 0.5, worst 3",
        "crash points in all: 1,042",
    ]


def test_who_observes_nothing_says_nothing() -> None:
    figures = Figures()
    figures.note("tests/agent/test_x.py::test_c", "noticed after, s", 1.5)

    assert list(figures.table()) == ["agent/test_x.py::test_c: noticed after, s 1.5"]
