"""What child processes do here: a worker that knows a mail server, killed before its n-th statement."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from metes.app.settings import AppSettings, MailAccess
from metes.app.workspace import Workspace, open_workspace
from tests.faults.work import FINISHED, _kill_at, work


def open_with_mail(database: str, folder: Path, port: int, now: datetime) -> Workspace:
    """The workspace of a database, with a mail server on the loopback; its clock stands still."""
    mail = MailAccess(f"smtp://127.0.0.1:{port}?tls=no&from=metes@example.com&timeout=10")
    return open_workspace(AppSettings(database, folder / "cache", mail), clock=lambda: now)


def work_all(workspace: Workspace) -> None:
    """Queue what is due and do it, until nothing is left."""
    work(workspace)
    while workspace.tick():
        work(workspace)


def mail_until_killed(database: str, folder: str, port: int, kill_before: int, now: datetime) -> None:
    """Work; SIGKILL to this process before the writing statement or commit of number `kill_before`."""
    workspace = open_with_mail(database, Path(folder), port, now)
    _kill_at(workspace, kill_before)
    work_all(workspace)
    os._exit(FINISHED)
