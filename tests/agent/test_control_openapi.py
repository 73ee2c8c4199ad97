"""The description of the control API holds what the route table holds."""

from __future__ import annotations

import json
import re

import msgspec

from mcastdist.agent.control.openapi import openapi
from mcastdist.agent.control.routes import ROUTES


def test_every_route_is_described() -> None:
    paths = openapi()["paths"]
    described = {(path, method.upper()) for path, methods in paths.items() for method in methods}
    routed = {(route.path, route.method) for route in ROUTES.values()}
    assert described == routed | {("/v1/watch", "GET")}


def test_every_reference_leads_somewhere() -> None:
    text = msgspec.json.encode(openapi()).decode()
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert names >= {"TaskRecord", "TaskRequest", "AgentStatus", "Problem"}
    assert names <= set(openapi()["components"]["schemas"])


def test_names_in_paths_are_parameters() -> None:
    task = openapi()["paths"]["/v1/tasks/{id}"]["get"]
    assert [parameter["name"] for parameter in task["parameters"]] == ["id"]


def test_what_the_guard_answers_is_described_everywhere() -> None:
    """Found by schemathesis: 401 came from everywhere and was said nowhere."""
    paths = openapi()["paths"].values()
    for operation in (one for methods in paths for one in methods.values()):
        assert {"200", "400", "401", "403", "404", "413", "415"} <= set(operation["responses"])


def test_it_is_plain_json() -> None:
    assert json.loads(msgspec.json.encode(openapi())) == openapi()
