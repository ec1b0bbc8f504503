"""A job's progress: reports are noted in memory and written by a heartbeat of their own, so that no report waits for a writer.

What the log of the job shall say is written at once where nobody else writes, else by the next beat.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from typing import Any

from metes.app.jobs import Said
from metes.app.workspace import Workspace
from metes.base.errors import Busy, Cancelled, Interrupted, JobLost

BEAT_SECONDS = 1.0
MOST_LINES = 5_000
log = logging.getLogger("metes.worker")


class JobProgress:
    """Hands on what a verb reports, and raises `Cancelled` at the next report after somebody asked the job, or its worker, to stop."""

    def __init__(self, workspace: Workspace, job_id: int, worker: str, stop: threading.Event | None = None) -> None:
        self._workspace = workspace
        self._job_id = job_id
        self._worker = worker
        self._stop = stop or threading.Event()
        self._state = ("starting", 0, 0)
        self._said: list[Said] = []
        self._saying = threading.Lock()
        self._lines = 0
        self._ask: Cancelled | None = None
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat of job {job_id}", daemon=True)

    def __enter__(self) -> JobProgress:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._write_said()

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Note how far the work is; a new stage is written to the log."""
        is_new = _without_numbers(stage) != _without_numbers(self._state[0])
        self._state = (stage, done, total)
        if is_new:
            self.say("info", stage)
        if self._ask is not None:
            raise self._ask
        if self._stop.is_set():
            raise Interrupted("the worker must stop; the job goes on with the next one")

    def say(self, level: str, text: str) -> None:
        """Add a line to the job's log."""
        self._lines += 1
        if self._lines == MOST_LINES:
            level, text = "warning", "the log is full; only the end of the job is added"
        if self._lines <= MOST_LINES:
            with self._saying:
                self._said.append(Said(self._workspace.clock(), level, self._state[0], text))
            self._write_said()

    def _write_said(self) -> None:
        """Write what waits, if no other writer stands in the way."""
        with self._saying:
            if self._said and self._workspace.job_say(self._job_id, self._said):
                self._said = []

    def _beat(self) -> None:
        while not self._is_over.wait(BEAT_SECONDS):
            try:
                self._beat_once()
            except JobLost as error:
                self._ask = error
            except Busy:
                continue
            except Exception:
                log.exception("a beat was not written", extra={"job": self._job_id})

    def _beat_once(self) -> None:
        with self._saying:
            asked = self._workspace.job_report(self._job_id, self._worker, *self._state, self._said)
            self._said = []
        if asked and self._ask is None:
            self._ask = Cancelled("somebody asked this job to stop; nothing was written")


class JobCheckpoint:
    """Where a job's work keeps what its next attempt goes on from."""

    def __init__(self, workspace: Workspace, job_id: int, worker: str, value: Mapping[str, Any] | None) -> None:
        self._workspace = workspace
        self._job_id = job_id
        self._worker = worker
        self._value = value

    def load(self) -> Mapping[str, Any] | None:
        """What an earlier attempt kept; None at the first."""
        return self._value

    def save(self, value: Mapping[str, Any]) -> None:
        """Keep plain values with the job."""
        self._workspace.job_checkpoint(self._job_id, self._worker, value)
        self._value = value


def _without_numbers(stage: str) -> str:
    """A stage that only counts (`waiting for another writer (3 s)`) stays one stage."""
    return re.sub(r"\d+(?:[.,]\d+)*", "#", stage)
