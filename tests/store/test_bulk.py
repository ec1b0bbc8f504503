"""Arrow in and out: types are those of the tables, however late the first value comes, and states are those of one moment."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
import sqlalchemy as sa

from metes.base.errors import Busy, MetesError
from metes.store import bulk, sqlite_reader
from metes.store.engine import Store
from metes.store.tables import accounts, metadata, settings
from tests.store.rows import row_of

LATE = 70_000
MIXED = pa.table(
    {
        "t": pa.array([None] * LATE + ["é'\"%", ""]),
        "i": pa.array([None] * LATE + [2**62, -1]),
        "f": pa.array([None] * LATE + [0.1, 3.0], pa.float64()),
        "d": pa.array([None] * LATE + [date(2024, 2, 29), date(9999, 12, 31)]),
        "b": pa.array([None] * LATE + [True, False]),
        "n": pa.nulls(LATE + 2, pa.string()),
    }
)


@pytest.mark.parametrize("large_bytes", [0, bulk.LARGE_BYTES], ids=["own process", "row by row"])
def test_a_table_comes_back_as_it_was_staged(store: Store, large_bytes: int) -> None:
    assert bulk.stage(store, "mixed", [MIXED]) == MIXED.num_rows
    with bulk.whole_tables(store, large_bytes) as state:
        assert state.arrow("SELECT * FROM stage_mixed").equals(MIXED)
        batches = list(state.batches("SELECT i, t FROM stage_mixed"))
    assert pa.Table.from_batches(batches).equals(MIXED.select(["i", "t"]))


@pytest.mark.parametrize("large_bytes", [0, bulk.LARGE_BYTES], ids=["own process", "row by row"])
def test_every_table_has_the_same_types_with_and_without_rows(store: Store, large_bytes: int) -> None:
    def types() -> dict[str, pa.Schema]:
        with bulk.whole_tables(store, large_bytes) as state:
            return {t.name: state.arrow(f"SELECT * FROM {t.name}").schema for t in metadata.sorted_tables}

    empty = types()
    with store.write() as connection:
        for table in metadata.sorted_tables:
            connection.execute(sa.insert(table), [row_of(table, number) for number in range(1, 5)])
    assert types() == empty


@pytest.mark.parametrize("large_bytes", [0, bulk.LARGE_BYTES], ids=["own process", "row by row"])
def test_all_reads_of_a_snapshot_see_the_moment_of_the_first(store: Store, large_bytes: int) -> None:
    count = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM settings"
    with bulk.whole_tables(store, large_bytes) as state:
        assert state.arrow(count)["n"].to_pylist() == [0]
        with store.write() as connection:
            connection.execute(sa.insert(settings).values(name="company", value='"Acme"'))
        assert state.arrow(count)["n"].to_pylist() == [0]
    assert bulk.read_arrow(store, count)["n"].to_pylist() == [1]


def test_rows_keep_the_order_that_a_query_asks_for(sqlite_store: Store) -> None:
    with sqlite_store.write() as connection:
        connection.execute(sa.insert(accounts), [row_of(accounts, n, key=f"K{n * 7919 % 1000:03}") for n in range(1, 1000)])
    with bulk.whole_tables(sqlite_store, 0) as state:
        keys = state.arrow("SELECT key FROM accounts ORDER BY key DESC")["key"].to_pylist()
    assert keys == sorted(keys, reverse=True)
    assert len(keys) == 999


def test_a_reading_process_takes_nothing_from_the_connections_of_this_one(sqlite_store: Store) -> None:
    with sqlite_store.write() as connection:
        with bulk.whole_tables(sqlite_store, 0) as state:
            state.arrow("SELECT * FROM settings")
        connection.execute(sa.insert(settings).values(name="company", value='"Acme"'))
        with pytest.raises(Busy), sqlite_store.write(patience_seconds=0):
            pytest.fail("the lock was lost")
    assert bulk.read_arrow(sqlite_store, "SELECT name FROM settings")["name"].to_pylist() == ["company"]


def test_a_query_that_fails_in_the_reading_process_says_why(sqlite_store: Store) -> None:
    assert sqlite_store.path is not None
    with sqlite_reader.reader(sqlite_store.path) as reader, pytest.raises(MetesError, match="no such table: lost_table"):
        list(reader.batches("SELECT * FROM lost_table"))


def test_staging_appends_and_side_tables_can_be_dropped_by_their_beginnings(store: Store) -> None:
    part = pa.table({"a": pa.array([1, 2])})
    bulk.stage(store, "one_x", [part, part])
    bulk.stage(store, "one_x", [part])
    bulk.stage(store, "two", [part.slice(0, 0)])
    assert bulk.read_arrow(store, "SELECT a FROM stage_one_x")["a"].to_pylist() == [1, 2] * 3
    assert bulk.read_arrow(store, "SELECT a FROM stage_two").num_rows == 0
    assert set(bulk.stages(store)) == {"stage_one_x", "stage_two"}
    assert bulk.drop_stages(store, "one_") == ("stage_one_x",)
    assert bulk.stages(store) == ("stage_two",)


@pytest.mark.postgresql
def test_connections_the_server_cut_do_not_keep_later_reads_out_and_none_outlives_its_store(postgresql_store: Store) -> None:
    other = Store(postgresql_store.url.render_as_string(hide_password=False))
    theirs = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    assert bulk.read_arrow(other, "SELECT name FROM settings").num_rows == 0
    with postgresql_store.read() as connection:
        assert connection.execute(sa.text(f"SELECT bool_and(pg_terminate_backend(pid, 60000)) {theirs}")).scalar()
    assert bulk.read_arrow(other, "SELECT name FROM settings").num_rows == 0
    other.dispose()
    for _ in range(20_000):  # the server takes a moment to see that they are gone
        with postgresql_store.read() as connection:
            left = connection.execute(sa.text(f"SELECT count(*) {theirs}")).scalar_one()
        if not left:
            break
    assert left == 0
    assert bulk.read_arrow(other, "SELECT name FROM settings").num_rows == 0
    other.dispose()
