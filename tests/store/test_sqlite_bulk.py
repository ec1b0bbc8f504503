"""Arrow in and out of SQLite, beside everything else that goes on in the process."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import sqlalchemy as sa

from metes.store import bulk
from metes.store.engine import Store


def test_what_is_committed_between_bulk_reads_and_loads_stays(sqlite_store: Store) -> None:
    for number in range(5):
        bulk.stage(sqlite_store, f"n{number}", [pa.table({"id": pa.array(range(5_000))})])
        with sqlite_store.write() as connection:
            connection.execute(sa.text("INSERT INTO settings (name, value) VALUES (:n, '1')"), {"n": f"k{number}"})
            bulk.drop_stage(connection, f"n{number}")
        assert bulk.read_arrow(sqlite_store, "SELECT name FROM settings").num_rows == number + 1
    assert bulk.stages(sqlite_store) == ()


def test_columns_come_back_in_the_types_they_went_in(sqlite_store: Store) -> None:
    table = pa.table(
        {
            "text": pa.array([None, "Zoë"]),
            "whole": pa.array([None, 2**62]),
            "number": pa.array([None, 0.1]),
            "yes": pa.array([None, True]),
            "day": pa.array([None, date(2024, 3, 14)]),
        }
    )
    bulk.stage(sqlite_store, "types", [table])
    assert bulk.read_arrow(sqlite_store, "SELECT * FROM stage_types").equals(table)
    empty = bulk.read_arrow(sqlite_store, "SELECT * FROM stage_types WHERE whole = 5")
    assert (empty.num_rows, empty.schema) == (0, table.schema)
