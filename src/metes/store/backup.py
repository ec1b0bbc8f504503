"""Backups that either database can take back: every table as Parquet in one zip, with a manifest of counts and digests."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, InputError
from metes.base.private import open_private
from metes.base.progress import Progress
from metes.store import bulk, schema
from metes.store.columns import BigId, Instant
from metes.store.engine import Store
from metes.store.tables import metadata

MANIFEST = "manifest.json"
FORMAT = 1
_ROWS_PER_GROUP = 100_000


def backup(store: Store, path: Path, now: datetime, progress: Progress) -> Mapping[str, int]:
    """Write a backup to `path` (aside first, then renamed); rows per table. All of it is one moment's state, and nobody waits for it."""
    if path.exists():
        raise Conflict(f"expected a new file for the backup, but {path} is there already; name another")
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    rows: dict[str, int] = {}
    digests: dict[str, str] = {}
    try:
        with (
            tempfile.TemporaryDirectory(dir=path.absolute().parent) as folder,
            open_private(partial) as file_of_all,
            zipfile.ZipFile(file_of_all, "w", zipfile.ZIP_STORED) as archive,
        ):
            with bulk.snapshot(store) as state:
                for number, table in enumerate(metadata.sorted_tables):
                    progress.report(f"backing up {table.name}", number, len(metadata.sorted_tables))
                    file = Path(folder) / f"{table.name}.parquet"
                    rows[table.name] = _dump(state, table, file)
                    digests[table.name] = _digest(file)
                    archive.write(file, file.name)
                    file.unlink()
            manifest = {"format": FORMAT, "schema": schema.head(), "made_at": now.isoformat(), "rows": rows, "sha256": digests}
            archive.writestr(MANIFEST, json.dumps(manifest, indent=2))
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    return rows


def restore(store: Store, path: Path, progress: Progress) -> Mapping[str, int]:
    """Bring a backup into an empty database; rows per table. It stays empty unless all of the backup was read and counted."""
    if not schema.is_empty(store):
        raise Conflict(
            f"expected an empty database to restore into, but {store.url.database} holds tables; name a new one with --db"
        )
    manifest = _manifest(path)
    bulk.drop_stages(store, "restore_")
    try:
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
            for number, table in enumerate(metadata.sorted_tables):
                progress.report(f"restoring {table.name}", number, len(metadata.sorted_tables))
                _stage(store, table, _extract(archive, table, Path(folder)), manifest)
            with store.write(patience_seconds=60.0) as connection:
                schema.upgrade_on(connection)
                for table in metadata.sorted_tables:
                    _swap_in(connection, table, manifest["rows"][table.name])
    finally:
        bulk.drop_stages(store, "restore_")
    return dict(manifest["rows"])


def _dump(state: bulk.Snapshot, table: sa.Table, file: Path) -> int:
    target = arrow_schema(table)
    columns = ", ".join(_quoted(c.name) for c in table.columns)
    rows = 0
    with pq.ParquetWriter(file, target, compression="zstd") as writer:
        for batch in state.batches(f"SELECT {columns} FROM {table.name}"):
            chunk = pa.Table.from_batches([batch]).cast(target)
            writer.write_table(chunk, row_group_size=_ROWS_PER_GROUP)
            rows += chunk.num_rows
    return rows


def _extract(archive: zipfile.ZipFile, table: sa.Table, folder: Path) -> Path:
    try:
        return Path(archive.extract(f"{table.name}.parquet", folder))
    except (KeyError, OSError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"the backup is damaged: {table.name} cannot be read ({error}); take another backup") from None


def _stage(store: Store, table: sa.Table, file: Path, manifest: Mapping[str, Any]) -> None:
    if _digest(file) != manifest["sha256"].get(table.name):
        raise InputError(f"the backup is damaged: {table.name} does not match its digest; take another backup")
    reader = pq.ParquetFile(file)
    if reader.metadata.num_rows:
        bulk.stage(store, f"restore_{table.name}", (pa.Table.from_batches([b]) for b in reader.iter_batches(_ROWS_PER_GROUP)))


def _swap_in(connection: Connection, table: sa.Table, rows: int) -> None:
    if rows:
        columns = ", ".join(_quoted(c.name) for c in table.columns)
        values = ", ".join(
            f"CAST({_quoted(c.name)} AS BOOLEAN)" if isinstance(c.type, sa.Boolean) else _quoted(c.name) for c in table.columns
        )
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM stage_restore_{table.name}")
    found = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()
    if found != rows:
        raise InputError(f"expected {rows} rows of {table.name}, restored {found}; nothing was kept")
    key = list(table.primary_key.columns)
    if connection.dialect.name == "postgresql" and len(key) == 1 and key[0].autoincrement and isinstance(key[0].type, sa.Integer):
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', '{key[0].name}'), (SELECT coalesce(max({key[0].name}), 0) + 1 FROM {table.name}), false)"
        )


def arrow_schema(table: sa.Table) -> pa.Schema:
    """The Arrow types in which a table is backed up, the same on both databases."""
    return pa.schema([(c.name, _arrow_type(c.type)) for c in table.columns])


def _arrow_type(kind: Any) -> pa.DataType:
    if isinstance(kind, Instant) or kind is BigId:
        return pa.int64()
    if isinstance(kind, sa.Boolean):
        return pa.bool_()
    if isinstance(kind, sa.Date):
        return pa.date32()
    if isinstance(kind, sa.Float):
        return pa.float64()
    if isinstance(kind, sa.SmallInteger):
        return pa.int16()
    if isinstance(kind, sa.Integer):
        return pa.int64()
    return pa.string()


def _manifest(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = dict(json.loads(archive.read(MANIFEST)))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InputError(f"expected a backup made by 'metes backup', {path} is none ({error}); name another file") from None
    if manifest.get("format") != FORMAT or manifest.get("schema") != schema.head():
        raise InputError(
            f"the backup has schema {manifest.get('schema')}, this Metes restores {schema.head()}; use the version it was made with"
        )
    for part in ("rows", "sha256"):
        missing = {t.name for t in metadata.sorted_tables} - dict(manifest.get(part) or {}).keys()
        if missing:
            raise InputError(
                f"the backup is damaged: its manifest lacks the {part} of {', '.join(sorted(missing))}; take another backup"
            )
    return manifest


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _quoted(name: str) -> str:
    return f'"{name}"'
