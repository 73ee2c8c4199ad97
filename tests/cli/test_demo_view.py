"""What one sees of the demo, in 80 columns."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from fake_controller import MIB, record
from rich.console import Console, RenderableType

from mcastdist.cli.demo_view import bars, introduction, news, outcome, summary


def actor(number: int, **changes: object) -> Any:
    """One agent; `record` None has not begun."""
    values: dict[str, object] = {
        "name": f"agent {number}", "is_late": False, "record": record(), "state": "receiving",
        "problem": "",
    }  # fmt: skip
    return SimpleNamespace(**(values | changes))


SEED = record(
    state="delivered",
    role="representative",
    held_bytes=128 * MIB,
    bytes_by_source={"cache": 0, "multicast": 0, "parity": 0, "peer": 0, "origin": 128 * MIB},
)


def stage(*actors: Any) -> Any:
    return SimpleNamespace(
        actors=list(actors)
        or [
            actor(1, record=SEED, state="delivered"),
            actor(2),
            actor(3, record=record(session_delay_s_left=2.2, rate_bps=0.0), state="waiting"),
            actor(40, is_late=True, record=None, state="comes late"),
        ],
        title="python-library 3.11.7",
        files=602,
        payload_bytes=128 * MIB,
        delay_s=3.0,
        seconds=12.3,
        origin_bytes=129 * MIB,
        origin=SimpleNamespace(url="http://127.0.0.1:45678/"),
    )


def drawn(view: RenderableType, *, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(view)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_bars_show_who_does_what_how_far_and_how_fast() -> None:
    first, second, third, fourth, _, legend = drawn(bars(stage()))

    assert first.split()[:4] == ["agent", "1", "represents", "delivered"]
    assert first.endswith("100 %       12.3 s")
    assert "━" in second
    assert second.endswith("50 %   95.4 MiB/s")
    assert third.endswith("in 2 s")
    assert fourth.split()[:4] == ["agent", "40", "comes", "late"]
    assert "origin has served 129.0 MiB, 12 s" in legend


def test_bars_begin_and_end_in_the_same_columns() -> None:
    rows = drawn(bars(stage()))[:3]

    assert len({min(row.index(cell) for cell in "━─" if cell in row) for row in rows}) == 1
    assert len({max(row.rindex(cell) for cell in "━─" if cell in row) for row in rows}) == 1


def test_nothing_is_wrapped_or_cut_on_80_columns() -> None:
    everything = stage(
        *(
            actor(number, is_late=True, record=record(seconds=99.9), state="delivered")
            for number in (1, 40)
        )
    )
    for view in (bars(everything), outcome(everything)):
        lines = drawn(view)
        assert all(len(line) <= 80 for line in lines)
        assert not any("…" in line for line in lines)
    table = drawn(outcome(everything))
    assert table[2].split() == [
        "agent", "40", "joins", "late", "delivered", "99.9", "60.0", "2.0", "2.0", "0",
    ]  # fmt: skip
    assert table[3] == "by source, in MiB"


def test_the_cache_has_a_column_only_where_it_had_something() -> None:
    assert "cache" not in drawn(outcome(stage()))[0]

    warm = record(bytes_by_source={"cache": 5 * MIB, "multicast": 1})
    assert "cache" in drawn(outcome(stage(actor(1, record=warm))))[0]


def test_reasons_stand_below_the_table_and_are_no_markup() -> None:
    broken = actor(1, state="failed", problem="agent ended: [red]x[/red]\x1b[2J", record=None)

    assert drawn(outcome(stage(broken)))[-1] == "agent 1: agent ended: [red]x[/red]\\x1b[2J"


def test_news_are_told_once() -> None:
    told: dict[str, str] = {}
    shown = stage()

    assert len(list(news(shown, told))) == 4
    assert list(news(shown, told)) == []
    shown.actors[1].state = "delivered"
    assert list(news(shown, told)) == ["  12.3 s  agent 2  delivered"]


def test_what_is_about_to_happen() -> None:
    lines = drawn(introduction(stage()))

    assert all(len(line) <= 80 for line in lines)
    assert lines[0].startswith("python-library 3.11.7: 602 files, 128.0 MiB")


@pytest.mark.parametrize(
    ("equal", "verdict"),
    [(True, "Every file is equal to the original."), (False, "Not every file is there and right.")],
)
def test_the_sum(equal: bool, verdict: str) -> None:
    lines = drawn(
        summary(
            {
                "agents": 5, "payload_bytes": 128 * MIB, "origin_bytes": 129 * MIB,
                "origin_copies": 1.0078, "seconds": 9.0, "complete": equal, "equal": equal,
                "results": [],
            }
        )
    )  # fmt: skip
    assert lines[1:] == [
        "The origin served 129.0 MiB for a package of 128.0 MiB: 1.008 copies.",
        f"5 downloads would have been 640.0 MiB. {verdict}",
    ]


def test_a_small_package_is_not_told_in_copies() -> None:
    result: Any = {
        "payload_bytes": 7, "origin_bytes": 604, "origin_copies": 86.3, "agents": 5, "equal": True,
    }  # fmt: skip
    said = " ".join(drawn(summary(result)))

    assert "served 604 B for a package of 7 B. 5 downloads would have been 35 B" in said
