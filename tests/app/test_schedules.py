"""What happens by itself: changed data, a plan whose day comes, schedules, clearing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pytest

from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from metes.base.errors import InputError
from metes.model.plan import Rule
from metes.store import bulk
from metes.store.jobs import Job
from metes.worker.loop import run_next
from tests.conftest import NOW

PLAN = """key: p
types:
  - key: geo
territories:
  - key: large
    type: geo
    rules:
      - key: r
        when: employees >= {least}
  - key: rest
    type: geo
    catch_all: true
"""


@dataclass
class Clock:
    """A clock that tests set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def company(ready_database: str, tmp_path: Path, clock: Clock) -> Iterator[Workspace]:
    """A workspace of two accounts without a plan, its clock in the hands of the test."""
    made = open_workspace(AppSettings(ready_database, tmp_path / "cache"), clock=clock)
    accounts(made, tmp_path)
    yield made
    made.close()


def accounts(workspace: Workspace, folder: Path, employees: int = 10) -> None:
    """Import two accounts."""
    path = folder / "accounts.csv"
    path.write_text(f"id,name,employees\nA1,Kettle,{employees}\nA2,Ash,90\n")
    workspace.import_("accounts", [path])


def publish(workspace: Workspace, folder: Path, least: int = 50, days: int = 0) -> int:
    """Publish a plan; its revision."""
    (folder / "plan.yaml").write_text(PLAN.format(least=least))
    imported = workspace.plan_import(folder / "plan.yaml")
    return workspace.plan_publish(str(imported.revision), on=workspace.today() + timedelta(days=days)).id


def work(workspace: Workspace) -> list[Job]:
    """Do all that is queued; the jobs, oldest first."""
    before = {job.id for job in workspace.jobs() if job.has_ended}
    while run_next(workspace, "w"):
        pass
    return [job for job in reversed(workspace.jobs()) if job.id not in before]


def held(workspace: Workspace) -> list[str]:
    """Who holds the accounts."""
    return ["".join(h.territory for h in workspace.owner(key).primary) for key in ("A1", "A2")]


def test_nothing_is_queued_before_there_is_a_plan(company: Workspace) -> None:
    assert company.jobs() == ()


def test_a_plan_published_for_today_is_assigned_once(company: Workspace, tmp_path: Path) -> None:
    revision = publish(company, tmp_path)
    (job,) = work(company)
    assert (job.id, job.state) == (company.publication_job(revision), "done")
    assert held(company) == ["rest", "large"]
    company.tick()
    assert work(company) == []


def test_a_scheduled_plan_is_assigned_when_its_day_comes_in_the_zone_of_the_workspace(
    company: Workspace, tmp_path: Path, clock: Clock
) -> None:
    company.config_set("time_zone", "Pacific/Auckland")
    publish(company, tmp_path)
    publish(company, tmp_path, least=5, days=3)
    work(company)
    day = company.today() + timedelta(days=3)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=13)
    clock.now = midnight - timedelta(seconds=1)
    company.tick()
    assert work(company) == [] or held(company) == ["rest", "large"]
    clock.now = midnight
    company.tick()
    company.tick()
    jobs = [job for job in work(company) if job.kind == "assign"]
    assert len(jobs) == 1
    assert held(company) == ["large", "large"]


def test_after_days_without_a_worker_the_plan_in_force_is_assigned_once(company: Workspace, tmp_path: Path, clock: Clock) -> None:
    publish(company, tmp_path)
    work(company)
    publish(company, tmp_path, least=5, days=2)
    rule = Rule("r", company.rule_parse("employees >= 70"))
    later = company.rule_set("large", rule, reference="scheduled")
    revision = company.plan_publish(str(later.id), on=company.today() + timedelta(days=4)).id
    clock.now = NOW + timedelta(days=30)
    company.tick()
    company.tick()
    (job,) = [job for job in work(company) if job.kind == "assign"]
    assert job.id == company.publication_job(revision)
    assert held(company) == ["rest", "large"]
    company.tick()
    assert work(company) == []


def test_changes_before_a_worker_comes_are_one_run_and_the_log_names_each(company: Workspace, tmp_path: Path) -> None:
    publish(company, tmp_path)
    work(company)
    accounts(company, tmp_path, 60)
    accounts(company, tmp_path, 20)
    accounts(company, tmp_path, 70)
    (job,) = work(company)
    assert job.result is not None
    assert job.result["moved"] == 1
    assert held(company) == ["large", "large"]
    why = [line.text for line in company.job_log(job.id) if line.text.startswith("import")]
    assert why == [f"import {number} changed 1 accounts" for number in (2, 3, 4)]


def test_a_change_that_is_taken_back_or_none_at_all(company: Workspace, tmp_path: Path) -> None:
    publish(company, tmp_path)
    work(company)
    accounts(company, tmp_path)
    assert work(company) == []
    accounts(company, tmp_path, 60)
    company.import_undo(3 if len(company.imports()) > 2 else 2)
    (job,) = work(company)
    assert job.result is not None
    assert held(company) == ["rest", "large"]


def test_the_setting_leaves_changes_to_the_schedules(company: Workspace, tmp_path: Path) -> None:
    publish(company, tmp_path)
    work(company)
    company.config_set("assign_on_change", "no")
    accounts(company, tmp_path, 60)
    assert work(company) == []
    company.config_set("rates", "EUR=2")
    assert work(company) == []
    company.schedule_run("nightly-assignment")
    (job,) = work(company)
    assert job.payload == {"schedule": "nightly-assignment"}
    assert held(company) == ["large", "large"]


def test_another_rate_is_a_change(company: Workspace, tmp_path: Path) -> None:
    publish(company, tmp_path)
    work(company)
    company.config_set("rates", "EUR=2")
    assert [job.kind for job in work(company)] == ["assign"]


