"""The route table stands for the whole `Controller`, and for nothing twice."""

from __future__ import annotations

from mcastdist.agent.api import Controller
from mcastdist.agent.control.routes import ROUTES


def test_every_question_of_a_controller_has_a_route() -> None:
    questions = {name for name in dir(Controller) if not name.startswith("_")}
    renamed = {"pin": "cache_pin", "unpin": "cache_pin"} | {
        name: f"cache_{name}" for name in ("remove", "verify", "gc")
    }
    assert {renamed.get(name, name) for name in ROUTES} | {"watch"} == questions


def test_no_two_routes_are_the_same() -> None:
    assert len({(route.method, route.path) for route in ROUTES.values()}) == len(ROUTES)


def test_only_what_changes_nothing_may_be_got() -> None:
    got = {route.name for route in ROUTES.values() if route.method == "GET"}
    assert got == {"status", "tasks", "task", "cache_list", "settings"}
