"""The Book as of a moment, held against the ledger asked account by account."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from metes.base.progress import SILENT
from metes.model.catalogue import rule_fields
from metes.model.condition import And, Equals, Missing, Not, Or, Range
from metes.model.moment import Moment
from metes.model.query import AccountQuery, Box
from metes.model.scope import Scope
from metes.store import ledger
from metes.store.book import Book
from metes.store.book_build import build
from metes.store.book_key import BookKey, BookShape
from metes.store.book_past import PastBook, past_book
from metes.store.engine import Store
from metes.store.ledger import Cause
from metes.store.ledger_imports import Belongs, record_belongings
from metes.store.tables import accounts, imports
from tests.conftest import NOW
from tests.store.rows import row_of
from tests.store.worlds import CUSTOM, RATES, TERRITORIES, TODAY, make_world

ALL = Scope.everything("tests see everything")
FIELDS = rule_fields(CUSTOM)
SHAPE = BookShape("USD", RATES, CUSTOM)
COUNT = 240
LATE_IMPORT = 77
LATE = (231, 232, 233, 234)
STEPS = 5


def step(number: int) -> datetime:
    """When a step was recorded."""
    return NOW + timedelta(days=2 + number)


MOMENTS = [
    Moment(TODAY),
    Moment(TODAY, NOW - timedelta(days=1)),
    *(Moment(date(2026, 2, 1) + timedelta(days=13 * n), step(n)) for n in range(1, STEPS, 2)),
    Moment(date(2026, 1, 20), step(9)),
]


@pytest.fixture
def told(store: Store, tmp_path: Path) -> Iterator[tuple[Store, Book]]:
    """A world whose ledger was corrected for a week, and today's Book of it. Some accounts came in with a late import."""
    make_world(store, COUNT)
    random_ = random.Random(3)
    with store.write() as connection:
        for number, at in ((1, NOW - timedelta(days=30)), (LATE_IMPORT, step(2))):
            connection.execute(sa.insert(imports).values(**row_of(imports, number, imported_at=at, undone_at=None)))
        connection.execute(sa.update(accounts).values(created_import=1))
        connection.execute(sa.update(accounts).where(accounts.c.id.in_(LATE)).values(created_import=LATE_IMPORT))
        numbers = ledger.ids_of_territories(connection, TERRITORIES)
        if not store.is_sqlite:  # the world's rows brought their own numbers
            connection.exec_driver_sql("SELECT setval(pg_get_serial_sequence('ledger_ownership', 'id'), 100000)")
    for number in range(STEPS):
        facts = []
        for account in sorted(random_.sample(range(1, COUNT - 20), 60)):
            start = date(2026, 1, 1) + timedelta(days=random_.randrange(100))
            end = random_.choice([None, start + timedelta(days=random_.randrange(1, 60))])
            facts.append(Belongs(account, numbers[random_.choice(TERRITORIES)], start, end))
        with store.write() as connection:
            record_belongings(connection, facts, step(number), Cause("import", number))
    book = Book(build(store, BookKey(1, 1, TODAY, "test"), SHAPE, tmp_path, SILENT), FIELDS, "USD")
    yield store, book
    book.close()


def truth(store: Store, moment: Moment) -> dict[int, tuple[str | None, bool]]:
    """Each account that stands in the Book of a moment with its territory and whether anybody held it, asked one by one."""
    out: dict[int, tuple[str | None, bool]] = {}
    with store.read() as connection:
        for row in connection.execute(sa.select(accounts)):
            held = ledger.holdings_of(connection, row.id, ALL, at=moment.at, known=moment.known)
            primary = sorted(h.territory for h in held if h.role == "primary")
            was_open = row.closed_on is None or row.closed_on > moment.at
            was_known = row.id not in LATE or moment.known is None or moment.known >= step(2)
            if held or (was_open and was_known):
                out[row.id] = (primary[0] if primary else None, bool(held))
    return out


def rows_of(book: Book, query: AccountQuery) -> list[dict[str, object]]:
    """All rows of a query, page by page."""
    found: list[dict[str, object]] = []
    while True:
        page = book.page(query, ALL)
        found += [dict(row) for row in page.rows]
        if page.next is None:
            assert len(found) == page.total
            return found
        query = replace(query, after=page.next)


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_each_account_has_the_territory_that_the_ledger_names(told: tuple[Store, Book], moment: Moment) -> None:
    store, today = told
    past, wanted = past_book(store, today, SHAPE, moment), truth(store, moment)
    for sort in ("name", "potential"):
        rows = rows_of(past, AccountQuery(sort=sort, columns=("id", "name", "territory", "via"), rows=37))
        assert {row["account"]: row["territory"] for row in rows} == {a: t for a, (t, _) in wanted.items()}
        assert len(rows) == len(wanted)
    exported = [r for batch in past.export(AccountQuery(columns=("account", "territory")), ALL) for r in batch.to_pylist()]
    assert {row["account"]: row["territory"] for row in exported} == {a: t for a, (t, _) in wanted.items()}
    past.close()


