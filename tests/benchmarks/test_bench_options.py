"""What may be chosen: sizes, rates and losses as people write them."""

from __future__ import annotations

import pytest

from bench.options import Options, parse_loss, parse_rate, parse_size, time_limit_s


@pytest.mark.parametrize(
    ("text", "size"),
    [("64M", 64 << 20), ("1G", 1 << 30), ("1.5k", 1536), ("512", 512), ("64 MiB", 64 << 20)],
)
def test_sizes_are_powers_of_two(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "rate"), [("200M", 200_000_000), ("1Gbit", 1_000_000_000), ("2.5m", 2_500_000)]
)
def test_rates_are_powers_of_ten(text: str, rate: int) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(("text", "permille"), [("5%", 50), ("0.05", 50), ("0", 0), ("0.1 %", 1)])
def test_losses_are_shares(text: str, permille: int) -> None:
    assert parse_loss(text) == permille


@pytest.mark.parametrize("nonsense", ["", "many", "-1", "5X"])
def test_nonsense_is_refused(nonsense: str) -> None:
    for parse in (parse_size, parse_rate):
        with pytest.raises(ValueError, match="say for example"):
            parse(nonsense)


@pytest.mark.parametrize("nonsense", ["1.5", "-0.1", "half"])
def test_a_loss_that_is_no_share_is_refused(nonsense: str) -> None:
    with pytest.raises(ValueError, match=r"no loss|could not convert"):
        parse_loss(nonsense)


def test_what_is_not_chosen_is_as_usual() -> None:
    full, quick = Options(), Options(quick=True)

    assert (full.size(quick=1, full=9), quick.size(quick=1, full=9)) == (9, 1)
    assert (full.host_count(quick=2, full=8), quick.host_count(quick=2, full=8)) == (8, 2)
    assert (full.losses(quick=(0,), full=(0, 50)), quick.turns()) == ((0, 50), 1)
    assert full.rate(7) == 7
    assert full.wants("uftp")


def test_what_is_chosen_wins() -> None:
    options = Options(True, 3, 5, 10, 11, ("uftp",), 4)

    assert options.size(quick=1, full=9) == 5
    assert options.host_count(quick=2, full=8) == 3
    assert options.losses(quick=(0,), full=(0, 50)) == (10,)
    assert (options.rate(7), options.turns()) == (11, 4)
    assert options.wants("uftp")
    assert not options.wants("aria2")


def test_no_loss_can_be_chosen_too() -> None:
    assert Options(loss_permille=0).losses(quick=(50,), full=(50,)) == (0,)


def test_a_small_delivery_has_time_too() -> None:
    assert time_limit_s(1000, 1e9) == 30.0
    assert time_limit_s(125_000_000, 1e9) == 30.0
    assert time_limit_s(1_250_000_000, 1e9) == 150.0
