"""The import of files: read, map, validate, compare, stage, and one short transaction that writes all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.engine import Connection

from metes.base.errors import Busy, InputError
from metes.base.findings import Finding, Severity
from metes.base.ids import content_hash
from metes.base.progress import SILENT, Behind, Progress
from metes.importing import forgotten, history, ledger_facts, remembered, writing
from metes.importing.comparing import Change, compare
from metes.importing.loading import Loaded, Read, load, read_files
from metes.importing.report import ImportOptions, ImportReport, State, SumLine
from metes.importing.shaping import store_column
from metes.importing.stored import read_columns, read_state, sums_in_store
from metes.model.catalogue import KINDS, FieldType, Kind
from metes.model.scope import Principal
from metes.model.workspace import settings_from
from metes.records import findings as found
from metes.records.sums import sums_of
from metes.store import assign_trigger, audit, counters
from metes.store.engine import Store
from metes.store.settings import add_custom_fields, read_custom_fields, read_settings

LEDGER_KINDS = ("seats", "assignments")
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Task:
    """One import on its way: what was asked, by whom and when, and what is known of the workspace."""

    store: Store
    kind: Kind
    options: ImportOptions
    now: datetime
    day: date
    currency: str
    principal: Principal
    progress: Progress


def import_files(
    store: Store,
    kind: str,
    files: Sequence[Path | str],
    options: ImportOptions | None = None,
    *,
    now: datetime,
    principal: Principal,
    progress: Progress = SILENT,
) -> ImportReport:
    """Take files of one kind in as a whole.

    Nothing is written where questions are open, with `dry_run`, or with `strict` where a row is refused; InputError where a file
    cannot be read at all, Busy where another writer does not finish in time. Killed at any moment, the database is as before or as
    after; a side table that is left is dropped by the next import.
    """
    task = _task(store, kind, options or ImportOptions(), now, principal, progress)
    writing.sweep(store)
    for _ in range(ATTEMPTS):
        report = _attempt(task, [Path(f) for f in files])
        if report is not None:
            return report
    raise Busy("other imports changed the data again and again while this one was compared with it; nothing was changed, try again")


def _attempt(task: Task, files: Sequence[Path]) -> ImportReport | None:
    """One import from reading to writing; None where another one got in between, so that all must be compared anew."""
    read = _read(task, files)
    digest = content_hash([read.digest, task.kind.name, task.options.full, sorted(f.name for f in task.kind.fields)])
    repeated = history.same_as_last(task.store, task.kind.name, task.options.source, digest)
    if repeated is not None and not task.options.dry_run:
        return replace(repeated, files=read.reports)
    loaded = load(task.kind, read, task.currency, task.progress)
    loaded = forgotten.without_erased(task.store, loaded, read_state(task.store, task.options.source)[1])
    del read  # The text of a million rows is not needed beside the typed ones.
    if loaded.questions:
        return _report(task, loaded, State.QUESTIONS, questions=loaded.questions)
    if task.kind.name == "territories":
        return _territories(task, loaded)
    if task.kind.name in LEDGER_KINDS:
        return _into_ledger(task, loaded, digest)
    pa.default_memory_pool().release_unused()
    # Handed over in a list, so that no frame keeps the rows once they are staged.
    change = [compare(task.store, loaded, task.options.source, _allocator(task), is_full=task.options.full, progress=task.progress)]
    del loaded
    return _into_records(task, change.pop(), digest)


def _task(store: Store, kind: str, options: ImportOptions, now: datetime, principal: Principal, progress: Progress) -> Task:
    if kind not in KINDS:
        raise InputError(f"expected a kind of record, got {kind!r}; use one of {', '.join(KINDS)}")
    if not options.source.strip() or len(options.source) > 80:
        raise InputError(
            f"expected a name of 1 to 80 characters for the source, got {options.source!r}; say for example --source crm"
        )
    with store.read() as connection:
        settings = settings_from(read_settings(connection))
        custom = read_custom_fields(connection, kind)
    return Task(
        store, KINDS[kind].with_custom(custom), options, now, settings.today(now), settings.reporting_currency, principal, progress
    )


def _read(task: Task, paths: Sequence[Path]) -> Read:
    _, source_id = read_state(task.store, task.options.source)
    recall = remembered.recaller(task.store, task.kind, source_id)
    known = remembered.known_ids(task.store, task.kind)
    return read_files(task.kind, paths, task.options, recall, known, task.progress)


def _into_records(task: Task, change: Change, digest: str) -> ImportReport | None:
    """Stage a change and swap it in, unless it shall only be looked at; None where the data moved since they were compared."""
    if _is_refused(task.options, change.loaded.findings):
        return _change_report(task, change, State.REFUSED, None)
    if task.options.dry_run:
        return _change_report(task, change, State.PREVIEW, None)
    token = writing.new_token()
    try:
        task.progress.report("staging", 0, change.new.num_rows + change.changed.num_rows)
        staged = writing.stage_rows(task.store, token, task.kind.name, change.new, change.changed, change.closing)
        change = change.settled()
        pa.default_memory_pool().release_unused()
        task.progress.report("writing", 0, 1)
        import_id = _write(task, change, staged, digest)
    except BaseException:
        writing.discard(task.store, token)
        raise
    return None if import_id is None else _reconciled(task, change, import_id)


def _is_refused(options: ImportOptions, findings: pa.Table) -> bool:
    """Whether the findings forbid the whole import."""
    refusing = (Severity.ERROR, Severity.WARNING) if options.exact else (Severity.ERROR,)
    return options.strict and any(found.count_of(findings, severity) for severity in refusing)


def _allocator(task: Task) -> Callable[[int], int]:
    """Where new ids come from: reserved for good, or for a preview only looked up."""
    if not task.options.dry_run:
        return lambda count: writing.reserve_ids(task.store, task.kind.name, count)

    def peek(_count: int) -> int:
        with task.store.read() as connection:
            return writing.next_id(connection, task.kind.name)

    return peek


def _write(task: Task, change: Change, staged: writing.Staged, digest: str) -> int | None:
    """Swap in what is staged; the import's id, or None where the data moved since they were compared."""
    with task.store.write(on_wait=lambda s: task.progress.report("waiting for another writer", int(s))) as connection:
        if counters.value(connection, counters.DATA) != change.stored.state:
            writing.drop(connection, staged.token)
            return None
        report = _change_report(task, change, State.IMPORTED, None)
        import_id = _record(connection, task, change.loaded, report, digest)
        source_id = writing.source_number(connection, task.options.source)
        if report.has_changes:
            revision = counters.bump(connection, counters.DATA)
            add_custom_fields(connection, task.kind.name, {f.name: f for f in change.loaded.custom}, task.now)
            writing.swap_in(connection, staged, source_id=source_id, import_id=import_id, revision=revision, day=task.day)
            why = f"import {import_id} changed {report.created + report.changed + report.closed:,} {task.kind.name}"
            assign_trigger.records_changed(connection, task.kind.name, task.principal.name, task.now, why)
        _finish(connection, task, import_id, report)
        return import_id


