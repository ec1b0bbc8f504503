"""Designs again after a change, with as few units moving as balance allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from metes.base.progress import SILENT, Progress
from metes.partition.problem import Costs, Design, Floats, Ints, Preferences, Problem
from metes.partition.solve import judged, solve

# What leaving its territory costs a unit more, in mean squared distances from centres.
HOLD = 1.0


def solve_again(
    problem: Problem,
    before: Ints,
    centres: Floats,
    prices: Floats,
    *,
    hold: float = HOLD,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Design:
    """Design again from a design of fewer, more or as many territories, whose units stay where they can.

    `before` (n,) is the territory of each unit (-1: none), `centres` (k', 3) and `prices` (k', m) those of the design before, whose first
    territories are the same. A new territory gets a centre where travel costs most, unless it has a base; the centres of the others stay. A unit
    that leaves costs `hold` mean squared distances more, so that units move where limits ask for it; the cost and bound that come back know
    nothing of that. One start, some tens of sweeps.
    """
    k = problem.territories
    kept = np.where(before < k, before, -1).astype(np.int32)
    start = _with_new_centres(problem, kept, centres[:k])
    away = ((problem.places - start[np.maximum(kept, 0)]) ** 2).sum(axis=1)
    spread = float((problem.travel * away).sum() / max(float(problem.travel.sum()), 1e-300))
    held = replace(
        problem,
        preferences=with_stay(problem.preferences, kept, hold * spread * problem.travel),
        bases=_held_bases(problem, start, min(len(centres), k)),
        current=kept,
    )
    first = np.zeros_like(problem.lowest)
    first[: min(len(prices), k)] = prices[:k]
    warm = Design(kept, start, np.zeros_like(first), first, Costs(0.0, 0.0), 0.0, np.zeros_like(first), np.ones(k, np.int64), seed)
    return judged(problem, solve(held, seed=seed, progress=progress, warm=warm))


def with_stay(preferences: Preferences | None, at: Ints, saving: Floats) -> Preferences:
    """Preferences with a saving (n,) more for each unit in the territory it is at (-1: none)."""
    held = np.flatnonzero(at >= 0)
    rows, territory, savings = held, at[held], saving[held]
    if preferences is not None:
        rows = np.concatenate([preferences.unit_of_entry, rows])
        territory = np.concatenate([preferences.territory, territory])
        savings = np.concatenate([preferences.saving, savings])
    code = rows * (int(at.max(initial=0)) + int(territory.max(initial=0)) + 2) + territory
    unique, place = np.unique(code, return_inverse=True)
    first = np.zeros(len(unique), np.int64)
    first[place[::-1]] = np.arange(len(code))[::-1]
    total = np.bincount(place, np.where(np.isfinite(savings), savings, 0.0), len(unique))
    total[place[~np.isfinite(savings)]] = -np.inf
    indptr = np.zeros(len(at) + 1, np.int64)
    np.cumsum(np.bincount(rows[first], minlength=len(at)), out=indptr[1:])
    return Preferences(indptr, territory[first].astype(np.int32), np.asarray(total, float))


def _with_new_centres(problem: Problem, kept: Ints, centres: Floats) -> Floats:
    """The centres there are, and for each further territory one in the far half of the territory that costs most."""
    out = np.empty((problem.territories, 3))
    out[: len(centres)] = centres
    at = kept.copy()
    for j in range(len(centres), problem.territories):
        costs = problem.travel * ((problem.places - out[np.maximum(at, 0)]) ** 2).sum(axis=1)
        worst = int(np.argmax(np.bincount(np.maximum(at, 0), costs, j)))
        members = np.flatnonzero(np.maximum(at, 0) == worst)
        apart = problem.places[members] - out[worst]
        weight = problem.travel[members]
        _, vectors = np.linalg.eigh((weight[:, None] * apart).T @ apart)
        far = members[apart @ vectors[:, -1] > 0]
        far = far if len(far) else members
        out[j] = (problem.travel[far, None] * problem.places[far]).sum(axis=0) / max(float(problem.travel[far].sum()), 1e-300)
        at[far] = j
    return out


def _held_bases(problem: Problem, centres: Floats, count: int) -> Floats:
    """Bases as they are; the centres of the first `count` territories serve where there is none."""
    bases = np.full_like(centres, np.nan) if problem.bases is None else problem.bases.copy()
    old = np.isnan(bases[:, 0]) & (np.arange(len(bases)) < count)
    bases[old] = centres[old]
    return bases
