"""Reviews as those see them who see a part of the plan: what was proposed, and of what they are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.base.errors import NotFound
from metes.model.access import HIDDEN
from tests.app.roles_world import PASSWORD, as_user, begin
from tests.conftest import NOW

DUE = NOW.date() + timedelta(days=1)


@pytest.fixture
def company(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """The company of two coasts, a manager of each, either of whom may approve both, and a scenario of ada's that changes both."""
    made = begin(sqlite_workspace, tmp_path)
    made.user_add("mo", PASSWORD, person="P1", roles=["manager"])
    made.user_add("ed", PASSWORD, person="P3", roles=["manager"])
    for name in ("mo", "ed"):
        for territory in ("west", "east"):
            made.right_grant(name, "approve", territory)
    ada = as_user(made, "ada")
    number = str(ada.plan_branch("Spring").id)
    for key in ("west", "east"):
        changed = replace(ada.require_active()[1].territory_by_key[key], description=f"The new {key}")
        ada.territory_set(changed, reference=number)
    return made


def told(company: Workspace, name: str) -> list[tuple[str, str]]:
    """Subject and text of what a user was told, the oldest first."""
    return [(notice.subject, notice.text) for notice in reversed(as_user(company, name).notices())]


def test_a_scenario_is_seen_in_part_while_it_is_proposed_and_not_before(company: Workspace) -> None:
    ada, mo = as_user(company, "ada"), as_user(company, "mo")
    number = str(ada.plan_find("Spring").id)

    def is_hidden() -> None:
        for look in (mo.plan_review, mo.review_balances, lambda one: mo.plan_comment(one, "territory west", "so that is it")):
            with pytest.raises(NotFound, match=HIDDEN):
                look(number)

    is_hidden()
    ada.plan_propose(number, rationale="for the season")
    assert [part.part.key for part in mo.plan_review(number).parts] == ["west"]
    ada.plan_withdraw(number)
    is_hidden()
    assert [part.part.key for part in ada.plan_review(number).parts] == ["west", "east"]
