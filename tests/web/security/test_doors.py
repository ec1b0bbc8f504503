"""Every address, walked from the app itself: nothing without a session, nothing changed without the session's own form token."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute

from tests.web.security.attacking import OPEN, UNSAFE, Attacker, api_routes, filled, page_routes

PAGES = [route for route in page_routes() if route[1] not in OPEN]
API = api_routes()


@pytest.fixture(scope="module")
def foreign(shared: Attacker) -> str:
    """The form token of another session."""
    other = shared.other()
    assert other.sign_in().status_code == 303
    return other.token()


@pytest.fixture(scope="module")
def own(shared: Attacker) -> str:
    """The form token of the session."""
    return shared.token()


def test_the_list_of_addresses_is_whole(stranger: Attacker) -> None:
    app = stranger.client.app
    direct = {r.path for r in app.routes if getattr(r, "path", None)}  # type: ignore[attr-defined]
    included = [r for r in app.routes if not getattr(r, "path", None)]  # type: ignore[attr-defined]
    assert direct == {"/api/v1/openapi.json", "/static/{digest}/{name:path}"}
    assert len(included) == 3, "status, API and pages are walked; another router would not be"
    status = included[0].original_router.routes
    assert {r.path for r in status if isinstance(r, APIRoute)} <= OPEN
    assert len(PAGES) > 70
    assert len(API) > 30


@pytest.mark.parametrize(("method", "pattern"), PAGES)
def test_a_page_without_session_leads_to_signing_in(shared: Attacker, method: str, pattern: str) -> None:
    stranger, address = shared.other(), filled(pattern)
    answer = stranger.client.request(method, address)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    assert answer.content == b""
    fragment = stranger.client.request(method, address, headers={"hx-request": "true"})
    assert (fragment.status_code, fragment.content) == (401, b"")
    forged = stranger.client.request(method, address, headers={"cookie": "metes_session=forged"})
    assert forged.status_code == 303


@pytest.mark.parametrize(("method", "pattern"), API)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer metes_forged"},
        {"authorization": "Bearer ' or 1=1 --"},
        {"authorization": "Basic bWFsbG9yeTphIHBhc3N3b3Jk"},
        {"cookie": "metes_session=forged"},
    ],
    ids=["nothing", "empty", "forged", "injection", "basic", "cookie"],
)
def test_the_api_answers_401_without_token_or_session(shared: Attacker, method: str, pattern: str, headers: dict[str, str]) -> None:
    stranger = shared.other()
    answer = stranger.client.request(method, filled(pattern), headers=headers)
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"] == "Bearer"
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize(("method", "pattern"), [r for r in (*PAGES, *API) if r[0] in UNSAFE])
def test_an_unsafe_request_without_the_session_s_own_token_is_refused(
    shared: Attacker, own: str, foreign: str, method: str, pattern: str
) -> None:
    address = filled(pattern)
    for token in (None, "", "x", foreign, foreign[:-1], own + "x", "é"):
        data = {} if token is None else {"csrf_token": token}
        refused = shared.client.request(method, address, data=data)
        assert refused.status_code == 403, (token, refused.status_code, refused.text)
    in_header = shared.client.request(method, address, headers={"x-csrf-token": foreign})
    assert in_header.status_code == 403
    as_json = shared.client.request(method, address, json={"csrf_token": own})
    assert as_json.status_code == 403
    as_text = shared.client.request(method, address, content=f"csrf_token={own}", headers={"content-type": "text/plain"})
    assert as_text.status_code == 403
    in_address = shared.client.request(method, f"{address}?csrf_token={own}")
    assert in_address.status_code == 403


def test_a_token_of_a_session_that_has_ended_is_worth_nothing(attacker: Attacker) -> None:
    old = attacker.token()
    attacker.post("/sign-out")
    assert attacker.sign_in().status_code == 303
    assert attacker.client.post("/jobs/assign", data={"csrf_token": old}).status_code == 403


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_other_methods_neither_show_nor_change_anything(shared: Attacker, method: str) -> None:
    for address in ("/users", "/jobs/assign", "/settings", "/sign-out", "/accounts"):
        answer = shared.client.request(method, address)
        assert answer.status_code == 405
    assert shared.get("/more").status_code == 200


@pytest.mark.parametrize(("method", "pattern"), [r for r in (*PAGES, *API) if r[0] == "get"])
def test_looking_changes_nothing(shared: Attacker, method: str, pattern: str) -> None:
    before = _state(shared)
    shared.client.request(method, filled(pattern))
    assert _state(shared) == before


def _state(attacker: Attacker) -> tuple[object, ...]:
    workspace = attacker.workspace
    # That something was taken away is told in the trail, and changes nothing else.
    last = next(entry.id for entry in workspace.audit_list(1000) if not entry.action.endswith("export"))
    return last, len(workspace.jobs(1000)), workspace.user_list(), len(workspace.plan_list())
