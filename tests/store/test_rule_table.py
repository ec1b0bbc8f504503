"""Columns of some accounts straight from the database, held against those of the Book."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from metes.base.errors import InputError
from metes.store.engine import Store
from metes.store.rule_table import rule_table_of
from metes.store.tables import accounts
from tests.store.test_book import FIELDS, SHAPE, book_of
from tests.store.test_rule_columns import NAMES, PLAN
from tests.store.worlds import TODAY, make_world


def test_some_accounts_stand_as_the_book_tells_them(store: Store, tmp_path: Path) -> None:
    world = make_world(store)
    book = book_of(store, tmp_path)
    whole = book.rule_table(NAMES, PLAN, TODAY).to_pylist()
    random_ = random.Random(3)
    everyone = [*range(1, 250), 10**9]
    for asked in ([], [0], [5], everyone, *(random_.sample(everyone, 30) for _ in range(4))):
        wanted = [row for row in whole if row["account"] in asked]
        assert rule_table_of(store, asked, NAMES, PLAN, TODAY, SHAPE).to_pylist() == wanted
        assert len(wanted) == len(world.records.keys() & set(asked))
    book.close()


def test_each_name_alone_reads_what_it_needs(sqlite_store: Store, tmp_path: Path) -> None:
    make_world(sqlite_store)
    book = book_of(sqlite_store, tmp_path)
    asked = list(range(1, 240, 7))
    for name in NAMES:
        wanted = [row for row in book.rule_table([name], PLAN, TODAY).to_pylist() if row["account"] in asked]
        table = rule_table_of(sqlite_store, asked, [name], PLAN, TODAY, SHAPE)
        assert table.to_pylist() == wanted, name
        assert table.schema == book.rule_table([name], PLAN, TODAY).schema
    book.close()


def test_more_accounts_than_stand_in_one_query_are_read_in_pieces(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metes.store.rule_table._CHUNK", 7)
    make_world(sqlite_store, 60)
    asked = list(range(1, 61))
    found = rule_table_of(sqlite_store, asked, NAMES, PLAN, TODAY, SHAPE)
    monkeypatch.undo()
    assert found.equals(rule_table_of(sqlite_store, asked, NAMES, PLAN, TODAY, SHAPE))
    assert found.num_rows > 50


def test_a_long_line_of_parents_is_followed_to_its_top(sqlite_store: Store) -> None:
    make_world(sqlite_store, 60)
    with sqlite_store.write() as connection:
        for number in range(2, 61):
            connection.execute(sa.update(accounts).where(accounts.c.id == number).values(parent_id=number - 1, closed_on=None))
    table = rule_table_of(sqlite_store, [60, 1], ["family", "parent", "family.id"], PLAN, TODAY, SHAPE)
    assert table.to_pylist() == [
        {"account": 1, "family": "K0001", "parent": None, "family.id": "K0001"},
        {"account": 60, "family": "K0001", "parent": "K0059", "family.id": "K0001"},
    ]


@pytest.mark.parametrize("name", ["territory", "pipeline", "nope"])
def test_what_only_the_book_knows_is_refused(sqlite_store: Store, name: str) -> None:
    with pytest.raises(InputError, match="neither a field nor a term"):
        rule_table_of(sqlite_store, [1], [name], PLAN, TODAY, SHAPE)


def test_a_workspace_without_accounts_gives_an_empty_table(store: Store) -> None:
    table = rule_table_of(store, [1, 2], NAMES, PLAN, TODAY, SHAPE)
    assert (table.num_rows, table.column_names) == (0, ["account", *NAMES])
    texts = {name for name, field in FIELDS.items() if field.type.is_text}
    assert {f.name for f in table.schema if pa.types.is_dictionary(f.type)} >= texts
