"""A partition found anew by chance: borders shaken less and less, while prices learn what loads in one piece each ask for.

The prices of a design come from cells that may lie in pieces. Kept in one piece, loads leave their limits, and to bring them back by force is
dear. Here prices follow instead: after each stretch of simulated annealing, a price rises with what its load is outside its limits, and
falls where it is inside (the method of multipliers of Hestenes 1969 and Powell 1969, with annealing as its inner search; together ours).
"""

from __future__ import annotations

import numpy as np

from metes.partition.borders import Borders, GoesOn
from metes.partition.problem import Floats

_STRETCHES, _PASSES = 100, 20
# In parts of what a unit costs on average.
_HOT, _COLD = 0.2, 0.003
_FIRST_FINE, _LAST_FINE, _LEARNT = 30.0, 300.0, 0.3
# Limits are drawn in by so much of the scale, as single units keep loads trembling.
_TREMBLING = 1e-3
_BROUGHT_IN = (1e3, 1e4, 1e5, 1e6, 1e7)


def anneal(borders: Borders, prices: Floats, seed: int, goes_on: GoesOn) -> bool:
    """Search from where borders are, end within the limits, and save cost there; whether to go on. O(2,000 n)."""
    unit = borders.spent() / len(borders.territory_of_unit)
    lowest, highest = borders.lowest, borders.highest
    room = np.minimum(_TREMBLING * borders.scale, (highest - lowest) / 8)
    borders.lowest, borders.highest = np.ascontiguousarray(lowest + room), np.ascontiguousarray(highest - room)
    chance, is_on = seed, True
    cooling, fines = np.geomspace(_HOT, _COLD, _STRETCHES), np.geomspace(_FIRST_FINE, _LAST_FINE, _STRETCHES)
    for turn in range(_STRETCHES):
        is_on = goes_on(turn, _STRETCHES)
        if not is_on:
            break
        chance = borders.stir(prices, fines[turn], _PASSES, cooling[turn] * unit, chance)
        prices = _learnt(borders, prices, _LEARNT * 2 * fines[turn] * borders.fine_unit)
    borders.lowest, borders.highest = lowest, highest
    borders.recount()
    if is_on:
        borders.bring_in(prices, _BROUGHT_IN)
        borders.save_cost()
    return is_on


def _learnt(borders: Borders, prices: Floats, rate: float) -> Floats:
    """Prices after a step along what loads are outside their limits; one of a limit that no longer holds a load back falls to nothing."""
    steps = rate / borders.scale**2
    above = np.maximum(prices, 0.0) + steps * (borders.loads - borders.highest)
    below = np.maximum(-prices, 0.0) + steps * (borders.lowest - borders.loads)
    return np.asarray(np.maximum(above, 0.0) - np.maximum(below, 0.0))