def _record(connection: Connection, task: Task, loaded: Loaded, report: ImportReport, digest: str) -> int:
    """The row of this import, its findings (the first of them) and the mappings to remember."""
    source_id = writing.source_number(connection, task.options.source)
    import_id = history.add_import(connection, report, source_id, digest, task.principal, task.now)
    history.add_findings(connection, import_id, forgotten.without_names(connection, source_id, report.findings))
    remembered.remember(connection, task.kind.name, source_id, loaded.files, task.now)
    return import_id


def _finish(connection: Connection, task: Task, import_id: int, report: ImportReport) -> None:
    """The state after this import, by which a repeat is known, and the audit entry."""
    history.put_counts(connection, import_id, report, history.state_of(connection, task.kind.name))
    detail = {"kind": report.kind, "source": report.source, **report.counts()}
    audit.add_entry(connection, task.principal, "import", f"import {import_id}", detail, task.now)


def _into_ledger(task: Task, loaded: Loaded, digest: str) -> ImportReport:
    """Facts of seats and assignments, recorded in the ledger in one transaction."""
    loaded, facts = ledger_facts.facts_of(task.store, loaded, task.options)
    report = _report(task, loaded, State.PREVIEW)
    if task.options.strict and report.errors:
        return replace(report, state=State.REFUSED)
    with task.store.write() as connection:
        import_id = _record(connection, task, loaded, report, digest)
        recorded = ledger_facts.record(connection, facts, task.now, import_id, is_full=task.options.full)
        report = replace(report, created=len(facts.rows) - recorded.unchanged, unchanged=recorded.unchanged, closed=recorded.closed)
        if task.options.dry_run:
            connection.rollback()
            return report
        report = replace(report, state=State.IMPORTED, import_id=import_id)
        if report.has_changes:
            counters.bump(connection, counters.LEDGER)
            counters.bump(connection, counters.DATA)
        _finish(connection, task, import_id, report)
    return report


