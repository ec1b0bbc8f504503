"""What a scope shows of a Book, of today and of a day before: every query held against plain loops over the accounts of its territories."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from metes.base.progress import SILENT
from metes.model.catalogue import rule_fields
from metes.model.condition import EVERYTHING, Condition, Equals, Missing, Not, Range
from metes.model.moment import Moment
from metes.model.query import AccountQuery, Box, Sums
from metes.model.scope import Scope
from metes.store import ledger
from metes.store.book import Book
from metes.store.book_build import build
from metes.store.book_key import BookKey, BookShape
from metes.store.book_lists import SUM_FIELDS
from metes.store.book_past import past_book
from metes.store.book_scope import set_at
from metes.store.engine import Store
from metes.store.ledger import Cause
from metes.store.ledger_imports import Belongs, record_belongings
from metes.store.tables import accounts
from tests.conftest import NOW
from tests.store.worlds import CUSTOM, RATES, TERRITORIES, TODAY, make_world

ALL = Scope.everything("tests see everything")
FIELDS = rule_fields(CUSTOM)
SHAPE = BookShape("USD", RATES, CUSTOM)
GLOBE = Box(-180, -90, 180, 90)
THEN = Moment(TODAY - timedelta(days=20))
SCOPES = st.sets(st.sampled_from([*TERRITORIES, "nowhere"])).map(lambda keys: Scope(frozenset(keys)))
CONDITIONS: list[Condition] = [
    EVERYTHING,
    Equals("industry", "Retail"),
    Not(Missing("region")),
    Range("potential", low=1000),
    Range("distance:39.7,-104.9", high=900),
]
Row = dict[str, Any]
Made: TypeAlias = "dict[str, tuple[Book, Seen]]"


class Seen:
    """The slow truth: each account with its row, and which territories hold it now."""

    def __init__(self, book: Book, holders: dict[int, set[str]]) -> None:
        self.rows = {row["account"]: row for row in book.accounts_by_number(range(1, 1000), ALL)}
        self.holders = holders

    def of(self, scope: Scope) -> dict[int, Row]:
        """What a scope shows."""
        if scope.territories is None:
            return self.rows
        return {number: row for number, row in self.rows.items() if self.holders[number] & scope.territories}


@pytest.fixture(scope="module")
def made(sqlite_with_schema: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A Book of today, which holds what scopes show as rows or as bits, and one of a day before, when others held, with their truth."""
    folder = tmp_path_factory.mktemp("book-scope")
    (folder / "metes.db").write_bytes(sqlite_with_schema.read_bytes())
    store = Store(f"sqlite:///{folder / 'metes.db'}")
    make_world(store)
    _hold_otherwise_then(store)
    book = Book(build(store, BookKey(1, 1, TODAY, "test"), SHAPE, folder / "books", SILENT), FIELDS, "USD")
    large = Book(book.path, FIELDS, "USD")
    large.few = 0
    past = past_book(store, book, SHAPE, THEN)
    with store.read() as connection:
        open_ = set(connection.execute(sa.select(accounts.c.id).where(accounts.c.closed_on.is_(None))).scalars())
        held = {
            n: {h.territory for h in ledger.holdings_of(connection, n, ALL, at=TODAY)} if n in open_ else set()
            for n in range(1, 241)
        }
    yield {"few": (book, Seen(book, held)), "many": (large, Seen(book, held)), "then": (past, Seen(past, held))}
    past.close()
    large.close()
    book.close()
    store.dispose()


def _hold_otherwise_then(store: Store) -> None:
    """Let other territories have held half of the accounts some weeks ago."""
    random_ = random.Random(5)
    with store.write() as connection:
        numbers = ledger.ids_of_territories(connection, TERRITORIES)
        facts = [
            Belongs(n, numbers[random_.choice(TERRITORIES)], date(2026, 2, 1), TODAY - timedelta(days=3)) for n in range(1, 120)
        ]
        record_belongings(connection, facts, NOW + timedelta(days=2), Cause("import", 1))


@pytest.fixture(scope="module", params=["few", "many", "then"])
def asked(request: pytest.FixtureRequest, made: Made) -> tuple[Book, Seen]:
    """A Book and its truth."""
    return made[request.param]


