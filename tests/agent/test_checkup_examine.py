"""All questions put to real agents on the loopback, and the answers in order."""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_kit import Site, noise, publish
from checkup_kit import codes

from mcastdist.agent.api import CheckupRequest, Finding
from mcastdist.agent.checkup import cannot_run, examine, examine_as_caller, examine_machine
from mcastdist.agent.checkup.findings import QUESTIONS
from mcastdist.agent.run import examine_alone
from mcastdist.agent.settings import load
from mcastdist.errors import UsageError

PUBLISHED = publish({"a": noise("a", 100_000)})


def worst(findings: list[Finding]) -> set[str]:
    return {f"{one.code}: {one.sentence}" for one in findings if one.severity == "error"}


async def test_two_agents_find_one_another_well(site: Site) -> None:
    url = site.publish(PUBLISHED)
    async with site.agent() as one, site.agent():
        found = await one.checkup(CheckupRequest(url=url))

    assert not worst(found)
    told = codes(found)
    for code in (
        "interface_used", "ports_ours", "peers_reachable", "key_readable", "packages_trusted",
        "neighbours_reached", "clocks_agree", "no_strangers", "space_enough",
        "store_sound", "origin_answers",
    ):  # fmt: skip
        assert code in told, code
    questions = [QUESTIONS.index(one.question) for one in found]
    assert questions == sorted(questions)


async def test_a_question_that_fails_does_not_take_the_others_along(site: Site) -> None:
    async with site.agent() as agent:

        async def broken() -> None:
            raise ZeroDivisionError("the moon")

        agent.cache_list = broken  # type: ignore[method-assign, assignment]  # to break one
        found = await examine(agent._agent, CheckupRequest(), agent)

    [failed] = [one for one in found if one.code == "check_failed"]
    assert "the store" in failed.sentence
    assert "the moon" in failed.sentence
    assert "no_neighbours" in codes(found)


async def test_what_is_no_url_is_refused(site: Site) -> None:
    async with site.agent() as agent:
        with pytest.raises(UsageError):
            await agent.checkup(CheckupRequest(url="nonsense"))


async def test_alone_an_agent_is_made_for_it(site: Site) -> None:
    settings = site.settings()
    found = await examine_alone(settings, CheckupRequest())

    assert "no_neighbours" in codes(found)
    assert "store_unexamined" in codes(found)  # it is not there yet, and is not made
    assert not Path(settings.cache.dir).exists()

    for directory in (settings.cache.dir, settings.node.state_dir):
        Path(directory).mkdir()
    assert "store_sound" in codes(await examine_alone(settings, CheckupRequest()))


async def test_where_no_agent_can_run_the_machine_is_looked_at(tmp_path: Path) -> None:
    found = await examine_alone(load(None, {}, [f"cache.dir={tmp_path}"]), CheckupRequest())

    [why] = [one for one in found if one.code == "agent_cannot_run"]
    assert "cluster.id is not set" in why.sentence
    assert "space_enough" in codes(found)


def test_the_machine_alone(tmp_path: Path) -> None:
    found = examine_machine(load(None, {}, [f"cache.dir={tmp_path}"]))

    assert "no_trusted_key" in codes(found)


def test_without_interfaces_there_is_no_switch_to_look_at() -> None:
    assert examine_as_caller(load(None, {}, []), names=["none-of-this-name"]) == []


def test_why_no_agent_runs() -> None:
    assert "the port is taken" in cannot_run("the port is taken").sentence
