"""Revisions merged in the store: what a scenario stands on then, and who was faster."""

from __future__ import annotations

from dataclasses import replace

import pytest

from metes.app.workspace import Workspace
from metes.base.errors import Conflict, InputError
from metes.model.plan import Plan
from metes.plan import edit
from metes.plan.diff import diff
from tests.plan.edits import COMPANY


def renamed(workspace: Workspace, key: str, name: str, reference: str) -> None:
    """Give a territory of a scenario another name."""

    def change(plan: Plan) -> Plan:
        return edit.with_territory(plan, replace(plan.territory_by_key[key], name=name))

    workspace.plan_change(change, f"{key} is {name}", reference=reference)


@pytest.fixture
def company(workspace: Workspace) -> Workspace:
    """A published plan and two scenarios of it."""
    workspace.plan_import({"plan.yaml": "key: fy27\ntypes:\n  - key: geo\nterritories:\n  - key: company\n    type: geo\n"})
    workspace.plan_change(lambda _: COMPANY, "the company", reference="draft")
    workspace.plan_publish("draft")
    for title, key in (("autumn", "west"), ("winter", "east")):
        workspace.plan_branch(title)
        renamed(workspace, key, f"{key} in {title}", title)
    return workspace


def test_a_scenario_merged_with_the_plan_that_moved_on_may_follow_it(company: Workspace) -> None:
    company.plan_publish("autumn")
    with pytest.raises(Conflict, match="the plan moved on"):
        company.plan_publish("winter")
    outcome = company.plan_merge("active", "winter")
    assert outcome.is_settled
    assert [step.subject for step in outcome.steps] == ["territory west"]
    assert outcome.revision is not None
    assert outcome.revision.base_root == company.plan_find("active").root_hash
    assert company.plan_merge("active", "winter").revision is None
    company.plan_publish("winter")
    assert [step.sentence for step in diff(COMPANY, company.plan_show("active")[1])] == [
        "Change name of territory west from 'West' to 'west in autumn'.",
        "Change name of territory east from 'East' to 'east in winter'.",
    ]
    assert {"branch", "edit", "merge", "publish"} <= {entry.kind for entry in company.plan_log("active")}


def test_a_scenario_merged_with_another_stands_on_what_it_stood_on(company: Workspace) -> None:
    before = company.plan_find("winter")
    merged = company.plan_merge("autumn", "winter").revision
    assert merged is not None
    assert (merged.id, merged.base_root) == (before.id, before.base_root)
    assert {s.subject for s in company.plan_diff("active", "winter")} == {"territory west", "territory east"}
    # What autumn changes later comes by another merge, and only that.
    renamed(company, "west", "west in late autumn", "autumn")
    again = company.plan_merge("autumn", "winter")
    assert [(step.before, step.after) for step in again.steps] == [("west in autumn", "west in late autumn")]


def test_the_one_who_comes_second_is_told_and_nothing_is_written(company: Workspace) -> None:
    renamed(company, "west", "west in winter", "winter")
    seen = company.plan_merge("autumn", "winter")
    assert (seen.revision, [c.key for c in seen.conflicts]) == (None, ["territory:west:name"])
    renamed(company, "house", "nobody's", "winter")
    choices = {"territory:west:name": "theirs"}
    for expected in (
        {"expected_root": seen.ours.root_hash},
        {"expected_root": company.plan_find("winter").root_hash, "expected_source_root": seen.ours.root_hash},
    ):
        with pytest.raises(Conflict, match="meanwhile"):
            company.plan_merge("autumn", "winter", choices=choices, **expected)
    assert company.plan_show("winter")[1].territory_by_key["west"].name == "west in winter"
    settled = company.plan_merge("autumn", "winter", choices=choices, expected_root=company.plan_find("winter").root_hash)
    assert [c.key for c in settled.settled] == ["territory:west:name"]
    names = {t.key: t.name for t in company.plan_show("winter")[1].territories}
    assert (names["west"], names["east"], names["house"]) == ("west in autumn", "east in winter", "nobody's")


def test_two_branches_that_each_moved_a_subtree_below_the_other_conflict(company: Workspace) -> None:
    company.plan_change(lambda plan: edit.moved(plan, "west", "north"), "west", reference="autumn")
    company.plan_change(lambda plan: edit.moved(plan, "east", "coast"), "east", reference="winter")
    found = company.plan_merge("autumn", "winter")
    assert [c.key for c in found.conflicts] == ["circle:east"]
    taken = company.plan_merge("autumn", "winter", rest="theirs").revision
    assert taken is not None
    assert [t.key for t in company.plan_of(taken).ancestors("west")] == ["north", "east", "company"]


def test_plans_without_a_common_origin_join_where_they_agree(workspace: Workspace) -> None:
    text = "key: p\ntypes:\n  - key: geo\nterritories:\n  - key: {root}\n    name: {name}\n    type: geo\n"
    workspace.plan_import({"plan.yaml": text.format(root="a", name="One")})
    workspace.plan_import({"plan.yaml": text.format(root="b", name="Other")})
    assert workspace.plan_merge("1", "2").is_settled
    assert set(workspace.plan_show("2")[1].territory_by_key) == {"a", "b"}
    workspace.plan_import({"plan.yaml": text.format(root="a", name="Third")})
    assert [c.key for c in workspace.plan_merge("1", "3").conflicts] == ["territory:a"]
    with pytest.raises(InputError, match="there is no conflict"):
        workspace.plan_merge("1", "3", choices={"territory:c": "ours"})