def test_what_a_territory_shows_is_what_it_holds_today_whoever_held_it_then(made: Made) -> None:
    (today, seen), (past, _) = made["few"], made["then"]
    north = Scope(frozenset({"north"}))
    now = set(seen.of(north))
    then = {row["account"] for row in past.page(AccountQuery(rows=1000), north).rows}
    assert then == now & {row["account"] for row in past.page(AccountQuery(rows=1000), ALL).rows}
    assert {row["territory"] for row in past.page(AccountQuery(rows=1000), north).rows} > {"north"}
    assert {row["territory"] for row in today.page(AccountQuery(rows=1000), north).rows} > {"north"}  # it helps with others


@given(scope=SCOPES, condition=st.sampled_from(CONDITIONS), sort=st.sampled_from(["name", "potential", "territory"]))
def test_lists_show_what_the_scope_shows(asked: tuple[Book, Seen], scope: Scope, condition: Condition, sort: str) -> None:
    book, seen = asked
    everybody = {row["account"] for row in book.page(AccountQuery(condition=condition, rows=1000), ALL).rows}
    wanted = {number: row for number, row in seen.of(scope).items() if number in everybody}
    query = AccountQuery(condition=condition, sort=sort, columns=("account", "id", "territory"), rows=1000)
    page = book.page(query, scope)
    assert {row["account"] for row in page.rows} == wanted.keys()
    assert page.total == len(wanted) == book.count(condition, scope)
    assert page.sums == {name: sum(row[name] or 0 for row in wanted.values()) for name in SUM_FIELDS}
    exported = [row["account"] for batch in book.export(query, scope) for row in batch.to_pylist()]
    assert sorted(exported) == sorted(wanted)
    assert sorted(book.ids(query, scope)) == sorted(row["id"] for row in wanted.values())


@given(scope=SCOPES)
def test_sums_are_of_what_the_scope_shows(asked: tuple[Book, Seen], scope: Scope) -> None:
    book, seen = asked
    wanted = seen.of(scope)
    total = book.total(scope)
    assert total == Sums(
        *(sum(row[name] or 0 for row in wanted.values()) if name != "accounts" else len(wanted) for name in Sums.__slots__)
    )
    own = scope.territories or frozenset()
    counted: dict[str, int] = defaultdict(int)
    for row in wanted.values():
        if row["territory"] is None or row["territory"] in own:
            counted[row["territory"] or ""] += 1
    sums = book.territory_sums(scope)
    assert {key: value.accounts for (key, role), value in sums.items() if role == "primary"} == counted
    assert {key for key, _ in sums} <= {*own, ""}
    for column in ("region", "territory"):
        values: dict[str, int] = defaultdict(int)
        for row in wanted.values():
            if row[column] is not None:
                values[row[column]] += 1
        assert dict(book.distinct(column, scope)) == values


@given(scope=SCOPES)
def test_the_map_shows_what_the_scope_shows(asked: tuple[Book, Seen], scope: Scope) -> None:
    book, seen = asked
    wanted = seen.of(scope)
    placed = {number: row for number, row in wanted.items() if row["latitude"] is not None}
    for zoom in (3, 10, 15):
        cells = book.cells(GLOBE, zoom, scope)
        assert sum(cell["accounts"] for cell in cells) == len(placed)
        assert sum(cell["potential"] for cell in cells) == sum(row["potential"] or 0 for row in placed.values())
        assert {cell["account"] for cell in cells if cell["accounts"] == 1} <= placed.keys()
    zones: dict[str, list[Row]] = defaultdict(list)
    for row in wanted.values():
        if row["zone"] is not None and row["territory"] in (scope.territories or ()):
            zones[row["zone"]].append(row)
    fills = {fill.zone: fill for fill in book.zone_fills(scope)}
    assert {zone: fill.accounts for zone, fill in fills.items()} == {zone: len(rows) for zone, rows in zones.items()}
    assert {zone: fill.potential for zone, fill in fills.items()} == {
        zone: sum(row["potential"] or 0 for row in rows) for zone, rows in zones.items()
    }
    assert all(fill.territory in (scope.territories or ()) for fill in fills.values())
    named = frozenset({"north", "south"})
    either = {row["account"] for row in book.page(AccountQuery(territories=named, rows=1000), ALL).rows}
    some = placed.keys() & either
    assert sum(cell["accounts"] for cell in book.cells(GLOBE, 4, scope, territories=named)) == len(some)
    assert (book.bounds(named, scope) is None) == (not some)


