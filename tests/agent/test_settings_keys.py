"""Cluster and election: what is required, what no task may touch, what cannot be changed."""

from __future__ import annotations

import pytest

from mcastdist.agent.settings import PER_TASK, Settings, load
from mcastdist.agent.settings_table import keys, sections


def test_no_task_may_touch_trust_places_or_the_control_api() -> None:
    machine = ("cluster.", "cache.", "control.", "node.", "log.", "trace.")

    assert not [key for key in PER_TASK if key.startswith(machine)]


def test_settings_cannot_be_changed_in_place() -> None:
    settings = load(None, {}, [])

    with pytest.raises(AttributeError):
        settings.multicast.ttl = 2  # type: ignore[misc]  # that is what is tried
    assert isinstance(settings, Settings)


def test_nothing_of_the_cluster_is_guessed() -> None:
    cluster = Settings().cluster

    assert (cluster.id, cluster.key_file, cluster.trusted_keys) == ("", "", ())


def test_every_section_asks_one_question_and_no_key_is_in_two() -> None:
    assert all((section.__doc__ or "").endswith("?") for section in sections().values())
    assert len(keys()) == sum(len(section.__struct_fields__) for section in sections().values())


def test_a_machine_volunteers_unless_battery_link_or_tunnel_speak_against_it() -> None:
    election = Settings().election

    assert (election.weight, election.never_on) == (50, ("battery", "metered", "vpn"))
