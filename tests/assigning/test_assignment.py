"""The difference between the ledger and what is wanted, held against comparing fact by fact."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from metes.assigning.assignment import NO_HOLDINGS, difference, holdings, moves
from metes.model.plan import Plan, Territory
from metes.store.ledger import VIAS

DAY = date(2026, 3, 14)
PRIMARY, IMPORTED = 0, VIAS.index("imported")
KNOWN = pa.schema([("id", pa.int64()), *zip(NO_HOLDINGS.schema.names, NO_HOLDINGS.schema.types, strict=True), ("later", pa.int64()), ("is_open", pa.int64())])  # fmt: skip

wanted_rows = st.dictionaries(
    st.tuples(st.integers(1, 5), st.integers(1, 3)),
    st.tuples(st.integers(0, 1), st.sampled_from([0.25, 1.0]), st.integers(0, 2)),
    max_size=10,
)
known_rows = st.lists(
    st.tuples(
        st.integers(1, 5),
        st.integers(1, 3),
        st.integers(0, 1),
        st.sampled_from([0.25, 1.0]),
        st.sampled_from([0, 1, IMPORTED]),
        st.integers(0, 1),
        st.integers(0, 1),
    ),
    max_size=12,
).map(lambda rows: [(number, *row) for number, row in enumerate(sorted(rows, key=lambda r: r[0]), 1)])


def table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    """Rows as a table."""
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)


@given(known_rows, wanted_rows)
def test_facts_that_say_what_is_wanted_stay_once_and_all_others_stop(
    known: list[tuple[Any, ...]], wanted: dict[tuple[int, int], tuple[Any, ...]]
) -> None:
    kept: dict[tuple[int, int], tuple[Any, ...]] = {}
    for id, account, territory, role, share, via, later, is_open in known:
        new = wanted.get((account, territory))
        is_like = new is not None and new[:2] == (role, share) and via in (new[2], IMPORTED)
        if is_like and not later and is_open:
            kept.setdefault((account, territory), (id, role, via))
    new_rows = [(*key, *row) for key, row in wanted.items()]
    change = difference(table(known, KNOWN), table(new_rows, NO_HOLDINGS.schema), DAY)
    stays = {row[0] for row in kept.values()}
    assert change.closing.to_pylist() == [row[0] for row in known if row[0] not in stays]
    opened = [tuple(row.values()) for row in change.opening.to_pylist()]
    assert opened == [(*key, *wanted[key], DAY, None) for key in sorted(wanted) if key not in kept]
    assert change.unchanged == len(kept)
    before = [(row[1], row[5]) for row in known if row[3] == PRIMARY and not row[6]]
    after = [(key[0], kept[key][2] if key in kept else row[2]) for key, row in wanted.items() if row[0] == PRIMARY]
    for standing, rows in ((change.before, before), (change.after, after)):
        assert standing.held == len({account for account, _ in rows})
        assert standing.by_via.tolist() == [sum(via == n for _, via in rows) for n in range(len(VIAS))]


@given(known_rows, wanted_rows)
def test_accounts_move_where_their_first_primary_territory_changes(
    known: list[tuple[Any, ...]], wanted: dict[tuple[int, int], tuple[Any, ...]]
) -> None:
    def firsts(rows: list[tuple[int, int]]) -> dict[int, int]:
        return {account: min(t for a, t in rows if a == account) for account, _ in rows}

    before = firsts([(row[1], row[2]) for row in known if row[3] == PRIMARY and not row[6]])
    after = firsts([key for key, row in wanted.items() if row[0] == PRIMARY])
    moved = moves(table(known, KNOWN), table([(*key, *row) for key, row in wanted.items()], NO_HOLDINGS.schema))
    accounts = sorted(a for a in before.keys() | after.keys() if before.get(a) != after.get(a))
    assert moved.to_pylist() == [{"account_id": a, "old": before.get(a), "new": after.get(a)} for a in accounts]


def test_resolved_holdings_are_said_in_the_numbers_of_the_ledger() -> None:
    plan = Plan("p", territories=(Territory("west", "geo"), Territory("east", "geo")))
    resolved = pa.table(
        {
            "account": pa.array([7, 9], pa.int64()),
            "territory": pa.array([1, 0], pa.int32()),
            "role": pa.array(["overlay", "primary"]).dictionary_encode(),
            "share": [1.0, 0.5],
            "via": pa.array(["rule", "pin"]).dictionary_encode(),
        }
    )
    assert holdings(resolved, plan, {"west": 30, "east": 40}).to_pylist() == [
        {"account_id": 7, "territory_id": 40, "role": 1, "share": 1.0, "via": 2},
        {"account_id": 9, "territory_id": 30, "role": 0, "share": 0.5, "via": 0},
    ]
