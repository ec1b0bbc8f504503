"""The clock of recorded time, which never goes back: what was known at an instant that has passed is not written to any more."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.store import counters
from metes.store.columns import from_micros, to_micros
from metes.store.tables import LEDGER_TABLES, plan_publications
from metes.store.tables import counters as counters_table

# The counter that holds the newest recorded instant, in microseconds.
RECORDED = "recorded"
log = logging.getLogger("metes.store")


def recorded_now(connection: Connection, now: datetime) -> datetime:
    """The instant at which a write of the ledger is recorded: `now`, or a microsecond after the newest one where the clock was set back.

    Belongs into the transaction that writes, and keeps the instant as the newest.
    """
    newest = newest_recorded(connection)
    if newest is None or now >= newest:
        _keep(connection, now)
        return now
    moved = newest + timedelta(microseconds=1)
    log.warning(
        "this machine's clock says %s, which is before the newest instant of the ledger, %s; recorded as of %s. Set the clock right",
        now.isoformat(), newest.isoformat(), moved.isoformat(),
    )  # fmt: skip
    _keep(connection, moved)
    return moved


def newest_recorded(connection: Connection) -> datetime | None:
    """The newest instant at which anything was recorded or superseded; None while nothing was.

    Databases that were written before it was kept are looked through once.
    """
    kept = counters.value(connection, RECORDED)
    if kept:
        return from_micros(kept)
    found = [
        instant
        for table in (*LEDGER_TABLES, plan_publications)
        for column in (table.c.recorded_at, table.c.recorded_until)
        if (instant := connection.execute(sa.select(sa.func.max(column))).scalar()) is not None
    ]
    return max(found, default=None)


def _keep(connection: Connection, instant: datetime) -> None:
    t = counters_table
    value = to_micros(instant)
    if not connection.execute(sa.update(t).where(t.c.name == RECORDED).values(value=value)).rowcount:
        connection.execute(sa.insert(t).values(name=RECORDED, value=value))
