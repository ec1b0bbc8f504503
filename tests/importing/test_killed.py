"""An import killed at any moment leaves the database as before or as after; two at once both finish right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from metes.store import bulk
from metes.store.engine import Store
from tests.importing.worlds import everything, rows, taken

# Runs one import in a process of its own, which kills itself at the n-th statement or progress report.
_SCRIPT = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
import sqlalchemy as sa
from metes.importing.flow import import_files
from metes.importing.report import ImportOptions
from metes.model.scope import Principal
from metes.store.engine import Store

store = Store(sys.argv[1])
left = int(sys.argv[3])

def strike(*_args, **_kwargs):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

class Watch:
    def report(self, stage, done=0, total=0):
        strike()

for event in ("before_cursor_execute", "after_cursor_execute", "commit"):
    sa.event.listen(store.engine, event, strike)
import_files(store, "products", [Path(sys.argv[2])], ImportOptions(full=True), now=datetime(2026, 3, 14, tzinfo=UTC),
             principal=Principal("me"), progress=Watch())
"""

# Before anything is staged, at each side table, within the transaction, at its commit and past it.
STRIKES = [46, 58, 64, 84, 92, 102, 107, 110]
BEFORE = "id,name,price\n1,Box,10.50\n2,Bag,20.25\n"
AFTER = "id,name,price\n3,Box,10.50\n2,Sack,20.25\n"


def run(store: Store, path: Path, strike_at: int) -> int:
    url = store.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, url, str(path), str(strike_at)], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, -9), done.stderr
    return done.returncode


@pytest.mark.parametrize("strike_at", STRIKES)
def test_a_killed_import_leaves_before_or_after(sqlite_store: Store, tmp_path: Path, strike_at: int) -> None:
    taken(sqlite_store, tmp_path, "products", BEFORE)
    path = tmp_path / "changed.csv"
    path.write_text(AFTER)
    before = everything(sqlite_store)
    code = run(sqlite_store, path, strike_at)
    after = everything(sqlite_store)
    names = sorted(rows(sqlite_store, "products", "external_id", "name", "closed_on"))
    if code != 0 and after == before:
        assert run(sqlite_store, path, 0) == 0
        names = sorted(rows(sqlite_store, "products", "external_id", "name", "closed_on"))
    assert [(key, name, closed is None) for key, name, closed in names] == [
        ("1", "Box", False),
        ("2", "Sack", True),
        ("3", "Box", True),
    ]
    taken(sqlite_store, tmp_path, "products", AFTER)
    assert bulk.stages(sqlite_store) == ()


def test_two_imports_at_once_from_two_processes_both_finish_right(store: Store, tmp_path: Path) -> None:
    url = store.url.render_as_string(hide_password=False)
    running = []
    for number, kind in enumerate(("a", "b")):
        path = tmp_path / f"{kind}.csv"
        path.write_text(
            "id,name,price\n" + "".join(f"{kind}{i},Name {i},{number}\n" for i in range(500)) + f"end-{kind},End,{number}\n"
        )
        script = _SCRIPT.replace("full=True", "full=False")
        running.append(subprocess.Popen([sys.executable, "-c", script, url, str(path), "0"], stderr=subprocess.PIPE, text=True))
    for process in running:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    assert len(rows(store, "products", "id")) == 1002
    assert len({key for (key,) in rows(store, "products", "external_id")}) == 1002
    assert bulk.stages(store) == ()
