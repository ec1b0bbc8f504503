"""A job's progress: reports are noted in memory and written by a heartbeat of their own, so that no report waits for a writer."""

from __future__ import annotations

import threading

from metes.app.workspace import Workspace
from metes.base.errors import Busy, Cancelled

BEAT_SECONDS = 1.0


class JobProgress:
    """Hands on what a verb reports, and raises `Cancelled` at the next report after somebody asked the job to stop."""

    def __init__(self, workspace: Workspace, job_id: int) -> None:
        self._workspace = workspace
        self._job_id = job_id
        self._state = ("starting", 0, 0)
        self._is_cancelled = threading.Event()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat of job {job_id}", daemon=True)

    def __enter__(self) -> JobProgress:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Note how far the work is."""
        self._state = (stage, done, total)
        if self._is_cancelled.is_set():
            raise Cancelled("somebody asked this job to stop; nothing was written")

    def _beat(self) -> None:
        while not self._is_over.wait(BEAT_SECONDS):
            try:
                if self._workspace.job_report(self._job_id, *self._state):
                    self._is_cancelled.set()
            except Busy:
                continue
