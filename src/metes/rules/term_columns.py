"""Term columns: what rules ask beyond plain fields, worked out for a whole table of accounts. Arrow in, Arrow out, no database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from metes.base.dates import months_before
from metes.base.errors import InputError
from metes.base.ids import content_hash
from metes.model.plan import Plan
from metes.model.postal import postal_order
from metes.model.terms import Distance, InArea, Month, OfFamily, Orders, OrdersMeasure, PostalOrder, Term, depends_on_day, term_of
from metes.rules.places import Places

Rows = NDArray[np.intp]
_PLACE = ("latitude", "longitude")


def inputs_of(term: Term) -> tuple[str, ...]:
    """The columns of accounts, beside `account`, from which a term is worked out."""
    match term:
        case InArea() | Distance():
            return _PLACE
        case PostalOrder():
            return ("postal_code",)
        case OfFamily(name):
            inner = term_of(name)
            return (name,) if inner is None else inputs_of(inner)
        case _:
            return ()


def identity_of(term: Term, plan: Plan, day: date) -> tuple[str, ...]:
    """What decides a term's column over the same accounts and orders: its name, its area's geometry, and the day where it counts."""
    inner: Term | None = term
    while isinstance(inner, OfFamily):
        inner = term_of(inner.field)
    shape = (
        content_hash(plan.area_by_key[inner.area].geometry) if isinstance(inner, InArea) and inner.area in plan.area_by_key else ""
    )
    return (term.name, shape, day.isoformat() if depends_on_day(term) else "")


class TermColumns:
    """Works out term columns over one table of accounts, and keeps what several of them share.

    Parameters
    ----------
    accounts
        The columns that the terms asked ask for (`inputs_of`): text as string or dictionary. Terms of orders need `account` int64,
        unique and ascending. Terms of families need the families whole, and `tops` or the columns `id` and `family` or `parent`.
    orders
        `account` int64, `ordered_on` date32, `minor` (a number: minor units of the reporting currency, null where no rate is
        known), `product` and `family` text. Orders of other accounts may stand in it.
    tops
        For each account the number of the topmost account above it, itself where none stands above it.
    """

    def __init__(self, accounts: pa.Table, orders: pa.Table | None = None, tops: NDArray[np.int64] | None = None) -> None:
        self.accounts = accounts
        self.orders = orders
        self._tops = tops

    def column(self, term: Term, plan: Plan, day: date) -> pa.Array:
        """The column of a term. InputError where the plan has no such area or a table lacks what the term asks for."""
        match term:
            case InArea(area):
                return self._in_area(area, plan)
            case Distance(latitude, longitude):
                return pa.array(self.places.distances_km(latitude, longitude), from_pandas=True)
            case PostalOrder():
                return self._postal_order()
            case Month():
                return pa.repeat(pa.scalar(day.month, pa.int64()), self.accounts.num_rows)
            case Orders():
                return self._orders(term, day)
            case OfFamily(name):
                inner = term_of(name)
                own = self._column(name, term) if inner is None else self.column(inner, plan, day)
                return own.take(pa.array(self.row_of_top))

    @cached_property
    def places(self) -> Places:
        """Where the accounts are."""
        latitudes, longitudes = (self._column(name, None).cast(pa.float64()).to_numpy(zero_copy_only=False) for name in _PLACE)
        return Places(latitudes, longitudes)

    @cached_property
    def row_of_top(self) -> Rows:
        """For each account the row of the topmost account above it."""
        if self._tops is not None:
            return np.searchsorted(self._numbers, self._tops)
        rows = np.arange(self.accounts.num_rows)
        named = next((name for name in ("family", "parent") if name in self.accounts.column_names), None)
        if named is None or "id" not in self.accounts.column_names:
            raise InputError("terms of the family need the columns 'id' and 'parent' of accounts; add them")
        above = pc.index_in(_text(self._column(named, None)), value_set=_text(self._column("id", None)))
        above = np.where(above.is_null().to_numpy(zero_copy_only=False), rows, above.fill_null(0).to_numpy())
        # The way up doubles in each round; accounts on a cycle end at one of the cycle.
        for _ in range(max(self.accounts.num_rows, 1).bit_length()):
            further = above[above]
            if np.array_equal(further, above):
                break
            above = further
        return np.asarray(above, dtype=np.intp)

    @cached_property
    def _numbers(self) -> NDArray[np.int64]:
        return np.asarray(self._column("account", None).to_numpy())

    def _column(self, name: str, term: Term | None) -> pa.Array:
        """A column of the accounts in one piece."""
        if name not in self.accounts.column_names:
            asking = f", which '{term.name}' asks for" if term is not None else ", which the rules ask for"
            raise InputError(f"the accounts lack the column '{name}'{asking}; add it, null where unknown")
        column = self.accounts.column(name)
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()

    def _in_area(self, key: str, plan: Plan) -> pa.Array:
        if key not in plan.area_by_key:
            known = ", ".join(sorted(plan.area_by_key)) or "none"
            raise InputError(f"the plan has no area '{key}'; it has {known}")
        return pa.array(self.places.inside(plan.area_by_key[key].geometry), mask=~self.places.is_known)

    def _postal_order(self) -> pa.Array:
        """The postal code in order, worked out once per distinct code."""
        codes = _encoded(self._column("postal_code", None))
        keys = [None if code is None else postal_order(code) for code in codes.dictionary.to_pylist()]
        ordered = pa.array(keys, pa.string()).dictionary_encode()
        return pa.DictionaryArray.from_arrays(ordered.indices.take(codes.indices), ordered.dictionary)

    # --- orders -----------------------------------------------------------------------------------------------------------

    @cached_property
    def _row_of_order(self) -> Rows:
        """The row of each order's account; -1 for an account that is not there."""
        accounts = np.asarray(self._orders_column("account").cast(pa.int64()).fill_null(-1).to_numpy())
        numbers = self._numbers
        if not numbers.size:
            return np.full(accounts.shape, -1, np.intp)
        rows = np.minimum(np.searchsorted(numbers, accounts), numbers.size - 1)
        return np.where(numbers[rows] == accounts, rows, -1)

    def _orders_column(self, name: str) -> pa.Array:
        if self.orders is None:
            raise InputError("the rules ask for purchase history; give a table of orders")
        if name not in self.orders.column_names:
            raise InputError(f"the orders lack the column '{name}', which the rules ask for; add it, null where unknown")
        column = self.orders.column(name)
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()

    def _orders(self, term: Orders, day: date) -> pa.Array:
        chosen = self._chosen_orders(term, day)
        rows, size = self._row_of_order[chosen], self.accounts.num_rows
        match term.measure:
            case OrdersMeasure.COUNT:
                return pa.array(np.bincount(rows, minlength=size).astype(np.int64))
            case OrdersMeasure.SUM:
                amounts = self._orders_column("minor").cast(pa.float64()).to_numpy(zero_copy_only=False)[chosen]
                return pa.array(np.rint(np.bincount(rows, np.nan_to_num(amounts), size)).astype(np.int64))
            case OrdersMeasure.RECENCY:
                days = np.full(size, np.iinfo(np.int32).min, np.int32)
                np.maximum.at(days, rows, _days(self._orders_column("ordered_on"))[chosen])
                is_missing = days == np.iinfo(np.int32).min
                return pa.array(_day_number(day) - days.astype(np.int64), mask=is_missing)

    def _chosen_orders(self, term: Orders, day: date) -> Rows:
        """Places of the orders that a term looks at."""
        on = _days(self._orders_column("ordered_on"))
        is_chosen = (on <= _day_number(day)) & (self._row_of_order >= 0)
        if term.months is not None:
            is_chosen &= on > _day_number(months_before(day, term.months))
        if term.product is not None:
            product = term.product.strip().upper()
            is_chosen &= _holds(self._orders_column("product"), lambda text: text.upper() == product)
        if term.family is not None:
            is_chosen &= _holds(self._orders_column("family"), lambda text: text == term.family)
        return np.flatnonzero(is_chosen)


def _text(column: pa.Array) -> pa.Array:
    """A text column without its dictionary."""
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _encoded(column: pa.Array) -> Any:
    """A text column with a dictionary."""
    return column if pa.types.is_dictionary(column.type) else column.cast(pa.string()).dictionary_encode()


def _places_in(column: Any) -> NDArray[np.int64]:
    """The place of each value in the column's dictionary, that behind the last for a missing one."""
    return np.asarray(column.indices.cast(pa.int64()).fill_null(len(column.dictionary)).to_numpy())


def _holds(column: pa.Array, passes: Callable[[str], bool]) -> NDArray[np.bool_]:
    """Whether each text passes, asked once per entry of the dictionary; a missing one does not."""
    column = _encoded(column)
    wanted = np.array([text is not None and passes(text) for text in column.dictionary.to_pylist()] + [False])
    return np.asarray(wanted[_places_in(column)])


def _days(column: pa.Array) -> NDArray[np.int32]:
    """Days since 1970-01-01; a missing day lies behind all others."""
    return np.asarray(column.cast(pa.date32()).cast(pa.int32()).fill_null(np.iinfo(np.int32).max).to_numpy())


def _day_number(day: date) -> int:
    return (day - date(1970, 1, 1)).days
