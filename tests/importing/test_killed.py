"""An import killed at any moment leaves the database as before or as after; two at once both finish right."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from metes.store import bulk
from metes.store.engine import Store
from tests.children import CHILDREN
from tests.importing.striking import import_products
from tests.importing.worlds import everything, rows, taken

# Before anything is staged, at each side table, within the transaction, at its commit and past it.
STRIKES = [46, 58, 64, 84, 92, 102, 107, 110]
BEFORE = "id,name,price\n1,Box,10.50\n2,Bag,20.25\n"
AFTER = "id,name,price\n3,Box,10.50\n2,Sack,20.25\n"


def child(store: Store, path: Path, *, is_full: bool, strike_at: int = 0) -> Any:
    """A process that imports a file of products, not yet begun."""
    return CHILDREN.Process(
        target=import_products, args=(store.url.render_as_string(hide_password=False), path, is_full, strike_at)
    )


def run(store: Store, path: Path, strike_at: int) -> int | None:
    """Import in a process of its own; how it ended."""
    running = child(store, path, is_full=True, strike_at=strike_at)
    running.start()
    running.join()
    assert running.exitcode in (0, -signal.SIGKILL)
    return running.exitcode


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
    running = []
    for number, kind in enumerate(("a", "b")):
        path = tmp_path / f"{kind}.csv"
        path.write_text(
            "id,name,price\n" + "".join(f"{kind}{i},Name {i},{number}\n" for i in range(500)) + f"end-{kind},End,{number}\n"
        )
        running.append(child(store, path, is_full=False))
    for process in running:
        process.start()
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0, 0]
    assert len(rows(store, "products", "id")) == 1002
    assert len({key for (key,) in rows(store, "products", "external_id")}) == 1002
    assert bulk.stages(store) == ()
