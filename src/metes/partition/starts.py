"""Where centres begin: weighted bisection, or spread by chance (k-means++)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from metes.partition.problem import Floats, Ints


def bisected(places: Floats, weight: Floats, shares: Floats) -> Ints:
    """Parts (n,) of units by cutting the longest side again and again, each part holding its share (k,) of the weight. O(n log n log k)."""
    part = np.zeros(len(places), np.int32)
    stack = [(np.arange(len(places)), np.arange(len(shares)))]
    while stack:
        units, territories = stack.pop()
        if len(territories) == 1 or len(units) == 0:
            part[units] = territories[0]
            continue
        half = len(territories) // 2
        mine = shares[territories]
        goal = mine[:half].sum() / mine.sum()
        axis = _widest(places[units], weight[units])
        along = units[np.argsort(places[units] @ axis, kind="stable")]
        running = np.cumsum(weight[along])
        # a unit that just fills the first part is in it, whatever rounding makes of the sum
        cut = int(np.searchsorted(running, goal * running[-1] * (1 + 1e-12)))
        cut = min(max(cut, min(half, len(along) - 1)), max(len(along) - (len(territories) - half), 1))
        stack.append((along[:cut], territories[:half]))
        stack.append((along[cut:], territories[half:]))
    return part


def _widest(places: Floats, weight: Floats) -> Floats:
    """The direction in which weighted places spread most."""
    total = max(float(weight.sum()), 1e-300)
    apart = places - (weight[:, None] * places).sum(axis=0) / total
    values, vectors = np.linalg.eigh((weight[:, None] * apart).T @ apart)
    widest = vectors[:, int(np.argmax(values))]
    # its sign is arbitrary: let the largest coordinate point upwards
    return np.asarray(widest * np.sign(widest[int(np.argmax(np.abs(widest)))]))


def spread(places: Floats, weight: Floats, k: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """k units chosen one after the other with a chance of weight times squared distance to those before (Arthur, Vassilvitskii 2007)."""
    chosen = [int(rng.choice(len(places), p=weight / weight.sum()))]
    near = ((places - places[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < k:
        chance = np.cumsum(weight * near)
        if chance[-1] <= 0:
            chosen.append(int(rng.integers(len(places))))
        else:
            chosen.append(int(np.searchsorted(chance, rng.random() * chance[-1])))
        near = np.minimum(near, ((places - places[chosen[-1]]) ** 2).sum(axis=1))
    return np.array(chosen)
