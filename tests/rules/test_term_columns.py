"""Term columns, held against plain loops over rows."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.dates import months_before
from metes.base.errors import InputError
from metes.model.plan import Area, Plan
from metes.model.postal import postal_order
from metes.model.terms import Distance, InArea, Month, OfFamily, Orders, OrdersMeasure, PostalOrder, Term, term_of
from metes.rules.term_columns import TermColumns, identity_of, inputs_of
from tests.rules.test_places import BOTH, is_inside

DAY = date(2026, 3, 31)
PLAN = Plan("p", areas=(Area("both", json.dumps(BOTH)),))
Row = dict[str, Any]

ACCOUNTS = pa.schema(
    [
        ("account", pa.int64()),
        ("id", pa.string()),
        ("parent", pa.string()),
        ("latitude", pa.float64()),
        ("longitude", pa.float64()),
        ("postal_code", pa.string()),
        ("industry", pa.string()),
        ("employees", pa.int64()),
        ("vip", pa.bool_()),
    ]
)
ORDERS = pa.schema(
    [
        ("account", pa.int64()),
        ("ordered_on", pa.date32()),
        ("minor", pa.float64()),
        ("product", pa.string()),
        ("family", pa.string()),
    ]
)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values, or none."""
    return st.none() | values


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Accounts in families, their parents before them, and orders, some of accounts that are not there."""
    accounts = [
        {
            "account": 3 * number + 1,
            "id": f"K{number}",
            "parent": draw(maybe(st.sampled_from([f"K{n}" for n in range(number)] or ["gone"]))),
            "latitude": draw(maybe(st.sampled_from([0.0, 2.0, 3.5, 80.0]))),
            "longitude": draw(maybe(st.sampled_from([0.0, 0.5, 2.0, 7.5, -179.0]))),
            "postal_code": draw(maybe(st.sampled_from(["80202", "SW1A 1AA", "b2 4qa", "LV-1050", "--"]))),
            "industry": draw(maybe(st.sampled_from(["Retail", "Energy"]))),
            "employees": draw(maybe(st.integers(0, 9))),
            "vip": draw(maybe(st.booleans())),
        }
        for number in range(draw(st.integers(0, 8)))
    ]
    order = st.fixed_dictionaries(
        {
            "account": st.sampled_from([-1, 0, 1, 2, 4, 7, 10, 10**9]),
            "ordered_on": st.sampled_from([DAY - timedelta(days=n) for n in (-1, 0, 1, 30, 31, 32, 364, 365, 366)]),
            "minor": maybe(st.integers(-500, 10**6).map(float) | st.sampled_from([0.5, 1.5, 2.25])),
            "product": maybe(st.sampled_from(["P1", "p2", "Gtx Basic"])),
            "family": maybe(st.sampled_from(["Suites", "Boxes"])),
        }
    )
    return accounts, draw(st.lists(order, max_size=12))


TERMS = st.recursive(
    st.one_of(
        st.just(InArea("both")),
        st.builds(Distance, st.sampled_from([0.0, 45.5]), st.sampled_from([7.5, 180.0])),
        st.just(PostalOrder()),
        st.just(Month()),
        st.builds(Orders, st.sampled_from(OrdersMeasure), st.sampled_from([None, 1, 12])),
        st.builds(
            Orders, st.sampled_from(OrdersMeasure), st.sampled_from([None, 1]), st.sampled_from(["P1", "p2 ", "none", "GTX BASIC"])
        ),
        st.builds(Orders, st.sampled_from(OrdersMeasure), st.just(12), st.none(), st.sampled_from(["Suites", "suites"])),
        st.sampled_from(["industry", "employees", "vip", "id"]).map(OfFamily),
    ),
    lambda inner: inner.map(lambda term: OfFamily(term.name)),
    max_leaves=2,
)


def truth(term: Term, row: Row, accounts: Sequence[Row], orders: Sequence[Row], plan: Plan, day: date) -> Any:
    """A term's value for one account, the slow way."""
    longitude, latitude = row["longitude"], row["latitude"]
    has_place = None not in (longitude, latitude)
    match term:
        case InArea(area):
            return is_inside(json.loads(plan.area_by_key[area].geometry), longitude, latitude) if has_place else None
        case Distance():
            return kilometres(term, latitude, longitude) if has_place else None
        case PostalOrder():
            return None if row["postal_code"] is None else postal_order(row["postal_code"])
        case Month():
            return day.month
        case Orders():
            return measured(term, [order for order in orders if order["account"] == row["account"]], day)
        case OfFamily(name):
            by_id = {account["id"]: account for account in accounts}
            while row["parent"] in by_id:
                row = by_id[row["parent"]]
            inner = term_of(name)
            return row[name] if inner is None else truth(inner, row, accounts, orders, plan, day)


def kilometres(term: Distance, latitude: float, longitude: float) -> float:
    """The spherical law of cosines in its stable form."""
    a, b, across = math.radians(latitude), math.radians(term.latitude), math.radians(longitude - term.longitude)
    over = math.hypot(math.cos(b) * math.sin(across), math.cos(a) * math.sin(b) - math.sin(a) * math.cos(b) * math.cos(across))
    return 6371.0088 * math.atan2(over, math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(across))


