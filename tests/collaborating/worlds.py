"""A workspace whose users have addresses, a clock that can be set, and a mail server on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from metes.app.settings import AppSettings, MailAccess
from metes.app.workspace import Workspace, open_workspace
from metes.model.access import UserRole
from metes.model.scope import Principal
from metes.store import notices, roles, users
from metes.store.notices import Told
from metes.worker.loop import run_next
from tests.conftest import NOW


class Clock:
    """Tells the time that it was set to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **more: float) -> None:
        """Let time pass."""
        self.now += timedelta(**more)


def mail_at(port: int, timeout: int = 5) -> MailAccess:
    """How to reach a server on the loopback."""
    return MailAccess(f"smtp://127.0.0.1:{port}?tls=no&from=metes@example.com&timeout={timeout}")


@contextmanager
def opened(database: str, folder: Path, mail: MailAccess | None = None) -> Iterator[tuple[Workspace, Clock]]:
    """A workspace whose clock can be set; with users ann and bob and their addresses where it is new."""
    clock = Clock()
    made = open_workspace(AppSettings(database, folder / "cache", mail or MailAccess()), clock=clock)
    # There is no plan to assign by: it would fail each night.
    made.schedule_pause("nightly-assignment")
    with made.store.write() as connection:
        if not users.all_users(connection):
            for name in ("ann", "bob"):
                number = users.add_user(connection, name, "hash", NOW)
                roles.grant(connection, UserRole.ADMINISTRATOR, "local", NOW, user_id=number, true_from=date(2020, 1, 1))
                notices.set_address(connection, number, f"{name}@example.com")
    yield made, clock
    made.close()


def as_user(workspace: Workspace, name: str) -> Workspace:
    """The workspace in a user's name."""
    found = next(user for user in workspace.user_list() if user.name == name)
    return workspace.acting_as(Principal(name, found.id))


def tell(workspace: Workspace, *names: str, kind: str = "reminder", **more: Any) -> Told:
    """Tell users something."""
    numbers = [user.id for user in workspace.user_list() if user.name in names]
    given = {"kind": kind, "subject": "Hello", "text": "Something happened.", "link": "/plan/7", "now": workspace.clock()}
    with workspace.store.write() as connection:
        return notices.add_notices(connection, **{**given, **more}, user_ids=numbers)


def work_off(workspace: Workspace) -> list[tuple[str, str, dict[str, Any]]]:
    """Do all that is due, as a worker does; kind, state and result of each job."""
    before = max((job.id for job in workspace.jobs()), default=0)
    while workspace.tick():
        while run_next(workspace, "w"):
            pass
    found = sorted((job for job in workspace.jobs() if job.id > before), key=lambda job: job.id)
    return [(job.kind, job.state, dict(job.result or {})) for job in found if job.kind not in ("assign", "clean-up", "drop-logs")]


def states(workspace: Workspace) -> list[tuple[str, int]]:
    """State and tries of every mail."""
    with workspace.store.read() as connection:
        rows = connection.exec_driver_sql("SELECT state, attempts FROM mails ORDER BY id")
        return [(str(row[0]), int(row[1])) for row in rows]
