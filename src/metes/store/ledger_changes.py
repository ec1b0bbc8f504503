"""What a run of the rules reads from the ledger, and the one transaction by which its difference goes in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from metes.store import bulk
from metes.store.columns import to_micros
from metes.store.engine import Store
from metes.store.ledger import Cause
from metes.store.ledger_clock import recorded_now
from metes.store.tables import ledger_ownership

# From here on reading the whole ledger costs less than naming accounts.
MANY_ACCOUNTS = 100_000
ACCOUNTS_AT_ONCE = 5_000
_IDS_AT_ONCE = 500
_PARTS = ("closing", "opening")

HOLDINGS = pa.schema(
    [
        ("account_id", pa.int64()),
        ("territory_id", pa.int32()),
        ("role", pa.int16()),
        ("share", pa.float64()),
        ("via", pa.int16()),
        ("true_from", pa.date32()),
        ("true_until", pa.date32()),
    ]
)

# What is read of a fact for the difference: `later` and `is_open` are 0 or 1.
FACTS = pa.schema(
    [
        *((name, pa.int64()) for name in ("id", "account_id", "territory_id", "role")),
        ("share", pa.float64()),
        *((name, pa.int64()) for name in ("via", "later", "is_open")),
    ]
)


def current_facts(store: Store, day: date, accounts: NDArray[np.int64] | None = None) -> pa.Table:
    """Facts of ownership known now that are true on or after `day`: their ids, identity and dates, for the difference.

    Those of some accounts alone where `accounts` names them, ascending.
    """
    if accounts is None or accounts.size > MANY_ACCOUNTS:
        with bulk.whole_tables(store) as state:
            facts = state.arrow(_facts_sql(store, day)).cast(FACTS)
        return facts if accounts is None else facts.filter(pc.is_in(facts["account_id"], value_set=pa.array(accounts)))
    with bulk.snapshot(store) as state:
        return pa.concat_tables(state.arrow(_facts_sql(store, day, chunk)).cast(FACTS) for chunk in _chunks(accounts))


def _facts_sql(store: Store, day: date, accounts: Sequence[int] | None = None) -> str:
    on = _day(store, day)
    some = "" if accounts is None else f"AND account_id IN ({', '.join(map(str, accounts)) or 'NULL'}) "
    return (
        "SELECT id, account_id, territory_id, role, share, via, "
        f"CASE WHEN true_from > {on} THEN 1 ELSE 0 END AS later, CASE WHEN true_until IS NULL THEN 1 ELSE 0 END AS is_open "
        "FROM ledger_ownership "
        f"WHERE recorded_until IS NULL {some}AND (true_until IS NULL OR true_until > {on}) ORDER BY account_id, id"
    )


def _chunks(accounts: NDArray[np.int64]) -> Iterator[list[int]]:
    """The accounts in parts that one query can name; one empty part where there are none."""
    return (accounts[start : start + ACCOUNTS_AT_ONCE].tolist() for start in range(0, max(accounts.size, 1), ACCOUNTS_AT_ONCE))


def stage_change(store: Store, name: str, closing: pa.Array, opening: pa.Table) -> None:
    """Put a change of ownership into side tables: ids of facts that stop, and rows of HOLDINGS that start."""
    bulk.stage(store, f"{name}_closing", [pa.table({"id": closing.cast(pa.int64())})])
    bulk.stage(store, f"{name}_opening", [opening.cast(HOLDINGS)])


def swap_in_change(connection: Connection, name: str, from_day: date | None, now: datetime, cause: Cause) -> tuple[int, int]:
    """Write a staged change: facts that stop keep their days before `from_day` (None: none); numbers of stopped and started facts."""
    marks = {"now": to_micros(recorded_now(connection, now)), "day": from_day, "kind": cause.kind, "cause": cause.id}
    if from_day is not None:
        connection.execute(_text(_KEEP_BEFORE.format(stage=f"stage_{name}_closing")), marks)
    closed = connection.execute(_text(_CLOSE.format(stage=f"stage_{name}_closing")), marks).rowcount
    opened = connection.execute(_text(_OPEN.format(stage=f"stage_{name}_opening")), marks).rowcount
    drop_change(connection, name)
    return closed, opened


def drop_change(connection: Connection, name: str) -> None:
    """Drop the side tables of a staged change."""
    for part in _PARTS:
        bulk.drop_stage(connection, f"{name}_{part}")


def has_staged(store: Store, name: str) -> bool:
    """Whether the side tables of a change are there."""
    return len(bulk.stages(store, f"{name}_")) == len(_PARTS)


def write_change(
    connection: Connection, closing: pa.Array, opening: pa.Table, from_day: date, now: datetime, cause: Cause
) -> tuple[int, int]:
    """The same as `swap_in_change` for a small change that was not staged."""
    t, closed, kept = ledger_ownership.c, 0, list[dict[str, Any]]()
    now = recorded_now(connection, now)
    stamp = {"recorded_at": now, "cause_kind": cause.kind, "cause_id": cause.id}
    ids = closing.to_pylist()
    for start in range(0, len(ids), _IDS_AT_ONCE):
        mine = sa.and_(t.id.in_(ids[start : start + _IDS_AT_ONCE]), t.recorded_until.is_(None))
        names = ("account_id", "territory_id", "role", "share", "via", "true_from")
        begun = connection.execute(sa.select(*(t[name] for name in names)).where(mine, t.true_from < from_day)).mappings()
        kept += [{**row, "true_until": from_day, **stamp} for row in begun]
        closed += connection.execute(sa.update(ledger_ownership).where(mine).values(recorded_until=now)).rowcount
    rows = [*kept, *({**row, **stamp} for row in opening.to_pylist())]
    if rows:
        connection.execute(sa.insert(ledger_ownership), rows)
    return closed, opening.num_rows


_KEEP_BEFORE = """
INSERT INTO ledger_ownership (account_id, territory_id, role, share, via, true_from, true_until, recorded_at, cause_kind, cause_id)
SELECT f.account_id, f.territory_id, f.role, f.share, f.via, f.true_from, :day, :now, :kind, :cause
FROM ledger_ownership f JOIN {stage} s ON s.id = f.id WHERE f.true_from < :day"""
_CLOSE = "UPDATE ledger_ownership SET recorded_until = :now WHERE id IN (SELECT id FROM {stage}) AND recorded_until IS NULL"
_OPEN = """
INSERT INTO ledger_ownership (account_id, territory_id, role, share, via, true_from, true_until, recorded_at, cause_kind, cause_id)
SELECT account_id, territory_id, role, share, via, true_from, true_until, :now, :kind, :cause FROM {stage}"""


def _text(sql: str) -> sa.TextClause:
    return sa.text(sql).bindparams(sa.bindparam("day", type_=sa.Date())) if ":day" in sql else sa.text(sql)


def _day(store: Store, day: date) -> str:
    return f"'{day.isoformat()}'" if store.is_sqlite else f"DATE '{day.isoformat()}'"
