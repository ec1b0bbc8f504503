"""The Book, held against plain Python over the same accounts."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.base.progress import SILENT
from metes.model.catalogue import Field, rule_fields
from metes.model.condition import EVERYTHING, And, Condition, Contains, Equals, In, InList, Missing, Not, Or, Prefix, Range
from metes.model.plan import NamedList
from metes.model.query import AccountQuery, Box, Cursor
from metes.model.scope import Scope
from metes.rules.minor_units import in_minor_units
from metes.rules.predicate import holds
from metes.store.book import Book
from metes.store.book_build import build
from metes.store.book_files import COMPANIONS
from metes.store.book_key import BookKey, BookShape
from metes.store.book_lists import SUM_FIELDS
from metes.store.engine import Store
from tests.store.worlds import CUSTOM, RATES, TODAY, World, make_world

ALL = Scope.everything("tests see everything")
FIELDS = rule_fields(CUSTOM)
SHAPE = BookShape("USD", RATES, CUSTOM)
LISTS = {"zips": NamedList("zips", ("80202", "99999")), "none": NamedList("none", ())}
Record = dict[str, Any]


def book_of(store: Store, folder: Path) -> Book:
    """The Book of a store."""
    return Book(build(store, BookKey(1, 1, TODAY, "test"), SHAPE, folder, SILENT), FIELDS, "USD")


@pytest.fixture(scope="module")
def made(sqlite_with_schema: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Book, World]]:
    """A Book and the world it tells of; nothing writes to it, so that one does for all tests."""
    folder = tmp_path_factory.mktemp("book")
    (folder / "metes.db").write_bytes(sqlite_with_schema.read_bytes())
    store = Store(f"sqlite:///{folder / 'metes.db'}")
    world = make_world(store)
    book = book_of(store, folder / "books")
    yield book, world
    book.close()
    store.dispose()


@pytest.fixture(scope="module")
def book(made: tuple[Book, World]) -> Book:
    """The Book."""
    return made[0]


@pytest.fixture(scope="module")
def world(made: tuple[Book, World]) -> World:
    """Its truth."""
    return made[1]


# --- what it holds ------------------------------------------------------------------------------------------------------------


def test_every_open_account_stands_in_the_book_as_the_tables_tell_it(store: Store, tmp_path: Path) -> None:
    world = make_world(store)
    book = book_of(store, tmp_path)
    told = {record["account"]: record for record in book.accounts_by_number(range(1, 1000), ALL)}
    assert told.keys() == world.records.keys()
    for number, record in world.records.items():
        assert told[number] == pytest.approx(record), number
    book.close()


def test_the_helping_holdings_of_an_account_are_told(book: Book, world: World) -> None:
    for number, record in world.records.items():
        wanted = sorted((role, key, share) for account, key, role, share in world.overlays if account == number)
        roles = {"primary": 0, "overlay": 1, "shared": 2}
        told = [(roles[role], key, share) for key, role, share in book.overlays_of(number, ALL)]
        assert [t for t in told if t[0]] == wanted
        assert [key for role, key, _ in told if not role] == [record["territory"]] * (record["territory"] is not None)


# --- lists --------------------------------------------------------------------------------------------------------------------

LITERALS: list[Condition] = [
    EVERYTHING,
    Equals("name", 'O\'Brien "Bros" 3'),
    Prefix("name", "acme 100 %"),
    Contains("name", "\\slash_"),
    Contains("name", "'"),
    Prefix("id", "K00"),
    Equals("industry", "retail"),
    In("region", ("US-CO", "US-TX")),
    InList("postal_code", "zips"),
    InList("postal_code", "none"),
    Missing("employees"),
    Range("employees", 1, 50),
    Range("potential", low=1_000_000),
    Range("customer_since", high=TODAY, includes_high=False),
    Range("city", "Denver", "Köln"),
    Range("latitude", low=30),
    Equals("score", 7),
    Range("margin", high=0),
    Equals(CUSTOM[2].name, "it's"),
    Equals("vip", True),
    Missing("renews"),
    Missing("family"),
    Range("revenue_12m", low=100),
]
CONDITIONS = st.recursive(
    st.sampled_from(LITERALS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(And), st.lists(inner, min_size=2).map(tuple).map(Or), inner.map(Not)
    ),
    max_leaves=4,
)
SORTS = st.sampled_from(sorted([*FIELDS, "account", "territory", "via", "pipeline", "open_opportunities"]))
TERRITORIES = st.none() | st.sets(st.sampled_from(["", "north", "south", "küste", "nowhere"])).map(frozenset)
QUERIES = st.builds(
    AccountQuery,
    condition=CONDITIONS,
    search=st.sampled_from(["", "", "", "acme", "UNICODE gm", "日本", "한국", "łodz istan", "k00", "zeta 3", "%", "a b"]),
    territories=TERRITORIES,
    sort=SORTS,
    is_descending=st.booleans(),
    columns=st.just(("name", "potential", "via")),
    rows=st.sampled_from([17, 50, 1000]),
)


def helped(world: World, territories: frozenset[str]) -> set[int]:
    """Numbers of the accounts that some overlay or shared territory helps with."""
    return {account for account, key, _, _ in world.overlays if key in territories}


def matching(world: World, query: AccountQuery, searched: set[int]) -> list[Record]:
    """The accounts a query takes, sorted, one by one."""
    condition = in_minor_units(query.condition, FIELDS, "USD")
    rows = [
        r
        for r in world.records.values()
        if holds(condition, r, LISTS)
        and (
            query.territories is None
            or (r["territory"] or "") in query.territories
            or r["account"] in helped(world, query.territories)
        )
        and (not query.search.strip() or r["account"] in searched)
    ]
    there = [r for r in rows if r[query.sort] is not None]
    missing = [r for r in rows if r[query.sort] is None]
    key: Callable[[Record], Any] = lambda r: (r[query.sort], r["account"])  # noqa: E731
    ordered = sorted(there, key=key, reverse=query.is_descending)
    return ordered + sorted(missing, key=lambda r: r["account"], reverse=query.is_descending)


def searched_for(book: Book, text: str) -> set[int]:
    """Numbers of the accounts that a search finds."""
    return {row["account"] for row in book.search(text, ALL, limit=1000)}


def pages(book: Book, query: AccountQuery, first: Cursor | None = None) -> Iterator[Any]:
    """Page after page from a cursor on, in the cursor's direction."""
    from dataclasses import replace

    cursor = first
    while True:
        page = book.page(replace(query, after=cursor), ALL, LISTS)
        yield page
        cursor = page.previous if cursor is not None and cursor.is_backward else page.next
        if cursor is None:
            return


