"""Tokens: made for oneself, narrowed, never without an end, never more than their user."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.base.errors import InputError, NotFound, Refused
from metes.model.access import HIDDEN, Capability
from metes.model.scope import Narrowing, Principal
from tests.app.roles_world import PASSWORD, as_user, begin
from tests.conftest import NOW


@pytest.fixture
def company(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """The company of two coasts, with a rep, a manager and a program."""
    made = begin(sqlite_workspace, tmp_path)
    made.user_add("bo", PASSWORD, person="P2", roles=["rep"])
    made.user_add("mo", PASSWORD, person="P1", roles=["manager", "marketing"])
    made.user_add("crm", PASSWORD, roles=["integration"])
    return made


def with_token(company: Workspace, secret: str) -> Workspace:
    """The workspace as the API opens it for a token."""
    found = company.token_user(secret)
    assert found is not None
    token, user = found
    return company.acting_as(
        Principal(user.name, user.id, via=f"token {token.id}", narrowing=Narrowing(token.role, token.territory))
    )


def test_anybody_makes_a_token_of_their_own_that_sees_what_they_see(company: Workspace) -> None:
    bo = as_user(company, "bo")
    secret = bo.token_add("mine")
    (token,) = bo.token_list()
    assert (token.user, token.name, token.expires_at) == ("bo", "mine", NOW + timedelta(days=90))
    assert with_token(company, secret).scope == bo.scope


def test_a_token_may_no_more_than_its_user_at_the_moment_of_the_call(company: Workspace) -> None:
    secret = as_user(company, "mo").token_add("west", role="manager", territory="hills")
    token = with_token(company, secret)
    assert (token.scope.territories, token.access.roles) == ({"hills"}, ("manager",))
    (grant,) = [g for g in company.role_list("mo") if g.role == "manager"]
    company.role_revoke(grant.id)
    assert with_token(company, secret).scope.is_nothing
    company.role_grant("administrator", user="mo")
    assert not with_token(company, secret).access.may(Capability.ADMIN)


def test_nobody_makes_a_token_of_somebody_else(company: Workspace) -> None:
    with pytest.raises(NotFound, match=HIDDEN):
        as_user(company, "bo").token_add("theirs", "mo")
    with pytest.raises(Refused, match="who makes their own tokens"):
        as_user(company, "ada").token_add("theirs", "mo")
    as_user(company, "ada").token_add("nightly", "crm", None)
    assert company.token_list("crm")[0].expires_at is None


@pytest.mark.parametrize("days", [None, 367, 0])
def test_a_person_s_token_ends_within_a_year(company: Workspace, days: int | None) -> None:
    with pytest.raises(InputError, match="expected"):
        as_user(company, "bo").token_add("mine", days=days)
    assert company.token_list() == ()


def test_a_token_is_narrowed_to_a_role_that_is_held_and_a_territory_that_there_is(company: Workspace) -> None:
    bo = as_user(company, "bo")
    with pytest.raises(InputError, match="does not hold the role planner"):
        bo.token_add("mine", role="planner")
    with pytest.raises(NotFound, match="no territory"):
        bo.token_add("mine", territory="nowhere")
    # What lies outside one's scope looks like what does not exist.
    with pytest.raises(NotFound, match="no territory 'east'"):
        bo.token_add("mine", territory="east")


def test_a_token_makes_no_tokens(company: Workspace) -> None:
    secret = as_user(company, "ada").token_add("mine", role="administrator")
    with pytest.raises(Refused, match="a token makes no tokens"):
        with_token(company, secret).token_add("another")


def test_a_token_runs_the_workspace_only_where_it_was_made_for_that(company: Workspace) -> None:
    ada = as_user(company, "ada")
    everything, plain = ada.token_add("all roles"), ada.token_add("for that", role="administrator")
    assert with_token(company, everything).scope.is_everything
    with pytest.raises(NotFound, match=HIDDEN):
        with_token(company, everything).role_grant("administrator", user="bo")
    with_token(company, plain).role_grant("auditor", user="bo")


def test_everybody_sees_and_revokes_their_own_and_an_administrator_all(company: Workspace) -> None:
    bo, mo, ada = (as_user(company, name) for name in ("bo", "mo", "ada"))
    bo.token_add("of bo")
    mo.token_add("of mo")
    assert [t.name for t in bo.token_list()] == ["of bo"]
    assert [t.name for t in ada.token_list()] == ["of mo", "of bo"]
    with pytest.raises(NotFound, match=HIDDEN):
        bo.token_list("mo")
    number = mo.token_list()[0].id
    with pytest.raises(NotFound, match="no token"):
        bo.token_revoke(number)
    ada.token_revoke(number)
    bo.token_revoke(bo.token_list()[0].id)
    assert all(token.revoked_at for token in company.token_list())


@pytest.mark.parametrize("narrowed", [{"role": "marketing"}, {"territory": "hills"}])
def test_a_token_for_a_part_neither_reads_nor_changes_what_is_its_user_s_own(company: Workspace, narrowed: dict[str, str]) -> None:
    mo = as_user(company, "mo")
    token, whole = (with_token(company, mo.token_add("mine", **more)) for more in (narrowed, {}))
    before = mo.notice_preferences()
    for own in (
        token.notices,
        token.messages_to_me,
        token.notice_preferences,
        lambda: token.notice_address_set("elsewhere@example.com"),
        token.token_list,
        lambda: token.token_revoke(mo.token_list()[0].id),
        token.what_sees,
        lambda: token.what_sees("mo"),
    ):
        with pytest.raises(NotFound, match=HIDDEN):
            own()
    assert (whole.notices(), whole.what_sees().roles, len(whole.token_list())) == ((), ("manager", "marketing"), 2)
    assert mo.notice_preferences() == before
    assert not any(one.revoked_at for one in mo.token_list())
    ada = as_user(company, "ada")
    assert len(with_token(company, ada.token_add("runs it", role="administrator")).token_list()) == 3
