"""Measures brought to one scale, so that one price means the same for each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from metes.partition.problem import Floats, Problem

# A unit that weighs nothing still goes to somebody near.
_LEAST_TRAVEL_SHARE = 1e-3
_AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False)
class Scaled:
    """A problem whose travel weights average 1 and whose measures each sum to as much as they; and what it was divided by.

    `lifted` are the units whose travel weight was lifted, `lifted_travel` what it was.
    """

    problem: Problem
    travel_unit: float
    measure_units: Floats
    lifted: npt.NDArray[np.int64]
    lifted_travel: Floats

    def prices(self, scaled: Floats) -> Floats:
        """Prices of the scaled problem in the units of the one that was asked."""
        return scaled * self.travel_unit / self.measure_units[None, :]

    def scaled_prices(self, prices: Floats) -> Floats:
        """Prices in the units of the one that was asked, for the scaled problem."""
        return prices / self.travel_unit * self.measure_units[None, :]

    def overstated(self, centres: Floats, prices: Floats) -> float:
        """What lifted weights add to the sum of least reduced costs, at scaled prices (k, m). O(l k) for l lifted units."""
        total = 0.0
        for some in np.array_split(np.arange(len(self.lifted)), max(1, len(self.lifted) * len(centres) // _AT_ONCE)):
            units = self.lifted[some]
            away = ((self.problem.places[units, None] - centres[None]) ** 2).sum(axis=2)
            other = self.problem.measures[units] @ prices.T - self._savings(units, len(centres))
            lifted = self.problem.travel[units, None] * away + other
            own = self.lifted_travel[some, None] * away + other
            total += float((lifted.min(axis=1) - own.min(axis=1)).sum())
        return total

    def _savings(self, units: npt.NDArray[np.int64], k: int) -> Floats:
        """What each of some units saves in each territory, -inf where it may not go, (units, k)."""
        out = np.zeros((len(units), k))
        problem = self.problem
        if problem.preferences is not None:
            for row, unit in enumerate(units.tolist()):
                entries = slice(problem.preferences.indptr[unit], problem.preferences.indptr[unit + 1])
                np.add.at(out[row], problem.preferences.territory[entries], problem.preferences.saving[entries])
        if problem.locked is not None:
            held = problem.locked[units] >= 0
            shut = np.arange(k)[None, :] != problem.locked[units][:, None]
            out[held[:, None] & shut] = -np.inf
        return out


def scaled(problem: Problem) -> Scaled:
    """Bring a problem to its scale; travel weights below a thousandth of their mean are lifted to it."""
    mean = float(problem.travel.mean())
    travel_unit = mean if mean > 0 else 1.0
    own = problem.travel / travel_unit
    lifted = np.flatnonzero(own < _LEAST_TRAVEL_SHARE)
    travel = np.maximum(own, _LEAST_TRAVEL_SHARE)
    sums = problem.measures.sum(axis=0)
    units = np.where(sums > 0, sums / travel.sum(), 1.0)
    preferences = problem.preferences
    return Scaled(
        replace(
            problem,
            places=np.ascontiguousarray(problem.places, float),
            travel=np.ascontiguousarray(travel),
            measures=np.ascontiguousarray(problem.measures / units),
            lowest=np.ascontiguousarray(problem.lowest / units),
            highest=np.ascontiguousarray(np.minimum(problem.highest, 2 * sums + 1e-300) / units),
            preferences=None if preferences is None else replace(preferences, saving=preferences.saving / travel_unit),
        ),
        travel_unit,
        units,
        lifted,
        own[lifted],
    )