@given(QUERIES)
def test_pages_hold_each_matching_account_once_in_order_forwards_and_backwards(
    book: Book, world: World, query: AccountQuery
) -> None:
    wanted = [r["account"] for r in matching(world, query, searched_for(book, query.search))]
    forward = list(pages(book, query))
    assert [row["account"] for page in forward for row in page.rows] == wanted
    assert {page.total for page in forward} == {len(wanted)}
    assert forward[0].previous is None
    last = forward[-1]
    if last.previous is not None:
        backward = list(pages(book, query, last.previous))
        told = [row["account"] for page in reversed(backward) for row in page.rows]
        assert told == wanted[: len(wanted) - len(last.rows)]
        assert backward[-1].previous is None
        assert backward[0].next is not None


@given(QUERIES)
def test_sums_counts_ids_and_exports_are_those_of_all_that_match(book: Book, world: World, query: AccountQuery) -> None:
    wanted = matching(world, query, searched_for(book, query.search))
    assert book.page(query, ALL, LISTS).sums == {name: sum(r[name] or 0 for r in wanted) for name in SUM_FIELDS}
    assert book.ids(query, ALL, LISTS) == sorted(r["id"] for r in wanted)
    exported = [row for batch in book.export(query, ALL, LISTS, 50) for row in batch.to_pylist()]
    assert exported == [{name: r[name] for name in query.columns} for r in wanted]
    if not query.search and query.territories is None:
        assert book.count(query.condition, ALL, LISTS) == len(wanted)