def measured(term: Orders, orders: Sequence[Row], day: date) -> int | None:
    """The measure of one account's orders."""
    counted = [
        order
        for order in orders
        if order["ordered_on"] <= day
        and (term.months is None or order["ordered_on"] > months_before(day, term.months))
        and (term.product is None or (order["product"] or "").upper() == term.product.strip().upper())
        and (term.family is None or order["family"] == term.family)
    ]
    match term.measure:
        case OrdersMeasure.COUNT:
            return len(counted)
        case OrdersMeasure.SUM:
            total = sum(Decimal(order["minor"]) for order in counted if order["minor"] is not None)
            return int(Decimal(total).to_integral_value(ROUND_HALF_EVEN))
        case OrdersMeasure.RECENCY:
            return min(((day - order["ordered_on"]).days for order in counted), default=None)


def tables(accounts: list[Row], orders: list[Row], is_encoded: bool) -> tuple[pa.Table, pa.Table]:
    """The rows in Arrow, text plain or as dictionaries."""
    made = pa.Table.from_pylist(accounts, ACCOUNTS), pa.Table.from_pylist(orders, ORDERS)
    if not is_encoded:
        return made
    encoded = []
    for table in made:
        for place, field in enumerate(table.schema):
            if pa.types.is_string(field.type):
                table = table.set_column(place, field.name, table.column(place).dictionary_encode())
        encoded.append(table)
    return encoded[0], encoded[1]


def with_terms(accounts: pa.Table, names: Sequence[str], plan: Plan, day: date, orders: pa.Table | None = None) -> pa.Table:
    """The accounts with the columns of some terms behind their own."""
    columns = TermColumns(accounts, orders)
    for name in dict.fromkeys(names):
        term = term_of(name)
        assert term is not None
        accounts = accounts.append_column(name, columns.column(term, plan, day))
    return accounts


@given(worlds(), st.lists(TERMS, min_size=1, max_size=4), st.booleans())
def test_every_term_column_agrees_with_a_loop_over_rows(
    world: tuple[list[Row], list[Row]], terms: list[Term], is_encoded: bool
) -> None:
    accounts, orders = tables(*world, is_encoded)
    table = with_terms(accounts, [term.name for term in terms], PLAN, DAY, orders)
    assert table.num_rows == len(world[0])
    for term in terms:
        wanted = [truth(term, row, *world, PLAN, DAY) for row in world[0]]
        assert table.column(term.name).to_pylist() == pytest.approx(wanted, abs=1e-3), term.name


@given(worlds(), TERMS)
def test_a_term_needs_no_other_columns_than_its_inputs(world: tuple[list[Row], list[Row]], term: Term) -> None:
    accounts, orders = tables(*world, True)
    few = accounts.select(dict.fromkeys(("account", "id", "parent", *inputs_of(term))))
    wanted = TermColumns(accounts, orders).column(term, PLAN, DAY)
    assert TermColumns(few, orders).column(term, PLAN, DAY).to_pylist() == wanted.to_pylist()


def test_the_family_column_says_who_is_on_top_where_there_is_one() -> None:
    table = pa.table({"id": ["a", "b", "c", "d"], "family": ["c", None, "c", "gone"], "x": [1, 2, 3, 4]})
    assert with_terms(table, ["family.x"], PLAN, DAY)["family.x"].to_pylist() == [3, 2, 3, 4]


def test_parents_in_a_circle_end_somewhere_in_it() -> None:
    table = pa.table({"id": ["a", "b", "c"], "parent": ["b", "a", "a"], "x": [1, 2, 3]})
    assert set(with_terms(table, ["family.x"], PLAN, DAY)["family.x"].to_pylist()) <= {1, 2}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("area:nowhere", "no area 'nowhere'; it has both"),
        ("area:both", "lack the column 'latitude'"),
        ("postal_order", "lack the column 'postal_code'"),
        ("family.x", "need the columns 'id' and 'parent'"),
        ("orders:count::", "give a table of orders"),
    ],
)
def test_what_is_lacking_is_named(name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        with_terms(pa.table({"account": [1], "x": [1]}), [name], PLAN, DAY)


def test_orders_without_products_cannot_be_asked_by_product() -> None:
    orders = pa.table({"account": [1], "ordered_on": [DAY], "minor": [5]})
    accounts = pa.table({"account": [1]})
    assert with_terms(accounts, ["orders:sum::"], PLAN, DAY, orders)["orders:sum::"].to_pylist() == [5]
    with pytest.raises(InputError, match="orders lack the column 'product'"):
        with_terms(accounts, ["orders:sum::product=P"], PLAN, DAY, orders)


def test_a_column_is_another_where_the_area_or_the_day_that_counts_is_another() -> None:
    moved = replace(PLAN, areas=(Area("both", json.dumps({"type": "Polygon", "coordinates": []})),))
    later = DAY + timedelta(days=1)
    for term in (InArea("both"), OfFamily("area:both")):
        assert identity_of(term, PLAN, DAY) == identity_of(term, PLAN, later) != identity_of(term, moved, DAY)
    for term in (Month(), Orders(OrdersMeasure.SUM), OfFamily(Month().name)):
        assert identity_of(term, PLAN, DAY) == identity_of(term, moved, DAY) != identity_of(term, PLAN, later)
