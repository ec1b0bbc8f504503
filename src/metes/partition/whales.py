"""Units that alone are more than a territory may hold: each gets a territory whose limits it may break, and the rest is shared out anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from metes.partition.problem import Floats, Ints, Problem


def whales_of(problem: Problem) -> Ints:
    """The units that are more, in some measure, than any territory may hold, also once those before were set aside; the heaviest first."""
    highest = problem.highest.copy()
    left = np.ones(problem.units, np.bool_)
    rooms = problem.territories
    found: list[int] = []
    total = problem.measures.sum(axis=0)
    fair = highest.max(axis=0)
    while rooms > 1:
        over = np.where(left[:, None], problem.measures / np.maximum(fair, 1e-300), 0.0).max(axis=1)
        heaviest = int(np.argmax(over))
        if over[heaviest] <= 1:
            break
        left[heaviest] = False
        found.append(heaviest)
        rest = problem.measures[left].sum(axis=0)
        rooms -= 1
        fair = highest.max(axis=0) * np.minimum(1.0, rest / np.maximum(total, 1e-300) * problem.territories / rooms)
    return np.array(found, np.int32)


def set_aside(problem: Problem) -> Problem:
    """The problem with each whale locked to a territory of its own limits, and the limits of the others at what is fair without them.

    A whale goes where it is locked, else where it is today, else to the last territory without a base; two do not share one, unless locks say so.
    """
    whales = whales_of(problem)
    if not len(whales):
        return problem
    k = problem.territories
    locked = np.full(problem.units, -1, np.int32) if problem.locked is None else problem.locked.copy()
    bases = np.full((k, 3), np.nan) if problem.bases is None else problem.bases.copy()
    lowest, highest = problem.lowest.copy(), problem.highest.copy()
    taken = np.zeros(k, np.bool_)
    for whale in whales.tolist():
        if locked[whale] < 0:
            home = _home(problem, whale, taken, bases)
            if home < 0:
                continue
            locked[whale] = home
        home = int(locked[whale])
        if np.isnan(bases[home, 0]):
            bases[home] = problem.places[whale]
        taken[home] = True
    others = ~taken
    if others.any():
        aside = problem.measures[whales].sum(axis=0)
        ours = (lowest + highest)[others].sum(axis=0) / 2
        share = np.clip((problem.measures.sum(axis=0) - aside) / np.maximum(ours, 1e-300), 0.0, 1.0)
        lowest[others] *= share
        highest[others] *= share
    for whale in whales.tolist():
        home = int(locked[whale])
        if home >= 0:
            mine = _held_by(problem.measures, locked, whales, home)
            lowest[home] = np.minimum(lowest[home], mine)
            highest[home] = np.maximum(highest[home], mine)
    return replace(problem, locked=locked, bases=bases, lowest=lowest, highest=highest)


def _held_by(measures: Floats, locked: Ints, whales: Ints, home: int) -> Floats:
    mine = whales[locked[whales] == home]
    return np.asarray(measures[mine].sum(axis=0))


def _home(problem: Problem, whale: int, taken: np.ndarray, bases: Floats) -> int:
    closed = _closed(problem, whale)
    if problem.current is not None and problem.current[whale] >= 0 and not taken[problem.current[whale]]:
        at = int(problem.current[whale])
        if at not in closed:
            return at
    free = [j for j in range(problem.territories) if not taken[j] and j not in closed]
    without_base = [j for j in free if np.isnan(bases[j, 0])]
    if without_base:
        return without_base[-1]
    if free:
        away = ((bases[free] - problem.places[whale]) ** 2).sum(axis=1)
        return free[int(np.argmin(away))]
    return -1


def _closed(problem: Problem, unit: int) -> set[int]:
    """The territories that a unit may not go to."""
    if problem.preferences is None:
        return set()
    rows = slice(problem.preferences.indptr[unit], problem.preferences.indptr[unit + 1])
    closed = problem.preferences.saving[rows] == -np.inf
    return set(problem.preferences.territory[rows][closed].tolist())
