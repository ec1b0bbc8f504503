"""Files in, one table of valid rows out: read, map, validate, and put several files together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingOf
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa

from metes.base.errors import InputError
from metes.base.findings import Finding, Severity
from metes.base.ids import content_hash
from metes.base.progress import Progress
from metes.importing.report import FileReport, ImportOptions
from metes.intake.files import read_source
from metes.intake.gazetteer import country_boxes
from metes.intake.source import LINE, SourceFile
from metes.model.catalogue import Field, Kind
from metes.records import findings as found
from metes.records.guess import guess_mapping
from metes.records.mapping import Mapping, parse_mapping
from metes.records.sums import sums_of
from metes.records.validate import Options, Validated, first_rows, validate

FILE = "_file"
Sums = MappingOf[str, MappingOf[str, Decimal]]
Remembered = Callable[[str], Mapping | None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """All files of an import as one table: typed fields, `_line`, and `_file` as the position of the file."""

    kind: Kind
    table: pa.Table
    files: tuple[FileReport, ...]
    findings: pa.Table
    questions: tuple[Finding, ...]
    rows_read: int
    refused: int
    unreadable: int
    refused_ids: pa.ChunkedArray
    sums: Sums
    refused_sums: Sums

    @property
    def custom(self) -> tuple[Field, ...]:
        """All custom fields, those that the files bring among them."""
        return tuple(f for f in self.kind.fields if f.is_custom)

    @property
    def digest(self) -> str:
        """What was asked for: the files' bytes and how they are read."""
        return content_hash([[f.digest, f.mapping.digest, dict(f.dialect)] for f in self.files])


@dataclass(frozen=True, slots=True)
class Read:
    """The files as read and mapped, before any validation."""

    sources: tuple[SourceFile, ...]
    mappings: tuple[Mapping, ...]

    @property
    def reports(self) -> tuple[FileReport, ...]:
        """The files for the report."""
        return tuple(
            FileReport(s.name, s.digest, s.table.num_rows + s.rows_refused, {k: v for k, v in asdict(s.dialect).items() if v}, m)
            for s, m in zip(self.sources, self.mappings, strict=True)
        )

    @property
    def digest(self) -> str:
        """What was asked for: the files' bytes and how they are read."""
        return content_hash([[f.digest, f.mapping.digest, dict(f.dialect)] for f in self.reports])


def read_files(
    kind: Kind,
    paths: Sequence[Path],
    options: ImportOptions,
    remembered: Remembered,
    known_ids: MappingOf[str, AbstractSet[str]],
    progress: Progress,
) -> Read:
    """Read every file and find its mapping: the guess, corrected by the one remembered for these headers, then by the one given."""
    sources, mappings = [], []
    for number, path in enumerate(paths):
        progress.report("reading", number, len(paths))
        source = read_source(path, encoding=options.encoding, delimiter=options.delimiter, sheet=options.sheet)
        sources.append(source)
        mappings.append(mapping_for(kind, source, options, remembered, known_ids))
    _refuse_unknown_columns(sources, kind, options)
    return Read(tuple(sources), tuple(mappings))


def mapping_for(
    kind: Kind, source: SourceFile, options: ImportOptions, remembered: Remembered, known_ids: MappingOf[str, AbstractSet[str]]
) -> Mapping:
    """The mapping of one file."""
    mapping = guess_mapping(kind, source.headers, source.table, known_ids=known_ids)
    if not options.custom_fields:
        mapping = mapping.without_custom()
    kept = remembered(headers_digest(source.headers))
    if kept is not None:
        mapping = mapping.corrected(kept)
    if options.mapping is not None:
        given = parse_mapping(options.mapping, kind, file=options.mapping_name)
        mapping = mapping.corrected(given)
    return mapping


def headers_digest(headers: Sequence[str]) -> str:
    """What a remembered mapping is found by: the set of headers, in any order."""
    return content_hash(sorted(headers))


def _refuse_unknown_columns(sources: Sequence[SourceFile], kind: Kind, options: ImportOptions) -> None:
    """A mapping may speak of columns that one of several files lacks, but not of columns that all of them lack."""
    if options.mapping is not None and sources:
        headers = list(dict.fromkeys(h for s in sources for h in s.headers))
        parse_mapping(options.mapping, kind, file=options.mapping_name, headers=headers)


