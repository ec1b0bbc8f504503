"""Territory management: one verifiable chain from market to map to owner to credit.

`metes.open(url)` gives the Workspace, whose verbs are the commands and the REST resources. `metes.assign(accounts, plan)` assigns a table or
frame without a database, `metes.design(units, territories, measures=...)` parts its rows into territories.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    import pyarrow as pa

    from metes.app.workspace import Workspace
    from metes.partition.problem import Design

__all__ = ["assign", "design", "open"]
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


def design(
    units: object,
    territories: int,
    *,
    measures: Mapping[str, float] | Sequence[str],
    today: str | None = None,
    handover: str | None = None,
    locked: str | None = None,
    weight: str | None = None,
    contiguous: bool = False,
    neighbours: object = None,
    seed: int = 0,
    seconds: float | None = None,
) -> tuple[pa.Table, Design]:
    """The rows of an Arrow table, or of a frame of pandas or Polars, parted into balanced, compact territories; and the design's figures.

    `units` has latitude and longitude in degrees, and a column for each measure: `measures` are their names with a band (0.05: within
    5 % of an equal share), or names alone. `today` names the column with today's territory, `handover` the one with what is lost where
    a unit leaves it, `locked` the one with the territory a unit must be in (empty: free), `weight` the one with the cost of a squared
    kilometre to its centre. `contiguous` asks for territories in one piece, along `neighbours`, pairs of row numbers, or the nearest
    rows. The table has unit (the column id, else the row's number) and territory, today's keys first, then new-1, new-2 …; the figures
    are loads, costs, bound, gap and more. InputError, with findings, where something cannot be used.
    """
    from metes.app.design_frames import design_frame

    return design_frame(
        units,
        territories,
        measures=measures,
        today=today,
        handover=handover,
        locked=locked,
        weight=weight,
        contiguous=contiguous,
        neighbours=neighbours,
        seed=seed,
        seconds=seconds,
    )
