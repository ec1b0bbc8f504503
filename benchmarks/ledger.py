"""How long answers of the past take on a million accounts, with a ledger of a million rows and with one of twenty million.

The ledgers are made by SQL, move after move as runs of the rules write them: the open fact is superseded, what it was is recorded
anew with an end, and the next begins. Six years of moves; a plan of a thousand territories with a seat each.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from benchmarks.figures import FOLDER, Figure, median
from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from metes.model.plan import Plan, Seat, Territory, TerritoryType
from metes.model.query import AccountQuery
from metes.plan.writing import render
from metes.store import counters
from metes.store.ledger import Cause
from metes.store.ledger_imports import Sits, record_sittings
from metes.store.tables import accounts, imports, ledger_ownership, people, territory_keys

ACCOUNTS = 1_000_000
TERRITORIES = 1_000
FIRST = date(2020, 1, 1)
DAYS = 2_190
MOVES = {"1M": 1, "20M": 11}
ASKED = 200
BEGUN = datetime(2020, 1, 1, tzinfo=UTC)


def prepared(name: str, moves: int) -> Path:
    """A database of so many moves of each account, made once."""
    folder = FOLDER / f"ledger-{name}"
    database = folder / "metes.db"
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        database.unlink(missing_ok=True)
        begun = opened(database, BEGUN)
        _publish(begun)
        begun.close()
        workspace = opened(database)
        with workspace.store.write() as connection:
            _fill(connection, moves)
        workspace.book()
        workspace.close()
        (folder / "done").touch()
    return database


def opened(database: Path, now: datetime = datetime(2026, 1, 2, 12, tzinfo=UTC)) -> Workspace:
    """A workspace of the first day after the last move, or of another instant."""
    return open_workspace(AppSettings(f"sqlite:///{database}", database.parent / "books"), clock=lambda: now)


def _publish(workspace: Workspace) -> None:
    keys = [f"t{number}" for number in range(TERRITORIES)]
    plan = Plan(
        "bench",
        types=(TerritoryType("sales"),),
        territories=tuple(Territory(key, "sales") for key in keys),
        seats=tuple(Seat(f"s-{key}", key) for key in keys),
    )
    workspace.plan_import(render(plan))
    workspace.plan_publish("draft", on=FIRST)
    sitting = [Sits(f"s-{key}", number, FIRST) for number, key in enumerate(keys, 1)]
    with workspace.store.write() as connection:
        connection.execute(sa.insert(territory_keys), [{"id": number, "key": key} for number, key in enumerate(keys, 1)])
        row = {"source_id": 1, "digest": "", "created_import": 1, "changed_import": 1, "revision": 1}
        people_rows = [{**row, "id": n, "external_id": f"P{n}", "name": f"Person {n}"} for n in range(1, TERRITORIES + 1)]
        connection.execute(sa.insert(people), people_rows)
        record_sittings(connection, sitting, BEGUN, Cause("import", 1))


def _fill(connection: Connection, moves: int) -> None:
    """Accounts, and the facts of each move."""
    at = datetime(2019, 12, 1, tzinfo=UTC)
    row = {"id": 1, "kind": "accounts", "source_id": 1, "files": "[]", "file_digest": "", "mapping": "[]", "counts": "{}",
           "principal": "bench", "imported_at": at}  # fmt: skip
    connection.execute(sa.insert(imports).values(**row))
    everyone = f"WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n WHERE a < {ACCOUNTS})"
    _sql(connection, f"{everyone} INSERT INTO {accounts.name} (id, key, name, country, potential_minor, digest, created_import, changed_import, revision) "
         "SELECT a, 'A' || a, 'Account ' || a, 'US', a * 100, '', 1, 1, 1 FROM n")  # fmt: skip
    _sql(connection, "DROP INDEX ix_ledger_ownership_account_id")
    step, start = DAYS // moves, int(datetime(FIRST.year, 1, 1, tzinfo=UTC).timestamp()) * 10**6
    for move in range(moves):
        day, before = FIRST + timedelta(days=move * step), FIRST + timedelta(days=(move - 1) * step)
        recorded, superseded = (start + n * step * 86_400 * 10**6 for n in (move, move + 1))
        fields = (
            "account_id, territory_id, role, share, via, true_from, true_until, recorded_at, recorded_until, cause_kind, cause_id"
        )
        fact = f"{everyone} INSERT INTO {ledger_ownership.name} ({fields}) SELECT a, 1 + (a * 7 + {{n}} * 13) % {TERRITORIES}, 0, 1.0, 2"
        if move:
            _sql(connection, f"{fact.format(n=move - 1)}, '{before}', '{day}', {recorded}, NULL, 'run', {move} FROM n")
        until = "NULL" if move == moves - 1 else superseded
        _sql(connection, f"{fact.format(n=move)}, '{day}', NULL, {recorded}, {until}, 'run', {move} FROM n")
    _sql(connection, "CREATE INDEX ix_ledger_ownership_account_id ON ledger_ownership (account_id)")
    for counter in (counters.DATA, counters.LEDGER, counters.OWNERSHIP):
        counters.bump(connection, counter)


def _sql(connection: Connection, text: str) -> None:
    connection.exec_driver_sql(text)


def figures() -> Iterator[Figure]:
    """Owners at random pairs of days, and the list of all accounts as of a day, as known on another."""
    for name, moves in MOVES.items():
        workspace = opened(prepared(name, moves))
        yield from _measured(workspace, name, 5 if moves == 1 else 10)
        workspace.close()


def _measured(workspace: Workspace, name: str, goal: float) -> Iterator[Figure]:
    random_ = random.Random(1)
    seconds = [timed(lambda: _owner(workspace, random_)) for _ in range(ASKED + 1)][1:]
    yield Figure(f"the owner at any pair of dates, ledger of {name}, median", median(seconds) * 1000, 10, "ms")
    yield Figure("  slowest", max(seconds) * 1000, None, "ms", f"of {ASKED}")
    workspace.book()
    spent = time.process_time()
    yield Figure(f"all accounts as of a day, with owners, ledger of {name}", timed(lambda: _whole(workspace, random_)), goal)
    yield Figure("  processor, of this process alone", time.process_time() - spent, None)
    past = workspace.as_of(FIRST + timedelta(days=900), datetime(2024, 6, 1, tzinfo=UTC))
    yield Figure("  sums of all territories, first asked of another day", timed(past.tree), None)
    page = timed(lambda: past.accounts(AccountQuery(sort="potential")))
    yield Figure("  a page of accounts of that day", page * 1000, None, "ms")


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _owner(workspace: Workspace, random_: random.Random) -> None:
    at = FIRST + timedelta(days=random_.randrange(DAYS))
    known = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=random_.randrange(DAYS))
    workspace.owner(f"A{random_.randrange(1, ACCOUNTS)}", at=at, known=known)


def _whole(workspace: Workspace, random_: random.Random) -> None:
    at, known = FIRST + timedelta(days=random_.randrange(300, DAYS)), datetime(2025, 1, 1, tzinfo=UTC)
    query = AccountQuery(columns=("id", "name", "territory", "owners"))
    rows = sum(batch.num_rows for batch in workspace.as_of(at, known).accounts_export(query))
    if rows != ACCOUNTS:
        raise SystemExit(f"expected {ACCOUNTS:,} accounts, got {rows:,}")
