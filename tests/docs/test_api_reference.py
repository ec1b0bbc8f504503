"""The reference of the API names every route, every parameter and every form field."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from metes.app.settings import AppSettings
from metes.app.workspace import open_workspace
from metes.web.application import create_app
from tests.docs.examples import DOCS

PAGE = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
ROUTE = re.compile(r"^### `(GET|POST|PUT|DELETE|PATCH) (/\S+)`\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def openapi(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The OpenAPI document that the server hands out."""
    folder: Path = tmp_path_factory.mktemp("api")
    workspace = open_workspace(AppSettings(f"sqlite:///{folder / 'metes.db'}", folder / "cache"))
    document = create_app(workspace).openapi()
    workspace.close()
    return document


def test_every_route_has_a_section_and_no_section_is_left_over(openapi: dict[str, Any]) -> None:
    routes = {(method.upper(), path) for path, item in openapi["paths"].items() for method in item}
    assert {(method, path) for method, path, _ in ROUTE.findall(PAGE)} == routes


def test_every_section_names_its_parameters_and_fields(openapi: dict[str, Any]) -> None:
    missing = []
    for method, path, text in ROUTE.findall(PAGE):
        operation = openapi["paths"][path][method.lower()]
        names = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
        for content in operation.get("requestBody", {}).get("content", {}).values():
            reference = content["schema"].get("$ref", "").rpartition("/")[2]
            names += openapi["components"]["schemas"].get(reference, {}).get("properties", {})
        missing += [f"{method} {path}: {name}" for name in names if f"`{name}`" not in text]
    assert missing == []


def test_pages_for_machines_are_named() -> None:
    assert all(f"`{path}`" in PAGE for path in ("/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"))
