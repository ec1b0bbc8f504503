"""Takes jobs one after the other until told to stop, and queues what has come due in between."""

from __future__ import annotations

import logging
import os
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from metes.app.workspace import Workspace
from metes.base.errors import Busy, Cancelled, InputError, Interrupted, JobLost, MetesError
from metes.base.progress import Behind, Checkpoint, Progress
from metes.model.scope import Principal
from metes.worker.presence import FOLDER, Presence
from metes.worker.progress import JobCheckpoint, JobProgress
from metes.worker.watch import Watch

IDLE_SECONDS = 0.5
TICK_SECONDS = 5.0
PAUSE_SECONDS = 5.0
FINDINGS_KEPT = 2_000
SETTLED = ("imported", "up to date")
log = logging.getLogger("metes.worker")


def work(workspace: Workspace, stop: threading.Event, *, parent: int | None = None) -> None:
    """Run jobs until `stop` is set, or until the process `parent` that this one stands beside is gone.

    A database that is away for a while ends no worker: it tries again.
    """
    with Presence(workspace.shelf.books / FOLDER) as presence:
        watch = Watch(presence.name, presence.lives)
        workspace.warm_up()
        ticked_at = -TICK_SECONDS
        while not stop.is_set() and (parent is None or os.getppid() == parent):
            try:
                if time.monotonic() - ticked_at >= TICK_SECONDS:
                    workspace.tick()
                    ticked_at = time.monotonic()
                if not run_next(workspace, presence.name, watch, stop):
                    stop.wait(IDLE_SECONDS)
            except Exception:
                log.exception("the worker could not go on; it tries again")
                stop.wait(PAUSE_SECONDS)


def run_next(workspace: Workspace, worker: str, watch: Watch | None = None, stop: threading.Event | None = None) -> bool:
    """Take and run one job; whether there was one. With a `watch`, jobs of lost workers are taken as well."""
    lost = watch.lost(workspace.jobs_running(), time.monotonic()) if watch else ()
    job = workspace.job_claim(worker, lost)
    if job is None:
        return False
    log.info("job started", extra={"job": job.id, "kind": job.kind})
    acting = workspace.acting_as(Principal(job.principal))
    checkpoint = JobCheckpoint(workspace, job.id, worker, job.checkpoint)
    try:
        with JobProgress(workspace, job.id, worker, stop) as progress:
            try:
                result = run_kind(acting, job, progress, checkpoint)
            except MetesError:
                raise
            except Exception as error:
                progress.say("error", _where(error))
                raise
    except Exception as error:
        _end_badly(workspace, job, worker, error)
    else:
        _end(workspace, job.id, worker, "done", result=result)
    log.info("job ended", extra={"job": job.id, "kind": job.kind})
    return True


def _end_badly(workspace: Workspace, job: Any, worker: str, error: Exception) -> None:
    """End a job that raised, or let it wait where another attempt may do better."""
    match error:
        case JobLost():
            log.warning("job lost to another worker", extra={"job": job.id, "kind": job.kind})
        case Interrupted():
            workspace.job_give_back(job.id, worker, "its worker was told to stop; it waits for the next one", is_counted=False)
        case Cancelled():
            _end(workspace, job.id, worker, "cancelled")
        case Busy() if workspace.job_give_back(job.id, worker, f"tried again later: {error}", is_counted=True):
            pass
        case InputError():
            result = {"findings": [f.as_dict() for f in error.findings[:200]]}
            _end(workspace, job.id, worker, "failed", result=result, error=str(error))
        case MetesError():
            _end(workspace, job.id, worker, "failed", error=str(error))
        case _:
            log.error("job failed", exc_info=error, extra={"job": job.id, "kind": job.kind})
            text = "something went wrong inside Metes; its log says where, and the worker's log says more under this job's number"
            _end(workspace, job.id, worker, "failed", error=text)


def _end(workspace: Workspace, job_id: int, worker: str, state: str, **more: Any) -> None:
    if not workspace.job_finish(job_id, worker, state, **more):
        log.warning("job was taken up by another worker meanwhile; its end is left to that one", extra={"job": job_id})


def _where(error: Exception) -> str:
    """The kind of an unexpected error and the line that raised it; its text, which may hold anybody's data, stays in the worker's log."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"unexpected {type(error).__name__}{place}"


def run_kind(workspace: Workspace, job: Any, progress: Progress, checkpoint: Checkpoint) -> Mapping[str, Any]:
    """Call the verb that a job names."""
    payload: Mapping[str, Any] = job.payload
    match job.kind:
        case "import":
            return _import(workspace, payload, progress)
        case "undo":
            return workspace.import_undo(int(payload["import"]), progress=progress).as_dict()
        case "assign":
            return _assign(workspace, job, progress, checkpoint)
        case "preview":
            return workspace.preview(str(payload["revision"]), progress).in_short()
        case "compare":
            return workspace.plan_compare(str(payload["before"]), str(payload["after"]), progress).in_short()
        case "prove":
            found = workspace.plan_prove(str(payload["revision"]), progress).as_dict()
            return {**found, "findings": found["findings"][:FINDINGS_KEPT]}
        case "design":
            found = workspace.design_run(int(payload["design"]), progress, checkpoint)
            return {"design": payload["design"], "text": found["text"], "figures": found["figures"]}
        case "design-frontier":
            return workspace.design_frontier_run(int(payload["design"]), progress)
        case "book":
            workspace.book(progress)
            return {}
        case "clean-up":
            return workspace.clean_up(progress)
        case "drop-logs":
            return workspace.drop_logs()
        case "retention":
            return workspace.privacy_retain()
        case "audit-anchor":
            return workspace.audit_anchor_keep()
        case "reminders":
            return workspace.remind()
        case "daily-digest" | "weekly-digest":
            return workspace.digest_make(job.kind.removesuffix("-digest"))
        case "mail":
            return workspace.mail_send(job.id, progress)
        case _:
            raise MetesError(f"this worker knows no job of the kind '{job.kind}'; is it older than the server?")


def _assign(workspace: Workspace, job: Any, progress: Progress, checkpoint: Checkpoint) -> Mapping[str, Any]:
    report: Mapping[str, Any] = workspace.assign(
        progress, is_forced=bool(job.payload.get("force")), checkpoint=checkpoint
    ).as_dict()
    run = workspace.last_run() if report["is_up_to_date"] and job.attempts > 1 else None
    if run is not None and run["started_at"] >= job.started_at:
        # An earlier attempt of this job wrote the ledger and was lost before it could say so.
        report = {**report, **run["counts"], "is_preview": False}
    # What was assigned is written: nothing that happens from here on takes it back.
    workspace.book(Behind(progress))
    return report


def _import(workspace: Workspace, payload: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    files, options = [Path(f) for f in payload["files"]], dict(payload["options"])
    report = workspace.import_(payload["kind"], files, progress=progress, **options)
    if report.state.value in SETTLED and not options.get("dry_run"):
        workspace.uploads_drop(files)
    return report.as_dict(FINDINGS_KEPT)