@given(scope=SCOPES, text=st.sampled_from(["acme", "z", "日本商事", "K01", "ünï gm"]))
def test_searches_and_single_accounts_show_what_the_scope_shows(asked: tuple[Book, Seen], scope: Scope, text: str) -> None:
    book, seen = asked
    wanted = seen.of(scope)
    everybody = {row["account"] for row in book.search(text, ALL, 1000)}
    assert {row["account"] for row in book.search(text, scope, 1000)} == everybody & wanted.keys()
    assert {row["account"] for row in book.accounts_by_number(range(-5, 1000), scope)} == wanted.keys()
    assert book.details(("account",), scope)["account"].to_pylist() == sorted(wanted)
    assert set(book.pipeline_accounts(frozenset(TERRITORIES), scope, 1000)) == {
        n for n, row in wanted.items() if (row["pipeline"] or 0) > 0 and (row["territory"] or seen.holders[n])
    }
    assert set(book.helping(scope)["territory"].to_pylist()) <= (scope.territories or frozenset())
    for number in (1, 2, 3, 4, 5, 6):
        told = book.overlays_of(number, scope)
        assert told == (book.overlays_of(number, ALL) if number in wanted else [])


@given(scope=SCOPES, column=st.sampled_from(["parent", "family"]))
def test_what_stands_above_and_is_hidden_is_missing(asked: tuple[Book, Seen], scope: Scope, column: str) -> None:
    book, seen = asked
    shown = {row["id"] for row in seen.of(scope).values()}
    wanted = {n: row[column] if row[column] in shown else None for n, row in seen.of(scope).items()}
    query = AccountQuery(columns=("account", column), sort=column, rows=1000)
    assert {row["account"]: row[column] for row in book.page(query, scope).rows} == wanted
    assert {r["account"]: r[column] for batch in book.export(query, scope) for r in batch.to_pylist()} == wanted
    assert {row["account"]: row[column] for row in book.accounts_by_number(range(1, 1000), scope)} == wanted
    assert book.count(Missing(column), scope) == sum(value is None for value in wanted.values())
    assert {value for value, _ in book.distinct(column, scope, 1000)} == set(wanted.values()) - {None}
    for key in ("K0001", "K0002", "K0003", "K0005", "K0008"):
        assert book.count(Equals(column, key), scope) == sum(value == key for value in wanted.values())


def test_no_answer_to_one_scope_reaches_another(asked: tuple[Book, Seen]) -> None:
    book, seen = asked
    scopes = [ALL, Scope(frozenset({"north"})), Scope.nothing(), Scope(frozenset({"south"})), Scope(frozenset({"north", "south"}))]
    for _ in range(2):  # from what was kept the second time
        for scope in scopes:
            wanted = seen.of(scope)
            assert book.page(AccountQuery(), scope).total == book.total(scope).accounts == len(wanted)
            assert sum(n for _, n in book.distinct("id", scope, 1000)) == len(wanted)


def test_a_file_of_no_accounts_names_its_columns(asked: tuple[Book, Seen]) -> None:
    batches = list(asked[0].export(AccountQuery(columns=("id", "name")), Scope.nothing()))
    assert [batch.schema.names for batch in batches] == [["id", "name"]]
    assert batches[0].num_rows == 0


def test_whoever_sees_all_territories_does_not_see_what_none_holds(asked: tuple[Book, Seen]) -> None:
    book, seen = asked
    everywhere = Scope(frozenset(TERRITORIES))
    assert book.count(EVERYTHING, everywhere) == sum(bool(seen.holders[n]) for n in seen.rows) < len(seen.rows)


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_bits_are_read_as_they_were_written(flags: list[bool]) -> None:
    bits = np.packbits(np.array(flags)).tobytes()
    assert set_at(bits, np.arange(len(flags))).tolist() == flags
