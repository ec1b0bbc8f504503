"""Two ways to share the same units out, side by side."""

from __future__ import annotations

import numpy as np

from metes.designing.sides import sides_of
from metes.designing.state import DesignState, move
from tests.designing.test_running import small

TODAY = {"east": ("The east", 3), "west": ("The west", 4)}


def designed(*territory_of_unit: int) -> DesignState:
    """Four zones in a row, in the territories that are named by number."""
    spec, given = small()
    return DesignState.begin(spec, given, np.array(territory_of_unit, np.int32))


def test_two_designs_differ_where_a_unit_has_another_key() -> None:
    a, b = designed(0, 0, 1, 1), designed(0, 1, 1, 1)
    sides = sides_of(a, b, {}, "x")
    assert sides.differ.tolist() == [1]
    row = sides.row(1)
    assert (row["id"], row["before"], row["after"]) == ("z1", b.territories[1].key, a.territories[0].key)
    assert sides.matching("z1").tolist() == [1]
    assert sides.matching("z0").tolist() == []
    assert sides.matching(after=a.territories[0].key).tolist() == [1]
    assert sides.matching(before=a.territories[0].key).tolist() == []
    assert sides.matching(after="nowhere").tolist() == []


def test_today_is_who_holds_most_and_new_ground_is_no_difference() -> None:
    state = designed(0, 0, 1, 1)
    sides = sides_of(state, None, TODAY, "x")
    held = [state.given.today_keys[at] if at >= 0 else "" for at in state.given.today.tolist()]
    assert [sides.keys[at] if at >= 0 else "" for at in sides.before.tolist()] == held
    keys = [t.key for t in state.territories]
    assert sides.differ.tolist() == [i for i in range(4) if held[i] and held[i] != keys[[0, 0, 1, 1][i]]]


def test_sums_before_and_after_are_those_of_the_units_and_follow_a_move() -> None:
    a, b = designed(0, 0, 1, 1), designed(0, 0, 1, 1)
    move(a, [1], 1)
    rows = {row["key"]: row for row in sides_of(a, b, {}, "x").territories()}
    first, second = (t.key for t in a.territories)
    assert (rows[first]["units"], rows[second]["units"]) == ((2, 1), (2, 3))
    for at in (0, 1):
        assert sum(row["accounts"][at] for row in rows.values()) == a.given.book[:, 0].sum()
        assert sum(row["loads"][0][at] for row in rows.values()) == a.given.measures[:, 0].sum()


def test_a_unit_in_no_territory_is_a_row_without_one() -> None:
    sides = sides_of(designed(0, -1, 1, 1), designed(0, 0, 1, 1), {}, "x")
    assert sides.row(1)["after"] == ""
    assert sides.matching(after="none").tolist() == [1]
