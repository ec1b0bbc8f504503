"""Backups: every table comes back on either database, or nothing does."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from metes.base.errors import Cancelled, Conflict, InputError
from metes.base.progress import SILENT
from metes.store import schema
from metes.store.backup import MANIFEST, backup, restore
from metes.store.engine import Store
from metes.store.tables import metadata
from tests.conftest import NOW
from tests.store.rows import row_of

ROWS = 7
Contents = dict[str, list[tuple[Any, ...]]]


def fill(store: Store, rows: int = ROWS) -> None:
    """Put rows into every table."""
    with store.write() as connection:
        for table in metadata.sorted_tables:
            connection.execute(sa.insert(table), [row_of(table, number) for number in range(1, rows + 1)])


def contents(store: Store) -> Contents:
    """All rows of every table, in the order of their keys."""
    with store.read() as connection:
        return {
            t.name: [tuple(row) for row in connection.execute(sa.select(t).order_by(*t.primary_key.columns))]
            for t in metadata.sorted_tables
        }


@pytest.fixture
def filled(store: Store) -> Store:
    """A database with rows in every table."""
    fill(store)
    return store


@pytest.fixture
def archive(sqlite_store: Store, tmp_path: Path) -> Path:
    """A backup with rows of every table."""
    fill(sqlite_store)
    backup(sqlite_store, tmp_path / "b.zip", NOW, SILENT)
    return tmp_path / "b.zip"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A new, empty database of each kind."""
    new: Callable[[], str] = lambda: f"sqlite:///{tmp_path / 'target.db'}"  # noqa: E731
    if request.param == "postgresql":
        new = request.getfixturevalue("postgresql")
    made = Store(new())
    yield made
    made.dispose()


def test_every_row_of_every_table_comes_back_on_either_database(filled: Store, target: Store, tmp_path: Path) -> None:
    assert backup(filled, tmp_path / "b.zip", NOW, SILENT) == {t.name: ROWS for t in metadata.sorted_tables}
    assert restore(target, tmp_path / "b.zip", SILENT) == {t.name: ROWS for t in metadata.sorted_tables}
    assert contents(target) == contents(filled)
    schema.require_current(target)
    assert [n for n in _tables(target) if n.startswith("stage_")] == []


def test_a_workspace_without_rows_comes_back(store: Store, target: Store, tmp_path: Path) -> None:
    backup(store, tmp_path / "b.zip", NOW, SILENT)
    restore(target, tmp_path / "b.zip", SILENT)
    assert not any(contents(target).values())


def test_numbers_go_on_behind_the_restored_ones(archive: Path, target: Store) -> None:
    restore(target, archive, SILENT)
    with target.write() as connection:
        for table in metadata.sorted_tables:
            if [c.name for c in table.primary_key.columns] == ["id"] and table.name not in {"sources", "territory_keys"}:
                row = {name: value for name, value in row_of(table, 50).items() if name != "id"}
                assert connection.execute(sa.insert(table).values(**row).returning(table.c.id)).scalar() == ROWS + 1, table.name


def test_what_only_grows_still_only_grows_after_a_restore(archive: Path, target: Store) -> None:
    restore(target, archive, SILENT)
    with pytest.raises(sa.exc.DBAPIError, match="only grows"), target.write() as connection:
        connection.exec_driver_sql("DELETE FROM audit")


def test_a_backup_is_the_state_of_one_moment_and_keeps_nobody_waiting(filled: Store, target: Store, tmp_path: Path) -> None:
    before = contents(filled)

    class WriteMeanwhile:
        """Changes the database while it is backed up."""

        def report(self, stage: str, done: int = 0, total: int = 0) -> None:
            """Delete the settings once the first table has been read."""
            if done == 1:
                with filled.write() as connection:
                    connection.exec_driver_sql("DELETE FROM settings")
                    connection.exec_driver_sql("DELETE FROM zones")

    backup(filled, tmp_path / "b.zip", NOW, WriteMeanwhile())
    restore(target, tmp_path / "b.zip", SILENT)
    assert contents(target) == before


