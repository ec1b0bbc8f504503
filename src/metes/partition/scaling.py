"""Measures brought to one scale, so that one price means the same for each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from metes.partition.problem import Floats, Problem

# A unit that weighs nothing still goes to somebody near.
_LEAST_TRAVEL_SHARE = 1e-3


@dataclass(frozen=True, eq=False)
class Scaled:
    """A problem whose travel weights average 1 and whose measures each sum to as much as they; and what it was divided by."""

    problem: Problem
    travel_unit: float
    measure_units: Floats

    def prices(self, scaled: Floats) -> Floats:
        """Prices of the scaled problem in the units of the one that was asked."""
        return scaled * self.travel_unit / self.measure_units[None, :]

    def scaled_prices(self, prices: Floats) -> Floats:
        """Prices in the units of the one that was asked, for the scaled problem."""
        return prices / self.travel_unit * self.measure_units[None, :]


def scaled(problem: Problem) -> Scaled:
    """Bring a problem to its scale; travel weights below a thousandth of their mean are lifted to it."""
    mean = float(problem.travel.mean())
    travel_unit = mean if mean > 0 else 1.0
    travel = np.maximum(problem.travel / travel_unit, _LEAST_TRAVEL_SHARE)
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
    )
