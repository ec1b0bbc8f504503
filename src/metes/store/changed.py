"""What changed in the data since a revision of them, as numbers of accounts: new, changed and closed ones, their kin, their orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from metes.store.tables import accounts, imports, orders, products

Numbers = NDArray[np.int64]
_CHUNK = 500


def open_accounts(connection: Connection) -> int:
    """How many accounts are open, counted in indexes alone."""
    everyone = connection.execute(sa.select(sa.func.count()).select_from(accounts)).scalar_one()
    closed = sa.select(sa.func.count()).select_from(accounts).where(accounts.c.closed_on.is_not(None))
    return int(everyone - connection.execute(closed).scalar_one())


def changed_accounts(connection: Connection, since: int, limit: int) -> Numbers | None:
    """The accounts made, changed, closed or opened again after revision `since`, ascending; None where they are more than `limit`."""
    query = sa.select(accounts.c.id).where(accounts.c.revision > since).limit(limit + 1)
    found = np.fromiter(connection.execute(query).scalars(), np.int64)
    return None if found.size > limit else np.sort(found)


def count_changed(connection: Connection, since: int) -> int:
    """How many accounts were made, changed, closed or opened again after revision `since`."""
    return int(connection.execute(sa.select(sa.func.count()).where(accounts.c.revision > since)).scalar_one())


def with_descendants(connection: Connection, numbers: Numbers) -> Numbers:
    """The accounts and all that stand below them, open or closed, ascending."""
    found = set(numbers.tolist())
    below = set(found)
    while below:
        rows = (row for chunk in _chunks(sorted(below)) for row in connection.execute(_children(chunk)))
        below = {row.id for row in rows} - found
        found |= below
    return np.sort(np.fromiter(found, np.int64))


def accounts_of_new_orders(connection: Connection, since: int, last_import: int) -> Numbers | None:
    """The accounts of orders that came in after revision `since`, ascending.

    None where orders or products that were there before, by imports up to `last_import`, were changed or closed: an order
    says nothing of the account that it once belonged to.
    """
    for table in (orders, products):
        older = sa.select(table.c.id).where(table.c.revision > since, table.c.created_import <= last_import).limit(1)
        if connection.execute(older).first() is not None:
            return None
    query = sa.select(orders.c.account_id).where(orders.c.revision > since, orders.c.account_id.is_not(None)).distinct()
    return np.sort(np.fromiter(connection.execute(query).scalars(), np.int64))


def last_import(connection: Connection) -> int:
    """The number of the newest import; 0 before the first."""
    return connection.execute(sa.select(sa.func.max(imports.c.id))).scalar() or 0


def numbers_of_keys(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """The numbers of the accounts, open or closed, with these keys, by key; keys of no account are left out."""
    found: dict[str, int] = {}
    for chunk in _chunks(sorted(set(keys))):
        rows = connection.execute(sa.select(accounts.c.key, accounts.c.id).where(accounts.c.key.in_(chunk)))
        found.update((row.key, row.id) for row in rows)
    return found


def keys_of_numbers(connection: Connection, numbers: Numbers) -> dict[str, int]:
    """The keys of some accounts, each with its number."""
    found: dict[str, int] = {}
    for chunk in _chunks(numbers.tolist()):
        rows = connection.execute(sa.select(accounts.c.key, accounts.c.id).where(accounts.c.id.in_(chunk)))
        found.update((row.key, row.id) for row in rows)
    return found


def _children(parents: Sequence[int]) -> sa.Select[tuple[int]]:
    return sa.select(accounts.c.id).where(accounts.c.parent_id.in_(parents))


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
