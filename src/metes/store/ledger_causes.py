"""What wrote facts of the ledger, told for people: imports, runs, publications, corrections and what was taken back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.store.columns import from_micros
from metes.store.correction_tables import ledger_corrections
from metes.store.tables import imports, plan_publications, runs


@dataclass(frozen=True, slots=True)
class Writer:
    """What wrote facts: its kind and number (empty and 0 where only the instant is known), who, when, and why or from what."""

    kind: str
    id: int
    author: str
    at: datetime
    text: str


def writer(connection: Connection, kind: str | None, number: int | None, ended: int | None) -> Writer:
    """What a cause was; where only the instant is known at which it ended a fact, whatever was recorded then."""
    if kind is not None and number is not None:
        return _BY_KIND.get(kind, _unknown)(connection, number) or Writer(kind, number, "", from_micros(0), "")
    return writer_at(connection, ended or 0)


def writer_at(connection: Connection, micros: int) -> Writer:
    """What was recorded at an instant."""
    at = from_micros(micros)
    row = _first(connection, sa.select(ledger_corrections).where(ledger_corrections.c.at == at))
    if row is not None:
        return _told_correction(row)
    row = _first(connection, sa.select(imports).where(sa.or_(imports.c.undone_at == at, imports.c.imported_at == at)))
    if row is not None:
        return _import(connection, row["id"]) or Writer("", 0, "", at, "")
    return Writer("", 0, "", at, "")


def _import(connection: Connection, number: int) -> Writer | None:
    row = _first(connection, sa.select(imports).where(imports.c.id == number))
    if row is None:
        return None
    files = ", ".join(json.loads(row["files"])) if row["files"].startswith("[") else row["files"]
    text = f"{row['kind']} from {files}" if files else str(row["kind"])
    if row["undone_at"] is not None:
        text += f", taken back by {row['undone_by']}"
    return Writer("import", number, row["principal"], row["imported_at"], text)


def _run(connection: Connection, number: int) -> Writer | None:
    row = _first(connection, sa.select(runs).where(runs.c.id == number))
    return None if row is None else Writer("run", number, row["principal"], row["finished_at"], f"assigned as of {row['day']}")


def _publication(connection: Connection, number: int) -> Writer | None:
    row = _first(connection, sa.select(plan_publications).where(plan_publications.c.id == number))
    if row is None:
        return None
    return Writer("publish", number, row["publisher"], row["recorded_at"], f"a plan published for {row['effective_on']}")


def _correction(connection: Connection, number: int) -> Writer | None:
    row = _first(connection, sa.select(ledger_corrections).where(ledger_corrections.c.id == number))
    return None if row is None else _told_correction(row)


def _told_correction(row: Mapping[str, Any]) -> Writer:
    text = row["reason"] if row["takes_back"] is None else f"takes back correction {row['takes_back']}: {row['reason']}"
    return Writer("correct", row["id"], row["author"], row["at"], text)


def _unknown(_connection: Connection, _number: int) -> Writer | None:
    return None


def _first(connection: Connection, query: sa.Select[Any]) -> Mapping[str, Any] | None:
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


_BY_KIND = {"import": _import, "run": _run, "publish": _publication, "correct": _correction}
