"""The audit trail through the workspace: what acts leave behind, and anchors kept by a schedule."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.base.errors import Conflict, InputError
from metes.model.audit import AuditFilter, anchors_from
from metes.model.audit_references import Reference
from metes.model.query import AccountQuery
from metes.model.scope import Principal
from metes.worker.loop import run_next


def test_settings_schedules_and_rights_tell_what_was_before(sqlite_workspace: Workspace) -> None:
    workspace = sqlite_workspace
    workspace.config_set("week_start", "sunday")
    workspace.config_unset("week_start")
    workspace.schedule_pause("clean-up")
    workspace.schedule_remove("clean-up")
    workspace.user_add("ann")
    right = workspace.right_grant("ann", "propose")
    workspace.right_revoke(right)
    told = {(e.action, e.subject): e.changes for e in workspace.audit_list()}
    assert told["config set", "week_start"] == (("value", None, "sunday"),)
    assert told["config unset", "week_start"] == (("value", "sunday", None),)
    assert told["schedule pause", "schedule clean-up"] == (("enabled", True, False),)
    assert ("kind", "clean-up", None) in told["schedule remove", "schedule clean-up"]
    assert ("right", None, "propose") in told["right grant", f"right {right}"]
    assert ("right", "propose", None) in told["right revoke", f"right {right}"]


def test_names_of_today_are_those_that_one_sees_elsewhere(sqlite_workspace: Workspace) -> None:
    sqlite_workspace.user_add("ann")
    sqlite_workspace.user_add("olga", roles=["auditor"])
    sqlite_workspace.group_add("West")
    numbers = {user.name: user.id for user in sqlite_workspace.user_list()}
    ann, west = Reference("user", numbers["ann"]), Reference("group", 1)
    olga = sqlite_workspace.acting_as(Principal("olga", numbers["olga"]))
    assert sqlite_workspace.audit_names([ann, west]) == {ann: "ann", west: "West"}
    assert olga.audit_names([ann, west]) == {ann: "ann"}


def test_an_export_is_recorded_with_what_was_asked_beside_the_chain(sqlite_workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("id,name\nA1,Ann Quixano Ltd\n")
    sqlite_workspace.import_("accounts", [tmp_path / "accounts.csv"])
    asked = AccountQuery(search="quixano", columns=("id", "name"))
    assert sqlite_workspace.accounts_write(asked, tmp_path / "out.csv") == 1
    entry = sqlite_workspace.audit_list(1)[0]
    assert (entry.action, entry.subject, entry.detail["rows"], entry.detail["asked"]) == ("export", "accounts", 1, "quixano")
    with sqlite_workspace.store.read() as connection:
        assert "quixano" not in str(connection.exec_driver_sql("SELECT * FROM audit").all())
    # Also of another day, on which nothing can be changed.
    list(sqlite_workspace.as_of(date(2026, 1, 1)).accounts_csv(asked))
    assert sqlite_workspace.audit_list(1)[0].id == entry.id + 1


def test_what_somebody_does_in_a_job_is_theirs(sqlite_workspace: Workspace) -> None:
    sqlite_workspace.user_add("ann")
    ann = sqlite_workspace.acting_as(Principal("ann", 1, address="203.0.113.5"))
    ann.config_set("keep_activities_days", "10")
    job = ann.schedule_run("retention")
    assert run_next(sqlite_workspace, "here")
    assert ann.job(job).result == {"keep_audit_addresses_days": 0, "keep_activities_days": 0}
    assert [e.principal for e in sqlite_workspace.audit_list(2)] == ["ann", "ann"]


def test_a_schedule_keeps_anchors_in_the_folder_that_is_named(sqlite_workspace: Workspace, tmp_path: Path) -> None:
    workspace = sqlite_workspace
    workspace.schedule_add("anchors", "audit-anchor", "nightly 04:30")
    workspace.schedule_run("anchors")
    assert run_next(workspace, "here")
    assert "METES_ANCHORS" in (workspace.jobs(1)[0].error or "")
    workspace.shelf.anchors = tmp_path / "elsewhere"
    for _ in range(2):
        workspace.schedule_run("anchors")
        assert run_next(workspace, "here")
    kept = anchors_from((tmp_path / "elsewhere" / "metes-anchors.jsonl").read_text())
    assert [anchor.entry for anchor in kept] == [3, 4]
    assert workspace.audit_verify(kept).is_whole


def test_anchors_that_are_none_are_refused_by_line() -> None:
    for text, told in (
        ("", "got none"),
        ("{}", "line 1"),
        ('\n{"entry": 0, "hash": "x", "count": 1, "at": "2026-01-01T00:00:00+00:00"}', "line 2"),
    ):
        with pytest.raises(InputError, match=told):
            anchors_from(text)


def test_an_export_goes_into_a_new_file_of_a_known_form(sqlite_workspace: Workspace, tmp_path: Path) -> None:
    sqlite_workspace.config_set("company", "Able")
    assert sqlite_workspace.audit_write(tmp_path / "a.csv", AuditFilter(subject="company")) == 1
    with pytest.raises(Conflict):
        sqlite_workspace.audit_write(tmp_path / "a.csv")
    with pytest.raises(InputError, match=r"\.jsonl"):
        sqlite_workspace.audit_write(tmp_path / "a.pdf")
    with pytest.raises(InputError, match="first day"):
        AuditFilter(since=date(2026, 2, 1), until=date(2026, 1, 1))


@pytest.mark.parametrize("name", ["local", "schedule", "sign-in"])
def test_no_user_is_called_as_what_acts_by_itself(sqlite_workspace: Workspace, name: str) -> None:
    with pytest.raises(InputError, match="by itself"):
        sqlite_workspace.user_add(name)
