"""What is asked of medians, as arrays that have been looked through: places or distances, demands, capacities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
# A machine's memory and patience; beyond it, part the units into regions first.
MOST_UNITS = 100_000
_NAMED = 5


@dataclass(frozen=True, eq=False)
class MedianProblem:
    """n units, each to be served by one of k medians that are units themselves.

    `places` (n, 3), or empty where `distances` (n, n) are given, which else are empty; `weights` (n,) what a unit of distance costs for
    each unit; `demand` (n,) what it needs and `capacity` (k,) what a median holds, in one unit.
    """

    places: Floats
    distances: Floats
    weights: Floats
    demand: Floats
    capacity: Floats

    @property
    def units(self) -> int:
        """How many units there are."""
        return len(self.demand)

    @property
    def medians(self) -> int:
        """How many medians are asked for."""
        return len(self.capacity)

    def from_unit(self, unit: int) -> Floats:
        """Distances (n,) of all units to one."""
        away: Floats = (
            self.distances[unit] if len(self.distances) else np.sqrt(((self.places - self.places[unit]) ** 2).sum(axis=1))
        )
        return away

    def travel(self, territory_of_unit: Ints, median: Ints) -> Floats:
        """What each unit's way to its median costs, (n,)."""
        to = median[territory_of_unit]
        if len(self.distances):
            away: Floats = self.distances[np.arange(self.units), to]
        else:
            away = np.sqrt(((self.places - self.places[to]) ** 2).sum(axis=1))
        return self.weights * away

    def loads(self, territory_of_unit: Ints) -> Floats:
        """What each median holds, (k,)."""
        return np.bincount(territory_of_unit, self.demand, self.medians).astype(np.float64)

    def is_kept(self, territory_of_unit: Ints) -> bool:
        """Whether no median holds more than it can; what rounding adds to a sum does not count."""
        return bool((self.loads(territory_of_unit) <= self.capacity * (1 + 1e-9)).all())


def median_problem(
    places: npt.ArrayLike | None,
    distances: npt.ArrayLike | None,
    demand: npt.ArrayLike,
    capacity: npt.ArrayLike,
    k: int,
    weights: npt.ArrayLike | None,
) -> MedianProblem:
    """The problem of these arrays; exactly one of `places` (n, 2 or 3) and `distances` (n, n) is given.

    InputError with every problem found, each with its place and remedy.
    """
    needs = _flat(demand)
    n = len(needs)
    kinds = _flat(capacity)
    problem = MedianProblem(
        _deep(places) if places is not None else np.zeros((0, 3)),
        np.ascontiguousarray(np.asarray(distances, np.float64)) if distances is not None else np.zeros((0, 0)),
        np.ones(n) if weights is None else _flat(weights),
        needs,
        np.full(max(k, 0), kinds[0]) if len(kinds) == 1 else kinds,
    )
    problems = [*_shapes(problem, k)] or [*_values(problem)] or [*_sums(problem)]
    if problems:
        more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
        raise InputError(f"{problems[0].message}; {problems[0].remedy}{more}", problems)
    return problem


def _flat(values: npt.ArrayLike) -> Floats:
    return np.ascontiguousarray(np.atleast_1d(np.asarray(values, np.float64)).ravel())


def _deep(places: npt.ArrayLike) -> Floats:
    """Places with three columns, whatever number came."""
    given = np.asarray(places, np.float64)
    if given.ndim != 2 or given.shape[1] not in (2, 3):
        return np.zeros((len(given) if given.ndim else 0, 0))
    return np.ascontiguousarray(np.pad(given, ((0, 0), (0, 3 - given.shape[1]))))


def _error(code: str, message: str, remedy: str, subject: str = "", value: object = "") -> Finding:
    return Finding(code, Severity.ERROR, message, Place(subject=subject), str(value), remedy)


def _shapes(problem: MedianProblem, k: int) -> Iterator[Finding]:
    """Whether there is something to part, and every array is as long as it must be."""
    n, given = problem.units, len(problem.distances) or len(problem.places)
    if not 1 <= n <= MOST_UNITS:
        yield _error("medians-units", f"there are {n:,} units", f"give 1 to {MOST_UNITS:,}; part more into regions first", value=n)
    elif not 1 <= k <= n:
        yield _error("medians-count", f"{k} medians are asked for among {n} units", f"ask for 1 to {n}", value=k)
    if len(problem.places) and not problem.places.shape[1]:
        yield _error("medians-form", "places have two or three columns each", "give an array (n, 2) or (n, 3)", "places")
    elif given != n or (problem.distances.size and problem.distances.shape != (n, n)):
        yield _error(
            "medians-form", f"there are {n} demands and {given} places", "give one of each for every unit", "places", given
        )
    if len(problem.weights) != n:
        message = f"there are {n} demands and {len(problem.weights)} weights"
        yield _error("medians-form", message, "give one of each for every unit", "weights", len(problem.weights))
    if len(problem.capacity) != max(k, 0):
        message = f"there are {len(problem.capacity)} capacities for {k} medians"
        yield _error("medians-form", message, "give one for all, or one for each", "capacity", len(problem.capacity))


def _values(problem: MedianProblem) -> Iterator[Finding]:
    """Whether every number can be one."""
    for name, values, lowest in (
        ("place", problem.places, -np.inf),
        ("distances", problem.distances, 0.0),
        ("weight", problem.weights, 0.0),
        ("demand", problem.demand, 0.0),
        ("capacity", problem.capacity, 0.0),
    ):
        bad = ~(np.isfinite(values) & (values >= lowest)) if values.size else np.zeros(0, bool)
        owner = "median" if name == "capacity" else "unit"
        for at in np.flatnonzero(bad.any(axis=1) if bad.ndim == 2 else bad)[:_NAMED]:
            message = f"the {name} of {owner} {at} is no number{' of zero or more' if lowest == 0 else ''}: {values[at]}"
            yield _error("medians-value", message, "correct it, or leave the unit out", f"{owner} {at}", values[at])
    d = problem.distances
    if d.size and np.isfinite(d).all() and (not np.allclose(d, d.T, rtol=1e-9, atol=1e-9) or d.diagonal().any()):
        i, j = np.unravel_index(np.argmax(np.abs(d - d.T)), d.shape)
        message = f"distances differ by direction, or a unit is away from itself: {d[i, j]} from {i} to {j}, {d[j, i]} back"
        yield _error("medians-distances", message, "give the mean of both ways, and zeros on the diagonal", f"units {i} and {j}")


def _sums(problem: MedianProblem) -> Iterator[Finding]:
    """Whether demands can fit at all: each by itself, and all together."""
    largest, total, n = problem.capacity.max(), problem.demand.sum(), problem.units
    for at in np.flatnonzero(problem.demand > largest * (1 + 1e-9))[:_NAMED]:
        needs = problem.demand[at]
        message = f"unit {at} needs {needs:g}, and no median holds more than {largest:g}"
        yield _error("medians-unit", message, "raise the capacity to that, or cut the unit into parts", f"unit {at}", needs)
    if total > problem.capacity.sum() * (1 + 1e-9):
        message = f"all units need {total:g}, and {problem.medians} medians hold {problem.capacity.sum():g}"
        more = int(np.ceil(total / problem.capacity.mean()))
        remedy = f"raise the capacity to {total / problem.medians:g} each" + (f", or ask for {more} medians" if more <= n else "")
        yield _error("medians-capacity", message, remedy, "capacity", problem.capacity.sum())
