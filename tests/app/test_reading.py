"""What is read of the plan and the ledger by whoever sees a part of the tree, also on another day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.base.errors import InputError
from metes.model.plan import Pin
from tests.app.roles_world import PASSWORD, as_user, begin
from tests.conftest import NOW


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


def test_a_plan_that_is_not_in_force_yet_is_seen_by_those_who_read_plans(sqlite_workspace: Workspace, tmp_path: Path) -> None:
    company, later = begin(sqlite_workspace, tmp_path), NOW.date() + timedelta(days=30)
    bay = replace(company.require_active()[1].territory_by_key["bay"], name="To be closed")
    draft = company.territory_set(bay, reference=str(company.plan_branch("Autumn").id))
    company.plan_publish(str(draft.id), on=later)
    for name, role, person in (("bo", "rep", "P2"), ("mo", "manager", "P1"), ("au", "auditor", None)):
        company.user_add(name, PASSWORD, person=person, roles=[role])
    for name in ("bo", "mo"):
        with pytest.raises(InputError, match="up to today"):
            as_user(company, name).as_of(later)
        assert as_user(company, name).as_of(NOW.date()).territory("bay").territory.name == ""
    assert as_user(company, "au").as_of(later).territory("bay").territory.name == "To be closed"
