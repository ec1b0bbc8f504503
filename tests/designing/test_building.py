"""What a design works with is what the Book and the zones say: nothing counted twice, nothing dropped without a word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.base.findings import Finding
from metes.designing.building import Built, build
from metes.designing.packing import packed_given, unpacked_given
from metes.designing.reading import spec_from
from metes.designing.units import Part, units_of_accounts, units_of_zones
from metes.model.catalogue import rule_fields
from metes.model.zones import ZoneKind, ZoneSet

FIELDS = rule_fields(())
# Four zones in a row, z0 - z1 - z2 - z3; z3 is in another region and empty.
ZONES = ZoneSet(
    key="row",
    name="A row",
    kind=ZoneKind.POINTS,
    ids=("z0", "z1", "z2", "z3"),
    names=("Zero", "One", "Two", "Three"),
    regions=("US-CO", "US-CO", "US-CO", "US-UT"),
    latitude=np.full(4, 39.0),
    longitude=np.array([-105.0, -106.0, -107.0, -108.0]),
    measures={"population": np.array([10.0, 20.0, 30.0, 40.0])},
    pairs=np.array([[0, 1], [1, 2], [2, 3]]),
    links=np.zeros((0, 2), int),
    shapes=(None,) * 4,
)


def accounts(rows: list[dict[str, Any]]) -> pa.Table:
    """Accounts as a Book gives them, numbered from 1."""
    schema = pa.schema(
        [
            ("account", pa.int64()),
            ("id", pa.string()),
            ("name", pa.string()),
            ("city", pa.string()),
            ("region", pa.string()),
            ("latitude", pa.float64()),
            ("longitude", pa.float64()),
            ("family", pa.string()),
            ("territory", pa.string()),
            ("potential", pa.int64()),
            ("pipeline", pa.int64()),
            ("revenue_12m", pa.int64()),
        ]
    )
    full = [{"account": number, "id": f"A{number}", "name": f"Account {number}", **row} for number, row in enumerate(rows, 1)]
    return pa.Table.from_pylist(full, schema)


def built(asked: dict[str, Any], rows: list[dict[str, Any]], zone: list[int], part: Part | None = None) -> Built:
    """A design of the row of zones with these accounts in them."""
    findings: list[Finding] = []
    spec = spec_from({"name": "x", "units": "row", "territories": 2, "measures": [{"measure": "accounts", "band": 1}], **asked})
    units = units_of_zones(spec, ZONES, accounts(rows), np.array(zone, np.int32), FIELDS, part or Part(), findings)
    return build(spec, units, None, "USD", findings)


def held(territory: str | None, revenue: int = 0, potential: int = 0, **more: Any) -> dict[str, Any]:
    """An account of a territory."""
    return {"territory": territory, "revenue_12m": revenue, "potential": potential, **more}


ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, "east", "west", "north"]), st.integers(0, 900), st.none() | st.integers(0, 900), st.integers(-1, 3)
    ),
    min_size=1,
    max_size=14,
)


@given(ROWS)
def test_sums_of_units_and_of_what_is_off_the_map_are_those_of_the_accounts(rows: list[tuple[Any, ...]]) -> None:
    found = built({"measures": [{"measure": "population", "band": 1}]}, [held(*row[:3]) for row in rows], [row[3] for row in rows])
    given = found.given
    whole = given.book.sum(axis=0) + np.array(given.off_map)
    assert whole[:3].tolist() == [len(rows), sum(row[2] or 0 for row in rows), sum(row[1] for row in rows)]
    assert ("design-off-map" in {f.code for f in found.findings}) == any(row[3] < 0 for row in rows)
    for unit in range(4):
        mine = [row for row in rows if row[3] == unit]
        owners = {row[0] for row in mine if row[0]}
        at_stake = 0.15 * sum(row[1] for row in mine if row[0])
        assert given.stakes[unit] == pytest.approx(at_stake)
        sums = {key: (sum(r[1] for r in mine if r[0] == key), sum(r[2] or 0 for r in mine if r[0] == key)) for key in owners}
        holder = given.today_keys[given.today[unit]] if given.today[unit] >= 0 else None
        assert (holder is None) == (not owners)
        if holder:
            assert sums[holder] == max(sums.values())
        entries = slice(given.preferences.indptr[unit], given.preferences.indptr[unit + 1])
        kept = {
            given.territories[t].key: s
            for t, s in zip(given.preferences.territory[entries], given.preferences.saving[entries], strict=True)
        }
        assert kept == {
            key: pytest.approx(0.15 * sums[key][0]) for key in owners & {t.key for t in given.territories} if sums[key][0]
        }


def test_what_a_design_works_with_comes_back_from_its_bytes() -> None:
    given = built({"together": [["z0", "z1"]], "walls": "region"}, [held("west", 5), held("east", 7)], [0, 2]).given
    content = packed_given(given)
    again = unpacked_given(content)
    assert packed_given(again) == content
    assert again.territories == given.territories
    np.testing.assert_array_equal(again.problem.graph.indices, given.problem.graph.indices)


def test_regions_keep_their_zones_alone_and_what_lies_elsewhere_is_not_told_as_lost() -> None:
    found = built({"regions": ["US-CO"]}, [held("west"), held("west"), held("east", region="US-CO")], [0, 3, -1])
    assert found.given.ids == ("z0", "z1", "z2")
    assert found.given.off_map[0] == 1
    assert found.given.pairs.tolist() == [[0, 1], [1, 2]]


def test_zones_that_a_choice_takes_apart_are_joined_by_links() -> None:
    zones = [0, 2, 1, 1, 1]
    rows = [held("west"), held("west"), held("east"), held("east"), held("east")]
    found = built({}, rows, zones, Part(frozenset({"west"})))
    assert found.given.ids == ("z0", "z2", "z3")  # z3 has no account and goes with z2
    assert sorted(map(tuple, found.given.pairs.tolist())) == [(0, 1), (1, 2)]


def test_accounts_of_territories_that_stay_are_told_and_left_out() -> None:
    found = built({}, [held("west"), held("key-accounts")], [0, 1], Part(None, frozenset({"key-accounts"})))
    assert found.given.book[:, 0].tolist() == [1, 0, 0, 0]
    assert "design-stays" in {f.code for f in found.findings}


def test_a_unit_of_a_territory_that_is_none_of_the_designs_is_held_elsewhere() -> None:
    rows = [held("west", 9), held("east", 8), held("north", 7)]
    given = built({}, rows, [0, 1, 2]).given
    assert [t.key for t in given.territories] == ["west", "east"]
    assert given.holder.tolist() == [0, 1, -2, -1]
    assert given.current.tolist() == [0, 1, -1, -1]


def test_absolute_limits_of_money_are_in_the_currency() -> None:
    asked = {"measures": [{"measure": "potential", "band": None, "lowest": 3, "highest": 9}]}
    given = built(asked, [held("west", 0, 600), held("east", 0, 600)], [0, 1]).given
    assert given.lowest.tolist() == [[300.0], [300.0]]
    assert given.highest.tolist() == [[900.0], [900.0]]


def test_negative_measures_are_told_and_count_as_nothing() -> None:
    found = built({"measures": [{"measure": "potential", "band": 1}]}, [held("west", 0, -5), held("east", 0, 5)], [0, 1])
    assert "design-negative" in {f.code for f in found.findings}
    assert found.given.measures[:, 0].tolist() == [0, 5, 0, 0]


def test_forbidden_pairs_and_savings_stand_side_by_side() -> None:
    given = built({"forbidden": [["z0", "west"], ["z9", "west"]]}, [held("west", 9), held("east", 8)], [0, 1]).given
    assert given.preferences.saving[given.preferences.indptr[0] : given.preferences.indptr[1]].tolist() == [-np.inf]


def test_groups_that_share_a_unit_are_one() -> None:
    given = built({"together": [["z0", "z1"], ["z1", "z2"]]}, [held("west")], [0]).given
    assert given.groups.tolist() == [0, 0, 0, -1]


def test_accounts_without_a_place_are_named() -> None:
    findings: list[Finding] = []
    spec = spec_from({"name": "x", "territories": 1, "measures": ["accounts"]})
    table = accounts(
        [held("west", latitude=39.0, longitude=-105.0), held("west"), held("west", latitude=39.0, longitude=float("nan"))]
    )
    units = units_of_accounts(spec, table, FIELDS, Part(), findings)
    assert (units.ids, units.off_map[0], units.off_map_ids) == (("A1",), 2, ("A2", "A3"))


def test_no_accounts_at_all_are_no_units() -> None:
    findings: list[Finding] = []
    spec = spec_from({"name": "x", "measures": ["accounts"]})
    units = units_of_accounts(spec, accounts([]), FIELDS, Part(), findings)
    with pytest.raises(InputError, match="no units"):
        build(spec, units, None, "USD", findings)


def test_a_walled_part_is_joined_in_itself() -> None:
    rows = [held("west"), held("east"), held("west")]
    apart = ZoneSet(
        **{**{f: getattr(ZONES, f) for f in ZONES.__dataclass_fields__}, "regions": ("US-CO", "US-UT", "US-CO", "US-CO")}
    )
    findings: list[Finding] = []
    spec = spec_from(
        {"name": "x", "units": "row", "territories": 2, "walls": "region", "measures": [{"measure": "accounts", "band": 1}]}
    )
    units = units_of_zones(spec, apart, accounts(rows), np.array([0, 1, 2], np.int32), FIELDS, Part(), findings)
    pairs = build(spec, units, None, "USD", findings).given.pairs
    assert sorted(map(tuple, pairs.tolist())) == [(0, 1), (0, 2), (1, 2), (2, 3)]