def test_a_file_that_is_there_already_is_not_overwritten(store: Store, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_text("precious")
    with pytest.raises(Conflict, match="name another"):
        backup(store, tmp_path / "b.zip", NOW, SILENT)
    assert (tmp_path / "b.zip").read_text() == "precious"


class Stop:
    """Asks the work to stop at its tenth report."""

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Stop at ten."""
        if done == 10:
            raise Cancelled("asked to stop")


def test_a_backup_that_is_stopped_leaves_no_file(filled: Store, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    with pytest.raises(Cancelled):
        backup(filled, folder / "b.zip", NOW, Stop())
    assert list(folder.iterdir()) == []


def test_a_restore_that_is_stopped_leaves_an_empty_database_that_can_take_it_again(archive: Path, target: Store) -> None:
    with pytest.raises(Cancelled):
        restore(target, archive, Stop())
    assert _tables(target) == []
    restore(target, archive, SILENT)
    assert len(contents(target)["zones"]) == ROWS


def test_a_database_that_holds_something_is_not_restored_into(archive: Path, store: Store) -> None:
    before = contents(store)
    with pytest.raises(Conflict, match="expected an empty database"):
        restore(store, archive, SILENT)
    assert contents(store) == before


def _change(source: Path, target: Path, name: str, content: bytes | None) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
            elif content is not None:
                new.writestr(entry, content)
    return target


def _broken(archive: Path, way: str) -> Path:
    path = archive.with_name(f"{way}.zip")
    with zipfile.ZipFile(archive) as old:
        manifest = json.loads(old.read(MANIFEST))
        zones = old.read("zones.parquet")
    match way:
        case "no file":
            return path
        case "no zip":
            path.write_bytes(b"PK, or so it says")
            return path
        case "cut short":
            path.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
            return path
        case "no manifest":
            return _change(archive, path, MANIFEST, None)
        case "manifest is no JSON":
            return _change(archive, path, MANIFEST, b"{")
        case "manifest is a list":
            return _change(archive, path, MANIFEST, b"[]")
        case "manifest lacks the rows":
            return _change(archive, path, MANIFEST, json.dumps({k: v for k, v in manifest.items() if k != "rows"}).encode())
        case "another schema":
            return _change(archive, path, MANIFEST, json.dumps({**manifest, "schema": "9999"}).encode())
        case "a table is missing":
            return _change(archive, path, "zones.parquet", None)
        case "a table is damaged":
            return _change(archive, path, "zones.parquet", zones[:-20] + bytes(20))
        case "a table is another":
            with zipfile.ZipFile(archive) as old:
                return _change(archive, path, "zones.parquet", old.read("users.parquet"))
        case _:
            rows = {**manifest["rows"], "zones": ROWS + 1}
            return _change(archive, path, MANIFEST, json.dumps({**manifest, "rows": rows}).encode())


@pytest.mark.parametrize(
    "way",
    [
        "no file",
        "no zip",
        "cut short",
        "no manifest",
        "manifest is no JSON",
        "manifest is a list",
        "manifest lacks the rows",
        "another schema",
        "a table is missing",
        "a table is damaged",
        "a table is another",
    ],
)
def test_a_backup_that_cannot_be_trusted_is_refused_and_nothing_is_kept(archive: Path, tmp_path: Path, way: str) -> None:
    target = Store(f"sqlite:///{tmp_path / 'target.db'}")
    with pytest.raises(InputError, match="backup"):
        restore(target, _broken(archive, way), SILENT)
    assert _tables(target) == []
    target.dispose()


def test_a_backup_that_lacks_a_row_is_refused_and_nothing_is_kept(archive: Path, target: Store) -> None:
    with pytest.raises(InputError, match=f"expected {ROWS + 1} rows of zones, restored {ROWS}; nothing was kept"):
        restore(target, _broken(archive, "a row is missing"), SILENT)
    assert _tables(target) == []


def _tables(store: Store) -> list[str]:
    with store.read() as connection:
        return sorted(sa.inspect(connection).get_table_names())


def test_a_backup_tells_what_it_holds(archive: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        manifest = json.loads(file.read(MANIFEST))
    assert manifest["schema"] == schema.head()
    assert manifest["rows"]["accounts"] == ROWS
    assert manifest["made_at"] == NOW.isoformat()
