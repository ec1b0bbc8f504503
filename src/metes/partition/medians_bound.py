"""A proven lower bound on what capacitated medians cost, whichever they are: prices for units, and knapsacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metes.kernels.median_bound import fill_medians
from metes.partition.medians_input import Floats, MedianProblem

_ROUNDS = 500
_FEWEST_ROUNDS = 40
_PATIENCE = 8
_SMOOTHING = 0.7
_ENOUGH = 1e-6


@dataclass(frozen=True, eq=False)
class Relaxation:
    """What no choice of medians and owners costs less than, and the prices that prove it: what having an owner is worth, (n,)."""

    bound: float
    reward: Floats


def relax(problem: MedianProblem, cost: float, work: float) -> Relaxation | None:
    """The best bound found for a problem; None where `work` (table entries) is too little to begin with.

    That each unit has one owner is relaxed at a price for each unit; what is left falls apart into one knapsack for each possible
    median, of which the k best count, each with the largest capacity there is. Prices climb by subgradients towards `cost`, the
    cost of a known partition. Source: Lagrangian relaxation as in Lorena and Senne 2004; Polyak's steps.
    """
    n, k = problem.units, problem.medians
    if cost <= 0:
        return Relaxation(0.0, np.zeros(n))
    order = _by_widest_side(problem)
    in_order = _ordered(problem, order)
    reward, best, pace, since = np.full(n, 1.5 * cost / n), 0.0, 2.0, 0
    best_reward = np.zeros(n)
    if _least_work(in_order, reward) * _FEWEST_ROUNDS > work:
        return None
    direction, spent = np.zeros(n), 0.0
    for _ in range(_ROUNDS):
        bound, missing, taken = _relaxed(in_order, reward, k)
        spent += taken
        if bound > best * (1 + 1e-9):
            best, best_reward, since = bound, reward, 0
        else:
            since += 1
            if since >= _PATIENCE:
                pace, since = pace * 0.7, 0
        if cost - best <= _ENOUGH * cost or spent >= work or pace < 1e-4:
            break
        direction = _SMOOTHING * missing + (1 - _SMOOTHING) * direction
        length = float(direction @ direction)
        if length <= 0:
            break
        reward = np.maximum(reward + pace * (cost - bound) / length * direction, 0.0)
    unordered = np.empty(n)
    unordered[order] = best_reward
    # Sums in another order may end above the cost by a rounding, never by more.
    return Relaxation(min(best, cost), unordered)


def _by_widest_side(problem: MedianProblem) -> npt.NDArray[np.int64]:
    """The units in ascending order along the widest side of all places; as they stand where there are only distances."""
    if len(problem.distances):
        return np.arange(problem.units)
    return np.argsort(problem.places[:, np.argmax(np.ptp(problem.places, axis=0))], kind="stable")


def _ordered(problem: MedianProblem, order: npt.NDArray[np.int64]) -> MedianProblem:
    """The problem with its units in an order, and the widest side of places first, which lets the kernel pass most of them over."""
    places = problem.places
    if not len(problem.distances):
        places = np.ascontiguousarray(np.roll(places, -int(np.argmax(np.ptp(places, axis=0))), axis=1)[order])
    return MedianProblem(places, problem.distances, problem.weights[order], problem.demand[order], problem.capacity)


def _least_work(problem: MedianProblem, reward: Floats) -> float:
    """About what the first round takes, in table entries: three for each unit within reach of a median."""
    if len(problem.distances):
        return 3.0 * problem.units**2
    weighted = problem.weights > 0
    reach = (reward[weighted] / problem.weights[weighted]).max() if weighted.all() else np.inf
    side = problem.places[:, 0]
    return 3.0 * float((np.searchsorted(side, side + reach) - np.searchsorted(side, side - reach)).sum())


def _relaxed(problem: MedianProblem, reward: Floats, k: int) -> tuple[float, Floats, int]:
    """The bound of these prices, how many owners each unit lacks (n,), negative where it has too many, and the work it took."""
    n = problem.units
    capacity = float(problem.capacity.max()) * (1 + 1e-9)
    values, served = np.empty(n), np.zeros(n)
    everyone = np.arange(n, dtype=np.int32)
    arrays = (problem.places, problem.distances, problem.weights, problem.demand, capacity, reward)
    work = fill_medians(*arrays, everyone, values, served)
    chosen = np.sort(np.argsort(values, kind="stable")[:k]).astype(np.int32)
    served[:] = 0.0
    fill_medians(*arrays, chosen, values[:k], served)
    return float(reward.sum() + values[:k].sum()), 1.0 - served, work
