"""Jobs, schedules and single accounts by command."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Command

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


def company(metes: Command, folder: Path) -> None:
    """Two accounts under a plan, assigned."""
    (folder / "accounts.csv").write_text("id,name,employees\nA1,Kettle,10\nA2,Ash,90\n")
    (folder / "plan.yaml").write_text(PLAN)
    metes("import", "accounts", "accounts.csv")
    metes("plan", "import", "plan.yaml")
    metes("plan", "publish", "draft")
    assert metes("assign").code == 0


def test_an_import_says_that_an_assignment_waits_and_assign_does_it(metes: Command, tmp_path: Path) -> None:
    company(metes, tmp_path)
    (tmp_path / "accounts.csv").write_text("id,name,employees\nA1,Kettle,60\nA2,Ash,90\n")
    said = metes("import", "accounts", "accounts.csv")
    assert "an assignment is queued (job 2): 'metes worker' or a server runs it, 'metes assign' runs it now" in said.err
    assert metes("assign").code == 0
    jobs = metes("jobs", "list", "--json").json
    assert [(job["id"], job["state"]) for job in jobs] == [(2, "done"), (1, "done")]
    assert "large" in metes("owner", "A1").out
    shown = metes("jobs", "show", "2")
    assert "job 2: assign, done" in shown.err
    assert "import 2 changed 1 accounts" in shown.out
    lines = metes("jobs", "log", "2", "--json").json
    assert [line["text"] for line in lines][-1] == "done"
    assert metes("jobs", "log", "2", "--after", str(lines[0]["number"]), "--json").json == lines[1:]


def test_a_job_is_cancelled_and_resumed(metes: Command, tmp_path: Path) -> None:
    company(metes, tmp_path)
    assert "job 2 waits" in metes("schedule", "run", "clean-up").err
    assert "job 2 is cancelled" in metes("jobs", "cancel", "2").err
    assert "goes on from the beginning" in metes("jobs", "resume", "2").err
    refused = metes("jobs", "resume", "1")
    assert (refused.code, "is done" in refused.err) == (2, True)
    assert metes("jobs", "log", "99").code == 2


def test_schedules_are_listed_added_paused_and_removed(metes: Command) -> None:
    assert "its next turn is" in metes("schedule", "add", "month-end", "assign", "monthly 31 22:15").err
    assert "it is paused" in metes("schedule", "pause", "month-end").err
    listed = metes("schedule", "list")
    assert "month-end" in listed.out
    assert "nightly-assignment" in listed.out
    assert "paused" in listed.out
    assert metes("schedule", "resume", "month-end", "--json").json["cadence"] == "monthly 31 22:15"
    assert metes("schedule", "remove", "month-end").code == 0
    assert "month-end" not in {schedule["name"] for schedule in metes("schedule", "list", "--json").json}
    wrong = metes("schedule", "add", "x", "assign", "now and then")
    assert (wrong.code, "nightly 02:00" in wrong.err) == (2, True)


def test_an_account_is_changed_and_its_move_is_told(metes: Command, tmp_path: Path) -> None:
    company(metes, tmp_path)
    said = metes("account", "set", "A1", "employees=60", "segment=Key account")
    assert said.code == 0
    assert "A1: changed by import 2" in said.err
    assert "large: won it" in said.err
    assert "large" in metes("owner", "A1").out
    assert "every value was as it is" in metes("account", "set", "A1", "employees=60").err
    assert metes("account", "set", "A1", "employees=many").code == 2
    assert "FIELD=VALUE" in metes("account", "set", "A1", "employees").err
    changed = metes("account", "set", "A2", "employees=", "--json").json
    assert changed["assigned"]["moved"] == 1
