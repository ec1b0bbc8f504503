"""Publishing a scenario: from which day, why, and what each person will be told; or putting it away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError, Refused
from metes.base.findings import Severity
from metes.web.pages.plan_changes import check_of
from metes.web.pages.preview import found_or_quick
from metes.web.plan_view import PlanView, view_of
from metes.web.revisions import label_of
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
PATH = "/plan/{reference}/publish"
TOLD_SHOWN = 40
FIELDS = ("on", "rationale", "correction", "root")


@router.get(PATH)
def ask_publish(reference: str, visit: SignedIn, on: str = "") -> Response:
    """The form: the day, the reason, and what follows from it."""
    visit.require("publish")
    view = _scenario(visit, reference)
    return _page(visit, view, {"on": on, "rationale": _proposed(visit, view), "correction": ""})


@router.post(PATH)
def publish(reference: str, visit: SignedIn, form: Form) -> Response:
    """Publish from a day on, and assign where that day has come; or look at what each person would be told."""
    view = _scenario(visit, reference)
    typed = {name: str(form.get(name, "")).strip() for name in FIELDS}
    today = visit.workspace.today()
    day, error = _day(typed["on"], today)
    if error or form.get("act") == "look":
        return _page(visit, view, typed)
    try:
        revision = visit.workspace.plan_publish(
            str(view.revision.id),
            on=day,
            rationale=typed["rationale"],
            correction=typed["correction"] if day < today else "",
            expected_root=typed["root"] or None,
        )
    except (InputError, Conflict, Refused) as problem:
        status = {InputError: 422, Conflict: 409}.get(type(problem), 403)
        return _page(visit, view, typed, problem=f"{_sentence(str(problem))}.", status=status)
    name = revision.title or revision.name
    if day <= today:
        job = visit.workspace.publication_job(revision.id) or visit.workspace.assign_queue()
        return visit.go(f"/jobs/{job}", ("good", f"{name} is published; its accounts are being assigned."))
    number = next(p.id for p in visit.workspace.publications() if p.revision_id == revision.id)
    shown = visit.environment.filters["day"](day)
    return visit.go(f"/publications/{number}", ("good", f"{name} takes over on {shown}; each person it concerns is told."))


@router.get("/plan/{reference}/discard")
def ask_discard(reference: str, visit: SignedIn) -> Response:
    """Tell what discarding a scenario means."""
    visit.require("plan_edit")
    view = _scenario(visit, reference)
    steps = len(visit.workspace.plan_diff("active", str(view.revision.id))) if visit.workspace.active() else 0
    return visit.page("plan-discard.html", view=view, steps=steps)


@router.post("/plan/{reference}/discard")
def discard(reference: str, visit: SignedIn) -> Response:
    """Put a scenario away."""
    view = _scenario(visit, reference)
    visit.workspace.plan_discard(str(view.revision.id))
    return visit.go("/scenarios", ("info", f"{label_of(view.revision)} was put away; the plan in force is as it was."))


def _scenario(visit: Visit, reference: str) -> PlanView:
    """The view of a scenario; Conflict for what is published."""
    view = view_of(visit, reference)
    if not view.revision.is_open:
        raise Conflict(f"revision {view.revision.id} is {view.revision.state} already; only a scenario is published or put away")
    return view


def _proposed(visit: Visit, view: PlanView) -> str:
    """The reason with which it was proposed, to begin with."""
    proposal = visit.workspace.plan_review(str(view.revision.id)).proposal
    return proposal.rationale if proposal is not None and proposal.state == "open" else ""


def _page(visit: Visit, view: PlanView, typed: Mapping[str, str], *, problem: str = "", status: int = 200) -> Response:
    workspace = visit.workspace
    today = workspace.today()
    day, error = _day(typed["on"], today)
    errors = [f for f in check_of(visit, view) if f.severity is Severity.ERROR]
    found = None if errors else found_or_quick(visit, view)
    told = workspace.publish_preview(str(view.revision.id), on=day, rationale=_why(typed, day, today)) if found is not None else ()
    active = workspace.active()
    needed = workspace.settings().approvals_needed
    lacking = [p for p in workspace.plan_review(str(view.revision.id)).parts if not p.is_settled] if needed and active else []
    return visit.page(
        "plan-publish.html",
        status=422 if error else status,
        view=view,
        typed={**typed, "on": str(day) if not error else typed["on"]},
        day=day,
        today=today,
        day_error=error,
        problem=problem,
        errors=errors,
        is_blocked=bool(errors) or view.is_behind or bool(lacking),
        lacking=lacking,
        needed=needed,
        active=active,
        steps=len(workspace.plan_diff("active", str(view.revision.id))) if active else 0,
        proof=None if errors else workspace.plan_verdict(str(view.revision.id)),
        found=found,
        told=told[:TOLD_SHOWN],
        told_total=len(told),
        is_past=bool(active) and day < today,
    )


def _why(typed: Mapping[str, str], day: date, today: date) -> str:
    """The reason as it will be sent: that of a correction with it."""
    texts = (typed["rationale"], typed["correction"] if day < today else "")
    return "\n\n".join(text for text in texts if text)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _day(text: str, today: date) -> tuple[date, str]:
    """The day typed, today where none was, and what is wrong with it."""
    try:
        return (date.fromisoformat(text) if text else today), ""
    except ValueError:
        return today, f"{text[:40]!r} is no day; write 2027-02-28."
