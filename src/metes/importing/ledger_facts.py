"""Seats and assignments: dated facts that go into the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
import pyarrow as pa
from sqlalchemy.engine import Connection

from metes.importing.loading import Loaded, refuse
from metes.importing.references import resolve
from metes.importing.report import ImportOptions
from metes.importing.stored import read_state
from metes.records.distinct import encode
from metes.store.engine import Store
from metes.store.ledger import Cause, ids_of_territories
from metes.store.ledger_imports import Belongs, Recorded, Sits, record_belongings, record_sittings

_FAR = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of (key, id, start, end): a seat and a person, or a territory and an account."""

    kind: str
    rows: tuple[tuple[str, int, date, date | None], ...]


def facts_of(store: Store, loaded: Loaded, options: ImportOptions) -> tuple[Loaded, Facts]:
    """The facts that may be recorded, with the rows refused that name unknown seats, territories, people or accounts, or overlap."""
    is_seats = loaded.kind.name == "seats"
    key, subject = ("seat", "person") if is_seats else ("territory", "account")
    loaded, keys = _known_keys(loaded, key, options.known_seats if is_seats else options.known_territories)
    _, source_id = read_state(store, options.source)
    loaded = replace(loaded, table=loaded.table.set_column(loaded.table.schema.get_field_index(key), key, keys))
    loaded, references = resolve(store, loaded, source_id, None)
    loaded, ids = _without_overlaps(loaded, key, references[subject], whole_key=is_seats)
    table = loaded.table
    ends = table["to"].to_pylist() if "to" in table.column_names else [None] * table.num_rows
    rows = zip(table[key].to_pylist(), ids.to_pylist(), table["from"].to_pylist(), ends, strict=True)
    return loaded, Facts(loaded.kind.name, tuple(rows))


def _known_keys(loaded: Loaded, key: str, known: frozenset[str] | None) -> tuple[Loaded, pa.Array]:
    """Keys as the plan writes them: files may write them in any case; those that the plan lacks are errors."""
    encoded = encode(loaded.table[key])
    spelled = {k.upper(): k for k in known or ()}
    texts = [spelled.get(t.upper()) if known is not None else t.lower() for t in encoded.texts.to_pylist()]
    values = encoded.spread(pa.array(texts, pa.string()))
    unknown = np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))
    if not len(unknown):
        return loaded, values
    message, remedy = f"the active plan has no such {key}", f"add the {key} to the plan and publish it, or correct the value"
    loaded = refuse(loaded, unknown, f"unknown-{key}", key, message, remedy)
    return loaded, values.drop_null()


def _without_overlaps(loaded: Loaded, key: str, ids: pa.Array, *, whole_key: bool) -> tuple[Loaded, pa.Array]:
    """Refuse periods that begin before the one before them has ended: of a person on a seat, or of an account anywhere."""
    table = loaded.table
    start = table["from"].cast(pa.int32()).to_numpy().astype(np.int64)
    end = (
        table["to"].cast(pa.int32()).fill_null(_FAR).to_numpy().astype(np.int64)
        if "to" in table.column_names
        else np.full(len(start), _FAR)
    )
    subject = ids.to_numpy(zero_copy_only=False).astype(np.int64)
    place = encode(table[key]).codes.astype(np.int64) if whole_key else np.zeros(len(start), np.int64)
    order = np.lexsort((start, place, subject))
    same = (np.diff(subject[order]) == 0) & (np.diff(place[order]) == 0)
    overlapping = np.sort(order[1:][same & (start[order][1:] < end[order][:-1])])
    if not len(overlapping):
        return loaded, ids
    message = "the period begins before an earlier one of the same kind has ended"
    loaded = refuse(loaded, overlapping, "overlapping-period", "from", message, "end the earlier period first")
    keep = np.ones(len(start), bool)
    keep[overlapping] = False
    return loaded, ids.filter(pa.array(keep))


def record(connection: Connection, facts: Facts, now: datetime, import_id: int, *, is_full: bool) -> Recorded:
    """Write the facts into the ledger."""
    cause = Cause("import", import_id)
    if facts.kind == "seats":
        return record_sittings(connection, [Sits(*row) for row in facts.rows], now, cause, is_full=is_full)
    numbers = ids_of_territories(connection, {row[0] for row in facts.rows})
    belongings = [Belongs(account, numbers[territory], start, end) for territory, account, start, end in facts.rows]
    return record_belongings(connection, belongings, now, cause, is_full=is_full)
