"""Lent is lent until everybody has given it back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mcastdist.ids import ContentId
from mcastdist.store.lending import Lending

CONTENT = ContentId(bytes(32))


def test_one_holding_for_all_until_the_last_is_back() -> None:
    lending, made = Lending(), []

    def make() -> Any:
        made.append(SimpleNamespace(content=CONTENT))
        return made[-1]

    holding = lending.lend(CONTENT, make)
    assert lending.lend(CONTENT, make) is holding
    assert lending.lent() == [holding, holding]
    assert not lending.give_back(holding)
    assert lending.is_in_use(CONTENT)
    assert lending.give_back(holding)
    assert not lending.is_in_use(CONTENT)
    assert lending.lend(CONTENT, make) is not holding
    assert len(made) == 2


def test_one_that_cannot_be_opened_is_not_lent() -> None:
    lending = Lending()

    def fail() -> Any:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        lending.lend(CONTENT, fail)
    assert not lending.is_in_use(CONTENT)


def test_the_guarded_are_in_use_as_long_as_they_are_guarded() -> None:
    lending = Lending()
    with lending.guarding([CONTENT]), lending.guarding([CONTENT]):
        assert lending.is_in_use(CONTENT)
    assert not lending.is_in_use(CONTENT)
