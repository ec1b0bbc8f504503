"""What child processes do in these tests: one verb, killed before its n-th statement."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
FINISHED = 0


def open_at(database: str, folder: Path) -> Workspace:
    """The workspace of a database, its clock standing still."""
    return open_workspace(AppSettings(database, folder / "cache"), clock=lambda: NOW)


def run_verb(database: str, folder: str, verb: str, kill_before: int) -> None:
    """Run `import` or `assign`; SIGKILL to this process before statement `kill_before` (0: never)."""
    workspace = open_at(database, Path(folder))
    if kill_before:
        _kill_at(workspace, kill_before)
    if verb == "import":
        workspace.import_("accounts", [Path(folder) / "accounts.csv"])
    else:
        workspace.assign()
    os._exit(FINISHED)


def _kill_at(workspace: Workspace, statement: int) -> None:
    seen = 0

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(workspace.store.engine, "before_cursor_execute", count)
    sa.event.listen(workspace.store.engine, "commit", count)
