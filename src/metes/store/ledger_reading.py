"""The whole ledger of ownership as it was on a day, as known at an instant: every account that some territory held."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa

from metes.model.moment import Moment
from metes.store import bulk
from metes.store.bulk import Snapshot
from metes.store.columns import to_micros
from metes.store.engine import Store

# An account with the territory that holds it (the ledger's number of it), its role, share and by what it came there.
HELD = pa.schema([(name, pa.int64()) for name in ("account_id", "territory_id", "role")] + [("share", pa.float64()), ("via", pa.int64())])  # fmt: skip
# The same with whether it was known at an instant and is known now, when it was recorded and superseded, and what wrote it.
TOLD = pa.schema([*HELD, *((name, pa.int64()) for name in ("was_known", "is_known", "recorded_at", "recorded_until", "cause_id")), ("cause_kind", pa.string())])  # fmt: skip


def holdings_at(state: Snapshot, store: Store, moment: Moment) -> pa.Table:
    """Every holding that was true on the moment's day as known then, in the columns of HELD.

    One pass over the ledger, whose rows it reads where they lie: no index serves two intervals at once.
    """
    sql = f"SELECT {', '.join(HELD.names)} FROM ledger_ownership WHERE {true_on(store, moment.at)} AND {known_at(moment.known)}"
    return state.arrow(sql).cast(HELD)


def told_of(store: Store, day: date, since: datetime) -> pa.Table:
    """All that was said of a day from an instant on, in the columns of TOLD: what was known then, and what was recorded since."""
    micros = to_micros(since)
    sql = (
        f"SELECT {', '.join(HELD.names)}, CASE WHEN recorded_at <= {micros} THEN 1 ELSE 0 END AS was_known, "
        "CASE WHEN recorded_until IS NULL THEN 1 ELSE 0 END AS is_known, recorded_at, recorded_until, cause_id, cause_kind "
        f"FROM ledger_ownership WHERE {true_on(store, day)} AND (recorded_until IS NULL OR recorded_until > {micros})"
    )
    with bulk.whole_tables(store) as state:
        return state.arrow(sql).cast(TOLD)


def true_on(store: Store, day: date) -> str:
    """Facts that are true on a day, as a condition of SQL."""
    on = f"'{day.isoformat()}'" if store.is_sqlite else f"DATE '{day.isoformat()}'"
    return f"true_from <= {on} AND (true_until IS NULL OR true_until > {on})"


def known_at(known: datetime | None) -> str:
    """Facts that are known at an instant (None: now), as a condition of SQL."""
    if known is None:
        return "recorded_until IS NULL"
    micros = to_micros(known)
    return f"recorded_at <= {micros} AND (recorded_until IS NULL OR recorded_until > {micros})"
