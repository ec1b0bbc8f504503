"""Territory management: one verifiable chain from market to map to owner to credit.

`metes.open(url)` gives the Workspace, whose verbs are the commands and the REST resources. `metes.assign(accounts, plan)` assigns a table or
frame without a database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import pyarrow as pa

    from metes.app.workspace import Workspace

__all__ = ["assign", "open"]
__version__ = "0.1.0"


def open(database: str | None = None) -> Workspace:
    """The workspace of a database, named by URL; None takes METES_DB, else sqlite:///metes.db. A new one gets its tables."""
    import os

    from metes.app.settings import settings_from_environment
    from metes.app.workspace import open_workspace

    return open_workspace(settings_from_environment(os.environ, database))


def assign(accounts: object, plan: str | Path, *, day: str | date | None = None, currency: str = "USD") -> pa.Table:
    """Who holds the accounts of an Arrow table, or of a frame of pandas or Polars, under a plan in text on a day (None: today).

    Columns carry the names of fields; the others are custom fields. The result has account, territory, role, share, via and rule, a
    row per account and territory, in the order of the accounts. InputError, with findings, where the plan or a column cannot be used.
    """
    from metes.app.files import assign_frame

    return assign_frame(accounts, plan, day=day, currency=currency)