@pytest.mark.parametrize("moment", MOMENTS[2:4], ids=str)
def test_sums_zones_and_the_map_add_up_what_was_held_then(told: tuple[Store, Book], moment: Moment) -> None:
    store, today = told
    past, wanted = past_book(store, today, SHAPE, moment), truth(store, moment)
    rows = {row["account"]: row for row in past.accounts_by_number(list(wanted), ALL)}
    assert rows.keys() == wanted.keys()
    counted = Counter(territory or "" for territory, _ in wanted.values())
    sums = {key: value for (key, role), value in past.territory_sums(ALL).items() if role == "primary"}
    assert {key: value.accounts for key, value in sums.items()} == counted
    for key in counted:
        mine = [row for row in rows.values() if (row["territory"] or "") == key]
        assert sums[key].potential == sum(row["potential"] or 0 for row in mine)
    assert past.total(ALL).accounts == len(wanted)
    assert sum(fill.accounts for fill in past.zone_fills(ALL)) == sum(row["zone"] is not None for row in rows.values())
    placed = sum(row["latitude"] is not None for row in rows.values())
    assert sum(cell["accounts"] for cell in past.cells(Box(-180, -90, 180, 90), 4, ALL)) == placed
    past.close()


def test_an_account_closed_since_keeps_its_values_and_is_found_by_its_name(told: tuple[Store, Book]) -> None:
    store, today = told
    moment = Moment(date(2026, 2, 1))
    past, wanted = past_book(store, today, SHAPE, moment), truth(store, moment)
    with store.read() as connection:
        closed = {r.id: r for r in connection.execute(sa.select(accounts).where(accounts.c.closed_on.is_not(None)))}
    assert closed.keys() <= wanted.keys()
    for number, record in closed.items():
        (row,) = past.accounts_by_number([number], ALL)
        assert (row["id"], row["name"], row["city"], row["territory"]) == (record.key, record.name, record.city, wanted[number][0])
        assert number in {found["account"] for found in past.search(record.key, ALL)}
    assert today.accounts_by_number(list(closed), ALL) == []
    past.close()


def test_conditions_take_the_same_open_accounts_as_today(told: tuple[Store, Book]) -> None:
    store, today = told
    past = past_book(store, today, SHAPE, Moment(TODAY))
    many = Or(tuple(And((Equals("industry", "Retail"), Range("employees", n, n))) for n in range(150)))
    for condition in (Equals("industry", "Retail"), Not(Missing("family")), Range("distance:39.7,-104.9", high=900), many):
        query = AccountQuery(condition=condition, rows=1000)
        now = {row["account"] for row in today.page(query, ALL).rows}
        then = {row["account"] for row in past.page(query, ALL).rows}
        assert now <= then
        assert not {row["account"] for row in today.accounts_by_number(sorted(then - now), ALL)}
    past.close()


def test_territories_filter_by_who_held_then(told: tuple[Store, Book]) -> None:
    store, today = told
    moment = MOMENTS[3]
    past, wanted = past_book(store, today, SHAPE, moment), truth(store, moment)
    some = frozenset({"north", "küste", ""})
    found = {row["account"] for row in rows_of(past, AccountQuery(territories=some, columns=("id",), rows=100))}
    with store.read() as connection:
        for number, (territory, _) in wanted.items():
            held = {h.territory for h in ledger.holdings_of(connection, number, ALL, at=moment.at, known=moment.known)}
            assert (number in found) == (territory is None or bool(held & some)), number
    assert past.distinct("territory", ALL) == tuple(
        sorted(Counter(t for t, _ in wanted.values() if t).items(), key=lambda pair: (-pair[1], pair[0]))
    )
    past.close()


def test_columns_of_all_accounts_come_by_number(told: tuple[Store, Book]) -> None:
    store, today = told
    past: PastBook = past_book(store, today, SHAPE, MOMENTS[4])
    wanted = truth(store, MOMENTS[4])
    table = past.details(("account", "territory"), ALL)
    assert table["account"].to_pylist() == sorted(wanted)
    assert table["territory"].to_pylist() == [wanted[number][0] for number in sorted(wanted)]
    past.close()
