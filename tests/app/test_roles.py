"""Roles of users and groups: given from a day until a day, taken back, recorded; never the last administrator's."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.base.errors import Conflict, InputError, NotFound, Refused
from metes.model.access import Capability, UserRole
from tests.app.roles_world import PASSWORD, as_user, begin
from tests.conftest import NOW

TODAY = NOW.date()
DAY = timedelta(days=1)


@pytest.fixture
def company(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """The company of two coasts, with bo, who is nothing to it yet."""
    made = begin(sqlite_workspace, tmp_path)
    made.user_add("bo", PASSWORD, person="P2", roles=[])
    return made


def roles_of(company: Workspace, name: str) -> tuple[UserRole, ...]:
    return as_user(company, name).access.roles


def test_a_role_holds_from_its_day_until_its_day(company: Workspace) -> None:
    company.role_grant("rep", user="bo", since=TODAY + DAY, until=TODAY + 3 * DAY)
    held = []
    for days in range(5):
        company.clock = lambda days=days: NOW + days * DAY  # type: ignore[misc]
        held.append(bool(roles_of(company, "bo")))
    assert held == [False, True, True, False, False]


def test_a_role_taken_back_is_gone_at_once_and_cannot_be_taken_back_again(company: Workspace) -> None:
    number = company.role_grant("planner", user="bo")
    assert as_user(company, "bo").access.may(Capability.PLAN_EDIT)
    assert company.role_revoke(number).role is UserRole.PLANNER
    assert roles_of(company, "bo") == ()
    with pytest.raises(NotFound, match="no role of the number"):
        company.role_revoke(number)


def test_a_group_gives_its_roles_to_its_members_as_long_as_they_are_in_it(company: Workspace) -> None:
    company.group_add("west coast")
    company.role_grant("manager", group="west coast", territory="west")
    assert roles_of(company, "bo") == ()
    company.group_join("west coast", "bo")
    company.group_join("west coast", "bo")
    assert as_user(company, "bo").scope.territories == {"west", "bay", "hills"}
    assert [g.members for g in company.group_list()] == [("bo",)]
    company.group_leave("west coast", "bo")
    assert roles_of(company, "bo") == ()
    with pytest.raises(NotFound, match="is not in the group"):
        company.group_leave("west coast", "bo")


def test_a_group_takes_its_roles_with_it(company: Workspace) -> None:
    company.group_add("auditors", "CN=auditors")
    company.group_join("auditors", "bo")
    company.role_grant("auditor", group="auditors")
    assert as_user(company, "bo").scope.is_everything
    company.group_remove("auditors")
    assert roles_of(company, "bo") == ()
    assert (company.group_list(), [g.role for g in company.role_list()]) == ((), ["administrator"])


def test_the_last_administrator_stays(company: Workspace) -> None:
    (mine,) = company.role_list("ada")
    with pytest.raises(Refused, match="nobody would be left"):
        company.role_revoke(mine.id)
    with pytest.raises(Refused, match="nobody would be left"):
        company.user_disable("ada")
    company.group_add("admins")
    company.role_grant("administrator", group="admins")
    company.group_join("admins", "bo")
    company.role_revoke(mine.id)
    for take in (lambda: company.group_leave("admins", "bo"), lambda: company.group_remove("admins")):
        with pytest.raises(Refused, match="nobody would be left"):
            take()
    assert roles_of(company, "bo") == (UserRole.ADMINISTRATOR,)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (InputError, {"role": "king", "user": "bo"}),
        (InputError, {"role": "rep"}),
        (InputError, {"role": "rep", "user": "bo", "group": "g"}),
        (InputError, {"role": "planner", "user": "bo", "territory": "west"}),
        (NotFound, {"role": "rep", "user": "bo", "territory": "nowhere"}),
        (NotFound, {"role": "rep", "user": "nobody"}),
        (NotFound, {"role": "rep", "group": "none"}),
        (InputError, {"role": "rep", "user": "bo", "until": date(2020, 1, 1)}),
    ],
)
def test_a_role_that_cannot_be_given_is_refused_with_the_reason(
    company: Workspace, kind: type[Exception], given: dict[str, str]
) -> None:
    with pytest.raises(kind):
        company.role_grant(**given)  # type: ignore[arg-type]
    assert [g.user for g in company.role_list()] == ["ada"]


def test_the_same_role_is_given_once_for_a_time(company: Workspace) -> None:
    company.role_grant("rep", user="bo", until=TODAY + DAY)
    with pytest.raises(Conflict, match="held there already"):
        company.role_grant("rep", user="bo")
    company.role_grant("rep", user="bo", since=TODAY + DAY)
    company.role_grant("rep", user="bo", territory="east")


def test_everything_is_in_the_audit_with_before_and_after(company: Workspace) -> None:
    ada = as_user(company, "ada")
    number = ada.role_grant("rep", user="bo", territory="east")
    ada.role_revoke(number)
    ada.group_add("g", "outside")
    ada.group_join("g", "bo")
    ada.group_leave("g", "bo")
    ada.group_remove("g")
    ada.user_email("bo", "bo@example.com")
    ada.user_link("bo", "P3")
    entries = {entry.action: entry for entry in company.audit_list(20)}
    told = {"role": "rep", "territory": "east", "from": "2026-03-14", "until": None}
    assert (entries["role grant"].after, entries["role revoke"].before) == (told, told)
    assert entries["group remove"].before["external"] == "outside"
    assert entries["user email"].changes == (("email", None, "bo@example.com"),)
    assert entries["user link"].before != entries["user link"].after
    assert {entry.principal for entry in entries.values() if entry.action.startswith(("role", "group"))} == {"ada"}
    assert {"group join", "group leave", "group add"} <= entries.keys()
