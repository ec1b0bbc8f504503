"""The whole API as its OpenAPI document tells it, asked by every role with requests made from the document: no answer that it does not tell of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.config import SchemathesisConfig

from tests.web.security.walk.asking import words_in
from tests.web.security.walk.conftest import Builds, walking
from tests.web.security.walk.test_walk import IS_SOAK
from tests.web.security.walk.walk import Asking, Walk

# Each role with what it may do; the administrator runs the workspace with a token that says so.
ROLES = ("planner", "leader", "manager", "rep who had more", "marketing", "auditor", "integration", "nobody")
EXAMPLES, PARTS = (30, 1) if IS_SOAK else (1, 6)
# Conditions, days and plans are texts with a language of their own, which a schema cannot tell: 422 says what is wrong with one.
TAKEN = ["2xx", "3xx", "401", "403", "404", "409", "413", "422", "429", "503"]
CONFIG = {"checks": {"positive_data_acceptance": {"expected-statuses": TAKEN}}}
HOW = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)  # fmt: skip


@pytest.fixture
def walk(builds: Builds, tmp_path: Path) -> Iterator[Walk]:
    """A server on a world that may be changed at will."""
    with walking(builds().copy(tmp_path / "world")) as made:
        yield made


def operations(walk: Walk, one: Asking, parts: int) -> Iterator[Any]:
    """The operations of the API, or another part of them for everybody."""
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", walk.app, config=SchemathesisConfig.from_dict(CONFIG))
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        if crc32(f"{operation.label}{one.who}".encode()) % parts == 0:
            yield operation


def ask_all(walk: Walk, one: Asking, mode: schemathesis.GenerationMode, parts: int) -> int:
    """Ask for each operation as somebody, with all checks, and hold the answers against what they may see; how many were asked."""
    assert one.token is not None
    headers, asked = {"Authorization": f"Bearer {one.token.secret}"}, 0
    for operation in operations(walk, one, parts):

        @HOW
        @given(operation.as_strategy(generation_mode=mode))
        def answers(case: Any) -> None:
            answer = case.call(headers=headers)
            case.validate_response(answer)
            sent = words_in(f"{case.as_curl_command()}".upper())
            assert not words_in(answer.content) - one.view.words - sent, case.as_curl_command()

        answers()
        asked += 1
    return asked


def test_every_operation_is_answered_as_the_document_tells(walk: Walk) -> None:
    one = walk.asking("administrator", -1)
    assert one.token is not None
    assert one.token.role == "administrator"
    assert ask_all(walk, one, schemathesis.GenerationMode.POSITIVE, 1) > 150


@pytest.mark.parametrize("title", ROLES)
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.name.lower())
def test_every_role_is_answered_as_the_document_tells(walk: Walk, title: str, mode: schemathesis.GenerationMode) -> None:
    assert ask_all(walk, walk.asking(title, 0), mode, PARTS) > 10
