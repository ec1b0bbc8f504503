"""Capacitated medians: which k of n units are the places to serve all from, and which serves which, at least travel.

The size of it is a handful of units to some thousands for each median: where k people should live, which depot serves which shop.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metes.base.progress import SILENT, Progress
from metes.partition.medians_bound import relax
from metes.partition.medians_input import Ints, MedianProblem, median_problem
from metes.partition.medians_search import WORK_PER_SECOND, Found, search
from metes.partition.medians_start import halved_units, packed_units, spread_medians
from metes.partition.problem import on_earth

# Shares of the time: the search is planned for less than all of it, so that a slower machine still ends by its plan.
_SEARCH_SHARE, _BOUND_SHARE = 0.7, 0.15
# What a second search is given at least, where the first found no partition that fits.
_LEAST_SHARE = 0.3
# Of more units a search in its time does not carry what is too much in one region of the map to another: they start evenly loaded.
_SPREAD_UP_TO = 5000


@dataclass(frozen=True, eq=False)
class Medians:
    """Medians and who is served by which.

    `territory_of_unit` (n,) from 0 to k - 1; `medians` (k,) the unit at which each stands, all different; `loads` (k,) what each holds;
    `cost` the sum of weight x distance; `bound` what no choice costs less than, None where it was not computed; `is_stopped` says that
    the clock cut the search short, so that another run may differ.
    """

    territory_of_unit: Ints
    medians: Ints
    loads: npt.NDArray[np.float64]
    cost: float
    bound: float | None
    seed: int
    is_stopped: bool

    @property
    def gap(self) -> float | None:
        """Cost over bound, minus one; 0 is proven best, None where there is no bound."""
        if self.bound is None:
            return None
        return 0.0 if self.cost <= self.bound else (self.cost / self.bound - 1 if self.bound > 0 else np.inf)


def solve_medians(
    places: npt.ArrayLike,
    demand: npt.ArrayLike,
    capacity: npt.ArrayLike,
    k: int,
    *,
    weights: npt.ArrayLike | None = None,
    seed: int = 0,
    seconds: float = 10.0,
    effort: float | None = None,
    progress: Progress = SILENT,
) -> Medians:
    """k medians among units at places, and each unit's, so that no median holds too much and the travel is as little as was found.

    Parameters
    ----------
    places
        (n, 2) on a plane or (n, 3) in space, as `on_plane` and `on_earth` give them; distance is straight.
    demand, capacity
        (n,) what each unit needs, zero or more; what a median holds, one number for all or (k,).
    weights
        (n,) what a unit of distance costs for each unit, such as visits; 1 where not given.
    seed, effort
        The same seed and effort give the same answer. Effort is work, about a second of one core for each 1; where none is given it
        follows from n (4 for 300 units, 54 for 4,500) and from `seconds`.
    seconds
        A safety cap for slow machines: where it strikes `is_stopped` says so, and only then may another run differ.

    Raises
    ------
    InputError
        Where arrays do not fit or hold no numbers, k is not 1 to n, a unit is larger than any capacity, all are larger than all
        capacities, or no packing is found.
    Cancelled
        Where `progress` raises it.

    Notes
    -----
    Source: ours; see docs/decisions/0042-medians-by-annealed-regions.md.
    """
    return _solve(median_problem(places, None, demand, capacity, k, weights), seed, seconds, effort, progress)


def solve_medians_by_distance(
    distances: npt.ArrayLike,
    demand: npt.ArrayLike,
    capacity: npt.ArrayLike,
    k: int,
    *,
    weights: npt.ArrayLike | None = None,
    seed: int = 0,
    seconds: float = 10.0,
    effort: float | None = None,
    progress: Progress = SILENT,
) -> Medians:
    """The same as `solve_medians` for a symmetric matrix (n, n) of distances, such as drive minutes, in place of places."""
    return _solve(median_problem(None, distances, demand, capacity, k, weights), seed, seconds, effort, progress)


def choose_bases(
    latitude: npt.ArrayLike,
    longitude: npt.ArrayLike,
    workload: npt.ArrayLike,
    capacity_hours: npt.ArrayLike,
    *,
    visits: npt.ArrayLike | None = None,
    seed: int = 0,
    seconds: float = 10.0,
    progress: Progress = SILENT,
) -> Medians:
    """Where seats should have their bases, among the accounts' places, and which accounts each then serves.

    `latitude`, `longitude` (n,) in degrees and `workload` (n,) in hours are the accounts', `capacity_hours` (k,) the seats'; territory j is
    that of seat j. The cost is in kilometres, once for each account or times its `visits` (n,). Errors are those of `solve_medians`.
    """
    hours = np.atleast_1d(np.asarray(capacity_hours, np.float64)).ravel()
    return solve_medians(
        on_earth(latitude, longitude), workload, hours, len(hours), weights=visits, seed=seed, seconds=seconds, progress=progress
    )


def _solve(problem: MedianProblem, seed: int, seconds: float, effort: float | None, progress: Progress) -> Medians:
    planned = min(0.5 + 0.012 * problem.units, _SEARCH_SHARE * seconds) if effort is None else effort
    found = _search(problem, seed, planned, seconds * (1 - _BOUND_SHARE), progress)
    cost = float(problem.travel(found.own, found.median).sum())
    progress.report("bound")
    relaxation = relax(problem, cost, planned * _BOUND_SHARE * WORK_PER_SECOND)
    loads = problem.loads(found.own)
    for array in (found.own, found.median, loads):
        array.flags.writeable = False
    bound = None if relaxation is None else relaxation.bound
    return Medians(found.own, found.median, loads, cost, bound, seed, found.is_stopped)


def _search(problem: MedianProblem, seed: int, effort: float, seconds: float, progress: Progress) -> Found:
    """The best partition found that keeps every capacity; from packed units where the first search finds none, in what time is left."""
    random, began = np.random.default_rng(seed), time.perf_counter()
    is_large = problem.units > _SPREAD_UP_TO and not len(problem.distances)
    start = halved_units(problem, random) if is_large else spread_medians(problem, random)
    found = search(problem, start, random, effort, seconds, progress)
    if problem.is_kept(found.own):
        return found
    left = max(seconds - (time.perf_counter() - began), _LEAST_SHARE * seconds)
    again = search(problem, packed_units(problem), random, effort, left, progress)
    return Found(again.own, again.median, found.is_stopped or again.is_stopped)
