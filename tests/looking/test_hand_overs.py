"""What changed hands between two days, against a recount account by account."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from metes.looking.hand_overs import handed_over

KEYS = st.sampled_from([None, "east", "west", "north"])
ROWS = st.dictionaries(st.integers(1, 9), st.tuples(KEYS, st.integers(0, 1000) | st.none()), max_size=9)
OWNERS = st.dictionaries(
    st.sampled_from(["east", "west", "north"]), st.lists(st.sampled_from([("P1", "Ada"), ("P2", "Bo")]), unique=True, max_size=2)
)


@given(ROWS, ROWS, OWNERS, OWNERS)
def test_moves_and_hand_overs_are_those_of_each_account(
    before: dict[int, tuple[str | None, int | None]],
    after: dict[int, tuple[str | None, int | None]],
    owned: dict[str, list[tuple[str, str]]],
    owns: dict[str, list[tuple[str, str]]],
) -> None:
    found = handed_over(table(before), table(after), owned, owns)
    both = before.keys() & after.keys()
    assert found.moved == sum(before[n][0] != after[n][0] for n in both)
    left = [n for n in both if set(owned.get(before[n][0] or "", [])) - set(owns.get(after[n][0] or "", []))]
    assert found.revenue_12m == sum(after[n][1] or 0 for n in left)


def table(rows: dict[int, tuple[str | None, int | None]]) -> pa.Table:
    """The accounts by number."""
    columns = {
        "account": pa.array(list(rows), pa.int64()),
        "territory": pa.array([key for key, _ in rows.values()], pa.string()),
        "revenue_12m": pa.array([revenue for _, revenue in rows.values()], pa.int64()),
    }
    return pa.table(columns)
