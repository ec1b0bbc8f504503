"""Which accounts of a Book a scope shows: those that a territory of it holds today, as primary, overlay or shared.

Few of them are kept row by row and asked alone. Many are kept as one bit per account, at the rank of its name: a filter that every query
can carry at the same small cost, whether the scope shows a fifth of the accounts or nearly all.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from metes.model.scope import Scope

Parameters = list[Any]
# So many accounts of one scope are kept row by row: some 60 MB.
FEW = 250_000
# What all scopes of one Book keep together.
_ROWS_KEPT = 500_000
_BYTES_KEPT = 64 << 20
# Arrow is scanned by one thread per batch.
_BATCH_ROWS = 122_880
_SHOWN = "shown"
# No filter is handed down past a limit: DuckDB would have Arrow look for the rows, which takes ten times as long.
_ROWS = f"(SELECT * FROM {_SHOWN} LIMIT {2**62}) AS accounts"
# The columns that name another account, which may be one that is hidden.
KIN = ("parent", "family")
# What the map asks of accounts.
_PLACED = ("account", "territory", "latitude", "longitude", "potential")
_SEEN = "get_bit(?::BLOB::BIT, name_rank) = 1"


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What a narrow scope shows of a Book: a bit per rank of a name, the first one the highest of its byte.

    `rows` are the accounts with all columns where they are few, else None; `elsewhere` those that stand under a territory outside the
    scope, or under none: its territories help with them. `hidden` are the ids of accounts that stand above one of them, and do not show.
    """

    bits: bytes
    rows: pa.Table | None
    elsewhere: pa.Table
    hidden: frozenset[str]

    @property
    def kept(self) -> int:
        """How many rows it keeps."""
        return int(self.elsewhere.num_rows) + (0 if self.rows is None else int(self.rows.num_rows))


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a query finds the accounts of a scope: a table, and a condition on it with at most one parameter."""

    table: str = "accounts"
    condition: str = "TRUE"
    parameters: tuple[Any, ...] = ()
    rows: pa.Table | None = None

    def on(self, cursor: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
        """A cursor that knows the table."""
        return cursor if self.rows is None else cursor.register(_SHOWN, self.rows)


EVERYTHING_ASKED = Asked()
NOTHING_ASKED = Asked(condition="FALSE")


def asked_of(shown: Shown) -> Asked:
    """The accounts of a narrow scope; those without a rank, closed since, are never among them."""
    return by_bits(shown.bits) if shown.rows is None else Asked(_ROWS, rows=shown.rows)


def without_hidden_kin(asked: Asked, hidden: frozenset[str]) -> Asked:
    """The same accounts of the Book, what stands above them and does not show being missing."""
    kin = ", ".join(f"CASE WHEN {name} IN (SELECT id FROM {_SHOWN}) THEN NULL ELSE {name} END AS {name}" for name in KIN)
    table = f"(SELECT * REPLACE ({kin}) FROM accounts) AS accounts"
    return replace(asked, table=table, rows=pa.table({"id": pa.array(sorted(hidden), pa.string())}))


def by_bits(bits: bytes) -> Asked:
    """The accounts whose bits are set."""
    return Asked(condition=_SEEN, parameters=(bits,))


class ShownAccounts:
    """What scopes show of one Book, kept for as long as it is read. Many threads may ask."""

    def __init__(self) -> None:
        self._shown: OrderedDict[frozenset[str], Shown] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, territories: frozenset[str], make: Callable[[], Shown]) -> Shown:
        """What some territories show, made when it is not there."""
        with self._lock:
            found = self._shown.get(territories)
            if found is not None:
                self._shown.move_to_end(territories)
                return found
        made = make()
        with self._lock:
            self._shown[territories] = made
            while len(self._shown) > 1 and self._is_too_much():
                self._shown.popitem(last=False)
        return made

    def _is_too_much(self) -> bool:
        kept = self._shown.values()
        return sum(one.kept for one in kept) > _ROWS_KEPT or sum(len(one.bits) for one in kept) > _BYTES_KEPT


def shown_by(cursor: duckdb.DuckDBPyConnection, territories: frozenset[str], batch: pa.RecordBatch, few: int) -> Shown:
    """What some territories show of the accounts in `batch`, which stand there by number, with rows where they are `few`; O(accounts)."""
    found = cursor.execute(
        "SELECT account FROM accounts WHERE account IN (SELECT account FROM holdings WHERE territory IN (SELECT unnest(?))) ORDER BY account",
        [sorted(territories)],
    ).fetchnumpy()["account"]
    known = batch.column("account").to_numpy(zero_copy_only=False)
    rows = pa.Table.from_batches([batch])
    places = pa.array(np.searchsorted(known, found), pa.int64())
    flags = np.zeros(len(known) + 1, np.bool_)
    flags[rows["name_rank"].take(places).to_numpy()] = True
    own = pc.is_in(rows["territory"].take(places), value_set=pa.array(sorted(territories), pa.string()))
    bits = np.packbits(flags).tobytes()
    hidden = _hidden_above(cursor, rows.select(KIN).take(places), bits)
    return Shown(
        bits,
        _in_batches(_without(rows.take(places), hidden)) if len(found) <= few else None,
        _in_batches(rows.select(_PLACED).take(places.filter(pc.invert(own).combine_chunks()))),
        frozenset(hidden.to_pylist()),
    )


def _hidden_above(cursor: duckdb.DuckDBPyConnection, kin: pa.Table, bits: bytes) -> pa.Array:
    """The ids of the accounts named in some columns that the bits do not show."""
    named = pa.concat_arrays([kin[name].combine_chunks().drop_null().unique() for name in KIN]).unique()
    if not len(named):
        return named
    known = cursor.execute(
        "SELECT id, name_rank FROM accounts WHERE id IN (SELECT unnest(?))", [named.to_pylist()]
    ).to_arrow_table()
    shown = set_at(bits, known["name_rank"].to_numpy().astype(np.int64))
    return named.filter(pc.invert(pc.is_in(named, value_set=known["id"].filter(pa.array(shown)).combine_chunks())))


def _without(rows: pa.Table, hidden: pa.Array) -> pa.Table:
    """Rows in which what stands above them and is hidden is missing."""
    for name in KIN:
        shown = pc.if_else(pc.is_in(rows[name], value_set=hidden), pa.scalar(None, pa.string()), rows[name])
        rows = rows.set_column(rows.schema.get_field_index(name), name, shown)
    return rows


def _in_batches(table: pa.Table) -> pa.Table:
    return pa.Table.from_batches(table.combine_chunks().to_batches(_BATCH_ROWS), table.schema)


def of_territories(scope: Scope, column: str = "territory") -> tuple[str, Parameters]:
    """A condition that holds where a territory lies in a scope; never for what no territory holds, unless the scope is everything."""
    if scope.territories is None:
        return "TRUE", []
    return f"{column} IN (SELECT unnest(?))", [sorted(scope.territories)]


def set_at(bits: bytes, ranks: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the bits at some ranks are set, (n,)."""
    packed = np.frombuffer(bits, np.uint8)
    found: NDArray[np.bool_] = ((packed[ranks >> 3] >> (7 - (ranks & 7)).astype(np.uint8)) & 1).astype(np.bool_)
    return found