def _territories(task: Task, loaded: Loaded) -> ImportReport:
    """The rows of a territory file, from which a draft plan is made elsewhere."""
    names = [f.name for f in task.kind.fields if f.name in loaded.table.column_names]
    report = _report(task, loaded, State.PREVIEW if task.options.dry_run else State.IMPORTED)
    if task.options.strict and report.errors:
        return replace(report, state=State.REFUSED)
    return replace(report, created=loaded.table.num_rows, territories=tuple(loaded.table.select(names).to_pylist()))


def _report(task: Task, loaded: Loaded, state: State, questions: tuple[Finding, ...] = ()) -> ImportReport:
    return ImportReport(
        task.kind.name,
        task.options.source,
        state,
        loaded.files,
        rows_read=loaded.rows_read,
        refused=loaded.refused,
        findings=loaded.findings,
        questions=questions,
        sums=_sums(loaded, None),
        custom_fields=tuple(f.name for f in loaded.custom if f.name not in task.kind.by_name),
    )


def _change_report(task: Task, change: Change, state: State, import_id: int | None) -> ImportReport:
    return replace(
        _report(task, change.loaded, state),
        import_id=import_id,
        created=change.new.num_rows,
        changed=change.changed.num_rows,
        unchanged=change.unchanged,
        closed=len(change.closing),
        reopened=change.reopened,
    )


def _reconciled(task: Task, change: Change, import_id: int) -> ImportReport:
    """The report with the sums of what now stands in the store, read anew."""
    Behind(task.progress).report("reconciling")
    report = _change_report(task, change, State.IMPORTED, import_id)
    return replace(report, sums=_sums(change.loaded, _stored_sums(task, change)))


def _stored_sums(task: Task, change: Change) -> dict[str, dict[str, Decimal]]:
    """Sums over the stored rows of this import."""
    _, source_id = read_state(task.store, task.options.source)
    loaded = change.loaded
    own = [f for f in loaded.kind.fields if f.name in loaded.sums and not f.is_custom]
    if not own or source_id is None:
        return {}
    columns = {store_column(loaded.kind, f): f.name for f in own}
    if all(f.type is not FieldType.DECIMAL for f in own):
        quick = _quick_sums(task, change, columns, source_id)
        if quick is not None:
            return quick
    rows = read_columns(
        task.store, task.kind.name, [*columns, *(["currency"] if "currency" in loaded.kind.by_name else [])], source_id
    )
    rows = rows.filter(pc.is_in(rows["id"], pa.array(change.ids)))
    renamed = rows.rename_columns([columns.get(name, name) for name in rows.column_names])
    sums = sums_of(loaded.kind, renamed)
    return {f.name: sums.get(f.name, {}) for f in own}


def _quick_sums(task: Task, change: Change, columns: dict[str, str], source_id: int) -> dict[str, dict[str, Decimal]] | None:
    """The same by the database itself, where the import's rows are all open ones of their source; else None."""
    table = sums_in_store(task.store, task.kind.name, list(columns), source_id).to_pylist()
    if sum(row["records"] for row in table) != len(change.ids):
        return None
    sums: dict[str, dict[str, Decimal]] = {name: {} for name in columns.values()}
    for row in table:
        for column, name in columns.items():
            label = (row["currency"] or "") if task.kind.by_name[name].type is FieldType.MONEY else ""
            value = Decimal(int(row[f"{column}_high"] or 0) * 2**20 + int(row[f"{column}_low"] or 0))
            sums[name][label] = sums[name].get(label, Decimal(0)) + value
    return sums


def _sums(loaded: Loaded, stored: dict[str, dict[str, Decimal]] | None) -> tuple[SumLine, ...]:
    """The lines of reconciliation; a custom field is counted in the file alone, for it is stored as text."""
    lines = []
    for field, by_currency in loaded.sums.items():
        for currency, total in sorted(by_currency.items()):
            refused = loaded.refused_sums.get(field, {}).get(currency, Decimal(0))
            kept = None if stored is None or field not in stored else stored[field].get(currency, Decimal(0))
            lines.append(SumLine(field, currency, total, refused, kept))
    return tuple(lines)
