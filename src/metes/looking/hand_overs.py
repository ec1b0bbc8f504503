"""What changed hands between two days: accounts held by another territory, and the revenue of those that left everybody who owned them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from metes.model.hand_over import HAND_OVER_SHARE

COLUMNS = ("account", "territory", "revenue_12m")
Owners = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """`moved` accounts are held by another territory than before, `revenue_12m` is that of accounts which left an owner, in minor units."""

    moved: int
    revenue_12m: int

    @property
    def disruption(self) -> int:
        """What the hand-overs are expected to cost, in minor units."""
        return cost_of(self.revenue_12m)


def cost_of(revenue: int) -> int:
    """What handing over accounts of a yearly revenue is expected to cost."""
    return round(HAND_OVER_SHARE * revenue)


def handed_over(before: pa.Table, after: pa.Table, owners_before: Owners, owners_after: Owners) -> HandedOver:
    """Compare two days: tables of `COLUMNS` by account, one row each, and key and name of owners by territory on each day.

    Accounts that only one day has do not count.
    """
    pairs = before.join(after, "account", right_suffix="_after", join_type="inner").combine_chunks()
    old, new = (_coded(pairs[name]) for name in ("territory", "territory_after"))
    is_moved = np.array([*old[1], ""], object)[old[0]] != np.array([*new[1], ""], object)[new[0]]
    left = _left(old[1], new[1], owners_before, owners_after)
    revenue = pairs["revenue_12m_after"].fill_null(0).to_numpy()
    return HandedOver(int(is_moved.sum()), int(revenue[left[old[0], new[0]]].sum()))


def _coded(column: pa.ChunkedArray) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[str]]:
    """Numbers into the keys of territories; one beyond them for none."""
    encoded = column.combine_chunks().dictionary_encode()
    keys = encoded.dictionary.to_pylist()
    return encoded.indices.fill_null(len(keys)).to_numpy().astype(np.int64), keys


def _left(old: Iterable[str], new: Iterable[str], before: Owners, after: Owners) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Whether an account that goes from one territory to another leaves somebody who owned it; the last row and column are none."""
    people = [{key for key, _ in before.get(name, ())} for name in old]
    others = [{key for key, _ in after.get(name, ())} for name in new]
    return np.array([[bool(one - other) for other in (*others, set())] for one in (*people, set())], np.bool_)
