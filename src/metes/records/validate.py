"""A file's text columns as typed columns: by columns, never row by row; every problem is a finding, every doubt a question."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pycountry

from metes.base.findings import Finding, Place, Severity
from metes.model.catalogue import Field, FieldType, Kind
from metes.records import findings as found
from metes.records.countries import countries, regions
from metes.records.dates import days
from metes.records.distinct import Encoded, Issue, Parsed, Question, as_bool, encode
from metes.records.mapping import ColumnMap, Mapping
from metes.records.numbers import decimals, integers, minor_units
from metes.records.places import Boxes, check_coordinates
from metes.records.sums import sums_of
from metes.records.text import clean, codes, visible
from metes.records.values import booleans, bounded, chosen, floats

ARROW_TYPES: MappingOf[FieldType, pa.DataType] = {
    FieldType.TEXT: pa.string(),
    FieldType.CODE: pa.string(),
    FieldType.INTEGER: pa.int64(),
    FieldType.DECIMAL: pa.float64(),
    FieldType.MONEY: pa.int64(),
    FieldType.DATE: pa.date32(),
    FieldType.BOOLEAN: pa.bool_(),
}
_PERIOD_KINDS = ("seats", "assignments", "people")


@dataclass(frozen=True, slots=True)
class Options:
    """What validation knows besides file and mapping: the file's name, the book's currency, columns whose numbers came typed, boxes."""

    file: str = ""
    currency: str = "USD"
    typed: frozenset[str] = frozenset()
    boxes: Boxes | None = None


@dataclass(frozen=True, slots=True)
class Validated:
    """The rows that may go in, typed, with `_line`; all findings; and what reconciliation needs.

    `refused_ids` are the ids of rows that were refused: the file does not lack them.

    `sums` and `refused_sums` are per number field and currency ('' for plain numbers), over accepted and refused rows.
    Where there are `questions` nothing may go in before they are settled.
    """

    kind: Kind
    table: pa.Table
    findings: pa.Table
    rows_read: int
    refused: int
    refused_ids: pa.ChunkedArray
    sums: MappingOf[str, MappingOf[str, Decimal]]
    refused_sums: MappingOf[str, MappingOf[str, Decimal]]
    questions: tuple[Finding, ...] = ()


class _Work:
    """The columns of one file on their way to typed columns."""

    def __init__(self, kind: Kind, source: pa.Table, mapping: Mapping, options: Options) -> None:
        self.kind = kind.with_custom(tuple(f for f in mapping.custom if f.name not in kind.by_name))
        self.mapping = mapping
        self.options = options
        self.count = source.num_rows
        self.lines = np.asarray(source["_line"].to_numpy(), dtype=np.int64)
        self.texts: dict[str, Encoded] = {}
        self.columns: dict[str, pa.Array] = {}
        self.exact: dict[str, pa.Array] = {}
        self.parts: list[pa.Table] = []
        self.questions: list[Finding] = []
        self.refused = np.zeros(self.count, bool)
        for field in self.kind.fields:
            column = mapping.column_of(field.name)
            if column is not None and column.column in source.column_names:
                self.texts[field.name] = self._clean(field, source[column.column])

    def column(self, field: str) -> ColumnMap:
        """The column that fills a field, or the field itself where none does."""
        return self.mapping.column_of(field) or ColumnMap(field)

    def _clean(self, field: Field, raw: pa.ChunkedArray) -> Encoded:
        encoded = encode(raw)
        parsed = clean(encoded.texts)
        self.add_issues(field, encoded.texts, encoded.codes, parsed.issues)
        return encoded if parsed.values.equals(encoded.texts) else encode(encoded.spread(parsed.values))

    def add_issues(self, field: Field, texts: pa.Array, codes_of_rows: np.ndarray, issues: tuple[Issue, ...]) -> None:
        """Turn issues about distinct texts into findings about lines; a doubtful required value refuses its row."""
        for issue in issues:
            rows = Encoded(texts, codes_of_rows).rows_where(issue.hits)
            is_fatal = field.is_required and issue.code != "control-character"
            if is_fatal:
                self.refused[rows] = True
            severity = Severity.ERROR if is_fatal else issue.severity
            text_of_row = codes_of_rows[rows]
            remedy: str | pa.DictionaryArray = (
                issue.remedy if isinstance(issue.remedy, str) else found.words(issue.remedy, text_of_row)
            )
            values = texts.take(pa.array(text_of_row)) if len(texts) == len(issue.hits) else self.shown(field.name, rows)
            self.add(issue.code, severity, field.name, rows, issue.message, remedy, visible(values))

    def add(
        self,
        code: str,
        severity: Severity,
        field: str,
        rows: np.ndarray,
        message: str | pa.DictionaryArray,
        remedy: str | pa.DictionaryArray,
        values: pa.Array | None = None,
    ) -> None:
        """Add findings about rows; errors refuse them."""
        if not len(rows):
            return
        if severity is Severity.ERROR:
            self.refused[rows] = True
        batch = found.batch(
            code,
            severity,
            file=self.options.file,
            column=self.column(field).column,
            lines=self.lines[rows],
            values=values,
            message=message,
            remedy=remedy,
        )
        self.parts.append(batch)

    def ask(self, field: str, question: Question) -> None:
        """Note a question about a column."""
        place = Place(self.options.file, None, self.column(field).column)
        self.questions.append(Finding(question.code, Severity.ERROR, question.message, place, question.example, question.remedy))

    def shown(self, field: str, rows: np.ndarray) -> pa.Array:
        """The texts of a field as findings show them."""
        encoded = self.texts.get(field)
        if encoded is None:
            return pa.nulls(len(rows), pa.string())
        return Encoded(encoded.texts, encoded.codes[rows]).spread(encoded.texts)


def validate(kind: Kind, source: pa.Table, mapping: Mapping, options: Options | None = None) -> Validated:
    """Typed columns of the rows that may go in, with all findings, questions and sums.

    Parameters
    ----------
    kind
        What the rows are.
    source
        Text columns under the headers of the file, and `_line`.
    mapping
        Which column is which field; see `metes.records.guess`.
    options
        File name, currency, typed columns and country boxes.

    Notes
    -----
    Each column is parsed once per distinct text, so the cost is that of the distinct texts plus O(rows) per column.
    """
    work = _Work(kind, source, mapping, options or Options())
    for field in work.kind.fields:
        if field.type is not FieldType.MONEY and field.name not in ("country", "region", "currency"):
            _plain_field(work, field)
    _country_and_region(work)
    _money(work)
    _coordinates(work)
    _periods(work)
    _required(work)
    _ids(work)
    return _finished(work)


def _plain_field(work: _Work, field: Field) -> None:
    encoded = work.texts.get(field.name)
    if encoded is None:
        return
    parsed = _parse(field, encoded.texts, work)
    if parsed.question:
        work.ask(field.name, parsed.question)
    work.add_issues(field, encoded.texts, encoded.codes, parsed.issues)
    work.columns[field.name] = encoded.spread(parsed.values).cast(ARROW_TYPES[field.type])


def _parse(field: Field, texts: pa.Array, work: _Work) -> Parsed:
    column = work.column(field.name)
    mark = "." if column.column in work.options.typed else column.decimal_mark or work.mapping.decimal_mark
    match field.type:
        case FieldType.TEXT:
            return chosen(field, texts)
        case FieldType.CODE:
            return codes(texts)
        case FieldType.DATE:
            return days(texts, order=column.date_format or work.mapping.date_format)
        case FieldType.BOOLEAN:
            return booleans(texts)
        case FieldType.INTEGER:
            return bounded(field, integers(texts, mark=mark))
        case _:
            parsed = decimals(texts, mark=mark, low=field.low, high=field.high)
            kept = parsed if field.name in ("latitude", "longitude") else bounded(field, parsed)
            return kept if field.type is FieldType.MONEY else replace(kept, values=floats(kept.values))


def _country_and_region(work: _Work) -> None:
    names = work.kind.by_name
    if "country" not in names:
        return
    encoded = work.texts.get("country")
    default = work.mapping.default_country
    if encoded is not None:
        parsed = countries(encoded.texts)
        work.add_issues(names["country"], encoded.texts, encoded.codes, parsed.issues)
        country = encoded.spread(parsed.values)
        if default:
            country = pc.if_else(pa.array(encoded.codes < 0), default, country)
    else:
        country = pa.array([default] * work.count, pa.string()) if default else pa.nulls(work.count, pa.string())
    region = work.texts.get("region")
    if region is not None:
        values, issues = regions(region, country)
        for pair_of_row, issue in issues:
            work.add_issues(names["region"], pa.nulls(0, pa.string()), pair_of_row, (issue,))
        work.columns["region"] = values
        country = pc.coalesce(country, pc.utf8_slice_codeunits(values, 0, 2)) if encoded is None else country
    if encoded is not None or default or region is not None:
        work.columns["country"] = country


def _money(work: _Work) -> None:
    """Amounts in minor units of the row's currency, or of the default where the row names none."""
    fields = [f for f in work.kind.fields if f.type is FieldType.MONEY]
    default = work.mapping.default_currency or work.options.currency
    if "currency" in work.kind.by_name and (any(f.name in work.texts for f in fields) or "currency" in work.texts):
        work.columns["currency"] = _currency(work, default)
    currency = encode(work.columns["currency"]) if "currency" in work.columns else None
    for field in fields:
        encoded = work.texts.get(field.name)
        if encoded is None:
            continue
        parsed = _parse(field, encoded.texts, work)
        if parsed.question:
            work.ask(field.name, parsed.question)
        work.add_issues(field, encoded.texts, encoded.codes, parsed.issues)
        amounts = encoded.spread(parsed.values)
        minor = pa.nulls(work.count, pa.int64())
        for at, code in enumerate(currency.texts.to_pylist() if currency else [default]):
            of_code = currency.codes == at if currency else np.ones(work.count, bool)
            minor = pc.if_else(pa.array(of_code), encoded.spread(minor_units(parsed.values, code)), minor)
        lost = as_bool(pc.is_valid(amounts)) & ~as_bool(pc.is_valid(minor))
        rows = np.flatnonzero(lost)
        work.add(
            "number-too-long",
            Severity.WARNING,
            field.name,
            rows,
            "the amount is too large to be stored",
            "correct it",
            work.shown(field.name, rows),
        )
        work.columns[field.name] = minor


