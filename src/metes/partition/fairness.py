"""How evenly something is shared: ranges and indices of inequality over the territories of a design."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metes.partition.problem import Floats


@dataclass(frozen=True, slots=True)
class Evenness:
    """Ranges and indices of one measure over k territories.

    `gini` is 0 where all have the same and (k - 1) / k where one has all; `jain` is 1 where all have the same and 1 / k where one has
    all; `max_min` is the largest over the smallest, infinite where the smallest is nothing; `widest_share` is how far the worst is from
    its target, as a share of it.
    """

    lowest: float
    mean: float
    highest: float
    gini: float
    jain: float
    max_min: float
    widest_share: float


def evenness(amounts: npt.ArrayLike, targets: npt.ArrayLike | None = None) -> Evenness:
    """Ranges and indices of amounts (k,) >= 0; against targets (k,), each counts as its share of its target. ValueError for k = 0.

    Gini 1912; Jain, Chiu and Hawe 1984. O(k log k).
    """
    found = np.asarray(amounts, np.float64)
    if not len(found):
        raise ValueError("evenness needs at least one amount")
    aims = np.full(len(found), found.mean()) if targets is None else np.asarray(targets, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(aims > 0, found / aims, np.where(found > 0, np.inf, 1.0))
    return Evenness(
        float(found.min()),
        float(found.mean()),
        float(found.max()),
        gini(parts),
        jain(parts),
        max_min(parts),
        float(np.abs(parts - 1).max()),
    )


def gini(amounts: Floats) -> float:
    """Gini's index of amounts (k,) >= 0: half the mean difference of two of them over their mean; 0 where all are nothing."""
    ordered = np.sort(np.asarray(amounts, np.float64))
    k, whole = len(ordered), float(ordered.sum())
    if not whole or not np.isfinite(whole):
        return 0.0 if not whole else (k - 1) / k
    ranks = np.arange(1, k + 1)
    return max(float(2 * (ranks * ordered).sum() / (k * whole) - (k + 1) / k), 0.0)


def jain(amounts: Floats) -> float:
    """Jain's index of amounts (k,) >= 0: the squared sum over k times the sum of squares; 1 where all are nothing."""
    found = np.asarray(amounts, np.float64)
    largest = float(found.max())
    if not largest:
        return 1.0
    if not np.isfinite(largest):
        return float(np.isinf(found).sum()) / len(found)
    scaled = found / largest
    return float(scaled.sum() ** 2 / (len(found) * (scaled**2).sum()))


def max_min(amounts: Floats) -> float:
    """The largest over the smallest; 1 where all are nothing, infinite where only the smallest is."""
    low, high = float(np.min(amounts)), float(np.max(amounts))
    if not high:
        return 1.0
    return high / low if low else float(np.inf)
