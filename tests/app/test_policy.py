"""Every verb stands in the table of policy, and the table is asked where a door calls."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType

import pytest

from metes.app.policy import POLICY, guarded
from metes.app.workspace import Workspace
from metes.base.errors import NotFound
from metes.model.access import HIDDEN, Access, HeldRole, UserRole
from metes.model.scope import Principal, Scope


def verbs() -> set[str]:
    return {name for name in dir(Workspace) if not name.startswith("_") and isinstance(getattr(Workspace, name), FunctionType)}


def test_every_verb_says_who_may_call_it() -> None:
    assert verbs() == set(POLICY)


def test_every_verb_asks_first() -> None:
    assert [name for name in verbs() if not hasattr(getattr(Workspace, name), "__wrapped__")] == []


@pytest.mark.parametrize("name", ["user_list", "audit_list", "plan_list", "accounts", "tick", "assign"])
def test_a_user_without_a_role_gets_what_does_not_exist(sqlite_workspace: Workspace, name: str) -> None:
    sqlite_workspace.user_add("ada", "correct horse battery")
    sqlite_workspace.user_add("nobody", "correct horse battery", roles=[])
    found = {user.name: user.id for user in sqlite_workspace.user_list()}
    nobody = sqlite_workspace.acting_as(Principal("nobody", found["nobody"]))
    with pytest.raises(NotFound, match=HIDDEN):
        getattr(nobody, name)()


def test_what_a_verb_calls_is_not_asked_again(sqlite_workspace: Workspace) -> None:
    sqlite_workspace.user_add("ada", "correct horse battery")
    (ada,) = sqlite_workspace.user_list()
    workspace = sqlite_workspace.acting_as(Principal("ada", ada.id))
    assert workspace.total().accounts == 0  # reads the Book, which is for the house alone
    with pytest.raises(NotFound, match=HIDDEN):
        workspace.book()


def test_what_is_given_piece_by_piece_is_made_as_the_verb_it_came_from() -> None:
    @guarded
    class Made:
        principal = Principal("ada", 1)
        access = Access((HeldRole(UserRole.REP, Scope.nothing()),))

        def accounts_csv(self) -> Iterator[str]:
            """A verb for whoever may export, which calls one of the house."""
            for _ in range(2):
                yield self.book()

        def book(self) -> str:
            """A verb of the house."""
            return "read"

    assert list(Made().accounts_csv()) == ["read", "read"]
    with pytest.raises(NotFound, match=HIDDEN):
        Made().book()