def _currency(work: _Work, default: str) -> pa.Array:
    encoded = work.texts.get("currency")
    if encoded is None:
        return pa.array([default]).take(pa.array(np.zeros(work.count, np.int32)))
    upper = pc.utf8_upper(encoded.texts)
    known = np.array([t is not None and pycountry.currencies.get(alpha_3=t) is not None for t in upper.to_pylist()], dtype=bool)
    bad = as_bool(pc.is_valid(upper)) & ~known
    if bad.any():
        issue = Issue(
            "unknown-currency",
            Severity.ERROR,
            bad,
            "no currency has this code, so the amounts cannot be read",
            "use an ISO 4217 code such as USD",
        )
        work.add_issues(work.kind.by_name["currency"], encoded.texts, encoded.codes, (issue,))
        work.refused[encoded.rows_where(bad)] = True
    values = encoded.spread(pc.if_else(pa.array(known), upper, pa.scalar(None, pa.string())))
    return pc.fill_null(values, default)


def _coordinates(work: _Work) -> None:
    if "latitude" not in work.columns and "longitude" not in work.columns:
        return
    missing = pa.nulls(work.count, pa.float64())
    lat, lon = work.columns.get("latitude", missing), work.columns.get("longitude", missing)
    latitude, longitude, issues = check_coordinates(
        lat, lon, work.columns.get("country"), work.columns.get("region"), work.options.boxes
    )
    for issue in issues:
        shown = [work.shown(name, issue.rows).fill_null("") for name in ("latitude", "longitude")]
        values = pc.binary_join_element_wise(*shown, ", ")
        work.add(issue.code, issue.severity, issue.column, issue.rows, issue.message, issue.remedy, values)
    work.columns["latitude"], work.columns["longitude"] = latitude, longitude


