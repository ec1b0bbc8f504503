"""A process killed between any two statements of cause, claim, run and end loses no trigger, runs none twice and leaves its log."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.store.jobs import Job
from tests.children import CHILDREN
from tests.faults.work import NOW, open_at, run_verb, work

PLAN = """key: p
types:
  - key: geo
territories:
  - key: large
    type: geo
    rules:
      - key: r
        when: employees >= 50
  - key: rest
    type: geo
    catch_all: true
"""
# So many that a run goes through side tables and keeps a checkpoint.
ROWS = 1_100
KEYS = [f"A{i}" for i in range(0, ROWS, 311)]
# Most of the first statements, which claim, then a sample.
POINTS = {"sqlite": [*range(1, 12, 2), *range(12, 600, 17)], "postgresql": [*range(1, 12, 3), *range(12, 600, 23)]}


def run(database: str, folder: Path, verb: str, kill_before: int = 0, now: datetime = NOW) -> bool:
    """Run a verb in a process of its own; whether it was killed."""
    child = CHILDREN.Process(target=run_verb, args=(database, str(folder), verb, kill_before, now))
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def points(database: str) -> list[int]:
    """The statements before which to kill."""
    return POINTS["sqlite" if database.startswith("sqlite") else "postgresql"]


def write(folder: Path, version: int) -> str:
    """A file in which every account is small or large; the territory that then holds them all."""
    employees = 10 + 50 * (version % 2)
    rows = (f"A{i},Name {i},{employees}" for i in range(ROWS))
    (folder / "accounts.csv").write_text("id,name,employees\n" + "\n".join(rows) + "\n")
    return "large" if employees >= 50 else "rest"


@pytest.fixture
def company(database: str, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with a plan in force, everything assigned."""
    workspace = open_at(database, tmp_path)
    write(tmp_path, 0)
    workspace.import_("accounts", [tmp_path / "accounts.csv"])
    (tmp_path / "plan.yaml").write_text(PLAN)
    workspace.plan_import(tmp_path / "plan.yaml")
    workspace.plan_publish("draft")
    work(workspace)
    yield workspace
    workspace.close()


def held(workspace: Workspace) -> set[str]:
    """Who holds the accounts, each fact in force once."""
    found = set()
    for key in KEYS:
        (fact,) = [f for f in workspace.history(key) if f.recorded_until is None and f.true_until is None]
        found.add(fact.territory)
    return found


def effective_runs(workspace: Workspace) -> int:
    """How many runs wrote anything."""
    details = [entry.detail for entry in workspace.audit_list(1000) if entry.action == "assign"]
    return sum(bool(detail["opened"] or detail["closed"]) for detail in details)


def waiting(workspace: Workspace) -> list[Job]:
    """The jobs that wait or run."""
    return [job for job in workspace.jobs(1000) if not job.has_ended]


def test_a_change_and_its_trigger_are_written_together_or_not_at_all(company: Workspace, database: str, tmp_path: Path) -> None:
    version = 1
    for point in points(database):
        territory = write(tmp_path, version)
        was_killed = run(database, tmp_path, "import", point)
        changed = len(company.imports()) > version
        assert [job.kind for job in waiting(company)] == ["assign"] * changed
        if not changed:
            continue
        work(company)
        assert held(company) == {territory}
        version += 1
        if not was_killed:
            break
    assert version > 1
    assert effective_runs(company) == version


def test_a_worker_killed_anywhere_loses_no_job_and_does_none_twice(company: Workspace, database: str, tmp_path: Path) -> None:
    lost = 0
    for version, point in enumerate(points(database), 1):
        territory = write(tmp_path, version)
        company.import_("accounts", [tmp_path / "accounts.csv"])
        was_killed = run(database, tmp_path, "work", point)
        was_claimed = bool(waiting(company)) and waiting(company)[0].state == "running"
        work(company)
        assert waiting(company) == []
        assert held(company) == {territory}
        assert effective_runs(company) == version + 1
        job = company.jobs(1)[0]
        assert job.state == "done"
        assert job.result is not None
        assert job.result["moved"] == ROWS
        log = [line.text for line in company.job_log(job.id)]
        assert log[0].startswith("import")
        assert log[-1] == "done"
        assert sum("begins" in text for text in log) == 1 + was_claimed
        if was_claimed:
            lost += 1
            assert any("is gone, attempt 1 ended here" in text for text in log)
        if not was_killed:
            break
    else:
        raise AssertionError("no point was the last")
    assert lost > 3
    assert company.audit_verify().is_whole


def test_a_publication_and_its_trigger_are_written_together_or_not_at_all(
    company: Workspace, database: str, tmp_path: Path
) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN.replace("50", "5"))
    company.plan_import(tmp_path / "plan.yaml")
    first = company.plan_find("active").id
    for point in points(database):
        was_killed = run(database, tmp_path, "publish", point)
        is_published = company.plan_find("active").id != first
        assert len(waiting(company)) == is_published
        if is_published or not was_killed:
            break
    work(company)
    assert held(company) == {"large"}


def test_a_turn_of_the_clock_is_taken_once_wherever_a_worker_dies(company: Workspace, database: str, tmp_path: Path) -> None:
    company.tick()
    (tmp_path / "plan.yaml").write_text(PLAN.replace("50", "5"))
    company.plan_import(tmp_path / "plan.yaml")
    revision = company.plan_publish("draft", on=company.today() + timedelta(days=1)).id
    night = datetime(2026, 3, 15, 2, 30, tzinfo=UTC)
    later = open_at(database, tmp_path, night)
    try:
        for point in points(database):
            if not run(database, tmp_path, "tick", point, night):
                break
            assert len(waiting(later)) <= 1
        later.tick()
        (job,) = waiting(later)
        assert later.publication_job(revision) == job.id
        log = [line.text for line in later.job_log(job.id)]
        assert sum("took over" in text for text in log) == 1
        assert sum("nightly-assignment" in text for text in log) == 1
        work(later)
        assert held(later) == {"large"}
        assert effective_runs(later) == 2
    finally:
        later.close()


def test_an_edit_killed_anywhere_is_there_with_its_trigger_or_not_at_all(company: Workspace, database: str, tmp_path: Path) -> None:
    for point in points(database)[::2]:
        was_killed = run(database, tmp_path, "edit", point)
        is_edited = company.account("A0").facts.record["segment"] == "Large"
        assert len(company.imports()) == 1 + is_edited
        if is_edited:
            break
        assert waiting(company) == []
        assert was_killed
    work(company)
    assert company.is_assigned()


def test_two_workers_and_a_stream_of_changes(company: Workspace, database: str, tmp_path: Path) -> None:
    territory = ""
    for version in range(1, 4):
        territory = write(tmp_path, version)
        company.import_("accounts", [tmp_path / "accounts.csv"])
        children = [CHILDREN.Process(target=run_verb, args=(database, str(tmp_path), "work", 0, NOW)) for _ in range(2)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        assert [child.exitcode for child in children] == [0, 0]
    assert held(company) == {territory}
    assert {(job.state, job.attempts) for job in company.jobs()} == {("done", 1)}
    assert effective_runs(company) == 4
