"""How numbers read."""

from __future__ import annotations

import pytest

from mcastdist.cli.words import (
    counted,
    duration,
    moment,
    percent,
    printable,
    rate,
    size,
    size_of,
    time_left,
)

MIB = 1 << 20


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (MIB - 1, "1.0 MiB"),
        (128 * MIB, "128.0 MiB"),
        (1 << 30, "1.0 GiB"),
        (1 << 54, "16384.0 TiB"),
    ],
)
def test_size(count: int, shown: str) -> None:
    assert size(count) == shown


def test_a_part_is_in_the_unit_of_the_whole() -> None:
    assert size_of(2 * MIB, 128 * MIB) == "2.0"
    assert size_of(0, 128 * MIB) == "0"
    assert size_of(1, 128 * MIB) == "0.0"
    assert size_of(5, 100) == "5"


def test_rate_is_in_bytes() -> None:
    assert rate(8 * MIB) == "1.0 MiB/s"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.04, "0.0 s"),
        (12.34, "12.3 s"),
        (99.94, "99.9 s"),
        (99.96, "1 min 40 s"),
        (125, "2 min 05 s"),
        (3599.6, "1 h 00 min"),
        (3_720, "1 h 02 min"),
        (100_000, "1 d 3 h"),
    ],
)
def test_duration(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0, "1 s"), (-3, "1 s"), (45.4, "45 s"), (61, "1 min 01 s"), (125, "2 min 05 s")],
)
def test_time_left_is_never_nothing(seconds: float, shown: str) -> None:
    assert time_left(seconds) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 3, "0 %"), (1, 3, "33 %"), (999, 1000, "99 %"), (1000, 1000, "100 %"), (0, 0, "100 %")],
)
def test_percent_is_full_only_when_all_is_there(part: int, whole: int, shown: str) -> None:
    assert percent(part, whole) == shown


def test_moment_is_a_date_and_a_time() -> None:
    assert len(moment(1_700_000_000.0)) == len("2023-11-14 22:13:20")


def test_counted() -> None:
    assert (counted(0, "task"), counted(1, "task"), counted(2, "task")) == (
        "0 tasks",
        "1 task",
        "2 tasks",
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("päckage 包", "päckage 包"),
        ("a\x1b]0;title\x07b", "a\\x1b]0;title\\x07b"),
        ("a\r\nb", "a\\r\\nb"),
        ("\u202eabc", "\\u202eabc"),
        ("\udcff", "\\udcff"),
        (7, "7"),
    ],
)
def test_printable(text: object, shown: str) -> None:
    assert printable(text) == shown
