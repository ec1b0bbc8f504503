"""Signing in at Canaille, a real provider: by its own forms, over real sockets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from metes.model.access import UserRole
from tests.connect.providers import Canaille
from tests.web.sign_in.conftest import Visitor

GROUPS = {"METES_OIDC_SCOPES": "profile email groups", "METES_OIDC_GROUPS_CLAIM": "groups"}


def test_whoever_signs_in_there_gets_a_user_here(before: Callable[..., Visitor], canaille: Canaille) -> None:
    visitor = before(canaille, METES_OIDC_PROVISION="yes")
    answer = visitor.sign_in("/accounts?q=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/accounts?q=x")
    assert (visitor.user.name, visitor.user.has_password) == ("ann", False)
    assert visitor.workspace.role_list() == ()
    session = visitor.workspace.user_sessions("ann")[0]
    assert session.method == "provider"
    assert session.expires_at is not None
    assert session.created_at is not None
    assert session.expires_at - session.created_at == timedelta(hours=24)
    again = visitor.other()
    assert again.sign_in().status_code == 303
    assert again.user.id == visitor.user.id


def test_groups_give_roles_and_whoever_leaves_one_loses_them_at_the_next_sign_in(
    before: Callable[..., Visitor], canaille: Canaille
) -> None:
    visitor = before(canaille, METES_OIDC_PROVISION="groups", **GROUPS)
    workspace = visitor.workspace
    workspace.group_add("Planners", external="sales-planning")
    workspace.role_grant(UserRole.PLANNER, group="Planners")
    canaille.put_groups("ben", ["office"])
    assert "nobody here is known by that" in visitor.said(_as(visitor, "ben"))
    assert workspace.user_list() == ()
    canaille.put_groups("ben", ["office", "sales-planning"])
    assert _as(visitor, "ben").status_code == 303
    assert visitor.client.get("/plan").status_code == 200
    assert [group.members for group in workspace.group_list()] == [("ben",)]
    canaille.put_groups("ben", ["office"])
    later = visitor.other()
    assert _as(later, "ben").status_code == 303
    assert [group.members for group in workspace.group_list()] == [()]
    assert visitor.client.get("/plan").status_code == 404
    told = [(e.action, e.detail) for e in workspace.audit_list() if e.action == "user groups"]
    assert [detail for _, detail in told] == [{"joined": [], "left": ["Planners"]}, {"joined": ["Planners"], "left": []}]
    assert workspace.audit_verify().is_whole


def test_who_is_not_expected_is_told_so_and_gets_nothing(before: Callable[..., Visitor], canaille: Canaille) -> None:
    visitor = before(canaille)
    assert "nobody here is known by that" in visitor.said(visitor.sign_in())
    visitor.workspace.user_add("annika", "a long enough password of hers")
    visitor.workspace.identity_link("annika", "ann")
    assert visitor.sign_in().status_code == 303
    assert visitor.user.name == "annika"


def test_an_answer_counts_once(before: Callable[..., Visitor], canaille: Canaille) -> None:
    visitor = before(canaille, METES_OIDC_PROVISION="yes")
    address = canaille.signed_in(visitor.leave(), "ann")
    assert visitor.back(address).status_code == 303
    visitor.client.cookies.clear()
    assert "begun in another browser" in visitor.said(visitor.back(address))


def test_canaille_gives_nothing_for_a_code_without_the_verifier_it_was_asked_for_with(
    before: Callable[..., Visitor], canaille: Canaille, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = before(canaille, METES_OIDC_PROVISION="yes")
    address = canaille.signed_in(visitor.leave())
    with visitor.workspace.store.write() as connection:
        connection.exec_driver_sql("UPDATE provider_sign_ins SET verifier = 'another-one-that-is-as-long-as-it-has-to-be-for-s256'")
    assert "did not work" in visitor.said(visitor.back(address))
    assert "the provider refused the code: invalid_grant" in caplog.text


def test_canaille_asks_again_and_says_when_it_did(before: Callable[..., Visitor], canaille: Canaille) -> None:
    visitor = before(canaille, METES_OIDC_PROVISION="yes")
    assert (
        visitor.back(canaille.signed_in(visitor.leave("/settings/tokens", again="yes"))).headers["location"] == "/settings/tokens"
    )
    assert visitor.is_proved


def test_signing_out_says_where_to_sign_out_of_canaille(before: Callable[..., Visitor], canaille: Canaille) -> None:
    visitor = before(canaille, METES_OIDC_PROVISION="yes")
    visitor.sign_in()
    page = visitor.client.get("/more").text
    token = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    left = visitor.client.post("/sign-out", data={"csrf_token": token})
    assert left.headers["location"] == "/sign-in?left=provider"
    assert 'href="/sign-out/at-provider"' in visitor.client.get("/sign-in?left=provider").text
    there = visitor.client.get("/sign-out/at-provider").headers["location"]
    assert there.startswith(f"{canaille.issuer}/oauth/end_session?client_id=metes&post_logout_redirect_uri=http%3A%2F%2Ftestserver")


def test_a_check_tells_what_canaille_offers(before: Callable[..., Visitor], canaille: Canaille) -> None:
    told = before(canaille).workspace.provider_check()
    assert told["issuer"] == canaille.issuer
    assert told["redirect"] == "http://testserver/sign-in/back"
    assert (told["signs_with"], told["keys"], told["sign_out"]) == (["RS256"], 2, True)


def _as(visitor: Visitor, user: str) -> object:
    return visitor.back(visitor.provider.signed_in(visitor.leave(), user))
