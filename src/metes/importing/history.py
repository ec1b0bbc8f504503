"""Imports that were: their record, their findings, whether one repeats the last, and undoing one as a whole."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, NotFound
from metes.base.progress import SILENT, Progress
from metes.importing import writing
from metes.importing.report import ImportReport, State
from metes.importing.stored import arrow_type, content_columns, read_state
from metes.model.scope import Principal
from metes.records import findings as found
from metes.store import assign_trigger, audit, counters
from metes.store.engine import Store
from metes.store.ledger import Cause
from metes.store.ledger_imports import retract
from metes.store.tables import RECORD_TABLES, import_changes, import_findings, imports, sources

MAX_STORED_FINDINGS = 10_000
_LEDGER_KINDS = ("seats", "assignments")


@dataclass(frozen=True, slots=True)
class PastImport:
    """An import that was written."""

    id: int
    kind: str
    source: str
    files: tuple[str, ...]
    counts: Mapping[str, int]
    principal: str
    imported_at: datetime
    undone_at: datetime | None
    undone_by: str | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "import": self.id,
            "kind": self.kind,
            "source": self.source,
            "files": list(self.files),
            **self.counts,
            "principal": self.principal,
            "imported_at": self.imported_at.isoformat(),
            "undone_at": self.undone_at.isoformat() if self.undone_at else None,
            "undone_by": self.undone_by,
        }


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What undoing an import came to, or would: records closed that it had made, records restored that it had changed or closed."""

    import_id: int
    kind: str
    closed: int = 0
    restored: int = 0
    facts: int = 0
    is_preview: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        counts = {"closed": self.closed, "restored": self.restored, "facts": self.facts}
        return {"import": self.import_id, "kind": self.kind, **counts, "is_preview": self.is_preview}

    @property
    def sentence(self) -> str:
        """What the undoing came to, in words."""
        would = "would be " if self.is_preview else ""
        parts = [f"{self.closed:,} {self.kind} that it made {would}closed", f"{self.restored:,} that it changed {would}restored"]
        parts += [f"{self.facts:,} facts of the ledger {would}taken back"] if self.facts else []
        return f"import {self.import_id}: {', '.join(parts)}"


def add_import(
    connection: Connection, report: ImportReport, source_id: int, digest: str, principal: Principal, now: datetime
) -> int:
    """Add the record of an import; its id. Its counts are put when all is written."""
    row = {
        "kind": report.kind,
        "source_id": source_id,
        "files": json.dumps([f.name for f in report.files], ensure_ascii=False),
        "file_digest": digest,
        "mapping": json.dumps([f.mapping.as_dict() for f in report.files], ensure_ascii=False),
        "counts": "{}",
        "principal": principal.name,
        "imported_at": now,
    }
    return int(connection.execute(sa.insert(imports).values(**row).returning(imports.c.id)).scalar_one())


def add_findings(connection: Connection, import_id: int, findings: pa.Table) -> None:
    """Keep the first findings of an import."""
    rows = [{**row, "import_id": import_id} for row in findings.slice(0, MAX_STORED_FINDINGS).to_pylist()]
    for row in rows:
        row["value"] = row["value"] or ""
    if rows:
        connection.execute(sa.insert(import_findings), rows)


def put_counts(connection: Connection, import_id: int, report: ImportReport, state: Sequence[int]) -> None:
    """Keep what an import came to, and the state of the data right after it."""
    text = json.dumps({**report.counts(), "state": list(state)})
    connection.execute(sa.update(imports).where(imports.c.id == import_id).values(counts=text))


def state_of(connection: Connection, kind: str) -> list[int]:
    """The counters that say whether what an import of this kind would be compared with has changed."""
    names = (counters.DATA, counters.LEDGER) if kind in _LEDGER_KINDS else (counters.DATA,)
    return [counters.value(connection, name) for name in names]


def same_as_last(store: Store, kind: str, source: str, digest: str) -> ImportReport | None:
    """The report of an import that would repeat the source's last one exactly, where the data have not moved since; else None."""
    with store.read() as connection:
        row = connection.execute(_past().where(imports.c.kind == kind, sources.c.name == source).limit(1)).first()
        if row is None or row.file_digest != digest or row.undone_at is not None:
            return None
        counts = json.loads(row.counts)
        if counts.get("state") != state_of(connection, kind):
            return None
        kept = findings_of(connection, row.id)
    same = counts["created"] + counts["changed"] + counts["unchanged"]
    table = pa.Table.from_pylist([{name: f[name] for name in found.SCHEMA.names} for f in kept], schema=found.SCHEMA)
    return ImportReport(
        kind,
        source,
        State.UP_TO_DATE,
        import_id=row.id,
        rows_read=counts["rows_read"],
        unchanged=same,
        refused=counts["refused"],
        findings=table,
    )


def past_imports(connection: Connection, limit: int = 100) -> tuple[PastImport, ...]:
    """The newest imports first."""
    return tuple(_past_import(row) for row in connection.execute(_past().limit(limit)))


def past_import(connection: Connection, import_id: int) -> PastImport:
    """One import; NotFound where there is none of this number."""
    row = connection.execute(_past().where(imports.c.id == import_id)).first()
    if row is None:
        raise NotFound(f"there is no import {import_id}; list them to see their numbers")
    return _past_import(row)


def findings_of(connection: Connection, import_id: int) -> list[dict[str, Any]]:
    """The findings kept of an import, in the order of its files' lines."""
    t = import_findings.c
    columns = [c for c in t if c.name not in ("id", "import_id")]
    rows = connection.execute(sa.select(*columns).where(t.import_id == import_id).order_by(t.id))
    return [dict(row) for row in rows.mappings()]