def load(kind: Kind, read: Read, currency: str, progress: Progress) -> Loaded:
    """Validate the files that were read, and put their rows together."""
    if not read.sources:
        raise InputError("expected at least one file to import, got none; name the files after the kind")
    boxes = country_boxes() if any(m.column_of("latitude") for m in read.mappings) else None
    parts: list[Validated] = []
    for number, (source, mapping) in enumerate(zip(read.sources, read.mappings, strict=True)):
        progress.report("validating", number, len(read.sources))
        options = Options(source.name, currency, source.typed, boxes)
        parts.append(validate(kind, source.table, mapping, options))
        # Custom fields that an earlier file brought are known to the later ones.
        kind = parts[-1].kind
    tables = [_with_file(part.table, number) for number, part in enumerate(parts)]
    table = pa.concat_tables(tables, promote_options="default")
    findings = [found.together([found.from_findings(s.findings), p.findings]) for s, p in zip(read.sources, parts, strict=True)]
    unreadable = sum(s.rows_refused for s in read.sources)
    loaded = Loaded(
        kind,
        table,
        read.reports,
        found.together(findings),
        tuple(q for part in parts for q in part.questions),
        sum(p.rows_read for p in parts) + unreadable,
        sum(p.refused for p in parts) + unreadable,
        unreadable,
        pa.chunked_array([c for p in parts for c in p.refused_ids.chunks], pa.string()),
        _added([p.sums for p in parts] + [p.refused_sums for p in parts]),
        _added([p.refused_sums for p in parts]),
    )
    return _without_repeats(loaded) if len(parts) > 1 and kind.id else loaded


def _with_file(table: pa.Table, number: int) -> pa.Table:
    return table.append_column(FILE, pa.array(np.full(table.num_rows, number, np.int32)))


def _added(parts: Sequence[Sums]) -> dict[str, dict[str, Decimal]]:
    total: dict[str, dict[str, Decimal]] = {}
    for sums in parts:
        for name, by_currency in sums.items():
            for currency, value in by_currency.items():
                of_field = total.setdefault(name, {})
                of_field[currency] = of_field.get(currency, Decimal(0)) + value
    return total


def _without_repeats(loaded: Loaded) -> Loaded:
    """Refuse rows whose id stands in an earlier file already."""
    ids = loaded.table[loaded.kind.id].combine_chunks()
    first = first_rows(ids, np.ones(len(ids), bool))
    again = np.flatnonzero(first != np.arange(len(ids)))
    return refuse(
        loaded, again, "duplicate-id", loaded.kind.id, "the id stands in an earlier file already", "keep one of the two lines"
    )


def refuse(loaded: Loaded, rows: np.ndarray, code: str, field: str, message: str, remedy: str | Sequence[str] = "") -> Loaded:
    """The same without some rows, each with an error."""
    if not len(rows):
        return loaded
    gone = loaded.table.take(pa.array(rows))
    values = gone[field].cast(pa.string()).combine_chunks() if field in gone.column_names else None
    findings = about_rows(loaded, rows, code, Severity.ERROR, field, message, remedy, values)
    return leave_out(loaded, rows, found.together([loaded.findings, findings]))


def leave_out(loaded: Loaded, rows: np.ndarray, findings: pa.Table) -> Loaded:
    """The same without some rows, and with these findings in place of its own."""
    keep = np.ones(loaded.table.num_rows, bool)
    keep[rows] = False
    gone = loaded.table.take(pa.array(rows))
    from_sums = sums_of(loaded.kind, gone)
    gone_ids = gone[loaded.kind.id].drop_null().chunks if loaded.kind.id else []
    return Loaded(
        loaded.kind,
        loaded.table.filter(pa.array(keep)),
        loaded.files,
        findings,
        loaded.questions,
        loaded.rows_read,
        loaded.refused + len(rows),
        loaded.unreadable,
        pa.chunked_array([*loaded.refused_ids.chunks, *gone_ids], pa.string()),
        loaded.sums,
        _added([loaded.refused_sums, from_sums]),
    )


def about_rows(
    loaded: Loaded,
    rows: np.ndarray,
    code: str,
    severity: Severity,
    field: str,
    message: str,
    remedy: str | Sequence[str],
    values: pa.Array | None,
) -> pa.Table:
    """Findings about rows of the loaded table, one part per file; a remedy may be given per row."""
    lines = loaded.table[LINE].to_numpy()[rows]
    file_of_row = loaded.table[FILE].to_numpy()[rows]
    parts = []
    for number, file in enumerate(loaded.files):
        here = np.flatnonzero(file_of_row == number)
        if not len(here):
            continue
        column = file.mapping.column_of(field)
        said: str | pa.DictionaryArray = (
            remedy if isinstance(remedy, str) else pa.array([remedy[i] for i in here.tolist()]).dictionary_encode()
        )
        parts.append(
            found.batch(
                code,
                severity,
                file=file.name,
                column=column.column if column else field,
                lines=lines[here],
                values=None if values is None else values.take(pa.array(here)),
                message=message,
                remedy=said,
            )
        )
    return found.together(parts)
