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


def test_nobody_is_told_of_a_part_that_is_hidden_from_them(company: Workspace) -> None:
    ada, mo, ed = (as_user(company, name) for name in ("ada", "mo", "ed"))
    number = str(ada.plan_find("Spring").id)
    ada.plan_propose(number, rationale="for the season", due_on=DUE)
    mo.plan_comment(number, "territory west", "west is mine")
    ed.plan_comment(number, "territory east", "east is mine")
    ada.plan_comment(number, "territory east", "ed goes in May")
    ada.plan_comment(number, "territory west", "mo goes in June")
    ada.plan_comment(number, "", "of the whole")
    assert [text for _, text in told(company, "mo")][1:] == ["mo goes in June"]
    assert [text for _, text in told(company, "ed")][1:] == ["ed goes in May"]
    assert {text for _, text in told(company, "ada")} == {"west is mine", "east is mine"}


def test_a_right_without_a_place_is_told_of_nothing(company: Workspace) -> None:
    company.user_add("nil", PASSWORD, roles=["manager"])
    company.right_grant("nil", "approve", "west")
    ada = as_user(company, "ada")
    number = str(ada.plan_find("Spring").id)
    ada.plan_propose(number, rationale="for the season", due_on=DUE)
    company.clock = lambda: NOW + timedelta(days=1)
    company.remind()
    assert told(company, "nil") == []
    asked, reminded = told(company, "mo")
    assert asked[0] == "ada asks you to review Spring"
    assert "west" in reminded[1]
    assert "east" not in reminded[1]


def test_whoever_wrote_a_scenario_and_sees_a_part_by_now_is_told_of_that_part_alone(company: Workspace) -> None:
    company.user_add("pla", PASSWORD, roles=["planner"])
    pla = as_user(company, "pla")
    changed = replace(pla.require_active()[1].territory_by_key["east"], description="Mine")
    number = str(pla.territory_set(changed, reference="Spring").id)
    as_user(company, "ada").plan_propose(number, rationale="for the season")
    (grant,) = company.role_list("pla")
    company.role_revoke(grant.id)
    company.role_grant("manager", user="pla", territory="west")
    for name, part in (("ed", "east"), ("mo", "west")):
        as_user(company, name).plan_decide(number, part, "ask", f"not the {part}")
    assert [text for _, text in told(company, "pla")] == ["not the west"]
