"""Who holds which account, and what that changes: ledger rows compared, nothing read or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from metes.model.plan import Plan
from metes.store.ledger import ROLES, VIAS
from metes.store.ledger_changes import HOLDINGS

# What `holdings` gives for nobody.
NO_HOLDINGS = pa.schema([field for field in HOLDINGS if not field.name.startswith("true_")]).empty_table()
_SHARE_UNIT = 1e9
_PRIMARY, _IMPORTED = ROLES.index("primary"), VIAS.index("imported")
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Standing:
    """What primary holdings of some accounts come to: accounts that have one, and holdings by what they came from."""

    held: int
    by_via: NDArray[np.int64]

    def __sub__(self, other: Standing) -> Standing:
        return Standing(self.held - other.held, self.by_via - other.by_via)


@dataclass(frozen=True, slots=True)
class Difference:
    """What must change in the ledger: fact ids that stop, holdings that start; `unchanged` facts stay.

    `before` and `after` are what the accounts' primary holdings on the day come to without the change and with it.
    """

    closing: pa.Array
    opening: pa.Table
    unchanged: int
    before: Standing
    after: Standing


def holdings(resolved: pa.Table, plan: Plan, numbers: Mapping[str, int]) -> pa.Table:
    """What `resolve` gave in the ledger's terms: account_id, territory_id, role, share and via; `numbers` are of territory keys."""
    number_of_index = np.array([numbers[t.key] for t in plan.territories], dtype=np.int32)
    territory = resolved["territory"].to_numpy()
    return pa.table(
        {
            "account_id": resolved["account"],
            "territory_id": pa.array(number_of_index[territory] if len(territory) else np.empty(0, np.int32)),
            "role": _codes(resolved["role"], ROLES),
            "share": resolved["share"],
            "via": _codes(resolved["via"], VIAS),
        }
    )


def difference(current: pa.Table, wanted: pa.Table, day: date) -> Difference:
    """What turns facts known now (as `ledger_changes.current_facts` reads them) into the holdings wanted from `day` on.

    A fact stays when it holds on the day, has no end, and is wanted as it is: with its role and share, and for the same reason unless
    it was imported. Of `wanted` each account and territory may stand there once. O(n log n).
    """
    known, new = _Facts(current), _Facts(wanted)
    later, is_open = (np.asarray(current[name].to_numpy()) for name in ("later", "is_open"))
    order, at, is_found = _matched(known, new)
    is_kept = is_found & (later == 0) & (is_open == 1)
    rows = np.flatnonzero(is_kept)
    rows = rows[known.is_like(rows, new, order[at[rows]])]
    is_kept[:] = False
    is_kept[rows[np.unique(at[rows], return_index=True)[1]]] = True  # the first, where several say the same
    is_new = np.ones(new.size, bool)
    is_new[order[at[is_kept]]] = False
    kept_via = np.bincount(known.via[is_kept & (known.role == _PRIMARY)], minlength=len(VIAS))
    new_via = np.bincount(new.via[is_new & (new.role == _PRIMARY)], minlength=len(VIAS))
    return Difference(
        closing=current["id"].filter(pa.array(~is_kept)).combine_chunks(),
        opening=_opening(wanted.filter(pa.array(is_new)), day),
        unchanged=int(is_kept.sum()),
        before=_standing(known, later == 0),
        after=Standing(_standing(new, np.ones(new.size, bool)).held, kept_via + new_via),
    )


class _Facts:
    """Columns of facts or holdings as numbers."""

    def __init__(self, table: pa.Table) -> None:
        self.size = table.num_rows
        self.account, self.territory, self.role, self.via = (
            np.asarray(table[name].to_numpy(), np.int64) for name in ("account_id", "territory_id", "role", "via")
        )
        self.share: _Ints = np.rint(np.asarray(table["share"].to_numpy(), np.float64) * _SHARE_UNIT).astype(np.int64)

    def is_like(self, rows: NDArray[np.intp], other: _Facts, pair: NDArray[np.intp]) -> _Bools:
        """Whether some rows say the same as their pairs among the others."""
        is_same = (self.role[rows] == other.role[pair]) & (self.share[rows] == other.share[pair])
        same: _Bools = is_same & ((self.via[rows] == other.via[pair]) | (self.via[rows] == _IMPORTED))
        return same


