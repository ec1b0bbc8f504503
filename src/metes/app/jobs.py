"""The verbs of long work: queue, follow, cancel and resume it; and what a worker does with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from metes.app.desk import Desk, require_number
from metes.base.errors import Busy
from metes.store import assign_trigger, audit, job_log, jobs, plans
from metes.store.job_log import LogLine
from metes.store.jobs import Held, Job

# A job's end is worth waiting for behind the longest writer.
END_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a worker has to say of its job, until it stands in the log."""

    at: datetime
    level: str
    stage: str
    text: str


class JobVerbs(Desk):
    """Jobs, from both sides."""

    def job_add(self, kind: str, payload: Mapping[str, Any]) -> int:
        """Queue long work; the job's number."""
        with self.store.touch() as connection:
            number = jobs.add_job(connection, kind, payload, self.principal.name, self.clock())
            job_log.append(connection, number, self.clock(), "info", jobs.WAITING, f"{self.principal.name} asked for it")
            return number

    def assign_queue(self) -> int:
        """Queue an assignment of all accounts; the number of the job that does it, which may have waited already."""
        with self.store.write() as connection:
            why = f"{self.principal.name} asked for it"
            return assign_trigger.queue(connection, self.principal.name, self.clock(), why)

    def assign_waiting(self, kind: str = "accounts") -> int | None:
        """The number of the assignment that waits for a worker; None where none does, or where records of the kind are none of rules'."""
        if kind not in assign_trigger.KINDS:
            return None
        with self.store.read() as connection:
            return next(iter(jobs.waiting_ids(connection, jobs.ASSIGN_KEY)), None)

    def publication_job(self, revision: int) -> int | None:
        """The number of the job that assigns the last publication of a revision; None before its day."""
        with self.store.read() as connection:
            mine = [p.id for p in plans.publications(connection) if p.revision_id == revision]
            return jobs.find_once(connection, assign_trigger.once_key(mine[-1])) if mine else None

    def job(self, job_id: int) -> Job:
        """One job."""
        require_number(job_id, "job")
        with self.store.read() as connection:
            return jobs.job(connection, job_id)

    def jobs(self, limit: int = 50) -> tuple[Job, ...]:
        """The newest jobs."""
        with self.store.read() as connection:
            return jobs.recent(connection, limit)

    def job_log(self, job_id: int, *, after: int = 0, limit: int = 100) -> tuple[LogLine, ...]:
        """The first lines of a job's log behind line `after`, oldest first."""
        require_number(job_id, "job")
        require_number(after + 1, "line")
        with self.store.read() as connection:
            jobs.job(connection, job_id)
            return job_log.lines(connection, job_id, after=after, limit=limit)

    def job_log_end(self, job_id: int, *, before: int | None = None, limit: int = 100) -> tuple[tuple[LogLine, ...], int]:
        """The last lines of a job's log (those before a line, where it is named), oldest first; and how many it has in all."""
        require_number(job_id, "job")
        if before is not None:
            require_number(before, "line")
        with self.store.read() as connection:
            return job_log.last_lines(connection, job_id, before=before, limit=limit), job_log.count(connection, job_id)

    def job_cancel(self, job_id: int) -> Job:
        """Ask a job to stop."""
        require_number(job_id, "job")
        with self.store.touch() as connection:
            kind = jobs.job(connection, job_id).kind
            audit.add_entry(connection, self.principal, "job cancel", f"job {job_id}", {"kind": kind}, self.clock())
            return jobs.request_cancel(connection, job_id, self.principal.name, self.clock())

    def job_resume(self, job_id: int) -> Job:
        """Let a failed or cancelled job go on from its checkpoint."""
        require_number(job_id, "job")
        with self.store.touch() as connection:
            kind = jobs.job(connection, job_id).kind
            audit.add_entry(connection, self.principal, "job resume", f"job {job_id}", {"kind": kind}, self.clock())
            return jobs.resume(connection, job_id, self.principal.name, self.clock())

    def jobs_running(self) -> tuple[Held, ...]:
        """All jobs that workers hold."""
        with self.store.read() as connection:
            return jobs.running(connection)

    def job_claim(self, worker: str, lost: Collection[Held] = ()) -> Job | None:
        """Take the next job for a worker, one of a lost worker among them; None where there is none."""
        with self.store.read() as connection:
            if not lost and not jobs.is_waiting(connection, self.clock()):
                return None
        with self.store.write() as connection:
            return jobs.claim(connection, worker, self.clock(), lost)

    def job_report(self, job_id: int, worker: str, stage: str, done: int, total: int, said: Sequence[Said] = ()) -> bool:
        """Note how far a job is, and what its worker says of it; whether somebody asked it to stop."""
        with self.store.touch() as connection:
            stop = jobs.report(connection, job_id, worker, stage, done, total, self.clock())
            _say(connection, job_id, said)
            return stop

    def job_say(self, job_id: int, said: Sequence[Said]) -> bool:
        """Add lines to a job's log at once; False where that would have to wait for another writer, so that nothing was added."""
        try:
            with self.store.touch(patience_seconds=0.0) as connection:
                _say(connection, job_id, said)
        except Busy:
            return False
        return True

    def job_checkpoint(self, job_id: int, worker: str, value: Mapping[str, Any]) -> None:
        """Keep what the next attempt of a job may go on from."""
        with self.store.touch() as connection:
            jobs.save_checkpoint(connection, job_id, worker, value, self.clock())

    def job_finish(
        self, job_id: int, worker: str, state: str, *, result: Mapping[str, Any] | None = None, error: str | None = None
    ) -> bool:
        """End a job as done, failed or cancelled; False where another worker holds it by now."""
        with self.store.write(patience_seconds=END_PATIENCE_SECONDS) as connection:
            return jobs.finish(connection, job_id, worker, state, self.clock(), result=result, error=error)

    def job_give_back(self, job_id: int, worker: str, why: str, *, is_counted: bool) -> bool:
        """Let a job wait again that its worker cannot go on with; False where it must end instead."""
        with self.store.write(patience_seconds=END_PATIENCE_SECONDS) as connection:
            return jobs.give_back(connection, job_id, worker, self.clock(), why, is_counted=is_counted)


def _say(connection: Any, job_id: int, said: Sequence[Said]) -> None:
    for line in said:
        job_log.append(connection, job_id, line.at, line.level, line.stage, line.text)