def _periods(work: _Work) -> None:
    """Turn last days into half-open ends, and refuse periods that end before they start."""
    if work.kind.name not in _PERIOD_KINDS or "to" not in work.columns:
        return
    ends = work.columns["to"]
    if work.mapping.last_day == "included":
        ends = pc.add(ends.cast(pa.int32()), pa.scalar(1, pa.int32())).cast(pa.date32())
        work.columns["to"] = ends
    if "from" in work.columns:
        rows = np.flatnonzero(as_bool(pc.less_equal(ends, work.columns["from"])))
        work.add(
            "empty-period",
            Severity.ERROR,
            "to",
            rows,
            "the period ends before it starts",
            "correct one of the two days",
            work.shown("to", rows),
        )


def _required(work: _Work) -> None:
    """Refuse rows without a required field, warn about rows without an expected one, and ask for a column that lacks altogether."""
    for field in work.kind.fields:
        if not (field.is_required or field.is_expected):
            continue
        encoded = work.texts.get(field.name)
        if encoded is not None:
            missing = np.flatnonzero(
                (encoded.codes < 0) if field.type.is_text else (encoded.codes < 0) | _is_blank(work, field, encoded)
            )
            severity = Severity.ERROR if field.is_required else Severity.WARNING
            work.add(
                f"missing-{field.name}",
                severity,
                field.name,
                missing,
                f"the row has no {field.name}",
                f"fill the column for {field.name}",
            )
        elif field.is_required:
            synonyms = ", ".join(field.synonyms[:3])
            question = Question(
                "missing-column",
                "",
                f"no column of the file is the {field.name}, which every row needs",
                f"map a column to {field.name} ({synonyms})",
            )
            work.ask(field.name, question)


