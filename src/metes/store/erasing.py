"""Erasing somebody: what identifies them is destroyed wherever the register says it can stand; decisions, sums and the chain stay.

A preview is the same, in a transaction that is taken back, so that what it tells is what an erasure finds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.model.privacy import ErasedPlace, Somebody
from metes.model.scope import Principal
from metes.store import audit, counters, erased
from metes.store.audit_tables import audit_addresses, audit_values
from metes.store.audit_verifying import seal_digest
from metes.store.columns import to_micros
from metes.store.engine import Store
from metes.store.erasing_plans import erase_from_plans
from metes.store.identity_tables import role_grants
from metes.store.lifting import lifted
from metes.store.personal import REGISTER, Way, columns
from metes.store.plan_life_tables import plan_rights
from metes.store.somebody import TABLES
from metes.store.tables import audit as trail
from metes.store.tables import import_changes, imports, metadata, sign_ins
from metes.store.words import Words, mentioning, naming, replaced

# Rows that are somebody's alone, with the columns that say whose.
_GO = {
    "person": (("notices", "person_id"), ("mails", "person_id")),
    "user": tuple(
        (table, "user_id")
        for table in (
            "sessions",
            "session_log",
            "tokens",
            "saved_views",
            "identities",
            "second_factors",
            "recovery_codes",
            "reset_links",
            "group_members",
            "notice_choices",
            "notice_addresses",
            "notices",
            "mails",
        )
    ),
    "contact": (),
    "lead": (),
}
# Digests are numbers as text; none of a row that a file brings is this one.
_NO_DIGEST = "0"
_RECORDS = {"person": "people", "contact": "contacts", "lead": "leads"}


def erase(
    connection: Connection, everybody: Sequence[Somebody], principal: Principal, now: datetime
) -> tuple[tuple[ErasedPlace, ...], int]:
    """Destroy what identifies somebody, in the transaction at hand; the places, and the entry in the audit trail."""
    words = Words.of(everybody)
    tables = sorted({held.table for held in REGISTER})
    with lifted(connection, tables):
        places: list[ErasedPlace] = []
        for one in everybody:
            erased.remember(connection, one, now)
            places += _rows_of(connection, one)
            places += _changes_of(connection, one)
            places += _own(connection, one, now)
        places += _names(connection, [one for one in everybody if one.kind == "user"])
        places += _mentions(connection, words)
        places += _told("plan_nodes", "content", Way.HASHED, erase_from_plans(connection, everybody))
        places += _beside_the_trail(connection, everybody, words)
        pairs, rewritten = _first_version(connection, everybody, words)
        detail = {"rows": sum(p.rows for p in places), "together": [one.subject for one in everybody[1:]]}
        sealed = {"sealed": seal_digest(pairs)} if pairs else {}
        entry = audit.add_entry(connection, principal, "privacy erase", everybody[0].subject, detail | sealed, now)
        for number, seal in pairs:
            changed = rewritten.get(number, {})
            connection.execute(sa.update(trail).where(trail.c.id == number).values(**changed, seal=seal, sealed_by=entry))
        places += _told("audit", "principal", Way.HASHED, len(rewritten))
    for counter in (counters.DATA, counters.LEDGER, counters.PLAN, counters.ACCESS):
        counters.bump(connection, counter)
    return tuple(places), entry


def scrub(store: Store) -> None:
    """Let the database forget what it keeps of rows as they were: SQLite's log, PostgreSQL's dead rows."""
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if store.is_sqlite:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        for table in sorted({held.table for held in REGISTER}):
            connection.exec_driver_sql(f'VACUUM "{table}"')


def _told(table: str, column: str, way: Way, rows: int) -> list[ErasedPlace]:
    return [ErasedPlace(table, column, way.value, rows)] if rows else []


def _own(connection: Connection, one: Somebody, now: datetime) -> list[ErasedPlace]:
    """The row that identifies somebody."""
    table = TABLES[one.kind]
    values: dict[str, Any] = {}
    for held in REGISTER:
        if held.table == table.name and held.way is Way.PSEUDONYM:
            values[held.column] = one.pseudonymous_id if held.column == "external_id" else one.pseudonym
        elif held.table == table.name and held.way is Way.EMPTY:
            values[held.column] = None if table.c[held.column].nullable else ""
    if one.kind == "user":
        values |= {"preferences": "{}", "disabled_at": now}
        _end_rights(connection, one, now)
    else:
        values["digest"] = _NO_DIGEST
    if one.kind in ("contact", "lead"):
        values["closed_on"] = now.date()
    connection.execute(sa.update(table).where(table.c.id == one.number).values(values))
    return [place for held in REGISTER if held.table == table.name for place in _told(held.table, held.column, held.way, 1)]


def _end_rights(connection: Connection, one: Somebody, now: datetime) -> None:
    for table in (role_grants, plan_rights):
        holds = sa.update(table).where(table.c.user_id == one.number, table.c.revoked_at.is_(None))
        connection.execute(holds.values(revoked_at=now, revoked_by=one.pseudonym))


def _rows_of(connection: Connection, one: Somebody) -> list[ErasedPlace]:
    """Rows that are somebody's alone go."""
    places: list[ErasedPlace] = []
    for name, column in _GO[one.kind]:
        table = metadata.tables[name]
        rows = connection.execute(sa.delete(table).where(table.c[column] == one.number)).rowcount
        places += _told(name, column, Way.GOES, rows)
    if one.kind == "user":
        rows = connection.execute(sa.delete(sign_ins).where(sign_ins.c.name.in_([one.name, one.email]))).rowcount
        places += _told("sign_ins", "name", Way.GOES, rows)
    return places


