"""What is sent to routes that change something: bodies that would be taken, so that a refusal is one of rights and not of form."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fastapi import FastAPI

from metes.web import api
from tests.web.security.walk.routes import Route
from tests.web.security.walk.worlds import World


def for_route(world: World, route: Route) -> dict[str, Any]:
    """What httpx sends to a route: a form to a page, JSON to the API."""
    if route.is_safe:
        return {}
    design = str(world.numbers["design"])
    if not route.pattern.startswith("/api/"):
        if route.pattern == "/import":
            return {"data": {"kind": "accounts"}, "files": {"file": ("f.csv", b"id,name\nx1,New\n")}}
        return {"data": _form(world) | ({"selected": design, "removed": design} if "/designs" in route.pattern else {})}
    return _sent(world, route)


def _form(world: World) -> dict[str, str]:
    """Fields that forms ask for, under all their names at once: each takes what it knows."""
    story = world.story
    leaf, firm = story.leaves()[0], next(iter(story.firms))
    person = next(iter(story.humans))
    return {
        "name": "Written", "title": "Written", "text": "Written", "note": "Written", "reason": "Written", "rationale": "Written",
        "comment": "Written", "subject": "", "part": story.reviewed, "decision": "approve", "act": "approve", "account": firm, "territory": leaf,
        "target": leaf, "to": leaf, "person": person, "seat": next(iter(story.chairs)), "user": next(iter(story.callers.values())).name,
        "role": "administrator", "right": "approve", "from": "2026-01-01", "until": "2026-02-01", "start": "2026-01-01", "end": "2026-02-01",
        "type": "geo", "parent": leaf, "when": "segment = 'x'", "condition": "segment = 'x'", "key": "written", "kind": "assign",
        "cadence": "nightly 03:00", "password": "a long password indeed", "company": "Written", "on": "2026-04-01", "values": "a",
        "selected": firm, "query": "q=x", "city": "Written", "days": "30", "address": "somebody@example.com", "number": "1",
    }  # fmt: skip


def _sent(world: World, route: Route) -> dict[str, Any]:
    operation = _described()["paths"].get(route.pattern.replace("/api/v1", "", 1), {}).get(route.method, {})
    content = operation.get("requestBody", {}).get("content", {})
    for kind, one in content.items():
        if kind == "multipart/form-data":
            return {"data": {"kind": "accounts"}, "files": {"files": ("f.csv", b"id,name\nx1,New\n")}}
        if kind != "application/json":
            return {"content": b"{}", "headers": {"content-type": kind}}
        return {"json": _value(one.get("schema", {}), "", _form(world))}
    return {}


@lru_cache(maxsize=1)
def _described() -> dict[str, Any]:
    app = FastAPI()
    app.include_router(api.router)
    return dict(app.openapi())


def _value(schema: dict[str, Any], name: str, known: dict[str, str]) -> Any:
    """A value that a schema takes; texts are those of forms by the same name."""
    if "$ref" in schema:
        return _value(_described()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], name, known)
    for either in ("anyOf", "oneOf", "allOf"):
        if either in schema:
            return _value(schema[either][0], name, known)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        needed = schema.get("required", [])
        return {key: _value(one, key, known) for key, one in schema.get("properties", {}).items() if key in needed or key in known}
    if kind == "array":
        return [_value(schema.get("items", {}), name, known)] * max(1, schema.get("minItems", 0))
    if kind == "string":
        return known.get(name, "2026-04-01" if schema.get("format") == "date" else "written")
    return {"integer": max(1, schema.get("minimum", 1)), "number": 1.0, "boolean": False}.get(str(kind))
