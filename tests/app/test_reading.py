"""What is read of the plan and the ledger by whoever sees a part of the tree, also on another day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from metes.app.workspace import Workspace
from metes.model.plan import Pin
from tests.app.roles_world import PASSWORD, as_user, begin


def test_a_pin_of_a_past_plan_names_no_account_that_is_hidden_today(sqlite_workspace: Workspace, tmp_path: Path) -> None:
    company, then = begin(sqlite_workspace, tmp_path), date(2025, 7, 1)
    pins = [Pin("A5", "bay", "for a year", "ada"), Pin("A0", "bay", "for good", "ada")]
    draft = company.pin(pins, reference=str(company.plan_branch("Pinned").id))
    company.plan_publish(str(draft.id), on=date(2025, 6, 1), correction="they sat there")
    draft = company.unpin("A5", "bay", reference=str(company.plan_branch("Freed").id))
    company.plan_publish(str(draft.id))
    company.assign()
    company.user_add("bo", PASSWORD, person="P2", roles=["rep"])
    assert {pin.account for pin in company.as_of(then).territory("bay").pins} == {"A0", "A5"}
    bo = as_user(company, "bo")
    assert [pin.account for pin in bo.as_of(then).territory("bay").pins] == ["A0"]
    assert [pin.account for pin in bo.territory("bay").pins] == ["A0"]
