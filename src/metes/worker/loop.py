"""Takes jobs one after the other until told to stop."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from metes.app.workspace import Workspace
from metes.base.errors import Cancelled, InputError, MetesError
from metes.base.progress import Progress
from metes.model.scope import Principal
from metes.worker.progress import JobProgress

IDLE_SECONDS = 0.5
FINDINGS_KEPT = 2_000
SETTLED = ("imported", "up to date")
log = logging.getLogger("metes.worker")


def work(workspace: Workspace, stop: threading.Event, *, parent: int | None = None) -> None:
    """Run jobs until `stop` is set, or until the process `parent` that this one stands beside is gone."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    workspace.warm_up()
    while not stop.is_set() and (parent is None or os.getppid() == parent):
        if not run_next(workspace, name):
            stop.wait(IDLE_SECONDS)


def run_next(workspace: Workspace, worker: str) -> bool:
    """Take and run one job; whether there was one."""
    job = workspace.job_claim(worker)
    if job is None:
        return False
    log.info("job started", extra={"job": job.id, "kind": job.kind})
    acting = workspace.acting_as(Principal(job.principal))
    try:
        with JobProgress(workspace, job.id) as progress:
            result = run_kind(acting, job.kind, job.payload, progress)
    except Cancelled:
        workspace.job_finish(job.id, "cancelled")
    except InputError as error:
        workspace.job_finish(job.id, "failed", result={"findings": [f.as_dict() for f in error.findings[:200]]}, error=str(error))
    except MetesError as error:
        workspace.job_finish(job.id, "failed", error=str(error))
    except Exception:
        log.exception("job failed", extra={"job": job.id, "kind": job.kind})
        workspace.job_finish(
            job.id, "failed", error="something went wrong inside Metes; the worker's log says what, under this job's number"
        )
    else:
        workspace.job_finish(job.id, "done", result=result)
    log.info("job ended", extra={"job": job.id, "kind": job.kind})
    return True


def run_kind(workspace: Workspace, kind: str, payload: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """Call the verb that a job names."""
    match kind:
        case "import":
            report = workspace.import_(
                payload["kind"], [Path(f) for f in payload["files"]], progress=progress, **dict(payload["options"])
            )
            if report.state.value in SETTLED and not payload["options"].get("dry_run"):
                workspace.uploads_drop([Path(f) for f in payload["files"]])
            return report.as_dict(FINDINGS_KEPT)
        case "undo":
            return workspace.import_undo(int(payload["import"]), progress=progress).as_dict()
        case "assign":
            assigned = workspace.assign(progress, is_forced=bool(payload.get("force"))).as_dict()
            workspace.book(progress)
            return assigned
        case "preview":
            return workspace.plan_preview(str(payload["revision"]), progress).as_dict()
        case "book":
            workspace.book(progress)
            return {}
        case _:
            raise MetesError(f"this worker knows no job of the kind '{kind}'; is it older than the server?")