def _matched(known: _Facts, new: _Facts) -> tuple[NDArray[np.intp], NDArray[np.intp], _Bools]:
    """An order of the new rows, the place in it of each known row's account and territory, and whether they are there."""
    width = int(max(known.territory.max(initial=0), new.territory.max(initial=0))) + 1
    key = new.account * width + new.territory
    order = np.argsort(key, kind="stable")
    wanted = known.account * width + known.territory
    if not key.size:
        return order, np.zeros(wanted.size, np.intp), np.zeros(wanted.size, bool)
    at = np.minimum(np.searchsorted(key[order], wanted), key.size - 1)
    return order, at, key[order[at]] == wanted


def _standing(facts: _Facts, is_true: _Bools) -> Standing:
    primary = is_true & (facts.role == _PRIMARY)
    accounts = _ascending(facts.account[primary])
    return Standing(int(_is_first(accounts).sum()), np.bincount(facts.via[primary], minlength=len(VIAS)))


def _opening(starts: pa.Table, day: date) -> pa.Table:
    """Rows of the ledger for holdings that start on a day, by account and territory."""
    starts = starts.sort_by([("account_id", "ascending"), ("territory_id", "ascending")])
    rows = starts.num_rows
    days = {"true_from": pa.repeat(pa.scalar(day, pa.date32()), rows), "true_until": pa.nulls(rows, pa.date32())}
    columns: dict[str, Any] = {name: starts[name] for name in ("account_id", "territory_id", "role", "share", "via")}
    return pa.table({**columns, **days}, schema=HOLDINGS)


def moves(current: pa.Table, wanted: pa.Table) -> pa.Table:
    """Accounts whose primary territory changes: account_id, old and new territory number (null: none), by account."""
    before = current.filter(pc.and_(pc.equal(current["role"], _PRIMARY), pc.equal(current["later"], 0)))
    after = wanted.filter(pc.equal(wanted["role"], _PRIMARY))
    (old_accounts, old), (new_accounts, new) = _firsts(before), _firsts(after)
    accounts = _ascending(np.concatenate([old_accounts, new_accounts]))
    accounts = accounts[_is_first(accounts)]
    ends = np.full((2, accounts.size), -1, np.int64)
    ends[0, np.searchsorted(accounts, old_accounts)] = old
    ends[1, np.searchsorted(accounts, new_accounts)] = new
    is_moved = ends[0] != ends[1]
    columns = (pa.array(side[is_moved].astype(np.int32), mask=side[is_moved] < 0) for side in ends)
    return pa.table([pa.array(accounts[is_moved]), *columns], names=["account_id", "old", "new"])


def _firsts(rows: pa.Table) -> tuple[_Ints, _Ints]:
    """Each account once, ascending, with the lowest of its territories' numbers."""
    account, territory = (np.asarray(rows[name].to_numpy(), np.int64) for name in ("account_id", "territory_id"))
    order = np.lexsort((territory, account))
    is_first = _is_first(account[order])
    return account[order][is_first], territory[order][is_first]


def _ascending(values: _Ints) -> _Ints:
    """The values in order; facts come in the order of their accounts, which is quicker seen than made."""
    return values if np.all(values[1:] >= values[:-1]) else np.sort(values)


def _is_first(ascending: _Ints) -> _Bools:
    """Where values differ from those before them."""
    is_first = np.ones(ascending.size, bool)
    is_first[1:] = ascending[1:] != ascending[:-1]
    return is_first


def _codes(column: pa.ChunkedArray, words: tuple[str, ...]) -> pa.Array:
    """A dictionary of words as numbers of `words`."""
    encoded: Any = column.unify_dictionaries().combine_chunks()
    number_of_word = pc.index_in(encoded.dictionary, value_set=pa.array(words)).cast(pa.int16())
    return number_of_word.take(encoded.indices)