def _changes_of(connection: Connection, one: Somebody) -> list[ErasedPlace]:
    """What imports kept of a record as it was before them, without what identified it: an undo then restores the rest."""
    if one.kind not in _RECORDS:
        return []
    table = import_changes
    own = sa.select(table).join(imports, imports.c.id == table.c.import_id)
    rows = connection.execute(own.where(imports.c.kind == _RECORDS[one.kind], table.c.record_id == one.number)).all()
    for row in rows:
        before = json.loads(row.before)
        for held in REGISTER:
            if held.table == _RECORDS[one.kind] and held.column in before:
                before[held.column] = one.pseudonym if held.column == "name" else None
        text = json.dumps(before | ({"digest": _NO_DIGEST} if "digest" in before else {}), ensure_ascii=False)
        this = (table.c.import_id == row.import_id) & (table.c.record_id == row.record_id)
        connection.execute(sa.update(table).where(this).values(before=text))
    return _told("import_changes", "before", Way.PSEUDONYM, len(rows))


def _names(connection: Connection, users: Sequence[Somebody]) -> list[ErasedPlace]:
    """Columns that name the user who did something."""
    places: list[ErasedPlace] = []
    for table_name, column in columns(Way.NAME):
        table = metadata.tables[table_name]
        for one in users:
            renamed = sa.update(table).where(table.c[column] == one.name).values({column: one.pseudonym})
            places += _told(table_name, column, Way.NAME, connection.execute(renamed).rowcount)
    return places


def _mentions(connection: Connection, words: Words) -> list[ErasedPlace]:
    """Texts that name somebody."""
    places: list[ErasedPlace] = []
    for table_name, column in columns(Way.MENTION):
        table = metadata.tables[table_name]
        wanted = words.for_place(table_name, column)
        rows = list(mentioning(connection, table.c[column], words))
        for row in rows:
            this = sa.and_(*(key == row[key.name] for key in table.primary_key.columns))
            connection.execute(sa.update(table).where(this).values({column: replaced(row[column], wanted)}))
        places += _told(table_name, column, Way.MENTION, len(rows))
    return places


def _beside_the_trail(connection: Connection, everybody: Sequence[Somebody], words: Words) -> list[ErasedPlace]:
    """Values and addresses beside the audit trail, whose digests stay in it."""
    value = audit_values.c.value
    exact = [one for e in everybody for one in (e.name, e.external_id) if one]
    subjects = sa.select(trail.c.id).where(trail.c.subject.in_([one.subject for one in everybody]))
    theirs = sa.or_(
        audit_values.c.entry.in_(subjects),
        value.in_(exact),
        naming(value, (*words.everywhere, *words.in_sentences)),
    )
    places = _told("audit_values", "value", Way.GOES, connection.execute(sa.delete(audit_values).where(theirs)).rowcount)
    users = [one.subject for one in everybody if one.kind == "user"]
    if users:
        used = sa.select(trail.c.address).where(trail.c.principal.in_(users), trail.c.address != "")
        rows = connection.execute(sa.delete(audit_addresses).where(audit_addresses.c.digest.in_(used))).rowcount
        places += _told("audit_addresses", "address", Way.GOES, rows)
    return places


def _first_version(
    connection: Connection, everybody: Sequence[Somebody], words: Words
) -> tuple[list[tuple[int, str]], Mapping[int, dict[str, str]]]:
    """Entries of version 1 that name somebody: the seals of what they read without, and the columns that change.

    Entries that an earlier erasure vouches for together are vouched for anew, all of them.
    """
    users = {one.name: one.subject for one in everybody if one.kind == "user"}
    wanted = {**words.everywhere, **words.in_sentences}
    rewritten: dict[int, dict[str, str]] = {}
    again: set[int] = set()
    old = {}
    for row in connection.execute(sa.select(trail).where(trail.c.version == 1)).mappings():
        changed = {name: replaced(row[name], wanted) for name in ("subject", "detail")}
        changed["principal"] = users.get(row["principal"], row["principal"])
        if any(changed[name] != row[name] for name in changed):
            rewritten[row["id"]] = changed
            again.add(row["sealed_by"] or 0)
        if row["id"] in rewritten or row["sealed_by"]:
            old[row["id"]] = row
    pairs = []
    for number, row in old.items():
        if number in rewritten or row["sealed_by"] in again:
            told = {**row, **rewritten.get(number, {})}
            at, previous = to_micros(told["at"]), told["previous_hash"]
            pairs.append(
                (number, audit.first_entry_hash(at, told["principal"], told["action"], told["subject"], told["detail"], previous))
            )
    return pairs, rewritten
