"""What `mcastdist doctor` asks whom, what it prints, and with which status it ends."""

from __future__ import annotations

import json

import pytest
from fake_controller import CLOCKS_AGREE

from mcastdist.agent.api import CheckupRequest
from mcastdist.agent.checkup.findings import finding

NOTE = finding("no_querier_heard", "eth0: no querier answered", "nothing, if no switch snoops")
WARNING = finding("group_not_heard_there", "h3 does not hear us", "open the firewall")
ERROR = finding("agent_cannot_run", "no agent can run here", "correct that first")


def test_the_running_agent_is_asked_and_the_switch_looked_at_from_here(terminal, engine) -> None:
    engine.switch = [NOTE]
    result = terminal.type("doctor", "--url", "http://o/p.mcd")

    assert result.exit_code == 0
    assert engine.remote.called("checkup") == [(CheckupRequest(url="http://o/p.mcd"),)]
    assert engine.looked_at == [["eth0"]]
    lines = result.stdout.splitlines()
    assert "no querier" in lines[0]  # in the order of the questions
    assert "all clocks agree" in lines[2]
    assert lines[-1] == "nothing is wrong here (1 note)"


def test_with_no_agent_it_is_one_itself(terminal, engine) -> None:
    engine.remote.present = False
    engine.alone = [ERROR]
    result = terminal.type("doctor")

    assert result.exit_code == 7
    assert engine.own.called("checkup") == [(CheckupRequest(),)]
    assert engine.looked_at == [None]
    assert "no agent can run here" in result.stdout


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ([], 0),
        ([CLOCKS_AGREE], 0),
        ([NOTE], 0),
        ([WARNING, NOTE], 6),
        ([WARNING, ERROR], 7),
    ],
)
def test_the_worst_finding_is_the_status(terminal, engine, findings, status: int) -> None:
    engine.remote.findings = findings

    assert terminal.type("doctor").exit_code == status
    assert terminal.type("doctor", "--json").exit_code == status


def test_json_is_a_list_of_findings(terminal, engine) -> None:
    engine.remote.findings = [WARNING]
    [found] = json.loads(terminal.type("doctor", "--json").stdout)

    assert found == {
        "code": "group_not_heard_there",
        "question": "reach",
        "severity": "warning",
        "sentence": "h3 does not hear us",
        "advice": "open the firewall",
    }


def test_what_is_no_url_is_refused_before_anything_is_examined(terminal, engine) -> None:
    result = terminal.type("doctor", "--url", "nonsense")

    assert result.exit_code == 2
    assert engine.remote.called("checkup") == []
