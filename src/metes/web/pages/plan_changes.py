"""What a draft changes: steps, findings, consequences; published from a day on, or discarded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError
from metes.base.findings import Finding, Severity
from metes.web.pages.preview import found_or_quick, outcome_of
from metes.web.plan_view import PlanView, view_of
from metes.web.revisions import label_of
from metes.web.visits import Form, SignedIn, Visit

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
        today=visit.workspace.today(),
        is_small=visit.workspace.total().accounts <= SHOWN_AT_ONCE,
        outcome=outcome_of(visit, view) if preview else None,
    )


@router.get("/plan/{reference}/publish")
def ask_publish(reference: str, visit: SignedIn, on: str = "") -> Response:
    """Tell what publishing means, from which day."""
    view = view_of(visit, reference)
    _require_draft(view)
    today = visit.workspace.today()
    day, error = _day(on, today)
    active = visit.workspace.active()
    steps = len(visit.workspace.plan_diff("active", str(view.revision.id))) if active else 0
    errors = [f for f in check_of(visit, view) if f.severity is Severity.ERROR]
    proof = None if errors else visit.workspace.plan_verdict(str(view.revision.id))
    context = {
        "view": view,
        "day": day,
        "today": today,
        "steps": steps,
        "errors": errors,
        "error": error,
        "active": active,
        "proof": proof,
        "found": None if errors or error else found_or_quick(visit, view),
    }
    return visit.page("plan-publish.html", status=422 if error else 200, act="publish", **context)


@router.post("/plan/{reference}/publish")
def publish(reference: str, visit: SignedIn, form: Form) -> Response:
    """Publish a draft from a day on, and assign where that day has come."""
    view = view_of(visit, reference)
    _require_draft(view)
    today = visit.workspace.today()
    day, error = _day(str(form.get("on", "")), today)
    if error:
        raise InputError(error)
    revision = visit.workspace.plan_publish(str(view.revision.id), on=day, expected_root=str(form.get("root", "")) or None)
    if day <= today:
        job = visit.workspace.publication_job(revision.id) or visit.workspace.assign_queue()
        return visit.go(f"/jobs/{job}", ("good", f"{revision.name} is published; its accounts are being assigned."))
    shown = visit.environment.filters["day"](day)
    return visit.go(f"/plan?revision={revision.id}", ("good", f"{revision.name} takes over on {shown}."))


@router.get("/plan/{reference}/discard")
def ask_discard(reference: str, visit: SignedIn) -> Response:
    """Tell what discarding a draft means."""
    view = view_of(visit, reference)
    _require_draft(view)
    steps = len(visit.workspace.plan_diff("active", str(view.revision.id))) if visit.workspace.active() else 0
    return visit.page("plan-publish.html", act="discard", view=view, steps=steps)


@router.post("/plan/{reference}/discard")
def discard(reference: str, visit: SignedIn) -> Response:
    """Put a draft away."""
    view = view_of(visit, reference)
    _require_draft(view)
    visit.workspace.plan_discard(str(view.revision.id))
    return visit.go("/plan", ("info", f"{label_of(view.revision)} was put away; the plan in force is as it was."))


def _require_draft(view: PlanView) -> None:
    if not view.revision.is_open:
        raise Conflict(f"revision {view.revision.id} is {view.revision.state} already; only a draft is published or put away")


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


def _day(text: str, today: date) -> tuple[date, str]:
    """The day typed, today where none was, and what is wrong with it."""
    try:
        return (date.fromisoformat(text) if text else today), ""
    except ValueError:
        return today, f"{text[:40]!r} is no day; write 2027-02-28"
