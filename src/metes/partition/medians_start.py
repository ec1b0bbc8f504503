"""Where a search for medians begins: medians far from one another, or units packed into capacities where room is short."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.partition.medians_input import Floats, Ints, MedianProblem

# Beyond this a proof is not waited for.
_MOST_PAIRS = 20_000
_MOST_NODES = 20_000


def spread_medians(problem: MedianProblem, random: np.random.Generator) -> tuple[Ints, Ints]:
    """A nearest median for each unit (n,), whatever it holds, and the medians (k,), drawn by demand and travel to those before.

    O(n k). Source: Arthur and Vassilvitskii 2007, with distances in place of their squares.
    """
    n, k = problem.units, problem.medians
    importance = problem.weights * (problem.demand + 1e-9 * (1 + problem.demand.max()))
    median, is_median = np.zeros(k, np.int32), np.zeros(n, bool)
    own, nearest = np.zeros(n, np.int32), np.full(n, np.inf)
    for j in range(k):
        chance = np.where(is_median, 0.0, importance * (nearest if j else 1.0))
        if chance.sum() <= 0:
            chance = (~is_median).astype(float)
        median[j] = random.choice(n, p=chance / chance.sum())
        is_median[median[j]] = True
        distance = problem.from_unit(int(median[j]))
        is_nearer = distance < nearest
        own[is_nearer], nearest[is_nearer] = j, distance[is_nearer]
    return own, median


def halved_units(problem: MedianProblem, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Units in k compact parts with about as much demand as their capacities ask for (n,), and the unit in each part's middle (k,).

    The units, turned at random, are cut across their widest side again and again, as capacities are halved. O(n log n log k).
    """
    n, k = problem.units, problem.medians
    turned = problem.places @ np.linalg.qr(random.normal(size=(3, 3)))[0]
    own = np.zeros(n, np.int32)
    waiting = [(np.arange(n), random.permutation(k))]
    while waiting:
        units, slots = waiting.pop()
        if len(slots) == 1:
            own[units] = slots[0]
            continue
        half = len(slots) // 2
        share = problem.capacity[slots[:half]].sum() / (problem.capacity[slots].sum() or 1.0)
        sorted_units = units[np.argsort(turned[units, np.argmax(np.ptp(turned[units], axis=0))], kind="stable")]
        filled = np.cumsum(problem.demand[sorted_units])
        cut = int(np.searchsorted(filled, share * filled[-1], "right"))
        cut = min(max(cut, half), len(units) - (len(slots) - half))  # no part without a unit
        waiting += [(sorted_units[:cut], slots[:half]), (sorted_units[cut:], slots[half:])]
    median = np.zeros(k, np.int32)
    for j in range(k):
        members = np.flatnonzero(own == j)
        middle = np.average(problem.places[members], axis=0, weights=problem.weights[members] + 1e-12)
        median[j] = members[np.argmin(((problem.places[members] - middle) ** 2).sum(axis=1))]
    return own, median


def packed_units(problem: MedianProblem) -> tuple[Ints, Ints]:
    """Units packed into capacities wherever they fit, (n,), and a unit of each as its median, (k,).

    First the largest unit goes where least room is left over; where that fails and the problem is small a packing is sought exactly.
    InputError where none is found.
    """
    own = _best_fit(problem)
    if own is None and problem.units * problem.medians <= _MOST_PAIRS:
        own = _exact_fit(problem)
    if own is None:
        raise _no_packing(problem)
    is_free = np.ones(problem.units, bool)
    median = np.full(problem.medians, -1, np.int32)
    for j in range(problem.medians):
        members = np.flatnonzero((own == j) & is_free)
        if len(members):
            median[j] = members[0]
            is_free[members[0]] = False
    left = np.flatnonzero(median < 0)
    median[left] = np.flatnonzero(is_free)[: len(left)]
    return own, median


def _best_fit(problem: MedianProblem) -> Ints | None:
    room = problem.capacity * (1 + 1e-9)
    own = np.zeros(problem.units, np.int32)
    for i in np.argsort(-problem.demand, kind="stable"):
        left = room - problem.demand[i]
        fits = np.flatnonzero(left >= 0)
        if not len(fits):
            return None
        own[i] = fits[np.argmin(left[fits])]
        room[own[i]] -= problem.demand[i]
    return own


def _exact_fit(problem: MedianProblem) -> Ints | None:
    """Any packing, found by branch and bound (HiGHS) within a number of nodes."""
    n, k = problem.units, problem.medians
    pairs = np.arange(n * k)
    once = sparse.csr_array((np.ones(n * k), (pairs // k, pairs)))
    held = sparse.csr_array((np.repeat(problem.demand, k), (pairs % k, pairs)))
    found = milp(
        np.zeros(n * k),
        integrality=np.ones(n * k),
        bounds=Bounds(0, 1),
        constraints=[LinearConstraint(once, 1, 1), LinearConstraint(held, -np.inf, problem.capacity)],
        options={"node_limit": _MOST_NODES},
    )
    if found.x is None:
        return None
    own: Ints = found.x.reshape(n, k).argmax(axis=1).astype(np.int32)
    return own if problem.is_kept(own) else None


def _no_packing(problem: MedianProblem) -> InputError:
    share = problem.demand.sum() / problem.capacity.sum()
    need: Floats = np.sort(problem.demand)[::-1]
    message = (
        f"no packing of {problem.units} units into {problem.medians} medians was found, though all together they need "
        f"{share:.1%} of the capacity: the largest unit alone needs {need[0]:g} of {problem.capacity.max():g}"
    )
    remedy = "raise the capacity, ask for one median more, or cut large units into parts"
    return InputError(
        f"{message}; {remedy}", [Finding("medians-packing", Severity.ERROR, message, Place(), f"{share:.3f}", remedy)]
    )
