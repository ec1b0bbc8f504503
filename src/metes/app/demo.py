"""The demo company, made and brought in by the same verbs that everybody uses."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from metes.app.workspace import Workspace
from metes.base.errors import NotFound
from metes.base.progress import Progress
from metes.demo.company import CompanyFiles, make_company
from metes.identity.secrets import new_password
from metes.plan.writing import write_plan

USER = "demo"
_SIGN_IN = "sign-in.json"
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
    return {
        "accounts": report.accounts,
        "unassigned": report.unassigned,
        "user": USER,
        "password": _sign_in(workspace, company.folder),
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


def _sign_in(workspace: Workspace, folder: Path) -> str:
    """The demo user's password, kept beside the demo's files so that a second start can print it again."""
    path = folder / _SIGN_IN
    if any(user.name == USER for user in workspace.user_list()):
        if path.exists():
            return str(json.loads(path.read_text())["password"])
        password = workspace.user_password(USER, new_password())
    else:
        password = workspace.user_add(USER, new_password())
    path.write_text(json.dumps({"user": USER, "password": password}))
    path.chmod(0o600)
    return password
