"""What child processes do in these tests: one verb, killed before its n-th statement."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from metes.worker.loop import run_next
from metes.worker.presence import FOLDER, Presence
from metes.worker.watch import Watch

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
FINISHED = 0


def open_at(database: str, folder: Path, now: datetime = NOW) -> Workspace:
    """The workspace of a database, its clock standing still."""
    return open_workspace(AppSettings(database, folder / "cache"), clock=lambda: now)


def run_verb(database: str, folder: str, verb: str, kill_before: int, now: datetime = NOW) -> None:
    """Run a verb; SIGKILL to this process before the writing statement or commit of number `kill_before` (0: never)."""
    workspace = open_at(database, Path(folder), now)
    if kill_before:
        _kill_at(workspace, kill_before)
    match verb:
        case "import":
            workspace.import_("accounts", [Path(folder) / "accounts.csv"])
        case "assign":
            workspace.assign()
        case "publish":
            workspace.plan_publish("draft")
        case "branch":
            workspace.plan_branch("Spring")
        case "propose":
            workspace.plan_propose("draft", rationale="because")
        case "decide":
            workspace.plan_decide("draft", "", "approve")
        case "merge":
            workspace.plan_merge("scheduled", into="Other")
        case "schedule":
            workspace.plan_publish("draft", on=workspace.today() + timedelta(days=5), rationale="because")
        case "cancel":
            workspace.plan_cancel(workspace.publications()[0].id, "not yet")
        case "revert":
            workspace.plan_revert(workspace.publications()[0].id)
        case "tick":
            workspace.tick()
        case "work":
            work(workspace)
        case "edit":
            workspace.account_edit("A0", {"segment": "Large"})
    os._exit(FINISHED)


def work(workspace: Workspace) -> None:
    """Do every job there is, those of dead workers among them."""
    with Presence(workspace.shelf.books / FOLDER) as presence:
        watch = Watch(presence.name, presence.lives)
        while run_next(workspace, presence.name, watch):
            pass


def work_until(database: str, folder: str, said: str, now: datetime = NOW) -> None:
    """Work as a worker does; SIGKILL to this process as soon as it writes something that has these words in it."""
    workspace = open_at(database, Path(folder), now)

    def listen(_connection: Any, _cursor: Any, _statement: Any, parameters: Any, *_: Any) -> None:
        if said in str(parameters):
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(workspace.store.engine, "after_cursor_execute", listen)
    work(workspace)
    os._exit(FINISHED)


def _kill_at(workspace: Workspace, point: int) -> None:
    """Between two reads nothing can be torn apart: what counts are statements that write, and commits."""
    seen = 0

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def count_writing(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "BEGIN", "PRAGMA", "SET ", "SHOW")):
            count()

    sa.event.listen(workspace.store.engine, "before_cursor_execute", count_writing)
    sa.event.listen(workspace.store.engine, "commit", count)
