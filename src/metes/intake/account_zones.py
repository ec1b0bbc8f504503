"""The zone of each account: by the codes the accounts carry where the set is made of such codes, else by their coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from metes.model.zones import US_COUNTIES, US_ZIPS, WORLD_COUNTRIES, Ints, ZoneSet
from metes.partition.placing import nearest_zone, zones_at

# What `zones_of_accounts` reads of the accounts.
COLUMNS: Final = ("zone", "postal_code", "country", "latitude", "longitude")
_US: Final = pa.array(["US", "PR", "VI", "GU", "AS", "MP"])


def zones_of_accounts(zones: ZoneSet, accounts: pa.Table) -> Ints:
    """The number of each account's zone, (m,) in the order of the accounts, -1 where it is in none.

    US counties go by the county found at import, US ZIP codes by the postal code, countries by the country; who has none, and every
    account for other sets, goes by its coordinates. An account in the United States whose ZIP code is no zone (a post box) goes to
    the cell it lies in, else to the nearest. O(m log n).
    """
    found = _by_code(zones, accounts)
    latitude, longitude = (_floats(accounts, name) for name in ("latitude", "longitude"))
    rows = np.flatnonzero(found < 0)
    found[rows] = zones_at(zones, latitude[rows], longitude[rows])
    if zones.codes == US_ZIPS:
        is_us = pc.is_in(accounts["country"], _US).to_numpy()
        rows = np.flatnonzero((found < 0) & is_us & np.isfinite(latitude) & np.isfinite(longitude))
        if len(rows):
            found[rows] = nearest_zone(zones, latitude[rows], longitude[rows])
    return found


def _by_code(zones: ZoneSet, accounts: pa.Table) -> Ints:
    match zones.codes:
        case codes if codes == US_COUNTIES:
            return _positions(zones.ids, accounts["zone"])
        case codes if codes == US_ZIPS:
            five = pc.utf8_slice_codeunits(accounts["postal_code"], 0, 5)
            found = _positions(zones.ids, five)
            found[~pc.is_in(accounts["country"], _US).to_numpy()] = -1
            return found
        case codes if codes == WORLD_COUNTRIES:
            return _positions(zones.ids, accounts["country"])
        case _:
            return np.full(accounts.num_rows, -1, np.int32)


def _positions(ids: Sequence[str], codes: pa.ChunkedArray) -> Ints:
    at = pc.index_in(codes, pa.array(ids, pa.string())).fill_null(-1)
    return np.array(at.to_numpy(), np.int32)


def _floats(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    return np.array(table[name].fill_null(np.nan).to_numpy(), np.float64)
