"""What happens by itself: schedules with their next turn and their last report, added, paused, run and removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError, NotFound
from metes.model.cadence import MONTHLY, NIGHTLY, WEEKDAYS, WEEKLY, Cadence
from metes.web.pages.jobs import STATES, TONES, cleared, title_of, work_tabs
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()

KINDS = (
    ("assign", "Assign all accounts"),
    ("clean-up", "Clear what was left behind"),
    ("drop-logs", "Drop old logs"),
    ("reminders", "Remind people of reviews"),
    ("daily-digest", "Send the daily digest"),
    ("weekly-digest", "Send the weekly digest"),
    ("retention", "Take out personal data that are too old"),
    ("audit-anchor", "Keep an anchor of the audit trail"),
)
EVERY = ((NIGHTLY, "Every night"), (WEEKLY, "Every week"), (MONTHLY, "Every month"))
_EMPTY = {"name": "", "kind": "assign", "every": NIGHTLY, "weekday": WEEKDAYS[0], "day": "1", "at": "02:00"}


@router.get("/jobs/schedules")
def show_schedules(visit: SignedIn) -> Response:
    """All schedules, and the form that adds one."""
    return _page(visit, _EMPTY)


@router.post("/jobs/schedules")
def add_schedule(visit: SignedIn, form: Form) -> Response:
    """Add a schedule."""
    typed = {name: str(form.get(name, default)).strip() for name, default in _EMPTY.items()}
    on = {WEEKLY: typed["weekday"], MONTHLY: typed["day"]}.get(typed["every"], "")
    try:
        schedule = visit.workspace.schedule_add(typed["name"].lower(), typed["kind"], f"{typed['every']} {on} {typed['at']}")
    except (InputError, Conflict) as error:
        return _page(visit, typed, error=str(error), status=422)
    return visit.go("/jobs/schedules", ("good", f"{schedule.name} runs {sentence_of(schedule.cadence)}."))


@router.post("/jobs/schedules/{name}/pause")
def pause_schedule(name: str, visit: SignedIn) -> Response:
    """Let a schedule rest."""
    visit.workspace.schedule_pause(name)
    return visit.go("/jobs/schedules", ("info", f"{name} rests until somebody resumes it."))


@router.post("/jobs/schedules/{name}/resume")
def resume_schedule(name: str, visit: SignedIn) -> Response:
    """Let a schedule go on with its next turn."""
    schedule = visit.workspace.schedule_resume(name)
    return visit.go("/jobs/schedules", ("good", f"{name} runs again {sentence_of(schedule.cadence)}."))


@router.post("/jobs/schedules/{name}/run")
def run_schedule(name: str, visit: SignedIn) -> Response:
    """Queue a schedule's job now."""
    return visit.go(f"/jobs/{visit.workspace.schedule_run(name)}")


@router.get("/jobs/schedules/{name}/remove")
def ask_remove(name: str, visit: SignedIn) -> Response:
    """Tell what removing a schedule means."""
    visit.require("run")
    found = next((s for s in visit.workspace.schedule_list() if s.name == name), None)
    if found is None:
        raise NotFound(f"there is no schedule '{name}'; the page of schedules lists those there are")
    return visit.page("schedule-remove.html", schedule=found, runs=dict(KINDS)[found.kind], when=sentence_of(found.cadence))


@router.post("/jobs/schedules/{name}/remove")
def remove_schedule(name: str, visit: SignedIn) -> Response:
    """Remove a schedule."""
    visit.workspace.schedule_remove(name)
    return visit.go("/jobs/schedules", ("info", f"{name} is removed; the jobs it queued stay."))


def sentence_of(cadence: Cadence) -> str:
    """A cadence in words: `every Monday at 02:00`."""
    at = f"{cadence.at:%H:%M}"
    if cadence.every == WEEKLY:
        return f"every {WEEKDAYS[cadence.on].capitalize()} at {at}"
    if cadence.every == MONTHLY:
        day = "last day" if cadence.on == 31 else f"{cadence.on}{_ending(cadence.on)}"
        return f"on the {day} of each month at {at}"
    return f"every night at {at}" if cadence.at.hour < 6 else f"every day at {at}"


def _ending(day: int) -> str:
    return "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _page(visit: Visit, typed: Mapping[str, str], *, error: str = "", status: int = 200) -> Response:
    workspace = visit.workspace
    found = workspace.schedule_list()
    rows = [
        {
            "schedule": schedule,
            "runs": dict(KINDS).get(schedule.kind, schedule.kind),
            "when": sentence_of(schedule.cadence),
            "last": _last(workspace.job(schedule.last_job)) if schedule.last_job is not None else None,
        }
        for schedule in found
    ]
    return visit.page(
        "schedules.html",
        status=status,
        tabs=work_tabs("/jobs/schedules"),
        rows=rows,
        typed=typed,
        error=error,
        kinds=KINDS,
        every=EVERY,
        weekdays=[(day, day.capitalize()) for day in WEEKDAYS],
        zone=workspace.settings().time_zone,
    )


def _last(job: Any) -> dict[str, Any]:
    """The job of a schedule's newest turn: where it is, how it ended, and its report in a line."""
    return {
        "href": f"/jobs/{job.id}",
        "title": title_of(job),
        "at": job.finished_at or job.created_at,
        "state": STATES.get(job.state, job.state),
        "tone": TONES.get(job.state, ""),
        "said": job.error or _report(job),
    }


def _report(job: Any) -> str:
    result = job.result or {}
    if job.kind != "assign" or "moved" not in result:
        return cleared(job)
    if result.get("is_up_to_date"):
        return "nothing had changed"
    accounts = "account" if result["moved"] == 1 else "accounts"
    return f"{result['moved']:,} {accounts} changed territory"