def _past() -> sa.Select[Any]:
    return (
        sa.select(imports, sources.c.name.label("source"))
        .join(sources, sources.c.id == imports.c.source_id)
        .order_by(imports.c.id.desc())
    )


def _past_import(row: Any) -> PastImport:
    counts = {name: value for name, value in json.loads(row.counts).items() if name != "state"}
    files = tuple(json.loads(row.files))
    return PastImport(row.id, row.kind, row.source, files, counts, row.principal, row.imported_at, row.undone_at, row.undone_by)


def undo_import(
    store: Store,
    import_id: int,
    *,
    dry_run: bool = False,
    now: datetime,
    principal: Principal,
    progress: Progress = SILENT,
) -> UndoReport:
    """Take an import back as a whole, in one transaction: what it made is closed, what it changed or closed is as before.

    Conflict where it is undone already, or where a later import changed records that this one made or changed; that one must be
    undone first. Facts of the ledger end in recorded time.
    """
    with store.read() as connection:
        past = past_import(connection, import_id)
    if past.undone_at is not None:
        raise Conflict(f"import {import_id} was undone on {past.undone_at:%Y-%m-%d} already; nothing is left to take back")
    if past.kind in _LEDGER_KINDS:
        return _undo_facts(store, past, dry_run, now, principal)
    return _undo_records(store, past, dry_run, now, principal, progress)


def _undo_facts(store: Store, past: PastImport, dry_run: bool, now: datetime, principal: Principal) -> UndoReport:
    with store.write() as connection:
        cause = Cause("import", past.id)
        facts = retract(connection, cause, now, cause)
        report = UndoReport(past.id, past.kind, facts=facts, is_preview=dry_run)
        if dry_run:
            connection.rollback()
            return report
        counters.bump(connection, counters.LEDGER)
        counters.bump(connection, counters.DATA)
        _mark_undone(connection, report, now, principal)
    return report


def _undo_records(
    store: Store, past: PastImport, dry_run: bool, now: datetime, principal: Principal, progress: Progress
) -> UndoReport:
    state, _ = read_state(store, past.source)
    _refuse_if_changed_since(store, past)
    before = writing.before_rows(store, past.id)
    table = RECORD_TABLES[past.kind]
    made = sa.and_(table.c.created_import == past.id, table.c.changed_import == past.id, table.c.closed_on.is_(None))
    with store.read() as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(table).where(made)).scalar_one()
    report = UndoReport(past.id, past.kind, closed=count, restored=len(before), is_preview=dry_run)
    if dry_run:
        return report
    token = writing.new_token()
    progress.report("staging", 0, len(before))
    try:
        staged = writing.stage_rows(store, token, past.kind, pa.table({}), _restored(past.kind, before), pa.array([], pa.int64()))
        with store.write() as connection:
            if counters.value(connection, counters.DATA) != state:
                raise Conflict("the data changed while the undo was prepared; nothing was changed, look at its preview again")
            revision = counters.bump(connection, counters.DATA)
            connection.execute(sa.update(table).where(made).values(closed_on=now.astimezone(UTC).date(), revision=revision))
            if before:
                writing.restore(connection, staged, revision)
            writing.drop(connection, token)
            _mark_undone(connection, report, now, principal)
            assign_trigger.records_changed(connection, past.kind, principal.name, now, f"import {past.id} was taken back")
    except BaseException:
        writing.discard(store, token)
        raise
    return report


def _refuse_if_changed_since(store: Store, past: PastImport) -> None:
    """Conflict where records that the import made or changed were changed by another one afterwards."""
    table = RECORD_TABLES[past.kind]
    mine = sa.select(import_changes.c.record_id).where(import_changes.c.import_id == past.id)
    touched = sa.or_(table.c.created_import == past.id, table.c.id.in_(mine))
    with store.read() as connection:
        rows = connection.execute(
            sa.select(table.c.changed_import, sa.func.count().label("records"))
            .where(touched, table.c.changed_import != past.id)
            .group_by(table.c.changed_import)
            .order_by(table.c.changed_import)
        ).all()
    if rows:
        later = ", ".join(f"import {row.changed_import} ({row.records:,})" for row in rows)
        raise Conflict(
            f"{sum(row.records for row in rows):,} {past.kind} of import {past.id} were changed by later imports: {later}; undo those first"
        )


def _restored(kind: str, before: Sequence[tuple[int, dict[str, Any]]]) -> pa.Table:
    """The rows as they were, in the store's types."""
    table = RECORD_TABLES[kind]
    columns: dict[str, pa.Array] = {"id": pa.array([record for record, _ in before], pa.int64())}
    for name in (*content_columns(kind), "digest", "changed_import", "closed_on"):
        wanted = arrow_type(table.c[name])
        values = [row.get(name) for _, row in before]
        text_first = pa.types.is_date32(wanted)
        columns[name] = pa.array(values, pa.string()).cast(wanted) if text_first else pa.array(values, wanted)
    return pa.table(columns)


def _mark_undone(connection: Connection, report: UndoReport, now: datetime, principal: Principal) -> None:
    connection.execute(sa.update(imports).where(imports.c.id == report.import_id).values(undone_at=now, undone_by=principal.name))
    detail = {"closed": report.closed, "restored": report.restored, "facts": report.facts}
    audit.add_entry(connection, principal, "import undo", f"import {report.import_id}", detail, now)
