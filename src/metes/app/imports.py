"""The verbs of taking data in and out as files."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import uuid4

from metes.app import clearing
from metes.app.admin import AdminVerbs
from metes.app.desk import require_number
from metes.app.plans import Imported, PlanVerbs
from metes.app.reading import ReadingVerbs
from metes.base.errors import InputError
from metes.base.ids import key_from
from metes.base.private import private_folder
from metes.base.progress import SILENT, Progress
from metes.model.catalogue import DEFAULT_SOURCE, KINDS
from metes.model.condition import EVERYTHING
from metes.model.query import AccountQuery

# What imports and exports need is slow to load, so the verbs load it: a command that does neither starts without it.
if TYPE_CHECKING:
    from metes.importing.history import PastImport, UndoReport
    from metes.importing.report import ImportReport

UPLOADS = clearing.UPLOADS
NAME_BYTES = 120


class ImportVerbs(PlanVerbs, ReadingVerbs, AdminVerbs):
    """What comes in as files, and what goes out."""

    def import_(
        self,
        kind: str,
        files: Sequence[Path],
        *,
        source: str = DEFAULT_SOURCE,
        mapping_file: Path | None = None,
        mapping: str | None = None,
        encoding: str | None = None,
        delimiter: str | None = None,
        sheet: str | None = None,
        full: bool = False,
        strict: bool = False,
        dry_run: bool = False,
        custom_fields: bool = True,
        progress: Progress = SILENT,
    ) -> ImportReport:
        """Take files of one kind in. `dry_run` says what would change; territories become a draft plan."""
        if kind not in KINDS:
            raise InputError(f"expected a kind of record, got {kind!r}; kinds are {', '.join(sorted(KINDS))}")
        missing = [str(f) for f in files if not Path(f).is_file()]
        if missing or not files:
            raise InputError(f"expected files to import, but there is no {', '.join(missing) or 'file named'}")
        if mapping_file is not None:
            mapping = _read_mapping(mapping_file)
        from metes.importing.flow import import_files
        from metes.importing.report import ImportOptions, State

        options = ImportOptions(
            source=source,
            mapping=mapping,
            mapping_name=mapping_file.name if mapping_file else "",
            encoding=encoding,
            delimiter=delimiter,
            sheet=sheet,
            full=full,
            strict=strict,
            dry_run=dry_run,
            custom_fields=custom_fields,
        )
        if kind == "seats":
            options = replace(options, known_seats=frozenset(s.key for s in self.require_active()[1].seats))
        if kind == "assignments":
            active = self.active()
            options = replace(options, known_territories=frozenset(active[1].territory_by_key) if active else None)
        report = import_files(self.store, kind, files, options, now=self.clock(), principal=self.principal, progress=progress)
        if report.territories and report.state is State.IMPORTED:
            self._draft_of(report, Path(files[0]).stem)
        return report

    def warm_up(self) -> None:
        """Load what imports and assignments need, so that the first job does not wait for it."""
        import metes.importing.flow
        import metes.rules.evaluate  # noqa: F401

    def upload_keep(self, name: str, stream: BinaryIO) -> Path:
        """Keep an uploaded file until its import is done, under a folder of its own; only the last part of its name counts."""
        folder = self.shelf.books / UPLOADS / uuid4().hex
        private_folder(folder)
        path = folder / _safe_name(name)
        with path.open("wb") as file:
            shutil.copyfileobj(stream, file, 1024 * 1024)
        return path

    def uploads_drop(self, paths: Sequence[Path]) -> None:
        """Drop uploaded files; paths that were not uploaded are left alone."""
        kept = (self.shelf.books / UPLOADS).resolve()
        for path in paths:
            if path.resolve().is_relative_to(kept):
                shutil.rmtree(path.resolve().parent, ignore_errors=True)

    def import_queue(self, kind: str, files: Sequence[Path], options: Mapping[str, Any]) -> int:
        """Queue an import of uploaded files; the job's number."""
        if kind not in KINDS:
            raise InputError(f"expected a kind of record, got {kind!r}; kinds are {', '.join(sorted(KINDS))}")
        return self.job_add("import", {"kind": kind, "files": [str(f) for f in files], "options": dict(options)})

    def imports(self, limit: int = 100) -> tuple[PastImport, ...]:
        """The newest imports."""
        from metes.importing import history

        with self.store.read() as connection:
            return history.past_imports(connection, limit)

    def import_show(self, import_id: int) -> tuple[PastImport, Sequence[dict[str, Any]]]:
        """One import with the findings kept of it."""
        require_number(import_id, "import")
        from metes.importing import history

        with self.store.read() as connection:
            return history.past_import(connection, import_id), history.findings_of(connection, import_id)

    def import_undo(self, import_id: int, *, dry_run: bool = False, progress: Progress = SILENT) -> UndoReport:
        """Take an import back as a whole; Conflict where later imports changed the same records."""
        require_number(import_id, "import")
        from metes.importing import history

        return history.undo_import(
            self.store, import_id, dry_run=dry_run, now=self.clock(), principal=self.principal, progress=progress
        )

    def accounts_write(self, query: AccountQuery, path: Path) -> int:
        """Write all accounts of a query to a .csv, .xlsx or .parquet file; rows written."""
        from metes.render import sheets

        rows = sheets.write_file(self._batches(query), path)
        self._note_export("accounts", {"columns": list(query.columns), "form": path.suffix, "rows": rows}, _asked(query))
        return rows

    def findings_write(self, report: ImportReport, path: Path) -> int:
        """Write every finding of an import to a .csv, .xlsx or .parquet file; rows written."""
        from metes.render import sheets

        return sheets.write_file(report.findings.to_batches(), path)

    def mapping_write(self, report: ImportReport, path: Path) -> None:
        """Write the mapping of an import's first file, to be changed and given back."""
        if not report.files:
            raise InputError("expected an import that read a file, this one read none; there is no mapping to write")
        try:
            path.write_text(report.files[0].mapping.as_text(), encoding="utf-8")
        except OSError as error:
            raise InputError(f"the mapping cannot be written to {path} ({error.strerror}); name another file") from None

    def accounts_csv(self, query: AccountQuery) -> Iterator[str]:
        """All accounts of a query as chunks of CSV text."""
        from metes.render import sheets

        self._note_export("accounts", {"columns": list(query.columns), "form": ".csv"}, _asked(query))
        return sheets.csv_lines(self._batches(query), {})

    def _batches(self, query: AccountQuery) -> Iterator[Any]:
        from metes.render import sheets

        book = self.book()
        money = [name for name, field in book.fields.items() if field.type.value == "money"] + ["pipeline"]
        return sheets.in_units(self.accounts_export(query), money, book.currency)

    def _draft_of(self, report: ImportReport, name: str) -> Imported:
        return self.plan_from_rows([dict(row) for row in report.territories], key_from(name), name)


def _asked(query: AccountQuery) -> str:
    """What a query asks for, as text; nothing where it asks for everything."""
    return f"{query.search} {'' if query.condition == EVERYTHING else query.condition}".strip()


def _safe_name(name: str) -> str:
    """The last part of a file's name without what a file system or a shell could take amiss; its ending stays, since it tells the format."""
    safe = re.sub(r"[^\w .()+-]", "_", name.replace("\\", "/").rpartition("/")[2]).strip(" .") or "file"
    stem, dot, ending = safe.rpartition(".")
    if not stem or len(ending.encode()) > NAME_BYTES // 2:
        stem, dot, ending = safe, "", ""
    # A file system counts bytes.
    return stem.encode()[: NAME_BYTES - len(ending.encode())].decode("utf-8", "ignore") + dot + ending


def _read_mapping(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"expected a mapping file in UTF-8, {path} cannot be read ({error}); see 'Mapping files' in the docs"
        ) from None
