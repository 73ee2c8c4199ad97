"""What `--set` means where an agent runs: the same again is no harm, anything else is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcastdist.agent.settings import as_dict, load
from mcastdist.cli.agreement import task_settings
from mcastdist.errors import UsageError


def settled(running: list[str], *typed: str) -> dict[str, str | int | float | bool]:
    return task_settings(typed, load(None, {}, typed), as_dict(load(None, {}, running)))


def test_only_settings_of_a_task_go_with_it() -> None:
    typed = ["control.listen=127.0.0.1:1", "node.state_dir=/x", "election.weight=5"]
    assert settled([], *typed) == {"election.weight": "5"}


@pytest.mark.parametrize(
    "same", ["cluster.id=acme", "multicast.port=7_447", "multicast.interfaces=eth0,eth1"]
)
def test_what_the_agent_has_may_be_said_again(same: str) -> None:
    running = ["cluster.id=acme", "multicast.interfaces=eth0,eth1", "multicast.port=7447"]
    assert settled(running, same, "election.weight=5") == {"election.weight": "5"}


@pytest.mark.parametrize(
    "other", ["log.level=debug", "cluster.id=other", "multicast.interfaces=eth1"]
)
def test_what_it_has_otherwise_is_refused(other: str) -> None:
    with pytest.raises(UsageError, match="keeps its own"):
        settled(["cluster.id=acme", "multicast.interfaces=eth0,eth1"], other)


def test_a_setting_that_the_agent_does_not_know_is_refused() -> None:
    typed = ["log.level=debug"]
    with pytest.raises(UsageError, match="keeps its own"):
        task_settings(typed, load(None, {}, typed), {})


def test_files_are_the_same_by_another_way_and_as_a_copy(tmp_path: Path) -> None:
    (tmp_path / "agent").mkdir()
    for name, text in (("agent/key", "k"), ("copy", "k"), ("other", "o")):
        (tmp_path / name).write_text(text)
    running = [f"cluster.key_file={tmp_path}/agent/key", f"cluster.trusted_keys={tmp_path}/copy"]

    assert settled(running, f"cluster.key_file={tmp_path}/agent/../agent/key") == {}
    assert settled(running, f"cluster.key_file={tmp_path}/copy") == {}
    assert settled(running, f"cluster.trusted_keys={tmp_path}/agent/key") == {}
    for name in ("other", "missing"):
        with pytest.raises(UsageError, match="keeps its own"):
            settled(running, f"cluster.key_file={tmp_path}/{name}")
