"""The demo company, made and brought in by the same verbs that everybody uses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from metes.app.demo_users import make_users
from metes.app.workspace import Workspace
from metes.base.errors import NotFound
from metes.base.progress import Progress
from metes.demo.company import CompanyFiles, make_company
from metes.plan.writing import write_plan

_AFTER_PLAN = ("seats",)


def write_company(folder: Path, *, accounts: int, seed: int, today: date, progress: Progress) -> CompanyFiles:
    """Write the company's import files and its plan into a folder."""
    company = make_company(folder, accounts=accounts, seed=seed, today=today, progress=progress)
    write_plan(company.plan, folder / "plan")
    return company


def load_company(workspace: Workspace, company: CompanyFiles, *, progress: Progress, say: Callable[[str], None]) -> dict[str, Any]:
    """Import the company's files, publish its plan, assign, and make sure that somebody can sign in. Repeating changes nothing."""
    for kind, file in company.files.items():
        if kind not in _AFTER_PLAN:
            _bring_in(workspace, company, kind, file, progress, say)
    _publish(workspace, company, say)
    for kind in _AFTER_PLAN:
        _bring_in(workspace, company, kind, company.files[kind], progress, say)
    report = workspace.assign_now(progress)
    say(f"assigned {report.accounts:,} accounts, {report.unassigned:,} held by no territory")
    workspace.book(progress)
    users = make_users(workspace, company.folder)
    return {
        "accounts": report.accounts,
        "unassigned": report.unassigned,
        "user": users[0].name,
        "password": users[0].password,
        "users": [{"user": u.name, "password": u.password, "role": u.role, "seat": u.seat} for u in users],
    }


def _bring_in(
    workspace: Workspace, company: CompanyFiles, kind: str, file: Path, progress: Progress, say: Callable[[str], None]
) -> None:
    report = workspace.import_(kind, [file], source="demo", mapping_file=company.mappings.get(kind), progress=progress)
    say(f"{kind}: {report.sentence}")


def _publish(workspace: Workspace, company: CompanyFiles, say: Callable[[str], None]) -> None:
    try:
        if workspace.plan_find("active").plan_key == company.plan.key:
            return
    except NotFound:
        pass
    imported = workspace.plan_import(company.folder / "plan")
    revision = workspace.plan_publish(str(imported.revision), on=company.publish_on)
    say(f"published {revision.name} from {revision.effective_on}")
