"""Valid rows as records of the store: its column names, custom fields as JSON, what is derived, and a digest of each row."""

from __future__ import annotations

import json
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from metes.importing.loading import Loaded
from metes.importing.stored import arrow_type, content_columns
from metes.intake.gazetteer import locate
from metes.model.catalogue import Field, FieldType, Kind
from metes.records.difference import row_digests
from metes.records.distinct import as_bool, encode
from metes.store.tables import RECORD_TABLES

_RENAMED = {("people", "from"): "active_from", ("people", "to"): "active_to", ("opportunities", "closed_on"): "closed_date"}
_WON = r"\b(?:won|gewonnen|gagn[ée]e?|ganad[oa])\b"
_LOST = r"\b(?:lost|verloren|perdue?|perdid[oa]|dead|abandoned|disqualified)\b"


def store_column(kind: Kind, field: Field) -> str:
    """The column of the store that keeps a field."""
    if field.refers_to:
        return f"{field.name}_id"
    if field.type is FieldType.MONEY:
        return f"{field.name}_minor"
    return _RENAMED.get((kind.name, field.name), field.name)


def shape(loaded: Loaded, references: MappingOf[str, pa.Array]) -> pa.Table:
    """The content columns that the file brings, under the store's names; `custom` as one raw column per custom field, `custom:NAME`."""
    kind = loaded.kind
    columns: dict[str, pa.ChunkedArray | pa.Array] = {}
    for field in kind.fields:
        if field.name == kind.id or field.name not in loaded.table.column_names:
            continue
        if field.is_custom:
            columns[f"custom:{field.name}"] = fragments(field, loaded.table[field.name])
        elif field.refers_to:
            columns[store_column(kind, field)] = references[field.name]
        else:
            columns[store_column(kind, field)] = loaded.table[field.name]
    if kind.name == "opportunities" and "stage" in columns:
        columns["status"] = opportunity_status(columns["stage"])
    return pa.table(columns)


def opportunity_status(stage: pa.ChunkedArray) -> pa.Array:
    """'won' or 'lost' where the stage says so, in a word of its own, else 'open'."""
    encoded = encode(stage)
    lower = pc.utf8_lower(encoded.texts)
    won, lost = as_bool(pc.match_substring_regex(lower, _WON)), as_bool(pc.match_substring_regex(lower, _LOST))
    return encoded.spread(pc.if_else(pa.array(won & ~lost), "won", pc.if_else(pa.array(lost), "lost", "open")))


def fragments(field: Field, column: pa.ChunkedArray) -> pa.Array:
    """A custom field's values as JSON, missing where there is none."""
    if field.type.is_text or field.type is FieldType.DATE:
        encoded = encode(column.cast(pa.string()))
        texts = [None if t is None else json.dumps(t, ensure_ascii=False) for t in encoded.texts.to_pylist()]
        return encoded.spread(pa.array(texts, pa.string()))
    return column.cast(pa.string()).combine_chunks()


def fragments_of(custom: pa.ChunkedArray, names: Sequence[str]) -> dict[str, pa.Array]:
    """The raw values of some custom fields out of stored JSON."""
    rows = [json.loads(text) if text else {} for text in custom.to_pylist()]
    return {
        name: pa.array([json.dumps(row[name], ensure_ascii=False) if name in row else None for row in rows], pa.string())
        for name in names
    }


def complete(kind: str, shaped: pa.Table, has_place: bool) -> pa.Table:
    """All content columns of a kind in the store's types: custom fields as one JSON text, places found, what lacks as missing."""
    if kind == "accounts" and has_place:
        shaped = locate(_without_guesses(shaped))
    columns: dict[str, pa.Array | pa.ChunkedArray] = {}
    table = RECORD_TABLES[kind]
    for name in content_columns(kind):
        wanted = arrow_type(table.c[name])
        if name == "custom":
            columns[name] = _custom_json(shaped)
        elif name in shaped.column_names:
            columns[name] = shaped[name].cast(wanted)
        else:
            columns[name] = pa.nulls(shaped.num_rows, wanted)
    return pa.table(columns)


def _without_guesses(shaped: pa.Table) -> pa.Table:
    """Coordinates that Metes itself found earlier are looked up anew; only those a file gave stay."""
    if "place_precision" not in shaped.column_names:
        return shaped
    given = pc.equal(shaped["place_precision"], "given").fill_null(False)
    for name in ("latitude", "longitude"):
        if name in shaped.column_names:
            kept = pc.if_else(given, shaped[name], pa.scalar(None, pa.float64()))
            shaped = shaped.set_column(shaped.schema.get_field_index(name), name, kept)
    return shaped.drop_columns(["place_precision"])


def _custom_json(shaped: pa.Table) -> pa.Array:
    """One JSON object per row of all custom fields that have a value, by name; missing where none has."""
    names = sorted(n for n in shaped.column_names if n.startswith("custom:"))
    if not names:
        return pa.nulls(shaped.num_rows, pa.string())
    # Joined without `null_handling="skip"`, which in pyarrow 26 drops the rows where every part is missing.
    parts = [
        pc.binary_join_element_wise(f"{json.dumps(n[7:])}:", shaped[n].cast(pa.string()), ",", "").fill_null("") for n in names
    ]
    joined = pc.utf8_rtrim(pc.binary_join_element_wise(*parts, ""), ",")
    whole = pc.binary_join_element_wise("{", joined, "}", "")
    return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), whole)


def digests(kind: str, content: pa.Table) -> pa.Array:
    """The digest of each row; the store keeps it as decimal text."""
    return row_digests(content, content_columns(kind))
