"""A proven lower bound on what capacitated medians cost, whichever they are: prices for units, and knapsacks."""

from __future__ import annotations

import numpy as np

from metes.kernels.median_bound import fill_medians
from metes.partition.medians_input import Floats, MedianProblem

_ROUNDS = 500
_FEWEST_ROUNDS = 40
_PATIENCE = 8
_SMOOTHING = 0.7
_ENOUGH = 1e-6


def lower_bound(problem: MedianProblem, cost: float, work: float) -> float | None:
    """What no choice of medians and owners costs less than; None where `work` (table entries) is too little to begin with.

    That each unit has one owner is relaxed at a price for each unit; what is left falls apart into one knapsack for each possible
    median, of which the k best count, each with the largest capacity there is. Prices climb by subgradients towards `cost`, the
    cost of a known partition. Source: Lagrangian relaxation as in Lorena and Senne 2004; Polyak's steps.
    """
    n, k = problem.units, problem.medians
    if cost <= 0:
        return 0.0
    sorted_problem = _by_widest_side(problem)
    reward, best, pace, since = np.full(n, 1.5 * cost / n), 0.0, 2.0, 0
    direction = np.zeros(n)
    spent = 0.0
    for turn in range(_ROUNDS):
        bound, missing, taken = _relaxed(sorted_problem, reward, k)
        spent += taken
        if turn == 0 and spent * _FEWEST_ROUNDS > work:
            return None
        if bound > best * (1 + 1e-9):
            best, since = bound, 0
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
    # Sums in another order may end above the cost by a rounding, never by more.
    return min(best, cost)


def _by_widest_side(problem: MedianProblem) -> MedianProblem:
    """The same problem with its units in ascending order of the first of its sides, the widest, which lets the kernel skip most."""
    if len(problem.distances):
        return problem
    side = int(np.argmax(np.ptp(problem.places, axis=0)))
    order = np.argsort(problem.places[:, side], kind="stable")
    places = np.ascontiguousarray(np.roll(problem.places, -side, axis=1)[order])
    return MedianProblem(places, problem.distances, problem.weights[order], problem.demand[order], problem.capacity)


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
