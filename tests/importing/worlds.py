"""Small companies as files, and a short way to import them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from metes.importing.flow import import_files
from metes.importing.report import ImportOptions, ImportReport
from metes.model.scope import Principal
from metes.store.engine import Store
from metes.store.tables import RECORD_TABLES

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
ME = Principal("me")

TWO_ACCOUNTS = "id,name,city,state,country,revenue\n1,Acme,Boulder,CO,US,10.50\n2,Zed,Seattle,WA,US,20.25\n"


def taken(store: Store, folder: Path, kind: str, text: str, **options: Any) -> ImportReport:
    """Import a text as a file of one kind."""
    path = folder / f"{kind}.csv"
    path.write_text(text, encoding="utf-8")
    return import_files(store, kind, [path], ImportOptions(**options), now=NOW, principal=ME)


def outcome(report: ImportReport) -> tuple[int, int, int, int]:
    """Created, changed, unchanged and refused rows."""
    assert report.is_reconciled
    return report.created, report.changed, report.unchanged, report.refused


def rows(store: Store, kind: str, *columns: str) -> list[tuple[Any, ...]]:
    """Columns of all records of a kind, by id; closed ones too."""
    table = RECORD_TABLES[kind]
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*(table.c[c] for c in columns)).order_by(table.c.id))]


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All records, whole but for the revision that last touched them."""
    return {kind: rows(store, kind, *(c.name for c in table.c if c.name != "revision")) for kind, table in RECORD_TABLES.items()}
