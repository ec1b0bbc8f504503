"""What somebody sees and why, what a change would mean for it, and looking as somebody else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.base.errors import InputError, NotFound, Refused
from metes.model.access import HIDDEN, Capability
from metes.model.scope import Principal
from metes.model.seeing import Extent, UserFilter
from tests.app.roles_world import PASSWORD, as_user, begin, number_of
from tests.conftest import NOW


@pytest.fixture
def company(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """The company of two coasts, with a manager, a rep, an auditor and somebody without a role."""
    made = begin(sqlite_workspace, tmp_path)
    made.user_add("mo", PASSWORD, person="P1", roles=["manager"])
    made.user_add("bo", PASSWORD, person="P2", roles=["rep"], territory="east", email="bo@example.com")
    made.user_add("au", PASSWORD, roles=["auditor"])
    made.user_add("zed", PASSWORD, roles=[])
    return made


def test_what_somebody_sees_is_what_their_pages_show_and_each_part_has_its_reason(company: Workspace) -> None:
    for name in ("mo", "bo", "au", "zed", "ada"):
        seen, own = company.what_sees(name), as_user(company, name)
        assert (seen.roles, seen.extent.is_everything) == (own.access.roles, own.scope.is_everything), name
        assert seen.may == tuple(c for c in Capability if own.access.may(c)), name
        assert company.role_preview(name).before == company.role_preview(name).after == seen.extent, name
        if own.scope.territories is not None:
            assert seen.extent.territories == len(own.scope.territories), name
    assert company.what_sees("bo").extent == Extent(2, 7)
    assert [(r.territory, r.seat, r.text) for r in company.what_sees("bo").reasons] == [
        ("east", "", "the role rep there"),
        ("bay", "bay-1", "sits on bay-1, with the role rep"),
    ]
    assert [r.text for r in company.what_sees("au").reasons] == ["the role auditor sees everything"]
    assert company.what_sees("zed").reasons == ()
    assert company.what_sees("zed").extent == Extent(0, 0)


def test_everybody_reads_their_own_and_only_an_administrator_others(company: Workspace) -> None:
    bo = as_user(company, "bo")
    assert bo.what_sees() == company.what_sees("bo")
    with pytest.raises(NotFound, match=HIDDEN):
        bo.what_sees("mo")
    with pytest.raises(NotFound, match=HIDDEN):
        bo.user_show("bo")
    assert as_user(company, "ada").what_sees("mo").extent == Extent(3, 5)


def test_a_change_says_how_much_more_or_less_somebody_would_see(company: Workspace) -> None:
    gained = company.role_preview("mo", add=[("manager", "east")])
    assert (gained.before, gained.after) == (Extent(3, 5), Extent(4, 9))
    assert company.role_preview("zed", add=[("planner", "")]).after == Extent(None, 10)
    (east,) = company.role_list("bo")
    assert company.role_preview("bo", without=[east.id]).after == Extent(0, 0)
    assert company.role_preview("bo", person="P1").after == Extent(4, 9)
    assert company.role_preview("bo", person="").after == Extent(1, 4)
    assert company.what_sees("mo").extent == Extent(3, 5)


def test_users_are_found_by_name_mail_person_role_and_state(company: Workspace) -> None:
    company.group_add("g")
    company.role_grant("auditor", group="g")
    company.group_join("g", "zed")
    company.user_disable("mo")

    def names(**wanted: str) -> list[str]:
        return [row.user.name for row in company.users(UserFilter(**wanted))[0]]

    assert names() == ["ada", "au", "bo", "mo", "zed"]
    assert names(search="EXAMPLE.com") == names(search="bay") == ["bo"]
    assert names(search="%") == []
    assert names(role="auditor") == ["au", "zed"]
    assert names(state="out") == ["mo"]
    assert (names(role="none"), names(role="rep", search="o")) == ([], ["bo"])
    found, total = company.users(UserFilter(), limit=2, offset=1)
    assert ([row.user.name for row in found], total) == (["au", "bo"], 5)
    (zed,) = company.users(UserFilter(search="zed"))[0]
    assert (zed.roles, zed.groups, zed.person) == (("auditor",), ("g",), None)
    for wanted in ({"role": "king"}, {"state": "half"}, {"search": "x" * 201}):
        with pytest.raises(InputError):
            names(**wanted)


def session_of(company: Workspace, name: str) -> str:
    return company.sign_in(name, PASSWORD, "tests").secret


def test_an_administrator_looks_as_somebody_else_for_an_hour_at_most(company: Workspace) -> None:
    secret, ada = session_of(company, "ada"), as_user(company, "ada")
    ends = ada.view_as_begin(secret, "bo", "cannot find an account")
    assert ends == NOW + timedelta(hours=1)
    session = company.session(secret)
    assert session is not None
    assert session.as_user is not None
    assert (session.user.name, session.as_user.name) == ("ada", "bo")
    company.clock = lambda: NOW + timedelta(hours=1)
    assert company.session(secret) is None


def test_looking_as_somebody_else_ends_and_both_ends_are_recorded(company: Workspace) -> None:
    secret, ada = session_of(company, "ada"), as_user(company, "ada")
    ada.view_as_begin(secret, "bo", "cannot find an account")
    ada.view_as_end(secret)
    ada.view_as_end(secret)
    session = company.session(secret)
    assert session is not None
    assert (session.as_user, session.expires_at) == (None, NOW + timedelta(days=14))
    end, begin = company.audit_list(2)
    assert [(e.action, e.principal, e.subject) for e in (begin, end)] == [
        ("view as begin", "ada", f"user {number_of(company, 'bo')}"),
        ("view as end", "ada", f"user {number_of(company, 'bo')}"),
    ]
    assert begin.after == {"reason": "cannot find an account"}


def test_nobody_looks_as_an_administrator_as_themselves_or_as_whoever_is_shut_out(company: Workspace) -> None:
    secret, ada = session_of(company, "ada"), as_user(company, "ada")
    company.user_add("eve", PASSWORD, roles=["administrator"])
    company.user_disable("mo")
    for name in ("ada", "eve", "mo"):
        with pytest.raises(Refused):
            ada.view_as_begin(secret, name, "because")
    with pytest.raises(InputError, match="reason"):
        ada.view_as_begin(secret, "bo", " ")
    with pytest.raises(NotFound, match=HIDDEN):
        as_user(company, "bo").view_as_begin(session_of(company, "bo"), "mo", "because")
    with pytest.raises(Refused, match="signed in to the pages"):
        ada.view_as_begin(session_of(company, "bo"), "bo", "because")


def test_whoever_looks_as_somebody_else_sees_what_they_see_and_changes_nothing(company: Workspace) -> None:
    company.role_grant("planner", user="bo")
    viewed = company.acting_as(Principal("bo", number_of(company, "bo"), via="view as 1"))
    assert viewed.scope == as_user(company, "bo").scope
    for change in (
        lambda: viewed.plan_branch("Spring"),
        lambda: viewed.account_edit("A1", {"name": "Mine"}),
        lambda: viewed.view_save("accounts", "mine", "q=1"),
        lambda: viewed.as_of().plan_branch("Spring"),
    ):
        with pytest.raises(Refused, match="stop viewing first"):
            change()
    for own in (viewed.notices, viewed.token_list, viewed.messages_to_me, lambda: viewed.token_add("mine")):
        with pytest.raises(NotFound, match=HIDDEN):
            own()
    assert viewed.views("accounts") == ()
