"""One import in a process of its own, which kills itself at the n-th statement or progress report."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from metes.importing.flow import import_files
from metes.importing.report import ImportOptions
from metes.store.engine import Store
from tests.importing.worlds import ME, NOW


class Striker:
    """Counts statements, commits and progress reports; SIGKILL to this process at the n-th (0: never)."""

    def __init__(self, strike_at: int) -> None:
        self.left = strike_at

    def strike(self, *_args: Any, **_more: Any) -> None:
        """Count one."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def report(self, _stage: str, _done: int = 0, _total: int = 0) -> None:
        """Count a progress report."""
        self.strike()


def import_products(url: str, path: Path, is_full: bool, strike_at: int) -> None:
    """Import a file of products, struck at the n-th moment."""
    store, striker = Store(url), Striker(strike_at)
    for event in ("before_cursor_execute", "after_cursor_execute", "commit"):
        sa.event.listen(store.engine, event, striker.strike)
    import_files(store, "products", [path], ImportOptions(full=is_full), now=NOW, principal=ME, progress=striker)
    os._exit(0)