def test_a_page_holds_the_columns_asked_for(book: Book) -> None:
    page = book.page(AccountQuery(columns=("city", "id"), sort="potential", rows=2), ALL)
    assert [list(row) for row in page.rows] == [["account", "potential", "city", "id"]] * 2


@pytest.mark.parametrize("name", ["nothing", 'name" --', "name; DROP TABLE accounts", ""])
def test_a_column_that_is_not_there_is_refused_and_the_others_are_named(book: Book, name: str) -> None:
    for ask in (
        lambda: book.page(AccountQuery(sort=name), ALL),
        lambda: book.page(AccountQuery(columns=(name,)), ALL),
        lambda: list(book.export(AccountQuery(sort=name), ALL)),
        lambda: book.distinct(name, ALL),
    ):
        with pytest.raises(InputError, match="columns are account, "):
            ask()


def test_the_most_frequent_values_come_first(book: Book, world: World) -> None:
    counts = Counter(r["industry"] for r in world.records.values() if r["industry"] is not None)
    assert list(book.distinct("industry", ALL)) == sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    assert len(book.distinct("name", ALL, limit=3)) == 3


# --- search -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("acme", "acme"),
        ("ACM", "acme"),
        ("unicode", "Ünïcode"),
        ("ÜNÏCODE", "Ünïcode"),
        ("gmbh ünï", "Ünïcode GmbH"),
        ("日本", "日本商事"),
        ("한국", "한국전력"),
        ("bros o'brien", "O'Brien"),
        ("back\\slash", "back\\slash"),
        ("łódź istanbul", "Łódź İstanbul"),
    ],
)
def test_words_are_found_by_their_beginnings_whatever_their_case_and_accents(
    book: Book, world: World, text: str, part: str
) -> None:
    wanted = {n for n, r in world.records.items() if part.lower() in r["name"].lower()}
    assert wanted
    assert searched_for(book, text) == wanted


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "'; --", "cme", "acme nothing"])
def test_what_is_no_words_beginning_finds_nothing(book: Book, text: str) -> None:
    assert searched_for(book, text) == set()


def test_a_list_searched_for_signs_alone_is_empty_and_one_searched_for_blanks_is_whole(book: Book, world: World) -> None:
    assert book.page(AccountQuery(search="%"), ALL).total == 0
    assert book.page(AccountQuery(search="  "), ALL).total == len(world.records)


def test_an_account_is_found_by_its_id_and_the_largest_potential_comes_first(book: Book, world: World) -> None:
    assert [row["id"] for row in book.search("k0001", ALL)] == ["K0001"]
    found = [row["potential"] for row in book.search("acme", ALL, limit=100)]
    there = [value for value in found if value is not None]
    assert there == sorted(there, reverse=True)
    assert found[len(there) :] == [None] * (len(found) - len(there))


# --- sums and map -------------------------------------------------------------------------------------------------------------


def test_territory_sums_are_those_of_the_accounts_held(book: Book, world: World) -> None:
    told = book.territory_sums(ALL)
    groups: dict[tuple[str, str], list[tuple[Record, float]]] = defaultdict(list)
    for record in world.records.values():
        groups[(record["territory"] or "", "primary")].append((record, 1.0))
    for account, key, role, share in world.overlays:
        groups[(key, ("primary", "overlay", "shared")[role])].append((world.records[account], share))
    assert told.keys() == groups.keys()
    for key, held in groups.items():
        assert told[key].accounts == len(held)
        for name in SUM_FIELDS:
            assert getattr(told[key], name) == pytest.approx(sum((r[name] or 0) * share for r, share in held), abs=1), (key, name)
        assert told[key].open_opportunities == sum(r["open_opportunities"] for r, _ in held)
    assert book.total(ALL).accounts == len(world.records)


