"""Writing records: staged in side tables, then swapped in by one short transaction, with what is needed to undo it."""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Busy
from metes.importing.stored import content_columns
from metes.store import bulk, counters
from metes.store.engine import Store
from metes.store.tables import RECORD_TABLES, account_sources, import_changes, sources

STAGE = "import_"
_KEPT = ("digest", "changed_import", "revision", "closed_on")


@dataclass(frozen=True, slots=True)
class Staged:
    """What stands in the side tables `stage_TOKEN_new`, `_changed` and `_closed`, by numbers of rows."""

    token: str
    kind: str
    new: int = 0
    changed: int = 0
    closed: int = 0


def new_token() -> str:
    """A name for this load's side tables that tells which process made it."""
    return f"{STAGE}{_host()}_{os.getpid()}_{uuid.uuid4().hex[:12]}"


def sweep(store: Store) -> None:
    """Drop side tables that a killed import on this machine left behind."""
    with store.read() as connection:
        names = [
            n.removeprefix(bulk.STAGE_PREFIX)
            for n in sa.inspect(connection).get_table_names()
            if n.startswith(bulk.STAGE_PREFIX + STAGE)
        ]
    left = {name.rsplit("_", 1)[0] for name in names if _is_left(name)}
    for prefix in sorted(left):
        bulk.drop_stages(store, prefix)


def _is_left(name: str) -> bool:
    parts = name.removeprefix(STAGE).split("_")
    if len(parts) < 3 or parts[0] != _host() or not parts[1].isdecimal():
        return False
    with suppress(PermissionError):
        try:
            os.kill(int(parts[1]), 0)
        except ProcessLookupError:
            return True
    return False


def _host() -> str:
    return uuid.uuid5(uuid.NAMESPACE_DNS, socket.gethostname()).hex[:8]


def reserve_ids(store: Store, kind: str, count: int) -> int:
    """The first of `count` ids that no other import will use; gaps do no harm."""
    name = f"ids:{kind}"
    with store.write() as connection:
        first = next_id(connection, kind)
        if counters.value(connection, name) == 0:
            counters.bump(connection, name)
        connection.execute(
            sa.text("UPDATE counters SET value = :value WHERE name = :name"), {"value": first + count - 1, "name": name}
        )
    return first


def next_id(connection: Connection, kind: str) -> int:
    """The id that the next new record would get."""
    table = RECORD_TABLES[kind]
    largest = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
    return int(max(largest, counters.value(connection, f"ids:{kind}"))) + 1


def stage_rows(store: Store, token: str, kind: str, new: pa.Table, changed: pa.Table, closed: pa.Array) -> Staged:
    """Put new rows, changed rows and ids of rows to close into side tables."""
    for name, table in (("new", new), ("changed", changed), ("closed", pa.table({"id": closed}))):
        if table.num_rows:
            bulk.stage(store, f"{token}_{name}", [table])
    return Staged(token, kind, new.num_rows, changed.num_rows, len(closed))


def source_number(connection: Connection, name: str) -> int:
    """The number of a source; a new one gets the next."""
    known = connection.execute(sa.select(sources.c.id).where(sources.c.name == name)).scalar()
    if known is not None:
        return int(known)
    largest = connection.execute(sa.select(sa.func.max(sources.c.id))).scalar() or 0
    connection.execute(sa.insert(sources).values(id=largest + 1, name=name))
    return int(largest) + 1


def swap_in(connection: Connection, staged: Staged, *, source_id: int, import_id: int, revision: int, day: date) -> None:
    """Write what is staged into the record's table, keep what changed rows were before, and drop the side tables."""
    marks = {"source": source_id, "import": import_id, "revision": revision, "day": day}
    if staged.new:
        _insert_new(connection, staged, marks)
    if staged.changed:
        _keep_before(connection, staged, "changed", import_id)
        _update(connection, staged, marks)
    if staged.closed:
        _keep_before(connection, staged, "closed", import_id)
        table, stage = RECORD_TABLES[staged.kind].name, _stage(staged, "closed")
        sql = f"UPDATE {table} SET closed_on = :day, changed_import = :import, revision = :revision WHERE id IN (SELECT id FROM {stage})"
        connection.execute(_dated(sql), marks)
    drop(connection, staged.token)


def drop(connection: Connection, token: str) -> None:
    """Drop the side tables of a load."""
    for name in ("new", "changed", "closed"):
        bulk.drop_stage(connection, f"{token}_{name}")


