"""Two levels: parents first, each as large as its territories together, then territories inside each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.partition.centring import weighted_middles
from metes.partition.problem import Floats, Ints, Preferences, Problem
from metes.partition.starts import bisected

# Of the room that limits leave, parents use so much, so that their territories have some left.
_ROOM = 0.5


def grouped(problem: Problem, parents: int) -> Ints:
    """The parent (k,) of each territory: those that lie together today, at their bases or by their locks, stand together.

    Parents differ in their targets by no more than that asks for; territories without a place, such as new ones, fill up the smallest. O(k r).

    Raises
    ------
    InputError
        Where there are more parents than territories.
    """
    k = problem.territories
    if parents > k:
        message = f"{parents:,} parents were asked for, and there are {k:,} territories to stand under them"
        finding = Finding(
            "design-parents", Severity.ERROR, message, Place(subject="design parents"), remedy="Ask for fewer parents."
        )
        raise InputError(message, (finding,))
    size = _natural(problem).mean(axis=1)
    place = _places(problem)
    known = np.flatnonzero(~np.isnan(place[:, 0]))
    parent = np.full(k, -1, np.int32)
    if len(known) >= parents:
        parent[known] = bisected(place[known], size[known], np.full(parents, 1 / parents))
    sums: Floats = np.bincount(parent[parent >= 0], size[parent >= 0], parents).astype(np.float64)
    for j in np.flatnonzero(parent < 0).tolist():
        parent[j] = int(np.argmin(sums))
        sums[parent[j]] += size[j]
    return parent


def parents_problem(problem: Problem, parent_of_territory: Ints) -> Problem:
    """The problem of the parents: limits are sums of their territories', drawn in by half towards what is natural for them.

    Savings are the best that any of a parent's territories has for a unit; a pair is forbidden where all of them are. Travel costs less per squared
    kilometre in the ratio of the numbers, so that it weighs as much against savings as inside. Free centres everywhere.
    """
    r = int(parent_of_territory.max()) + 1

    def summed(rows: Floats) -> Floats:
        return np.stack([np.bincount(parent_of_territory, column, r) for column in rows.T], axis=1).astype(np.float64)

    lowest, highest = summed(problem.lowest), summed(problem.highest)
    natural = np.clip(summed(_natural(problem)), lowest, highest)
    numbered = np.append(parent_of_territory, -1).astype(np.int32)  # the last stands for none
    return replace(
        problem,
        travel=problem.travel * (r / problem.territories),
        lowest=natural - _ROOM * (natural - lowest),
        highest=natural + _ROOM * (highest - natural),
        bases=None,
        preferences=None if problem.preferences is None else _best_of(problem.preferences, parent_of_territory, r),
        current=None if problem.current is None else numbered[problem.current],
        locked=None if problem.locked is None else numbered[problem.locked],
    )


def _natural(problem: Problem) -> Floats:
    """What each territory holds where all is shared out by the middles of limits, (k, m), within its limits."""
    highest = np.minimum(problem.highest, problem.measures.sum(axis=0))
    middle = (problem.lowest + highest) / 2
    sums = np.maximum(middle.sum(axis=0), 1e-300)
    return np.asarray(np.clip(middle / sums * problem.measures.sum(axis=0), problem.lowest, highest))


def _places(problem: Problem) -> Floats:
    """Where each territory is, (k, 3): its base, else the middle of its units of today and those locked to it; NaN where nothing says."""
    held = np.full(problem.units, -1, np.int32) if problem.current is None else problem.current.copy()
    if problem.locked is not None:
        held = np.where(problem.locked >= 0, problem.locked, held).astype(np.int32)
    nowhere = np.full((problem.territories, 3), np.nan)
    some = held >= 0
    found = weighted_middles(problem.places[some], problem.travel[some], held[some], nowhere)
    return found if problem.bases is None else np.where(np.isnan(problem.bases), found, problem.bases)


def _best_of(preferences: Preferences, parent_of_territory: Ints, parents: int) -> Preferences:
    """Preferences for parents (see `parents_problem`)."""
    n = len(preferences.indptr) - 1
    pair = preferences.unit_of_entry * parents + parent_of_territory[preferences.territory]
    pairs, at = np.unique(pair, return_inverse=True)
    is_shut = np.isneginf(preferences.saving)
    best = np.zeros(len(pairs))
    np.maximum.at(best, at, np.where(is_shut, 0.0, preferences.saving))
    size = np.bincount(parent_of_territory, minlength=parents)
    best[np.bincount(at, is_shut, len(pairs)) >= size[pairs % parents]] = -np.inf
    kept = best != 0
    indptr = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(pairs[kept] // parents, minlength=n), out=indptr[1:])
    return Preferences(indptr, (pairs[kept] % parents).astype(np.int32), best[kept])
