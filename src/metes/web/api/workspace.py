"""The workspace itself: settings, jobs, schedules."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from metes.web.api.access import Caller, plain

router = APIRouter(tags=["workspace"])


class NewSchedule(BaseModel):
    """A schedule to add: what it runs (assign, clean-up, drop-logs, reminders, daily-digest, weekly-digest, retention, audit-anchor) and when (`nightly 02:00`, `weekly monday 02:00`, `monthly 1 02:00`)."""

    name: str = Field(max_length=60)
    kind: str = Field(max_length=40)
    cadence: str = Field(max_length=80)


class Setting(BaseModel):
    """A setting's value as text."""

    value: str = Field(max_length=4000, pattern=r"^[^\x00]*$")


@router.get("/settings")
def list_settings(caller: Caller) -> dict[str, Any]:
    """Every setting with its value."""
    return caller.config_list()


@router.put("/settings/{name}")
def set_setting(name: str, setting: Setting, caller: Caller) -> dict[str, Any]:
    """Set one setting."""
    return {name: plain(caller.config_set(name, setting.value))}


@router.get("/jobs")
def list_jobs(caller: Caller) -> list[dict[str, Any]]:
    """The newest jobs."""
    return [_shown(job) for job in caller.jobs()]


@router.get("/jobs/{job}")
def get_job(job: int, caller: Caller) -> dict[str, Any]:
    """One job."""
    return _shown(caller.job(job))


@router.post("/jobs/{job}/cancel")
def cancel_job(job: int, caller: Caller) -> dict[str, Any]:
    """Ask a job to stop."""
    return _shown(caller.job_cancel(job))


@router.post("/jobs/{job}/resume")
def resume_job(job: int, caller: Caller) -> dict[str, Any]:
    """Let a failed or cancelled job go on from its checkpoint, or begin anew where it has none."""
    return _shown(caller.job_resume(job))


@router.get("/jobs/{job}/log")
def read_log(
    job: int,
    caller: Caller,
    after: Annotated[int, Query(ge=0, description="Only the lines behind this number.")] = 0,
    rows: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> list[dict[str, Any]]:
    """A job's log, oldest line first."""
    lines: list[dict[str, Any]] = plain(caller.job_log(job, after=after, limit=rows))
    return lines


@router.get("/schedules")
def list_schedules(caller: Caller) -> list[dict[str, Any]]:
    """What happens by itself, with the next turn and the newest job of each."""
    return [_schedule(schedule) for schedule in caller.schedule_list()]


@router.post("/schedules", status_code=201)
def add_schedule(schedule: NewSchedule, caller: Caller) -> dict[str, Any]:
    """Add a schedule."""
    return _schedule(caller.schedule_add(schedule.name, schedule.kind, schedule.cadence))


@router.post("/schedules/{name}/pause")
def pause_schedule(name: str, caller: Caller) -> dict[str, Any]:
    """Let a schedule rest."""
    return _schedule(caller.schedule_pause(name))


@router.post("/schedules/{name}/resume")
def resume_schedule(name: str, caller: Caller) -> dict[str, Any]:
    """Let a schedule go on with its next turn."""
    return _schedule(caller.schedule_resume(name))


@router.post("/schedules/{name}/run", status_code=202)
def run_schedule(name: str, caller: Caller) -> dict[str, Any]:
    """Queue a schedule's job now; follow it at /jobs/{job}."""
    return {"job": caller.schedule_run(name)}


@router.delete("/schedules/{name}", status_code=204)
def remove_schedule(name: str, caller: Caller) -> None:
    """Remove a schedule; the jobs it queued stay."""
    caller.schedule_remove(name)


def _shown(job: Any) -> dict[str, Any]:
    """A job as it leaves the server: of its files the names, not where on the server they are kept."""
    shown: dict[str, Any] = plain(job)
    payload = shown["payload"]
    if "files" in payload:
        shown["payload"] = {**payload, "files": [file.replace("\\", "/").rpartition("/")[2] for file in payload["files"]]}
    return shown


def _schedule(schedule: Any) -> dict[str, Any]:
    """A schedule with its cadence as it is written."""
    return {**plain(schedule), "cadence": str(schedule.cadence)}
