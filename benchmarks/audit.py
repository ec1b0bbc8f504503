"""How long it takes to verify an audit trail of ten million entries, how long to find some of them, and what appending one costs.

The trail is made by inserting many rows at once, hashed as the app hashes them: web requests of two hundred users from a hundred
addresses a day, a tenth of them with values that name a person. METES_BENCH_ENTRIES asks for another length.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from benchmarks.figures import FOLDER, Figure, median, metes, peak_mb
from metes.base.ids import canonical_json
from metes.model.audit import AuditFilter
from metes.model.scope import Principal
from metes.store import audit, audit_reading, audit_verifying, schema
from metes.store.audit_tables import audit_addresses, audit_values
from metes.store.columns import to_micros
from metes.store.engine import Store
from metes.store.tables import audit as trail

ENTRIES = int(os.environ.get("METES_BENCH_ENTRIES", 10_000_000))
GOAL_SECONDS = 60 * ENTRIES / 10_000_000
FIRST = datetime(2016, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=31)
USERS, ADDRESSES = 200, 100
CHUNK = 20_000
APPENDED = 300


def prepared(entries: int) -> Path:
    """A database with so many entries, made once."""
    folder = FOLDER / f"audit-{entries}"
    database = folder / "metes.db"
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        database.unlink(missing_ok=True)
        store = Store(f"sqlite:///{database}")
        schema.upgrade(store)
        _fill(store, entries)
        store.dispose()
        (folder / "done").touch()
    return database


def _fill(store: Store, entries: int) -> None:
    indexes = list(trail.indexes)
    with store.write() as connection:
        for index in indexes:
            index.drop(connection)
    previous = audit.BEGINNING
    for start in range(1, entries + 1, CHUNK):
        with store.write() as connection:
            previous = _append(connection, start, min(start + CHUNK, entries + 1), previous)
    with store.write() as connection:
        for index in indexes:
            index.create(connection)


def _append(connection: Connection, start: int, stop: int, previous: str) -> str:
    rows, values, addresses = [], [], {}
    for number in range(start, stop):
        at = FIRST + STEP * number
        address = f"10.0.{at.toordinal() % 256}.{number % ADDRESSES}"
        digest = audit.value_digest(str(at.date()), address)
        addresses[digest] = {"digest": digest, "address": address, "day": at.date(), "salt": str(at.date())}
        value = {"entry": number, "place": "before.email", "value": f"p{number}@example.com", "salt": str(number)}
        is_personal = number % 10 == 0
        entry = {
            "principal": f"user {number % USERS + 1}",
            "via": "token 7" if number % 5 == 0 else "",
            "address": digest,
            "request": f"{number:032x}",
            "action": ("account edit", "config set", "plan change", "user change")[number % 4],
            "subject": f"account {number % 50_000}",
            "detail": f'{{"field":"segment","rows":{number % 9}}}',
            "before": '{"segment":"Enterprise"}',
            "after": '{"segment":"Mid-market"}',
            "personal": canonical_json({"before.email": audit.value_digest(str(number), str(value["value"]))})
            if is_personal
            else "",
        }
        own = audit.entry_hash(number, to_micros(at), previous, entry)
        rows.append({"id": number, "at": at, **entry, "version": 2, "previous_hash": previous, "hash": own})
        values += [value] if is_personal else []
        previous = own
    connection.execute(sa.insert(trail), rows)
    if values:
        connection.execute(sa.insert(audit_values), values)
    known = set(
        connection.execute(sa.select(audit_addresses.c.digest).where(audit_addresses.c.digest.in_(list(addresses)))).scalars()
    )
    fresh = [row for digest, row in addresses.items() if digest not in known]
    if fresh:
        connection.execute(sa.insert(audit_addresses), fresh)
    return previous


def figures() -> Iterator[Figure]:
    """Verifying by the command and by one process, finding, appending."""
    database = prepared(ENTRIES)
    of = f"{ENTRIES:,} entries"
    run = metes("--json", "audit", "verify", database=database)
    yield Figure(f"metes audit verify, {of}, two processes", run.seconds, GOAL_SECONDS, note="goal 60 s for 10,000,000")
    store = Store(f"sqlite:///{database}")
    alone = timed(lambda: audit_verifying.verify(store, processes=1))
    yield Figure("  by one process", alone, None)
    yield Figure("  peak memory of it", peak_mb(), 500, "MB")
    yield from _found(store)
    yield Figure("appending an entry, in a transaction of its own, median", _appending(store) * 1000, None, "ms")
    store.dispose()


def _found(store: Store) -> Iterator[Figure]:
    day = (FIRST + STEP * (ENTRIES // 2)).date()
    for name, wanted in (
        ("the newest fifty", AuditFilter()),
        ("fifty of a user", AuditFilter(who="user 7")),
        ("fifty of a subject", AuditFilter(subject="account 77")),
        ("fifty of an action", AuditFilter(action="user change")),
        ("fifty from an address", AuditFilter(address="10.0.9.7")),
        ("fifty of a day", AuditFilter(since=day, until=day)),
        ("fifty of a user, of an action, since a day", AuditFilter(who="user 7", action="plan", since=day)),
    ):

        def ask(wanted: AuditFilter = wanted) -> None:
            with store.read() as connection:
                audit_reading.page(connection, wanted, limit=51)

        yield Figure(f"{name}, median", median([timed(ask) for _ in range(5)]) * 1000, 200, "ms")


def _appending(store: Store) -> float:
    who = Principal("local", address="10.0.0.1")
    spent = []
    for number in range(APPENDED):
        begun = time.perf_counter()
        with store.write() as connection:
            audit.add_entry(connection, who, "bench", f"try {number}", {"rows": 1}, FIRST + STEP * (ENTRIES + number))
        spent.append(time.perf_counter() - begun)
    with store.write() as connection:  # the trail stays as it was made
        for trigger in ("audit_keeps", "audit_stays"):
            kept = connection.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE name = '{trigger}'").scalar_one()
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
            connection.info.setdefault("triggers", []).append(kept)
        connection.execute(sa.delete(trail).where(trail.c.id > ENTRIES))
        for made in connection.info.pop("triggers"):
            connection.exec_driver_sql(made)
    return median(spent)


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
