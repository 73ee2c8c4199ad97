"""What does the control API look like to a tool? OpenAPI, made from the route table."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from mcastdist import __version__
from mcastdist.agent.api import TaskRecord

from .problems import HTTP_STATUS, Problem
from .routes import ROUTES, WATCH_PATH, Route

_REF = "#/components/schemas/{name}"


@cache
def openapi() -> dict[str, Any]:
    """The description, as plain data for JSON. It is the same at each call: do not change it."""
    types = [Problem, TaskRecord]
    for route in ROUTES.values():
        types += [route.answer] if route.body is None else [route.answer, route.body]
    schemas, components = msgspec.json.schema_components(
        types, schema_hook=_schema_of_anything, ref_template=_REF
    )
    schema_of = {str(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    paths: dict[str, dict[str, object]] = {}
    for route in ROUTES.values():
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema_of)
    paths[WATCH_PATH] = {"get": _watch_operation(schema_of[str(TaskRecord)])}
    return {
        "openapi": "3.1.0",
        "info": {"title": "mcastdist agent control API", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _schema_of_anything(kind: type) -> dict[str, object]:
    """`object` in the nouns means any JSON value, of which msgspec has no opinion."""
    assert kind is object
    return {"description": "any JSON value"}


def _operation(route: Route, schema_of: dict[str, Any]) -> dict[str, object]:
    operation: dict[str, object] = {
        "operationId": route.name,
        "summary": route.summary,
        "responses": _responses("application/json", schema_of[str(route.answer)]),
    }
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    if names:
        operation["parameters"] = [_parameter(name, "path") for name in names]
    if route.body is not None:
        content = {"application/json": {"schema": schema_of[str(route.body)]}}
        operation["requestBody"] = {"content": content}
    return operation


def _watch_operation(record: object) -> dict[str, object]:
    return {
        "operationId": "watch",
        "summary": "How one task or all stand, then every change, a record a line; "
        "empty lines are heartbeats, a Problem as a line ends the stream",
        "parameters": [_parameter("task", "query")],
        "responses": _responses("application/jsonl", record),
    }


def _parameter(name: str, place: str) -> dict[str, object]:
    return {"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}}


def _responses(media_type: str, schema: object) -> dict[str, object]:
    problem = {"application/json": {"schema": {"$ref": _REF.format(name="Problem")}}}
    kinds = {str(status): kind for kind, status in HTTP_STATUS.items()}
    answers: dict[str, object] = {
        status: {"description": kind, "content": problem} for status, kind in kinds.items()
    }
    guarded = {"401": "no token of this run", "403": "from a web page, or under another name",
               "404": "a name that can stand in no path", "413": "the body is too large",
               "415": "the body is no JSON"}  # fmt: skip
    answers |= {status: {"description": why, "content": problem} for status, why in guarded.items()}
    answers["200"] = {"description": "done", "content": {media_type: {"schema": schema}}}
    return dict(sorted(answers.items()))
