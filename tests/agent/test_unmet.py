"""Interfaces that somebody asked for and that are not used are told, the others are not."""

from __future__ import annotations

import logging

import pytest

from mcastdist.agent.interfaces import Choice, Interface, Inventory, Rejected, choose
from mcastdist.agent.settings import Settings, load
from mcastdist.agent.unmet import log_choice, unmet

DOWN = Interface(name="eth0", index=1, addresses=(), mtu=1500, up=False)
OTHER = Interface(name="eth1", index=2, addresses=(), mtu=1500, up=False)


def settings(*names: str) -> Settings:
    return load(None, {}, [f"multicast.interfaces={','.join(names)}"])


def test_what_was_named_and_is_not_used() -> None:
    wanted = settings("eth0", "eth99")
    told = unmet(wanted, choose(wanted, Inventory((DOWN, OTHER))))

    assert [one.name for one in told] == ["eth0", "eth99"]
    assert told[0] == Rejected("eth0", "down")


def test_what_nobody_named_is_not_missed() -> None:
    assert unmet(settings(), choose(settings(), Inventory((DOWN,)))) == []


def test_the_log_warns_of_it_and_of_nothing_left(caplog: pytest.LogCaptureFixture) -> None:
    wanted = settings("eth99")
    with caplog.at_level(logging.WARNING):
        log_choice(wanted, choose(wanted, Inventory(())))
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert caplog.records[0].fields["name"] == "eth99"
    assert "takes no part in multicast" in caplog.records[1].message


def test_the_log_has_nothing_to_warn_of_where_nothing_was_asked_for_and_none_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        log_choice(settings(), Choice())
    assert len(caplog.records) == 1
