"""Clearing of what was left behind: uploads nobody imported, side tables of loads that are gone, old logs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from metes.base.progress import Progress
from metes.store import job_log, jobs
from metes.store.engine import Store

UPLOADS = "uploads"
KIND = "clean-up"
# No load takes this long: a side table that two clearings saw, so far apart, belongs to nobody.
STALE = timedelta(hours=20)


def clean_up(store: Store, folder: Path, upload_days: int, now: datetime, progress: Progress) -> Mapping[str, Any]:
    """Drop old uploads and side tables without a load; what was dropped, and which side tables are left for the next time."""
    since = now - timedelta(days=upload_days)
    with store.read() as connection:
        going_on = jobs.unfinished(connection, since)
    progress.report("dropping old uploads")
    uploads = _drop_uploads(folder / UPLOADS, going_on, since)
    progress.report("dropping side tables")
    dropped, left = _drop_stages(store, going_on, now)
    return {"uploads": uploads, "side_tables": dropped, "side_tables_seen": left}


def drop_logs(store: Store, days: int, now: datetime) -> int:
    """Drop the logs of jobs that ended more than so many days ago; lines dropped."""
    with store.write() as connection:
        return job_log.drop_before(connection, now - timedelta(days=days))


def _drop_uploads(folder: Path, going_on: tuple[jobs.Job, ...], since: datetime) -> int:
    """Upload folders older than an instant that no job still needs, dropped."""
    needed = {Path(file).parent.name for job in going_on for file in job.payload.get("files", ())}
    old = [
        upload
        for upload in (folder.iterdir() if folder.is_dir() else ())
        if upload.is_dir() and upload.name not in needed and upload.stat().st_mtime < since.timestamp()
    ]
    for upload in old:
        shutil.rmtree(upload, ignore_errors=True)
    return len(old)


def _drop_stages(store: Store, going_on: tuple[jobs.Job, ...], now: datetime) -> tuple[list[str], list[str]]:
    """Side tables dropped, and those that stay: of a job that may go on, or seen too lately to know."""
    from metes.store import bulk  # loads Arrow

    kept = {str(job.checkpoint["stage"]) for job in going_on if job.checkpoint and "stage" in job.checkpoint}
    present = [name for name in bulk.stages(store) if not any(name.startswith(bulk.STAGE_PREFIX + stage) for stage in kept)]
    seen = _seen_before(store, now)
    dropped = [name for name in present if name in seen]
    if dropped:
        with store.write() as connection:
            for name in dropped:
                bulk.drop_stage(connection, name.removeprefix(bulk.STAGE_PREFIX))
    return dropped, [name for name in present if name not in seen]


def _seen_before(store: Store, now: datetime) -> frozenset[str]:
    """The side tables that clearings of long enough ago left."""
    with store.read() as connection:
        earlier = jobs.recent(connection, 20, KIND)
    long_ago = [job for job in earlier if job.result and job.finished_at is not None and job.finished_at < now - STALE]
    return frozenset(name for job in long_ago for name in (job.result or {}).get("side_tables_seen", ()))
