"""Borders that no territory crosses: how many territories each walled part gets, and how balanced that can be at best."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.partition.graph import Graph, graph_of_pairs
from metes.partition.problem import Floats, Ints, Preferences, Problem

# Beyond so many territories they are handed to parts in their order.
_MATCHED = 2_000
_HALVINGS = 80


@dataclass(frozen=True, eq=False)
class Apportioned:
    """Territories by walled part, (r,), and what no design that keeps the walls can beat.

    `deviation_share` is how far the worst part's average territory is from the target, as a share of it, in part `worst`.
    """

    territories: Ints
    deviation_share: float
    worst: int


def apportion(amounts: Floats, territories: int) -> Apportioned:
    """Share k territories out to parts with amounts (r,) >= 0, each at least one, so that the largest deviation is least.

    For a deviation d the numbers a part may have lie between a / (T (1 + d)) and a / (T (1 - d)) with the target T; the least d for which
    they can sum to k is found by halving. Within that, each further territory goes where the average is largest. O(r log k). Ours.

    Raises
    ------
    InputError
        Where there are more parts than territories.
    """
    r, whole = len(amounts), float(amounts.sum())
    if r > territories:
        message = (
            f"{territories:,} territories were asked for, and walls part the units into {r:,}, each of which needs one at least"
        )
        remedy = f"Ask for {r:,} territories or more, or take the walls away."
        finding = Finding("design-walls-too-many", Severity.ERROR, message, Place(subject="design walls"), remedy=remedy)
        raise InputError(f"{message}. {remedy}", (finding,))
    target = whole / territories if whole > 0 else 1.0
    low, high = 0.0, float(territories)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        least, most = _allowed(amounts / target, middle, territories)
        if (least <= most).all() and least.sum() <= territories <= most.sum():
            high = middle
        else:
            low = middle
    counts, most = _allowed(amounts / target, high, territories)
    while counts.sum() < territories:
        average = np.where(counts < most, amounts / counts, -1.0)
        counts[int(np.argmax(average))] += 1
    deviation = np.abs(amounts / counts / target - 1)
    worst = int(np.argmax(deviation))
    return Apportioned(counts.astype(np.int32), float(deviation[worst]), worst)


def _allowed(shares: Floats, deviation: float, territories: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The least and the most territories that each part may have within a deviation; shares are in targets."""
    slack = 1e-9
    least = np.maximum(np.ceil(shares / (1 + deviation) - slack), 1)
    most = np.floor(shares / (1 - deviation) + slack) if deviation < 1 else np.full(len(shares), territories)
    return least.astype(np.int64), np.minimum(most, territories).astype(np.int64)


def territories_by_part(problem: Problem, part_of_unit: Ints, counts: Ints) -> tuple[Ints, ...]:
    """The territories of each walled part: locks first, then where each territory has most of its units today."""
    k, r = problem.territories, len(counts)
    kin = np.zeros((k, r))
    if problem.current is not None:
        held = problem.current >= 0
        np.add.at(kin, (problem.current[held], part_of_unit[held]), problem.travel[held])
    kin /= max(float(kin.max(initial=0.0)), 1.0)
    if problem.locked is not None:
        locked = np.flatnonzero(problem.locked >= 0)
        kin[problem.locked[locked], part_of_unit[locked]] += 1e6
    part_of_seat = np.repeat(np.arange(r), counts)
    if k <= _MATCHED:
        territory, seat = linear_sum_assignment(-kin[:, part_of_seat])
        part_of_territory = np.empty(k, np.int64)
        part_of_territory[territory] = part_of_seat[seat]
    else:
        part_of_territory = part_of_seat
    return tuple(np.flatnonzero(part_of_territory == part).astype(np.int32) for part in range(r))


def part_problem(problem: Problem, units: Ints, territories: Ints) -> Problem:
    """The problem of some units and territories alone, both ascending.

    Where the average of the part is outside the limits of its territories, they are moved to that average with the same band.
    """
    number = np.full(problem.territories + 1, -1, np.int32)  # the last stands for none
    number[territories] = np.arange(len(territories), dtype=np.int32)
    measures = problem.measures[units]
    average = measures.sum(axis=0) / len(territories)
    lowest, highest = problem.lowest[territories].copy(), problem.highest[territories].copy()
    for m in np.flatnonzero((lowest.mean(axis=0) > average) | (highest.mean(axis=0) < average)):
        whole = highest[:, m] + lowest[:, m]
        band = np.where(whole > 0, (highest[:, m] - lowest[:, m]) / np.where(whole > 0, whole, 1.0), 0.0)
        lowest[:, m], highest[:, m] = average[m] * (1 - band), average[m] * (1 + band)
    return replace(
        problem,
        places=problem.places[units],
        travel=problem.travel[units],
        measures=measures,
        lowest=lowest,
        highest=highest,
        graph=None if problem.graph is None else _part_graph(problem.graph, units),
        bases=None if problem.bases is None else problem.bases[territories],
        preferences=None if problem.preferences is None else _part_preferences(problem.preferences, units, number),
        current=None if problem.current is None else number[problem.current[units]],
        locked=None if problem.locked is None else number[problem.locked[units]],
    )


def _part_graph(graph: Graph, units: Ints) -> Graph:
    place = np.full(graph.units, -1, np.int32)
    place[units] = np.arange(len(units), dtype=np.int32)
    first = np.repeat(np.arange(graph.units), np.diff(graph.indptr))
    both = (place[first] >= 0) & (place[graph.indices] >= 0)
    return graph_of_pairs(len(units), place[first[both]], place[graph.indices[both]])


def _part_preferences(preferences: Preferences, units: Ints, number: Ints) -> Preferences:
    counts = np.diff(preferences.indptr)
    rows = np.repeat(np.arange(len(units)), counts[units])
    entries = np.concatenate(
        [
            np.zeros(0, np.int64),
            *(np.arange(a, b) for a, b in zip(preferences.indptr[units], preferences.indptr[units + 1], strict=True)),
        ]
    )
    territory = number[preferences.territory[entries]]
    keep = territory >= 0
    indptr = np.zeros(len(units) + 1, np.int64)
    np.cumsum(np.bincount(rows[keep], minlength=len(units)), out=indptr[1:])
    order = np.lexsort((territory[keep], rows[keep]))
    return Preferences(indptr, territory[keep][order], preferences.saving[entries][keep][order])