def test_a_zone_is_filled_by_the_territory_that_holds_most_of_it(book: Book, world: World) -> None:
    for fill in book.zone_fills(ALL):
        rows = [r for r in world.records.values() if r["zone"] == fill.zone]
        held: dict[str | None, float] = defaultdict(float)
        for r in rows:
            held[r["territory"]] += r["potential"] or 0
        share = {key: value / sum(held.values()) for key, value in held.items()}
        best = max((value, key) for key, value in share.items() if key is not None)
        assert (fill.territory, fill.share) == (best[1], pytest.approx(best[0]))
        assert (fill.accounts, fill.potential) == (len(rows), sum(held.values()))
    assert {f.zone for f in book.zone_fills(ALL)} == {r["zone"] for r in world.records.values()} - {None}


GLOBE = Box(-180, -90, 180, 90)


@pytest.mark.parametrize("zoom", [0, 2, 5, 8.7, 10, 11, 15])
def test_the_cells_of_the_globe_hold_every_account_with_a_place(book: Book, world: World, zoom: float) -> None:
    placed = [r for r in world.records.values() if r["latitude"] is not None]
    cells = book.cells(GLOBE, zoom, ALL)
    assert sum(cell["accounts"] for cell in cells) == len(placed)
    assert sum(cell["potential"] for cell in cells) == sum(r["potential"] or 0 for r in placed)
    lonely = {cell["account"]: cell for cell in cells if cell["accounts"] == 1}
    for number, cell in lonely.items():
        record = world.records[number]
        assert (cell["longitude"], cell["latitude"]) == pytest.approx((record["longitude"], record["latitude"]))


def test_cells_are_those_of_the_window_and_of_one_territory(book: Book, world: World) -> None:
    box = Box(-110, 30, -90, 40)
    inside = [
        r
        for r in world.records.values()
        if r["latitude"] is not None and -110 <= r["longitude"] <= -90 and 30 <= r["latitude"] <= 40
    ]
    assert {c["account"] for c in book.cells(box, 15, ALL)} == {r["account"] for r in inside}
    north = frozenset({"north"})
    mine = {r["account"] for r in inside if r["territory"] == "north" or r["account"] in helped(world, north)}
    assert {c["account"] for c in book.cells(box, 15, ALL, territories=north)} == mine
    assert len(book.cells(box, 15, ALL, limit=2)) == 2


def test_a_window_across_the_date_line_shows_both_sides(book: Book, world: World) -> None:
    east = {c["account"] for c in book.cells(Box(170, -90, -100, 90), 15, ALL)}
    assert east == {r["account"] for r in world.records.values() if r["longitude"] is not None and r["longitude"] <= -100}


def test_the_bounds_hold_nearly_all_accounts_and_there_are_none_without_places(book: Book, world: World) -> None:
    north = frozenset({"north"})
    box = book.bounds(north, ALL)
    assert box is not None
    mine = [r for r in matching(world, AccountQuery(territories=north), set()) if r["latitude"] is not None]
    inside = [r for r in mine if box.west <= r["longitude"] <= box.east and box.south <= r["latitude"] <= box.north]
    assert 0.8 * len(mine) <= len(inside) < len(mine)
    assert book.bounds(frozenset({"nowhere"}), ALL) is None


def test_the_accounts_with_the_largest_pipeline_come_first(book: Book, world: World) -> None:
    held = [r for r in matching(world, AccountQuery(territories=frozenset({"north", "west"})), set()) if (r["pipeline"] or 0) > 0]
    wanted = [r["account"] for r in sorted(held, key=lambda r: (-r["pipeline"], r["account"]))]
    assert book.pipeline_accounts(frozenset({"north", "west"}), ALL) == wanted


# --- who may see what ---------------------------------------------------------------------------------------------------------


def test_a_narrow_scope_sees_its_territories_alone(book: Book, world: World) -> None:
    scope = Scope(frozenset({"north"}))
    mine = {n for n, r in world.records.items() if r["territory"] == "north"} | helped(world, frozenset({"north"}))
    assert {row["account"] for row in book.page(AccountQuery(rows=1000), scope).rows} == mine
    assert {row["account"] for row in book.accounts_by_number(list(world.records), scope)} == mine
    assert {row["account"] for row in book.search("acme", scope, 100)} <= mine
    assert {c["account"] for c in book.cells(GLOBE, 15, scope)} <= mine
    assert {key for key, _ in book.territory_sums(scope)} == {"north", ""}  # it helps with some that nobody holds
    assert {f.territory for f in book.zone_fills(scope)} == {"north"}
    assert book.count(EVERYTHING, scope) == len(mine)
    assert sum(count for _, count in book.distinct("id", scope, 1000)) == len(mine)


