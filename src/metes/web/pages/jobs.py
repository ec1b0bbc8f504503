"""Long work: the list of jobs, one job followed live, its log and result, cancel and resume, and the button that assigns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from metes.app.workspace import Workspace
from metes.base.errors import MetesError
from metes.base.findings import Finding, Place, Severity
from metes.web.marks import colour_of
from metes.web.pages.preview import found_or_quick
from metes.web.pages.sign_in import safe_target
from metes.web.plan_view import view_of
from metes.web.tables import Cell, Column, Row, Table
from metes.web.visits import Form, NotSignedIn, SignedIn, Visit, signed_in

router = APIRouter()

POLL_SECONDS = 0.4
STREAM_SECONDS = 600.0
KEEP_ALIVE_SECONDS = 15.0
TAIL_LINES = 12
LOG_LINES = 200
STATES = {"queued": "waiting"}
TONES = {"done": "good", "failed": "bad", "cancelled": "warn", "running": "accent"}


@router.get("/jobs")
def show_jobs(visit: SignedIn) -> Response:
    """The newest jobs."""
    found = visit.workspace.jobs(100)
    columns = [
        Column("job", "Job", Cell.LINK, is_sortable=False, second="asked"),
        Column("state", "State", Cell.STATUS, is_sortable=False),
        Column("stage", "Stage", is_sortable=False, on_phone=False),
        Column("by", "Asked for by", is_sortable=False, on_phone=False),
        Column("took", "Took", is_sortable=False),
    ]
    reader = visit.environment.filters
    rows = [
        Row(
            str(job.id),
            {
                "job": title_of(job),
                "asked": reader["moment"](job.created_at),
                "state": {"text": STATES.get(job.state, job.state), "tone": TONES.get(job.state, "")},
                "stage": job.error if job.state == "failed" else job.stage if not job.has_ended else "",
                "by": job.principal,
                "took": _took(job),
            },
            href=f"/jobs/{job.id}",
        )
        for job in found
    ]
    chosen = visit.address.values("column")
    table = Table(
        caption="Jobs",
        columns=[replace(c, is_shown=not chosen or c.key in chosen) for c in columns],
        rows=rows,
        address=visit.address,
        total=len(rows),
        noun=("job", "jobs"),
        empty_title="Nothing has run yet",
        empty_text="Imports and assignments run as jobs; each stands here with its progress and its result.",
        has_search=False,
        key="jobs",
    )
    return visit.page(
        "jobs.html", table=table, active=visit.workspace.active(), tabs=work_tabs("/jobs"), mail=visit.workspace.mail_findings()
    )


def work_tabs(here: str) -> list[dict[str, Any]]:
    """The tabs of long work: what runs, and what runs by itself."""
    places = (("/jobs", "Jobs"), ("/jobs/schedules", "Schedules"))
    return [{"text": text, "href": href, "current": href == here} for href, text in places]


@router.get("/jobs/assign")
def ask_assign(visit: SignedIn) -> Response:
    """What assigning all accounts would change, where that is at hand or quick to work out, and the way to do it."""
    visit.require("run")
    visit.workspace.require_active()
    view = view_of(visit, "active")
    names = {territory.key: territory.label for territory in view.plan.territories}
    return visit.page("assign.html", view=view, found=found_or_quick(visit, view), names=names)


@router.post("/jobs/assign")
def assign(visit: SignedIn, form: Form) -> Response:
    """Queue a run of the active plan over all accounts."""
    visit.workspace.require_active()
    is_forced = bool(form.get("force"))
    job = visit.workspace.job_add("assign", {"force": True}) if is_forced else visit.workspace.assign_queue()
    return visit.go(f"/jobs/{job}")


@router.post("/jobs/mail/retry")
def retry_mail(visit: SignedIn) -> Response:
    """Try mail that was given up once more."""
    count = visit.workspace.mail_retry()
    return visit.go("/jobs", ("good", f"{_counted(count, 'mail')} {'is' if count == 1 else 'are'} tried again."))


@router.get("/jobs/{number:int}")
def show_job(number: int, visit: SignedIn) -> Response:
    """One job: its progress while it runs, then its result."""
    job = visit.workspace.job(number)
    target = _result_page(job)
    if target is not None and job.state == "done":
        return visit.go(target)
    return visit.page("job.html", **_job_context(visit, job))


@router.get("/jobs/{number:int}/log")
def show_log(number: int, visit: SignedIn, before: int | None = None) -> Response:
    """A job's log, the newest page of it first."""
    job = visit.workspace.job(number)
    lines, total = visit.workspace.job_log_end(number, before=before, limit=LOG_LINES)
    earlier = lines[0].number if len(lines) == LOG_LINES else None
    return visit.page("job-log.html", job=job, title=title_of(job), lines=lines, total=total, earlier=earlier, before=before)


