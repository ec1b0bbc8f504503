"""The Book's columns for rules, held against plain Python over the same accounts."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.model.condition import EVERYTHING, And, Condition, Equals, In, Missing, Not, Or, Prefix, Range
from metes.model.plan import Area, Plan
from metes.model.query import AccountQuery
from metes.model.terms import Distance, InArea, Month, OfFamily, Orders, OrdersMeasure, PostalOrder, Term
from metes.rules.minor_units import in_minor_units
from metes.rules.predicate import holds
from metes.store.book import Book
from metes.store.engine import Store
from tests.rules.test_term_columns import truth
from tests.store.test_book import ALL, FIELDS, book_of, helped
from tests.store.worlds import TODAY, World, make_world

ROCKIES = {"type": "Polygon", "coordinates": [[[-112, 30], [-100, 30], [-104, 45], [-115, 41], [-112, 30]]]}
PLAN = Plan("p", areas=(Area("rockies", json.dumps(ROCKIES)),))
TERMS: tuple[Term, ...] = (
    InArea("rockies"),
    Distance(39.75, -104.99),
    PostalOrder(),
    Month(),
    *(Orders(measure, months) for measure in OrdersMeasure for months in (None, 1, 12)),
    *(Orders(measure, 12, product="p1") for measure in OrdersMeasure),
    *(Orders(measure, None, family="Suites") for measure in OrdersMeasure),
    OfFamily("industry"),
    OfFamily("vip"),
    OfFamily("employees"),
    OfFamily("area:rockies"),
    OfFamily("orders:sum:12:"),
    OfFamily("family.id"),
)
NAMES = [*FIELDS, *(term.name for term in TERMS)]


@pytest.fixture(scope="module")
def made(sqlite_with_schema: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Book, World]]:
    """A Book and the world it tells of; nothing writes to it, so that one does for all tests."""
    folder = tmp_path_factory.mktemp("columns")
    (folder / "metes.db").write_bytes(sqlite_with_schema.read_bytes())
    store = Store(f"sqlite:///{folder / 'metes.db'}")
    world = make_world(store)
    book = book_of(store, folder / "books")
    yield book, world
    book.close()
    store.dispose()


def test_every_field_stands_in_a_column_of_its_type(made: tuple[Book, World]) -> None:
    book, world = made
    table = book.rule_table(FIELDS, PLAN, TODAY)
    assert table.column_names == ["account", *FIELDS]
    assert table["account"].to_pylist() == sorted(world.records)
    rows = {row["account"]: row for row in table.to_pylist()}
    for number, record in world.records.items():
        assert rows[number] == pytest.approx({"account": number, **{name: record[name] for name in FIELDS}})
    texts = {name for name, field in FIELDS.items() if field.type.is_text}
    for field in table.schema:
        assert (field.type == pa.dictionary(pa.int32(), pa.string())) == (field.name in texts), field.name


@pytest.mark.parametrize("day", [TODAY, TODAY - timedelta(days=70)])
def test_every_term_stands_in_a_column_as_a_loop_over_rows_tells_it(made: tuple[Book, World], day: date) -> None:
    book, world = made
    table = book.rule_table([term.name for term in TERMS], PLAN, day)
    accounts = list(world.records.values())
    for term in TERMS:
        wanted = [truth(term, world.records[n], accounts, world.orders, PLAN, day) for n in table["account"].to_pylist()]
        assert table[term.name].to_pylist() == pytest.approx(wanted, abs=1), term.name


def test_a_sum_of_orders_is_that_of_the_revenue_of_twelve_months(made: tuple[Book, World]) -> None:
    table = made[0].rule_table(["orders:sum:12:", "revenue_12m"], PLAN, TODAY)
    assert table["orders:sum:12:"].to_pylist() == table["revenue_12m"].fill_null(0).to_pylist()


def test_one_record_is_a_row_of_the_table(made: tuple[Book, World]) -> None:
    book, world = made
    for row in book.rule_table(NAMES, PLAN, TODAY).to_pylist():
        assert book.record(row["account"], NAMES, PLAN, TODAY) == row
    assert book.record(10**9, NAMES, PLAN, TODAY) == {}
    assert book.record(max(world.records), [], PLAN, TODAY) == {"account": max(world.records)}


def test_some_rows_are_those_of_the_table_whoever_asks(made: tuple[Book, World]) -> None:
    book, world = made
    asked = [*sorted(world.records, reverse=True)[::3], 10**9, -1, min(world.records)]
    whole = book.rule_table(NAMES, PLAN, TODAY)
    wanted = [row for row in whole.to_pylist() if row["account"] in asked]
    assert book.rule_columns.some(asked, NAMES, PLAN, TODAY).to_pylist() == wanted
    assert book.rule_columns.some([], NAMES, PLAN, TODAY).schema.names == ["account", *NAMES]


def test_a_book_without_accounts_has_empty_columns(store: Store, tmp_path: Path) -> None:
    book = book_of(store, tmp_path)
    table = book.rule_table(NAMES, PLAN, TODAY)
    assert (table.num_rows, table.column_names) == (0, ["account", *NAMES])
    assert book.record(1, NAMES, PLAN, TODAY) == {}
    book.close()


def test_a_column_is_worked_out_once_and_anew_where_the_area_is_another(made: tuple[Book, World]) -> None:
    columns = made[0].rule_columns
    place = InArea("rockies")
    assert columns.term(place, PLAN, TODAY) is columns.term(place, Plan("q", areas=PLAN.areas), TODAY - timedelta(days=1))
    other = Plan("p", areas=(Area("rockies", json.dumps({**ROCKIES, "coordinates": []})),))
    assert set(columns.term(place, other, TODAY).to_pylist()) == {False, None}


def test_many_threads_ask_for_the_same_columns(made: tuple[Book, World]) -> None:
    columns, found = made[0].rule_columns, []
    names = [Distance(float(n), 0.0).name for n in range(4)]
    threads = [threading.Thread(target=lambda: found.append(columns.table(names, PLAN, TODAY))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(table.equals(found[0]) for table in found)


def test_a_name_that_is_neither_field_nor_term_is_refused(made: tuple[Book, World]) -> None:
    for asked in (lambda: made[0].rule_table(["nope"], PLAN, TODAY), lambda: made[0].record(1, ["nope"], PLAN, TODAY)):
        with pytest.raises(InputError, match="neither a field nor a term 'nope'"):
            asked()


# --- lists --------------------------------------------------------------------------------------------------------------------

LITERALS: list[Condition] = [
    Equals("area:rockies", True),
    Equals("area:rockies", False),
    Missing("area:rockies"),
    Equals("family.area:rockies", True),
    Range(TERMS[1].name, high=Decimal(900)),
    Range(TERMS[1].name, low=Decimal("1500.5"), includes_low=False),
    Range("postal_order", "0", "4"),
    Prefix("postal_order", "802"),
    In("month", (1, 3)),
    Range("orders:count:12:", low=2),
    Range("orders:sum:12:", low=Decimal("50000.01")),
    Missing("orders:recency::"),
    Range("orders:recency:12:", high=100),
    Equals("family.industry", "Energy"),
    Equals("family.vip", True),
    Equals("industry", "Energy"),
    Range("employees", low=50),
    EVERYTHING,
]
CONDITIONS = st.recursive(
    st.sampled_from(LITERALS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(tuple).map(And), st.lists(inner, min_size=1).map(tuple).map(Or), inner.map(Not)
    ),
    max_leaves=5,
)


@given(condition=CONDITIONS, search=st.sampled_from(["", "acme"]), territories=st.sampled_from([None, frozenset({"north", ""})]))
def test_a_list_is_filtered_by_terms_as_by_fields(
    made: tuple[Book, World], condition: Condition, search: str, territories: frozenset[str] | None
) -> None:
    book, world = made
    exact = in_minor_units(condition, FIELDS, "USD")
    records = book.rule_table([*NAMES, "territory"], PLAN, TODAY).to_pylist()
    helping = helped(world, territories or frozenset())
    held = [
        r
        for r in records
        if holds(exact, r, {})
        and (search in r["name"].lower() if search else True)
        and (territories is None or (r["territory"] or "") in territories or r["account"] in helping)
    ]
    wanted = [r["id"] for r in held]
    query = AccountQuery(condition=condition, search=search, territories=territories, columns=("id",), sort="account", rows=1000)
    assert book.ids(query, ALL, plan=PLAN) == wanted
    page = book.page(query, ALL, plan=PLAN)
    assert ([row["id"] for row in page.rows], page.total) == (wanted, len(wanted))
    assert page.sums["potential"] == sum(r["potential"] or 0 for r in held)
    exported = pa.Table.from_batches(book.export(query, ALL, plan=PLAN), pa.schema([("id", pa.string())]))
    assert exported["id"].to_pylist() == wanted
    if territories is None and not search:
        assert book.count(condition, ALL, plan=PLAN) == len(wanted)


def test_a_list_by_terms_is_read_page_by_page_in_any_order(made: tuple[Book, World]) -> None:
    book, _ = made
    query = AccountQuery(condition=Not(Equals("area:rockies", True)), columns=("id",), sort="name", rows=17)
    found: list[str] = []
    while True:
        page = book.page(query, ALL, plan=PLAN)
        found += [row["id"] for row in page.rows]
        if page.next is None:
            break
        query = replace(query, after=page.next)
    whole = book.page(replace(query, after=None, rows=1000), ALL, plan=PLAN)
    assert found == [row["id"] for row in whole.rows]
    assert len(found) == whole.total > 100


def test_a_count_is_not_kept_for_an_area_of_another_shape(made: tuple[Book, World]) -> None:
    book, condition = made[0], Equals("area:rockies", True)
    small = Plan("p", areas=(Area("rockies", json.dumps({**ROCKIES, "coordinates": []})),))
    assert book.count(condition, ALL, plan=PLAN) > book.count(condition, ALL, plan=small) == 0


def test_an_area_that_the_plan_lacks_is_told(made: tuple[Book, World]) -> None:
    for plan in (None, Plan("p")):
        with pytest.raises(InputError, match="no area 'rockies'"):
            made[0].count(Equals("area:rockies", True), ALL, plan=plan)
