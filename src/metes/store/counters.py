"""Counters of the workspace: `data` counts changes of records, `ledger` changes of the ledger, `plan` changes of plans.

`access` counts changes of who may see what: users, roles, groups, links to people, tokens. `ownership` counts those changes of the ledger alone that say which territory holds which account.

A Book, a compiled plan and a run are keyed by them, so that anyone can tell whether something changed since.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.store.tables import counters

DATA, LEDGER, OWNERSHIP, PLAN, ACCESS = "data", "ledger", "ownership", "plan", "access"


def value(connection: Connection, name: str) -> int:
    """The counter's value; 0 before the first change."""
    return connection.execute(sa.select(counters.c.value).where(counters.c.name == name)).scalar() or 0


def values(connection: Connection, names: Sequence[str]) -> tuple[int, ...]:
    """The values of several counters, in the order of their names."""
    rows = connection.execute(sa.select(counters.c.name, counters.c.value).where(counters.c.name.in_(names)))
    found = {row.name: row.value for row in rows}
    return tuple(found.get(name, 0) for name in names)


def bump(connection: Connection, name: str) -> int:
    """Add 1 and return the new value; belongs into the transaction that makes the change."""
    updated = connection.execute(
        sa.update(counters).where(counters.c.name == name).values(value=counters.c.value + 1).returning(counters.c.value)
    ).scalar()
    if updated is not None:
        return int(updated)
    connection.execute(sa.insert(counters).values(name=name, value=1))
    return 1