@router.get("/jobs/{number:int}/events")
async def follow_job(number: int, visit: SignedIn, next: str = "", log: bool = False) -> Response:
    """The job's progress as server-sent events: HTML for its bar, with `log` the end of its log too, while it runs; then `done`."""
    job = await run_in_threadpool(visit.workspace.job, number)
    target = safe_target(next or f"/jobs/{number}")
    return StreamingResponse(_events(visit, job, target, log), media_type="text/event-stream", headers={"x-accel-buffering": "no"})


@router.post("/jobs/{number:int}/cancel")
def cancel_job(number: int, visit: SignedIn) -> Response:
    """Ask a job to stop; what it has not written yet is never written."""
    job = visit.workspace.job_cancel(number)
    kept = "the best found so far is kept" if job.kind == "design" else "nothing is written"
    text = "The job was cancelled." if job.state == "cancelled" else f"The job stops at its next step; {kept}."
    place = f"/designs/{job.payload['design']}/run" if job.kind == "design" else f"/jobs/{number}"
    return visit.go(place, ("info", text))


@router.post("/jobs/{number:int}/resume")
def resume_job(number: int, visit: SignedIn) -> Response:
    """Let a failed or cancelled job go on."""
    job = visit.workspace.job_resume(number)
    text = "The job goes on from where it was." if job.checkpoint else "The job begins anew."
    return visit.go(f"/jobs/{number}", ("good", text))


def job_bar(visit: Visit, job: Any, *, result: tuple[str, str] | None = None, next_page: str = "") -> dict[str, Any]:
    """What components/jobs.html shows of a job; `next_page` is loaded when it has ended."""
    return {
        "key": job.id,
        "title": title_of(job),
        "state": STATES.get(job.state, job.state),
        "stage": _stage(job),
        "done": job.done,
        "total": job.total,
        "events": f"/jobs/{job.id}/events" + (f"?next={next_page}" if next_page else ""),
        "cancel": f"/jobs/{job.id}/cancel" if visit.may("run") else "",
        "cancel_text": "Stop with the best so far" if job.kind == "design" else "",
        "resume": f"/jobs/{job.id}/resume" if job.can_resume and visit.may("run") else "",
        "result": result,
        "csrf": visit.csrf,
    }


def _stage(job: Any) -> str:
    """How far a job is, or how long it took."""
    if job.has_ended:
        return f"Took {_took(job)}" if _took(job) else ""
    return "Stops at its next step" if job.cancel_requested else sentence(job.stage or "")


def title_of(job: Any) -> str:
    """A job in words: `Import accounts from accounts.csv`."""
    match job.kind:
        case "import":
            names = [str(file).rsplit("/", 1)[-1] for file in job.payload.get("files", ())]
            verb = "Look at" if job.payload.get("options", {}).get("dry_run") else "Import"
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            return f"{verb} {job.payload.get('kind', '')} from {names[0] if names else 'a file'}{more}"
        case "undo":
            return f"Take import {job.payload.get('import', '')} back"
        case "assign":
            return "Assign all accounts"
        case "preview":
            return f"Preview of plan revision {job.payload.get('revision', '')}"
        case "compare":
            return f"Compare plan revision {job.payload.get('before', '')} with {job.payload.get('after', '')}"
        case "prove":
            return f"Check and proof of plan revision {job.payload.get('revision', '')}"
        case "design":
            return f"Work out design {job.payload.get('design', '')}"
        case "design-frontier":
            return f"Frontier of design {job.payload.get('design', '')}"
        case "book":
            return "Fold new data into the book"
        case "clean-up":
            return "Clear what was left behind"
        case "drop-logs":
            return "Drop old logs"
        case "mail":
            return "Send mail"
        case "retention":
            return "Take out personal data that are too old"
        case "audit-anchor":
            return "Keep an anchor of the audit trail"
        case "reminders":
            return "Remind people of reviews"
        case "daily-digest" | "weekly-digest":
            return f"Put the {job.kind.removesuffix('-digest')} digest together"
        case _:
            return sentence(str(job.kind))