def test_an_assignment_by_hand_ends_the_one_that_waits(company: Workspace, tmp_path: Path) -> None:
    publish(company, tmp_path)
    report = company.assign_now()
    (job,) = company.jobs()
    assert (job.state, (job.result or {})["run"]) == ("done", report.run)
    assert work(company) == []


def test_the_nightly_assignment_keeps_its_report(company: Workspace, tmp_path: Path, clock: Clock) -> None:
    publish(company, tmp_path)
    work(company)
    company.tick()
    company.config_set("assign_on_change", "no")
    accounts(company, tmp_path, 60)
    clock.now = datetime(2026, 3, 15, 2, tzinfo=UTC)
    (number,) = company.tick()
    work(company)
    job = company.job(number)
    assert job.result is not None
    assert [(t["territory"], t["won"], t["lost"]) for t in job.result["territories"]] == [("large", 1, 0), ("rest", 0, 1)]
    schedule = next(s for s in company.schedule_list() if s.name == "nightly-assignment")
    assert (schedule.last_job, schedule.last_at) == (number, clock.now)


def test_a_pin_that_ends_is_noticed_at_night(company: Workspace, tmp_path: Path, clock: Clock) -> None:
    pinned = PLAN.format(least=50) + "pins:\n  - account: A1\n    territory: large\n    reason: deal\n    to: 2026-03-15\n"
    (tmp_path / "plan.yaml").write_text(pinned)
    company.plan_publish(str(company.plan_import(tmp_path / "plan.yaml").revision))
    work(company)
    assert held(company) == ["large", "large"]
    company.tick()
    clock.now = datetime(2026, 3, 17, 2, tzinfo=UTC)
    company.tick()
    work(company)
    assert held(company) == ["rest", "large"]


def test_a_schedule_is_added_paused_resumed_and_removed(company: Workspace) -> None:
    added = company.schedule_add("month-end", "assign", "monthly 31 22:15")
    assert (str(added.cadence), added.next_at, added.principal) == (
        "monthly 31 22:15",
        datetime(2026, 3, 31, 22, 15, tzinfo=UTC),
        "local",
    )
    assert not company.schedule_pause("month-end").is_enabled
    assert company.schedule_resume("month-end").is_enabled
    company.schedule_remove("month-end")
    assert "month-end" not in {s.name for s in company.schedule_list()}
    actions = [entry.action for entry in company.audit_list() if entry.subject == "schedule month-end"]
    assert actions == ["schedule remove", "schedule resume", "schedule pause", "schedule add"]


@pytest.mark.parametrize(
    ("name", "kind", "cadence"),
    [("Two Words", "assign", "nightly 02:00"), ("x", "rm -rf", "nightly 02:00"), ("x", "assign", "often")],
)
def test_what_is_no_schedule_is_refused(company: Workspace, name: str, kind: str, cadence: str) -> None:
    with pytest.raises(InputError, match="expected"):
        company.schedule_add(name, kind, cadence)


def age(path: Path, when: datetime) -> None:
    """Let a folder have been written at an instant."""
    os.utime(path, (when.timestamp(), when.timestamp()))


def test_old_uploads_are_dropped_but_for_those_that_a_job_may_still_need(company: Workspace, clock: Clock) -> None:
    def keep(days: int) -> Path:
        path = company.upload_keep("accounts.csv", BytesIO(b"id,name\nA1,X\n"))
        age(path.parent, NOW - timedelta(days=days))
        return path

    old, new, waits, failed = keep(8), keep(1), keep(8), keep(8)
    company.import_queue("accounts", [waits], {})
    company.job_cancel(company.import_queue("accounts", [failed], {}))
    assert company.clean_up()["uploads"] == 1
    assert [path.exists() for path in (old, new, waits, failed)] == [False, True, True, True]
    clock.now = NOW + timedelta(days=8)
    company.clean_up()
    assert [path.exists() for path in (new, waits, failed)] == [False, True, False]


def test_a_side_table_is_dropped_when_two_clearings_saw_it_a_day_apart(company: Workspace, clock: Clock) -> None:
    bulk.stage(company.store, "run_gone_opening", [pa.table({"id": [1]})])

    def clear(hours: int) -> list[str]:
        clock.now = NOW + timedelta(hours=hours)
        company.schedule_run("clean-up")
        (job,) = work(company)
        return list((job.result or {})["side_tables"])

    assert clear(0) == []
    assert clear(1) == []
    bulk.stage(company.store, "run_new_opening", [pa.table({"id": [1]})])
    assert clear(24) == ["stage_run_gone_opening"]
    assert bulk.stages(company.store) == ("stage_run_new_opening",)


def test_old_logs_are_dropped_and_their_jobs_stay(company: Workspace, clock: Clock) -> None:
    company.schedule_run("old-logs")
    (job,) = work(company)
    clock.now = NOW + timedelta(days=91)
    company.schedule_run("old-logs")
    (second,) = work(company)
    assert (second.result or {})["lines"] == 3
    assert company.job_log(job.id) == ()
    assert company.job(job.id).state == "done"


def test_a_job_is_resumed_and_its_log_goes_on(company: Workspace, tmp_path: Path) -> None:
    publish(company, tmp_path)
    (queued,) = company.jobs()
    company.job_cancel(queued.id)
    assert work(company) == []
    company.job_resume(queued.id)
    work(company)
    assert held(company) == ["rest", "large"]
    log = [line.text for line in company.job_log(queued.id)]
    assert "local asked it to stop" in log
    assert "local resumed it; it goes on from the beginning" in log
    last, total = company.job_log_end(queued.id, limit=2)
    assert [line.text for line in last] == log[-2:]
    assert total == len(log)
