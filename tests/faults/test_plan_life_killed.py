"""A process killed between any two steps of a plan's life leaves the step whole or undone; the next try does it once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from metes.app.workspace import Workspace
from metes.model.plan import Territory
from tests.faults.test_killed import PLAN, run
from tests.faults.work import open_at


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Workspace]:
    """Two accounts, a plan in force, four eyes not asked for."""
    workspace = open_at(f"sqlite:///{tmp_path / 'metes.db'}", tmp_path)
    (tmp_path / "accounts.csv").write_text("id,name,employees\nA0,Ash,10\nA1,Birch,90\n")
    (tmp_path / "plan.yaml").write_text(PLAN)
    workspace.import_("accounts", [tmp_path / "accounts.csv"])
    workspace.plan_import(tmp_path / "plan.yaml")
    workspace.plan_publish("draft")
    workspace.assign()
    workspace.config_set("four_eyes", "no")
    yield workspace
    workspace.close()


def standing(workspace: Workspace) -> dict[str, Any]:
    """All that a step of a plan's life may change: whole, or as it was."""
    revisions = workspace.plan_list()
    return {
        "revisions": [asdict(r) for r in revisions],
        "log": [asdict(e) for r in revisions for e in workspace.plan_log(str(r.id))],
        "reviews": [asdict(workspace.plan_review(str(r.id))) for r in revisions if r.is_open],
        "publications": [asdict(p) for p in workspace.publications()],
        "jobs": [(j.id, j.kind, j.state) for j in workspace.jobs(100)],
        "audit": len(workspace.audit_list(1000)),
    }


def test_each_step_killed_anywhere_is_whole_or_undone(company: Workspace, tmp_path: Path) -> None:
    points = 0
    other = company.plan_branch("Other")
    company.territory_set(Territory("south", "geo"), reference=str(other.id))
    for step in ("branch", "propose", "decide", "schedule", "cancel", "schedule", "merge", "revert"):
        if step == "propose":
            company.territory_set(Territory("north", "geo"), reference="draft")
        before = standing(company)
        for point in range(1, 100):
            was_killed = run(f"sqlite:///{tmp_path / 'metes.db'}", tmp_path, step, point)
            after = standing(company)
            if after != before or not was_killed:
                assert after != before, step
                break
            points += 1
        assert company.audit_verify().is_whole
    assert points > 25
    assert [p.cancel_reason for p in company.publications()] == ["", "not yet", ""]
