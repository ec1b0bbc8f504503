"""What the store knows by name, for checks of plans: how many accounts there are, products and their families."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.store.tables import accounts, products


def account_count(connection: Connection) -> int:
    """How many open accounts there are."""
    return int(
        connection.execute(sa.select(sa.func.count()).select_from(accounts).where(accounts.c.closed_on.is_(None))).scalar_one()
    )


def product_names(connection: Connection) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of all products, in upper case as rules compare them, and the names of their families."""
    rows = connection.execute(sa.select(products.c.external_id, products.c.family)).all()
    return frozenset(row.external_id.upper() for row in rows), frozenset(row.family for row in rows if row.family)
