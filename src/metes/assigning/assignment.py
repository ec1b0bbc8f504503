"""Who holds which account under a plan, and what that changes: worked out in Arrow, nothing written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.base.progress import Progress
from metes.model.catalogue import Field
from metes.model.plan import Plan
from metes.rules.compile import compile_plan
from metes.rules.resolve import resolve
from metes.store.ledger import ROLES, VIAS
from metes.store.ledger_changes import HOLDINGS

if TYPE_CHECKING:
    from metes.store.book import Book

_KEYS = ["account_id", "territory_id", "role", "share_key"]
_SHARE_UNIT = 1e9


@dataclass(frozen=True, slots=True)
class Difference:
    """What must change in the ledger: fact ids that stop, holdings that start; `unchanged` facts stay."""

    closing: pa.Array
    opening: pa.Table
    unchanged: int


def holdings_under(
    plan: Plan, fields: Mapping[str, Field], book: Book, day: date, numbers: Mapping[str, int], progress: Progress
) -> pa.Table:
    """Who holds what on `day`: one row per account and territory, columns account_id, territory_id, role, share and via.

    `numbers` are the ledger's numbers of territory keys.
    """
    from metes.rules.evaluate import evaluate  # loads Ibis, which only a real run needs

    progress.report("compiling the rules", 0, 4)
    compiled = compile_plan(plan, fields, book.currency)
    progress.report("evaluating the rules", 1, 4)
    cursor = book.cursor()
    matches = evaluate(cursor, "accounts", compiled)
    progress.report("resolving overlaps", 2, 4)
    pinned = sorted({pin.account for pin in plan.pins})
    number_of_key = dict(cursor.execute("SELECT id, account FROM accounts WHERE id IN (SELECT unnest(?))", [pinned]).fetchall())
    accounts = cursor.execute("SELECT account FROM accounts ORDER BY account").to_arrow_table()
    resolved = resolve(matches, compiled, plan, day, number_of_key, accounts["account"].combine_chunks())
    progress.report("comparing with the ledger", 3, 4)
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
    """What turns the facts known now (as `ledger.current_facts` reads them) into the holdings wanted from `day` on.

    A fact stays when it holds on the day, has no end, and is wanted as it is. O(n) joins.
    """
    standing = current.filter(pc.and_(pc.equal(current["later"], 0), pc.equal(current["is_open"], 1)))
    standing, wanted = _with_share_key(standing), _with_share_key(wanted)
    kept = standing.select([*_KEYS, "id"]).join(wanted.select(_KEYS), _KEYS, join_type="left semi")
    stops = pc.invert(pc.is_in(current["id"], value_set=kept["id"].combine_chunks()))
    starts = wanted.join(standing.select(_KEYS), _KEYS, join_type="left anti").sort_by(
        [("account_id", "ascending"), ("territory_id", "ascending")]
    )
    rows = starts.num_rows
    opening = pa.table(
        {
            "account_id": starts["account_id"],
            "territory_id": starts["territory_id"],
            "role": starts["role"],
            "share": starts["share"],
            "via": starts["via"],
            "true_from": pa.array([day] * rows, pa.date32()) if rows < 1000 else pa.repeat(pa.scalar(day, pa.date32()), rows),
            "true_until": pa.nulls(rows, pa.date32()),
        },
        schema=HOLDINGS,
    )
    return Difference(current["id"].filter(stops).combine_chunks(), opening, kept.num_rows)


def moves(current: pa.Table, wanted: pa.Table) -> pa.Table:
    """Accounts whose primary territory changes: account_id, old and new territory number (null: none)."""
    before = current.filter(pc.and_(pc.equal(current["role"], 0), pc.equal(current["later"], 0))).select(
        ["account_id", "territory_id"]
    )
    after = wanted.filter(pc.equal(wanted["role"], 0)).select(["account_id", "territory_id"])
    joined = _firsts(before, "old").join(_firsts(after, "new"), "account_id", join_type="full outer")
    same = pc.fill_null(pc.equal(joined["old"], joined["new"]), False)
    return joined.filter(pc.invert(same))


def _firsts(holdings: pa.Table, name: str) -> pa.Table:
    grouped = holdings.group_by("account_id").aggregate([("territory_id", "min")])
    return pa.table({"account_id": grouped["account_id"].cast(pa.int64()), name: grouped["territory_id_min"].cast(pa.int32())})


def _with_share_key(table: pa.Table) -> pa.Table:
    share = pc.round(pc.multiply(table["share"], _SHARE_UNIT)).cast(pa.int64())
    table = table.append_column("share_key", share)
    for name, kind in (("account_id", pa.int64()), ("territory_id", pa.int32()), ("role", pa.int16())):
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(kind))
    return table


def _codes(column: pa.ChunkedArray, words: tuple[str, ...]) -> pa.Array:
    """The column as numbers of `words`, whether it came as text, dictionary or codes already."""
    if pa.types.is_integer(column.type):
        return column.cast(pa.int16())
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    return pc.index_in(column, value_set=pa.array(words)).cast(pa.int16())
