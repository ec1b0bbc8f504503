"""What a draft changes: steps, findings, consequences; the way to publishing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.findings import Finding, Severity
from metes.web.pages.preview import outcome_of
from metes.web.plan_view import PlanView, view_of
from metes.web.visits import SignedIn, Visit

router = APIRouter()

SHOWN_AT_ONCE = 50_000
STEPS_SHOWN = 300
FINDINGS_SHOWN = 200


@router.get("/plan/{reference}/changes")
def show_changes(reference: str, visit: SignedIn, preview: bool = False) -> Response:
    """What a draft changes against the active plan, what the check says of it, and the way to publish it."""
    view = view_of(visit, reference)
    active = visit.workspace.active()
    steps: Sequence[Any] = visit.workspace.plan_diff("active", str(view.revision.id)) if active else ()
    findings = check_of(visit, view)
    return visit.page(
        "plan-changes.html",
        view=view,
        steps=[(step, _step_href(view, step)) for step in steps[:STEPS_SHOWN]],
        steps_total=len(steps),
        findings=[(f, finding_href(view, f)) for f in findings[:FINDINGS_SHOWN]],
        findings_total=len(findings),
        errors=sum(1 for f in findings if f.severity is Severity.ERROR),
        has_active=active is not None,
        active=active[0] if active else None,
        today=visit.workspace.today(),
        is_small=visit.workspace.total().accounts <= SHOWN_AT_ONCE,
        outcome=outcome_of(visit, view) if preview else None,
    )


def check_of(visit: Visit, view: PlanView) -> list[Finding]:
    """What the check says of a revision, errors first."""
    order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
    return sorted(visit.workspace.plan_check(str(view.revision.id))[1], key=lambda f: order[f.severity])


def _step_href(view: PlanView, step: Any) -> str:
    return _subject_href(view, step.subject)


def finding_href(view: PlanView, finding: Finding) -> str:
    """The page of what a finding is about; empty where there is none."""
    return _subject_href(view, finding.place.subject)


def _subject_href(view: PlanView, subject: str) -> str:
    """The page of what a step or finding is about: `rule west/main`, `territory west`, `pin of A1 to west`; empty without one."""
    kind, _, rest = subject.partition(" ")
    key, _, rule = rest.partition("/")
    if kind in {"type", "list", "area"}:
        is_there = rest in {"type": view.plan.type_by_key, "list": view.plan.list_by_key, "area": view.plan.area_by_key}[kind]
        return f"{view.base}/{kind}s/{rest}" if is_there else f"{view.base}/parts"
    if kind in {"pin", "exclusion"}:
        key, rule = subject.rsplit(" ", 1)[-1], ""
    if kind == "seat":
        return f"{view.base}/seats/{rest}" if any(seat.key == rest for seat in view.plan.seats) else ""
    territory = view.plan.territory_by_key.get(key)
    if territory is None:
        return ""
    place = f"{view.base}/territories/{key}"
    return f"{place}/rules/{rule}" if rule and any(r.key == rule for r in territory.rules) else place