def discard(store: Store, token: str) -> None:
    """Drop the side tables of a load that came to nothing; where even that must wait too long, the next import drops them."""
    with suppress(Busy), store.write(patience_seconds=2.0) as connection:
        drop(connection, token)


def _insert_new(connection: Connection, staged: Staged, marks: Mapping[str, Any]) -> None:
    table, stage = RECORD_TABLES[staged.kind].name, _stage(staged, "new")
    content = _quoted([*content_columns(staged.kind), "digest"])
    own, picked = ("key", "key") if staged.kind == "accounts" else ("source_id, external_id", ":source, external_id")
    connection.execute(
        sa.text(
            f"INSERT INTO {table} (id, {own}, {content}, created_import, changed_import, revision) "
            f"SELECT id, {picked}, {content}, :import, :import, :revision FROM {stage} ORDER BY id"
        ),
        marks,
    )
    if staged.kind == "accounts":
        # In the order of the index, which takes half the time.
        connection.execute(
            sa.text(
                f"INSERT INTO {account_sources.name} (source_id, external_id, account_id) "
                f"SELECT :source, external_id, id FROM {stage} ORDER BY external_id"
            ),
            marks,
        )


def _update(connection: Connection, staged: Staged, marks: Mapping[str, Any]) -> None:
    table, stage = RECORD_TABLES[staged.kind].name, _stage(staged, "changed")
    sets = ", ".join(f'"{name}" = s."{name}"' for name in (*content_columns(staged.kind), "digest"))
    connection.execute(
        sa.text(
            f"UPDATE {table} SET {sets}, closed_on = NULL, changed_import = :import, revision = :revision "
            f"FROM {stage} AS s WHERE {table}.id = s.id"
        ),
        marks,
    )


def _keep_before(connection: Connection, staged: Staged, part: str, import_id: int) -> None:
    """Keep the rows about to change as JSON, exact to the last digit."""
    record = RECORD_TABLES[staged.kind]
    names = (*content_columns(staged.kind), *_KEPT)
    if connection.dialect.name == "sqlite":
        pairs = ", ".join(f"'{n}', {_exact(record.c[n])}" for n in names)
        before = f"json_object({pairs})"
    else:
        before = f"(SELECT row_to_json(x)::text FROM (SELECT {', '.join(f'r.{_quoted([n])}' for n in names)}) AS x)"
    sql = (
        f"INSERT INTO {import_changes.name} (import_id, record_id, before) "
        f"SELECT :import, r.id, {before} FROM {record.name} r JOIN {_stage(staged, part)} s ON s.id = r.id ORDER BY r.id"
    )
    connection.execute(sa.text(sql), {"import": import_id})


def _exact(column: sa.Column[Any]) -> str:
    """A column in SQLite's JSON; its own rendering of floats would cut them at 15 digits."""
    name = f"r.{_quoted([column.name])}"
    if isinstance(column.type, sa.Float):
        return f"CASE WHEN {name} IS NULL THEN NULL ELSE json(printf('%!.17g', {name})) END"
    return name


def before_rows(store: Store, import_id: int) -> list[tuple[int, dict[str, Any]]]:
    """What the records that an import changed were before it: their ids and columns."""
    with store.read() as connection:
        rows = connection.execute(
            sa.select(import_changes.c.record_id, import_changes.c.before)
            .where(import_changes.c.import_id == import_id)
            .order_by(import_changes.c.record_id)
        )
        return [(row.record_id, json.loads(row.before)) for row in rows]


def restore(connection: Connection, staged: Staged, revision: int) -> None:
    """Write staged rows back as they were, with their imports of then."""
    table, stage = RECORD_TABLES[staged.kind].name, _stage(staged, "changed")
    names = (*content_columns(staged.kind), "digest", "changed_import", "closed_on")
    sets = ", ".join(f'"{name}" = s."{name}"' for name in names)
    connection.execute(
        sa.text(f"UPDATE {table} SET {sets}, revision = :revision FROM {stage} AS s WHERE {table}.id = s.id"),
        {"revision": revision},
    )


def _stage(staged: Staged, part: str) -> str:
    return _quoted([f"{bulk.STAGE_PREFIX}{staged.token}_{part}"])


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _dated(sql: str) -> sa.TextClause:
    return sa.text(sql).bindparams(sa.bindparam("day", type_=sa.Date()))
