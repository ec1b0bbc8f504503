"""Accounts by column as rules are run over them: fields as the Book keeps them, terms worked out once and kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metes.base.errors import InputError
from metes.model.plan import Plan
from metes.model.terms import Orders, Term, term_of
from metes.rules.term_columns import TermColumns, identity_of, inputs_of
from metes.store.book_files import TOP

# Sixteen columns of decimals over a million accounts, or a thousand areas.
_BYTES_KEPT = 128 * 2**20


class RuleColumns:
    """The columns of some accounts, all whose family stands among them; safe for many threads.

    Parameters
    ----------
    rows
        The accounts as they are, by `account`, ascending.
    encoded
        In the same order the text columns as dictionaries, and `top`, the number of the topmost account above each.
    orders
        Their orders by account, as `metes.rules.term_columns.TermColumns` takes them.
    """

    def __init__(self, rows: pa.RecordBatch, encoded: pa.RecordBatch, orders: pa.RecordBatch, hidden: Collection[str] = ()) -> None:
        names = [name for name in rows.schema.names if name not in hidden]
        texts = set(encoded.schema.names)
        columns = [encoded.column(name) if name in texts else rows.column(name) for name in names]
        self._accounts = pa.Table.from_arrays(columns, names)
        self._numbers: Any = rows.column("account").to_numpy(zero_copy_only=False)
        self._tops: Any = encoded.column(TOP).to_numpy(zero_copy_only=False)
        self._orders = pa.Table.from_batches([orders])
        self._terms = TermColumns(self._accounts, self._orders, self._tops)
        self._kept: OrderedDict[tuple[str, ...], pa.Array] = OrderedDict()
        self._lock = threading.Lock()
        self._working = threading.Lock()

    def table(self, names: Iterable[str], plan: Plan, day: date) -> pa.Table:
        """All accounts: `account`, ascending, and a column for each name, a field or a term. InputError for a name that is neither."""
        columns: dict[str, Any] = {"account": self._accounts.column("account")}
        for name in names:
            columns[name] = self.column(name, plan, day)
        return pa.table(columns)

    def column(self, name: str, plan: Plan, day: date) -> Any:
        """The column of a field or a term."""
        if name in self._accounts.column_names:
            return self._accounts.column(name)
        return self.term(_require_term(name), plan, day)

    def term(self, term: Term, plan: Plan, day: date) -> pa.Array:
        """The column of a term, kept for whoever asks again."""
        key = identity_of(term, plan, day)
        found = self._find(key)
        if found is None:
            with self._working:  # whoever asks for the same meanwhile waits for it
                found = self._find(key)
                if found is None:
                    found = self._terms.column(term, plan, day)
                    self._keep(key, found)
        return found

    def some(self, numbers: Sequence[int] | NDArray[np.int64], names: Iterable[str], plan: Plan, day: date) -> pa.Table:
        """The same as `table` for a few accounts, worked out for them alone; numbers of no account are left out."""
        names = tuple(names)
        wanted = np.unique(np.asarray(numbers, np.int64))
        rows = self._rows_of(wanted)
        terms = [term for name in names if name not in self._accounts.column_names and (term := _require_term(name))]
        needed = {"account", *(n for n in names if n in self._accounts.column_names), *(i for t in terms for i in inputs_of(t))}
        kin = np.union1d(rows, np.searchsorted(self._numbers, self._tops[rows]))
        few = self._accounts.select([n for n in self._accounts.column_names if n in needed]).take(pa.array(kin))
        columns = TermColumns(few, self._orders_of(self._numbers[kin]) if _ask_orders(terms) else None, self._tops[kin])
        for term in terms:
            few = few.append_column(term.name, columns.column(term, plan, day))
        return few.select(["account", *dict.fromkeys(names)]).take(pa.array(np.searchsorted(kin, rows)))

    def _rows_of(self, numbers: Any) -> Any:
        """The rows of some accounts, ascending."""
        if not len(self._numbers):
            return np.empty(0, np.intp)
        found = np.minimum(np.searchsorted(self._numbers, numbers), len(self._numbers) - 1)
        return found[self._numbers[found] == numbers]

    def _orders_of(self, numbers: Any) -> pa.Table:
        """The orders of some accounts."""
        ordered = self._orders.column("account").to_numpy()
        first, last = (np.searchsorted(ordered, numbers, side) for side in ("left", "right"))
        places = [np.arange(a, b) for a, b in zip(first, last, strict=True) if a < b]
        return self._orders.take(pa.array(np.concatenate([np.empty(0, np.int64), *places])))

    def _find(self, key: tuple[str, ...]) -> pa.Array | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: tuple[str, ...], column: pa.Array) -> None:
        """Keep a column, and let go of those not asked for longest where all take too much."""
        with self._lock:
            self._kept[key] = column
            size = sum(kept.nbytes for kept in self._kept.values())
            while size > _BYTES_KEPT and len(self._kept) > 1:
                size -= self._kept.popitem(last=False)[1].nbytes


def _require_term(name: str) -> Term:
    term = term_of(name)
    if term is None:
        raise InputError(f"accounts have neither a field nor a term '{name}'")
    return term


def _ask_orders(terms: Iterable[Term]) -> bool:
    return any(isinstance(term, Orders) or "orders:" in term.name for term in terms)