def test_an_empty_scope_sees_nothing(book: Book) -> None:
    scope = Scope(frozenset())
    page = book.page(AccountQuery(), scope)
    assert (page.rows, page.total, page.next, page.previous) == ([], 0, None, None)
    assert book.search("acme", scope) == book.cells(GLOBE, 3, scope) == book.zone_fills(scope) == []
    assert book.total(scope).accounts == 0


# --- many readers, many Books -------------------------------------------------------------------------------------------------


def test_many_threads_read_one_book(book: Book, world: World) -> None:
    totals: list[int] = []
    threads = [
        threading.Thread(target=lambda sort=sort: totals.append(book.page(AccountQuery(sort=sort, search="acme"), ALL).total))
        for sort in ["name", "potential", "city", "employees"] * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals == [len(searched_for(book, "acme"))] * 12


def build_for(store: Store, folder: Path, data: int, custom: Sequence[Field] = ()) -> Path:
    """The file of the Book for a count of changes."""
    return build(store, BookKey(data, 0, TODAY, "x"), BookShape("USD", {}, custom), folder, SILENT)


def test_a_book_is_made_once_for_each_state_and_old_ones_go_while_their_readers_stay(sqlite_store: Store, tmp_path: Path) -> None:
    world = make_world(sqlite_store, 40)
    folder = tmp_path / "books"
    first = build_for(sqlite_store, folder, 1)
    made_at = first.stat().st_mtime_ns
    assert build_for(sqlite_store, folder, 1) == first
    assert first.stat().st_mtime_ns == made_at
    reader = Book(first, rule_fields(), "USD")
    for data in (2, 3, 4):
        build_for(sqlite_store, folder, data)
    assert not first.exists()
    assert len(list(folder.glob("*.duckdb"))) == 2
    assert len(list(folder.iterdir())) == 2 * (1 + len(COMPANIONS))
    assert reader.page(AccountQuery(), ALL).total == len(world.records)
    reader.close()


def test_a_book_that_cannot_be_finished_leaves_no_file(sqlite_store: Store, tmp_path: Path) -> None:
    class Stop:
        """Stops at the third report."""

        def report(self, stage: str, done: int = 0, total: int = 0) -> None:
            """Stop at two."""
            if done == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(sqlite_store, BookKey(1, 0, TODAY, "x"), BookShape("USD", {}, ()), tmp_path / "books", Stop())
    assert list((tmp_path / "books").iterdir()) == []


def test_a_workspace_without_accounts_has_an_empty_book(store: Store, tmp_path: Path) -> None:
    book = Book(build_for(store, tmp_path, 1, CUSTOM), rule_fields(CUSTOM), "USD")
    page = book.page(AccountQuery(condition=And((Equals("name", "x"), Range("potential", 1, 2), Equals("score", 1)))), ALL)
    assert (page.total, page.sums) == (0, dict.fromkeys(SUM_FIELDS, 0))
    assert book.territory_sums(ALL) == {}
    assert book.zone_fills(ALL) == book.cells(GLOBE, 3, ALL) == book.search("x", ALL) == []
    assert (
        pa.Table.from_batches(book.export(AccountQuery(columns=("name",)), ALL), pa.schema([("name", pa.string())])).num_rows == 0
    )
    book.close()


@pytest.mark.parametrize("name", [f.name for f in CUSTOM])
def test_a_custom_field_sorts_by_its_type(book: Book, world: World, name: str) -> None:
    there = sorted(r[name] for r in world.records.values() if r[name] is not None)
    rows = book.page(AccountQuery(columns=(name,), sort=name, rows=1000), ALL).rows
    assert [row[name] for row in rows][: len(there)] == there
