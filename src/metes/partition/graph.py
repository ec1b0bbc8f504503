"""Which units are neighbours, as compressed rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Graph:
    """Neighbours of each unit: those of unit i are `indices[indptr[i]:indptr[i + 1]]`, ascending, and the relation is symmetric."""

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        """Refuse rows that do not fit."""
        if len(self.indptr) == 0 or self.indptr[0] != 0 or self.indptr[-1] != len(self.indices):
            raise ValueError(f"indptr must run from 0 to len(indices) = {len(self.indices)}")

    @property
    def units(self) -> int:
        """How many units there are."""
        return len(self.indptr) - 1


def graph_of_pairs(n_units: int, first: npt.ArrayLike, second: npt.ArrayLike) -> Graph:
    """The graph of pairs of neighbours, each given in one or both directions; pairs of a unit with itself are left out.

    ValueError for a number that is no unit. O(p log p) for p pairs.
    """
    a, b = np.asarray(first, np.int64).ravel(), np.asarray(second, np.int64).ravel()
    if len(a) and (min(a.min(), b.min()) < 0 or max(a.max(), b.max()) >= n_units):
        raise ValueError(f"a pair of neighbours names a unit outside 0 to {n_units - 1}")
    apart = a != b
    a, b = a[apart], b[apart]
    codes = np.unique(np.concatenate([a * n_units + b, b * n_units + a]))
    rows = codes // max(n_units, 1)
    indptr = np.zeros(n_units + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=n_units), out=indptr[1:])
    return Graph(indptr, (codes % max(n_units, 1)).astype(np.int32))
