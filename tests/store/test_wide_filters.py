"""Filters of very many comparisons, held against the row-wise truth of conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from metes.base.errors import InputError
from metes.model.condition import And, Condition, Contains, Equals, InList, Missing, Not, Or, Prefix, Range
from metes.model.plan import NamedList
from metes.model.query import AccountQuery
from metes.rules.minor_units import in_minor_units
from metes.rules.predicate import holds
from metes.store.book import Book
from metes.store.engine import Store
from metes.store.wide_filters import MANY, MAX_COMPARISONS
from tests.store.test_book import ALL, FIELDS, book_of
from tests.store.test_rule_columns import NAMES, PLAN
from tests.store.worlds import TODAY, make_world

LISTS = {"zips": NamedList("zips", ("80202",))}
SIZES = Or(tuple(Range("employees", 3 * i, 3 * i + 1) for i in range(MANY)))
TEXTS = Or(tuple(Contains("name", f" {i} ") if i % 2 else Contains("name", f"e {i}") for i in range(MANY + 1)))


@pytest.fixture(scope="module")
def book(sqlite_with_schema: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """A Book; nothing writes to it, so that one does for all tests."""
    folder = tmp_path_factory.mktemp("wide")
    (folder / "metes.db").write_bytes(sqlite_with_schema.read_bytes())
    store = Store(f"sqlite:///{folder / 'metes.db'}")
    make_world(store)
    made = book_of(store, folder / "books")
    yield made
    made.close()
    store.dispose()


@pytest.mark.parametrize(
    "condition",
    [
        SIZES,
        TEXTS,
        Not(SIZES),
        And((SIZES, Not(TEXTS), Missing("industry"))),
        And((Or((Equals("area:rockies", True), Not(SIZES))), Range("potential", low=1000))),
        Or((InList("postal_code", "zips"), *SIZES.parts[1:], Missing("employees"))),
        And(tuple(Not(Prefix("name", "Acme" + "x" * i)) for i in range(MANY + 1))),
    ],
)
def test_a_wide_filter_takes_the_accounts_for_which_it_holds(book: Book, condition: Condition) -> None:
    exact = in_minor_units(condition, FIELDS, "USD")
    records = book.rule_table(NAMES, PLAN, TODAY).to_pylist()
    wanted = [record["id"] for record in records if holds(exact, record, LISTS)]
    assert 0 < len(wanted) < len(records)
    query = AccountQuery(condition=condition, search="acme", columns=("id",), sort="account", rows=1000)
    assert book.ids(replace(query, search=""), ALL, LISTS, plan=PLAN) == wanted
    found = [row["id"] for row in book.page(query, ALL, LISTS, plan=PLAN).rows]
    assert set(found) <= set(wanted)
    assert book.count(condition, ALL, LISTS, plan=PLAN) == len(wanted)


def test_lists_and_areas_of_other_content_have_other_answers(book: Book) -> None:
    condition = And((Or((*SIZES.parts, Not(Missing("name")))), InList("postal_code", "zips")))
    other = {"zips": NamedList("zips", ("00501",))}
    found = [set(book.ids(AccountQuery(condition=condition), ALL, lists, plan=PLAN)) for lists in (LISTS, other, LISTS)]
    assert found[0] == found[2]
    assert not found[0] & found[1]
    assert found[0]
    assert found[1]


def test_more_comparisons_than_are_answered_soon_are_refused(book: Book) -> None:
    wide = Or(tuple(Range("employees", 3 * i, 3 * i + 1) for i in range(MAX_COMPARISONS // 2 + 1)))
    with pytest.raises(InputError, match="filtered by 10,000 comparisons"):
        book.count(wide, ALL)
    with pytest.raises(InputError, match="there is no field 'nope'"):
        book.count(Or((*SIZES.parts, Equals("nope", "x"))), ALL)