def sentence(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def findings_of(result: Mapping[str, Any] | None) -> list[Finding]:
    """The findings that a job's result holds, as values again."""
    return [finding_from(item) for item in (result or {}).get("findings", ())]


def finding_from(item: Mapping[str, Any]) -> Finding:
    """A finding from its plain values."""
    place = Place(item.get("file") or "", item.get("line"), item.get("column") or "", item.get("subject") or "")
    severity = Severity(item["severity"])
    return Finding(item["code"], severity, item["message"], place, str(item.get("value") or ""), str(item.get("remedy") or ""))


def _result_page(job: Any) -> str | None:
    """The page that shows what a finished import or preview came to."""
    if job.kind == "undo":
        return f"/import/{job.payload['import']}"
    if job.kind == "preview":
        return f"/plan/{job.payload['revision']}/preview"
    if job.kind == "compare":
        return f"/plan/compare?a={job.payload['before']}&b={job.payload['after']}&by=territories"
    if job.kind == "prove":
        return f"/plan/{job.payload['revision']}/check"
    if job.kind == "design":
        return f"/designs/{job.payload['design']}/run"
    if job.kind == "design-frontier":
        return f"/designs/{job.payload['design']}/frontier"
    if job.kind != "import":
        return None
    is_look = bool(job.payload.get("options", {}).get("dry_run"))
    number = (job.result or {}).get("import")
    if is_look or (job.result or {}).get("state") in {"questions", "refused"}:
        return f"/import/review/{job.id}"
    same = "?same=1" if (job.result or {}).get("state") == "up to date" else ""
    return f"/import/{number}{same}" if number else None


def _job_context(visit: Visit, job: Any) -> dict[str, Any]:
    plan = visit.workspace.active()
    territories = plan[1].territory_by_key if plan else {}
    result = job.result or {}
    changes = result.get("territories", []) if job.kind == "assign" else []
    lines, total = visit.workspace.job_log_end(job.id, limit=TAIL_LINES)
    bar = job_bar(visit, job)
    return {
        "job": job,
        "bar": {**bar, "events": f"{bar['events']}?log=1", "lines": () if job.has_ended else lines},
        "lines": lines,
        "total": total,
        "cleared": cleared(job),
        "findings": findings_of(job.result),
        "report": result if job.kind == "assign" and result else None,
        "changes": before_after(changes, territories),
        "drafted": job.kind == "import" and job.payload.get("kind") == "territories" and job.state == "done",
    }


def cleared(job: Any) -> str:
    """What a clearing came to, in words; empty for other jobs."""
    result = job.result or {}
    if job.kind == "clean-up" and "uploads" in result:
        tables = len(result["side_tables"])
        return f"{_counted(result['uploads'], 'upload')} and {_counted(tables, 'side table')} dropped"
    if job.kind == "drop-logs" and "lines" in result:
        return f"{_counted(result['lines'], 'line')} of logs older than {_counted(result['days'], 'day')} dropped"
    return ""


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def before_after(changes: Any, territories: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who won and who lost, the largest change first, ready for the page."""
    ordered = sorted(changes, key=lambda c: (-(c["won"] + c["lost"]), c["territory"]))
    return [
        {**c, "name": territories[c["territory"]].label if c["territory"] in territories else c["territory"],
         "colour": colour_of(territories[c["territory"]]) if c["territory"] in territories else None}
        for c in ordered
    ]  # fmt: skip


def _took(job: Any) -> str:
    if job.started_at is None or job.finished_at is None:
        return ""
    seconds = (job.finished_at - job.started_at).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


async def _events(visit: Visit, job: Any, target: str, with_log: bool) -> AsyncIterator[str]:
    """Messages until the job has ended, or who follows it may no longer. The last one loads the page that shows the result; then comes
    `done`."""
    template = visit.environment.get_template("job.html")
    context = {"shell": visit.shell(), "visit": visit, "csrf": visit.csrf}

    def message(at: Any, lines: Sequence[Any], ended: str = "") -> str:
        page = template.new_context({**context, "bar": {**job_bar(visit, at), "lines": lines}, "ended": ended})
        text = "".join(template.blocks["progress"](page))
        return "".join(f"data: {line}\n" for line in text.splitlines() if line.strip()) + "\n"

    started = sent_at = time.monotonic()
    shown = None
    while True:
        lines = (await run_in_threadpool(visit.workspace.job_log_end, job.id, limit=TAIL_LINES))[0] if with_log else ()
        state = (job.state, job.stage, job.done, job.total, job.cancel_requested, lines[-1].number if lines else 0)
        if job.has_ended:
            yield message(job, lines, target)
            yield "event: done\ndata: ended\n\n"
            return
        now = time.monotonic()
        if state != shown:
            shown, sent_at = state, now
            yield message(job, lines)
        elif now - sent_at > KEEP_ALIVE_SECONDS:
            sent_at = now
            yield ": still here\n\n"
        if now - started > STREAM_SECONDS:
            return
        await asyncio.sleep(POLL_SECONDS)
        try:
            visit.workspace, job = await run_in_threadpool(_still, visit.request, job.id)
        except (NotSignedIn, MetesError):
            return


def _still(request: Request, number: int) -> tuple[Workspace, Any]:
    """The workspace as whoever asked may see it by now, and the job there; NotSignedIn or NotFound once they may not."""
    workspace = signed_in(request).workspace
    return workspace, workspace.job(number)
