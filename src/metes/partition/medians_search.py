"""The search for medians as a schedule: how much work, how hot, reported and cut short between slices of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from metes.base.progress import Progress
from metes.kernels.median_search import search_regions
from metes.partition.medians_input import Ints, MedianProblem

# Table entries that one core reads in about a second. Only the budget depends on it, never the answer for a budget.
WORK_PER_SECOND = 8e8
# Between slices work is reported and may end; how many there are does not change the answer.
_FEWEST_SLICES, _SLICES_PER_SECOND = 200, 20
# Temperatures as multiples of a unit's mean travel at the start: what a round may make worse, at first and at last. Where a median serves
# more units than these, to open it elsewhere costs more of them at once, and the first temperature grows with their number.
_HOT, _COLD = 3.0, 0.05
_SERVED = 25.0
# The tail of the work that is done cold.
_COOLED_BY = 0.92
# What a demand beyond a capacity costs, in mean travels for a mean demand.
_PRICE = 1000.0


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found: the median's index for each unit (n,), the medians (k,), and whether the clock cut it short."""

    own: Ints
    median: Ints
    is_stopped: bool


def search(
    problem: MedianProblem,
    start: tuple[Ints, Ints],
    random: np.random.Generator,
    effort: float,
    seconds: float,
    progress: Progress,
) -> Found:
    """The best partition met from a start on; the same for the same effort and random numbers unless `seconds` cut it short.

    Where the machine turns out too slow for the effort the schedule is shortened to fit, so that it still cools.
    """
    own, median = start[0].copy(), start[1].copy()
    best_own, best_median = own.copy(), median.copy()
    travel = problem.travel(own, median)
    scale = float(travel.mean()) or 1.0
    price = _PRICE * scale / (float(problem.demand.mean()) or 1.0)
    grain = float(problem.demand.mean())
    over = np.maximum(problem.loads(own) - problem.capacity * (1 + 1e-9), 0.0)
    cost = float(travel.sum()) + price * float((over + grain * (over > 0)).sum())
    values = np.array([cost, cost, 0.0])
    state = random.integers(1, 2**63, 1, dtype=np.uint64)
    hot = _HOT * scale * max(1.0, problem.units / problem.medians / _SERVED)
    total, is_stopped = effort * WORK_PER_SECOND, False
    slices = max(_FEWEST_SLICES, int(effort * _SLICES_PER_SECOND))
    began = time.perf_counter()
    for part in range(1, slices + 1):
        schedule = np.array([total * part / slices, total * _COOLED_BY, hot, _COLD * scale, price, grain])
        search_regions(
            problem.places,
            problem.distances,
            problem.weights,
            problem.demand,
            problem.capacity,
            own,
            median,
            best_own,
            best_median,
            values,
            state,
            schedule,
        )
        progress.report("medians", part, slices)
        spent = time.perf_counter() - began
        if spent >= seconds:
            is_stopped |= part < slices
            break
        affordable = values[2] * seconds / spent
        if spent > 0.1 * seconds and affordable < 0.98 * total:
            total, is_stopped = affordable * 0.97, True
    return Found(best_own, best_median, is_stopped)
