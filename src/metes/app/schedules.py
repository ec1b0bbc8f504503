"""The verbs of what happens by itself: schedules, plans whose day has come, and the clearing of what was left behind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from metes.app import clearing
from metes.app.mailing import MailVerbs
from metes.base.errors import InputError
from metes.base.progress import SILENT, Progress
from metes.model.cadence import parse_cadence
from metes.model.scope import Principal
from metes.store import assign_trigger, audit, jobs, mails, notices, schedules
from metes.store.schedules import Schedule

SCHEDULED_KINDS = (
    "assign",
    "clean-up",
    "drop-logs",
    "reminders",
    "daily-digest",
    "weekly-digest",
    "retention",
    "audit-anchor",
)
BY_ITSELF = Principal("schedule")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


class ScheduleVerbs(MailVerbs):
    """Schedules, and what they run."""

    def schedule_list(self) -> tuple[Schedule, ...]:
        """All schedules."""
        self._make_first_schedules()
        with self.store.read() as connection:
            return schedules.all_schedules(connection)

    def schedule_add(self, name: str, kind: str, cadence: str) -> Schedule:
        """Add a schedule: what to run, and when, such as 'nightly 02:00', in the time zone of the workspace."""
        if not _NAME.fullmatch(name):
            raise InputError(f"expected a name of small letters, digits and hyphens such as 'weekly-assignment', got {name[:80]!r}")
        if kind not in SCHEDULED_KINDS:
            raise InputError(f"expected something to run, got {kind!r}; schedules run {', '.join(SCHEDULED_KINDS)}")
        wanted = parse_cadence(cadence)
        self._make_first_schedules()
        now, zone = self.clock(), self._zone()
        with self.store.write() as connection:
            schedules.add(connection, name, kind, wanted, self.principal.name, now, zone)
            audit.add_entry(
                connection, self.principal, "schedule add", f"schedule {name}", {"kind": kind, "cadence": str(wanted)}, now
            )
            return schedules.find(connection, name)

    def schedule_pause(self, name: str) -> Schedule:
        """Let a schedule rest."""
        return self._set_enabled(name, False)

    def schedule_resume(self, name: str) -> Schedule:
        """Let a schedule go on with its next turn."""
        return self._set_enabled(name, True)

    def schedule_remove(self, name: str) -> None:
        """Remove a schedule; the jobs it queued stay."""
        self._make_first_schedules()
        with self.store.write() as connection:
            found = schedules.find(connection, name)
            schedules.remove(connection, name)
            before = {"kind": found.kind, "cadence": str(found.cadence), "enabled": found.is_enabled}
            audit.add_entry(connection, self.principal, "schedule remove", f"schedule {name}", {}, self.clock(), before=before)

    def schedule_run(self, name: str) -> int:
        """Queue a schedule's job now, beside its turns; the job's number."""
        self._make_first_schedules()
        with self.store.write() as connection:
            job = schedules.run_now(connection, name, self.principal.name, self.clock())
            audit.add_entry(connection, self.principal, "schedule run", f"schedule {name}", {"job": job}, self.clock())
            return job

    def tick(self) -> tuple[int, ...]:
        """Queue everything whose time has come; the jobs' numbers. Safe to call as often as one likes, by any number of workers."""
        now, zone, today = self.clock(), self._zone(), self.today()
        with self.store.read() as connection:
            is_due = (
                not schedules.has_first(connection)
                or schedules.is_due(connection, now, zone)
                or assign_trigger.is_plan_new(connection, today)
                or self._is_mail_due(connection)
            )
        if not is_due:
            return ()
        with self.store.write() as connection:
            schedules.add_first(connection, BY_ITSELF.name, now, zone)
            assigned = assign_trigger.plan_became_active(connection, BY_ITSELF.name, now, today)
            mail = None
            if self._is_mail_due(connection):
                mail = jobs.add_waiting(
                    connection, "mail", {}, BY_ITSELF.name, now, waiting_key="mail", why="mail waits to be sent"
                )
            return tuple(job for job in (assigned, mail, *schedules.tick(connection, now, zone)) if job is not None)

    def next_turn_of(self, schedule: Schedule) -> datetime | None:
        """When a schedule runs next; None while it rests."""
        return schedule.next_at if schedule.is_enabled else None

    def clean_up(self, progress: Progress = SILENT) -> Mapping[str, Any]:
        """Drop files that were sent and never imported, and side tables whose load is gone; what was dropped."""
        folder = self.shelf.books
        return clearing.clean_up(self.store, folder, self.settings().upload_days, self.clock(), progress)

    def drop_logs(self) -> Mapping[str, Any]:
        """Drop the logs of jobs, and notices that were read, of longer ago than the workspace keeps them; what was dropped."""
        settings, now = self.settings(), self.clock()
        days = settings.job_log_days
        dropped = {"lines": clearing.drop_logs(self.store, days, now), "days": days}
        before = now - timedelta(days=settings.notice_days)
        with self.store.write() as connection:
            mails.drop_before(connection, before)
            dropped["notices"] = notices.drop_read_before(connection, before)
            if dropped["lines"] or dropped["notices"]:
                audit.add_entry(connection, self.principal, "drop logs", "logs and notices", dropped, now)
            return dropped

    def _is_mail_due(self, connection: Connection) -> bool:
        """Whether mail waits that this process, which knows the mail server, can see sent."""
        return self.shelf.mail.is_named and mails.is_due(connection, self.clock())

    def _set_enabled(self, name: str, is_enabled: bool) -> Schedule:
        self._make_first_schedules()
        now, zone = self.clock(), self._zone()
        with self.store.write() as connection:
            verb = "schedule resume" if is_enabled else "schedule pause"
            told = audit.change({"enabled": schedules.find(connection, name).is_enabled}, {"enabled": is_enabled})
            audit.add_entry(connection, self.principal, verb, f"schedule {name}", {}, now, **told)
            return schedules.set_enabled(connection, name, is_enabled, now, zone)

    def _make_first_schedules(self) -> None:
        with self.store.read() as connection:
            if schedules.has_first(connection):
                return
        now, zone = self.clock(), self._zone()
        with self.store.write() as connection:
            schedules.add_first(connection, BY_ITSELF.name, now, zone)

    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings().time_zone)
