"""Units that are kept whole: each group becomes one unit for the search, and every unit gets its group's territory afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.partition.graph import graph_of_pairs
from metes.partition.problem import Floats, Ints, Preferences, Problem, no_preferences


@dataclass(frozen=True, eq=False)
class Contracted:
    """A problem whose units are groups, and the way back.

    `group_of_unit` (n,) numbers the unit of `problem` that each unit went into. `inner_travel` is what units cost between them and
    their group's place: at the same centres the problem's travel is less by exactly this.
    """

    problem: Problem
    group_of_unit: Ints
    inner_travel: float

    def expand(self, territory_of_group: Ints) -> Ints:
        """The territory of each unit, (n,), of that of each group."""
        return territory_of_group[self.group_of_unit]


def contract(problem: Problem, group: Ints) -> Contracted:
    """The problem with each group as one unit: sums of travel, measures and savings at the middle of its places; O(n + p).

    `group` (n,) numbers the group of each unit, -1 for none. A group is locked where one of its units is, and is in the territory in
    which most of its travel weight is. InputError where two units of a group are locked to different territories.
    """
    labels = np.where(group >= 0, group.astype(np.int64), group.max(initial=-1) + 1 + np.arange(problem.units))
    _, first, at = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))  # groups in the order of their first units, so that nothing moves where there is no group
    super_of = rank[at].astype(np.int32)
    n = len(first)
    weight: Floats = np.bincount(super_of, problem.travel, n).astype(np.float64)
    places = _middles(problem.places, problem.travel, super_of, weight)
    contracted = replace(
        problem,
        places=places,
        travel=weight,
        measures=np.stack([np.bincount(super_of, column, n) for column in problem.measures.T], axis=1),
        graph=None if problem.graph is None else graph_of_pairs(n, *_united(problem, super_of)),
        preferences=None if problem.preferences is None else _preferences(problem.preferences, super_of, n, problem.territories),
        current=None if problem.current is None else _majority(problem.current, problem.travel, super_of, n, problem.territories),
        locked=None if problem.locked is None else _locked(problem.locked, super_of, n),
    )
    inner = float((problem.travel * ((problem.places - places[super_of]) ** 2).sum(axis=1)).sum())
    return Contracted(contracted, super_of, inner)


def _middles(places: Floats, travel: Floats, super_of: Ints, weight: Floats) -> Floats:
    """The travel-weighted middle of each group; the plain one where nothing in it travels."""
    n = len(weight)
    share = np.where(weight[super_of] > 0, travel, 1.0)
    whole = np.bincount(super_of, share, n)
    return np.stack([np.bincount(super_of, share * places[:, axis], n) / whole for axis in range(3)], axis=1)


def _united(problem: Problem, super_of: Ints) -> tuple[Ints, Ints]:
    """Neighbours between groups. Two units of a group count as next to one another, wherever they stand."""
    graph = problem.graph
    if graph is None:
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    return np.repeat(super_of, np.diff(graph.indptr)), super_of[graph.indices]


def _preferences(preferences: Preferences, super_of: Ints, n: int, k: int) -> Preferences:
    """Savings summed by group and territory; what is forbidden to one is forbidden to all."""
    if not len(preferences.territory):
        return no_preferences(n)
    unit = np.repeat(super_of.astype(np.int64), np.diff(preferences.indptr))
    codes, at = np.unique(unit * k + preferences.territory, return_inverse=True)
    saving = np.zeros(len(codes))
    np.add.at(saving, at, preferences.saving)
    indptr = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(codes // k, minlength=n), out=indptr[1:])
    return Preferences(indptr, (codes % k).astype(np.int32), saving)


def _majority(current: Ints, travel: Floats, super_of: Ints, n: int, k: int) -> Ints:
    """The territory in which most of each group is, -1 where none of it is in any."""
    held = current >= 0
    codes, at = np.unique(super_of[held].astype(np.int64) * k + current[held], return_inverse=True)
    weight = np.bincount(at, travel[held] + np.finfo(float).tiny, len(codes))
    order = np.lexsort((-codes, weight, codes // k))
    found = np.full(n, -1, np.int32)
    found[codes[order] // k] = codes[order] % k  # the last of a group counts, which is the heaviest
    return found


def _locked(locked: Ints, super_of: Ints, n: int) -> Ints:
    """The territory that each group is locked to."""
    held = np.flatnonzero(locked >= 0)
    found = np.full(n, -1, np.int32)
    found[super_of[held]] = locked[held]
    clash = held[found[super_of[held]] != locked[held]]
    if len(clash):
        unit = int(clash[0])
        message = f"unit {unit} is kept whole with a unit that is locked to another territory"
        remedy = "Lift one of the two locks, or part the group."
        finding = Finding("design-lock-clash", Severity.ERROR, message, Place(subject=f"unit {unit}"), remedy=remedy)
        raise InputError(f"{message}. {remedy}", (finding,))
    return found