def _is_blank(work: _Work, field: Field, encoded: Encoded) -> np.ndarray:
    """Rows whose text says 'nothing' (such as 'N/A' for a number): no value, and no finding yet."""
    return as_bool(pc.is_null(work.columns[field.name])) & ~work.refused & (encoded.codes >= 0)


def _ids(work: _Work) -> None:
    """Give every row its id, from the id's column or the fallback's, and refuse the second row of the same id."""
    name, fallback = work.kind.id, work.kind.fallback_id
    if not name:
        return
    if name in work.columns:
        ids = work.columns[name]
    elif fallback in work.columns:
        ids = pc.utf8_upper(work.columns[fallback])
    else:
        work.ask(
            name,
            Question("missing-column", "", f"no column of the file is the {name}", f"map a column to {name} in the mapping file"),
        )
        return
    shown = name if name in work.columns else fallback
    work.columns[name] = ids
    missing = np.flatnonzero(as_bool(pc.is_null(ids)) & ~work.refused)
    work.add("missing-id", Severity.ERROR, shown, missing, "the row has no id", "give every row an id of its own")
    first = first_rows(ids, ~work.refused)
    again = np.flatnonzero((first >= 0) & (first != np.arange(work.count)) & ~work.refused)
    earlier = pa.array(work.lines[first[again]]).cast(pa.string())
    said = pc.binary_join_element_wise("the id stands on line", earlier, "already; the first one is kept", " ")
    messages = pa.DictionaryArray.from_arrays(pa.array(np.arange(len(again), dtype=np.int32)), said)
    work.add("duplicate-id", Severity.ERROR, shown, again, messages, "keep one of the two lines", ids.take(pa.array(again)))


def first_rows(ids: pa.Array, counted: np.ndarray) -> np.ndarray:
    """Per row, the first counted row with the same id; -1 where the id is missing or no row counts."""
    encoded = encode(ids)
    rows = np.flatnonzero(counted & (encoded.codes >= 0))
    first = np.full(len(encoded.texts) + 1, -1, np.int64)
    # Assigned backwards, so that the earliest row stays.
    first[encoded.codes[rows[::-1]]] = rows[::-1]
    return np.where(encoded.codes >= 0, first[encoded.codes], -1)


def _finished(work: _Work) -> Validated:
    good = pa.array(~work.refused)
    columns = {f.name: work.columns[f.name] for f in work.kind.fields if f.name in work.columns}
    table = pa.table({**columns, "_line": pa.array(work.lines)})
    accepted, refused = table.filter(good), table.filter(pc.invert(good))
    return Validated(
        work.kind,
        accepted,
        _by_line(work.parts),
        work.count,
        refused.num_rows,
        refused[work.kind.id].drop_null() if work.kind.id in refused.column_names else pa.chunked_array([], pa.string()),
        sums_of(work.kind, accepted),
        sums_of(work.kind, refused),
        tuple(work.questions),
    )


def _by_line(parts: list[pa.Table]) -> pa.Table:
    table = found.together(parts)
    return table.take(pc.sort_indices(table["line"]))
