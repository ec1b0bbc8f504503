"""Colours of territories such that neighbours differ, each keeping its own where that is possible."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from metes.partition.problem import Ints

COLOURS = 12
# Colours of the palette that are hard to tell apart side by side: Sky and Slate, Lagoon and Sage, and so on.
_ALIKE = {0: {11}, 1: {7, 10}, 2: {8, 9}, 3: {7}, 4: {11}, 6: {9}, 7: {1, 3}, 8: {2, 9}, 9: {2, 6, 8}, 10: {1}, 11: {0, 4}}


def neighbouring(pairs: Ints, territory_of_unit: Ints) -> Ints:
    """Pairs (e, 2), the lower number first, of territories that have neighbouring units; units in none count for nothing. O(p log p)."""
    held = territory_of_unit[pairs].reshape(-1, 2)
    apart = held[(held >= 0).all(axis=1) & (held[:, 0] != held[:, 1])]
    count = int(territory_of_unit.max(initial=0)) + 1
    codes = np.unique(apart.min(axis=1).astype(np.int64) * count + apart.max(axis=1))
    return np.stack([codes // count, codes % count], axis=1).astype(np.int32)


def colours_apart(colours: Sequence[int | None], neighbours: npt.NDArray[np.integer], is_firm: Sequence[bool]) -> list[int]:
    """A colour from 0 to 11 for each of k territories, those of `neighbours` (e, 2) different where twelve are enough.

    First the firm ones keep their colours, in order, then the others, as long as no neighbour has it already. Each that is left, the one
    with fewest colours to choose from first, gets the one that is farthest from use: like none of its neighbours', not among its neighbours'
    neighbours, then used least (saturation, Brélaz 1979). Where neighbours have all twelve it keeps its own. O(k² + e).
    """
    k = len(colours)
    beside: list[set[int]] = [set() for _ in range(k)]
    for one, other in neighbours.tolist():
        beside[one].add(other)
        beside[other].add(one)
    found: list[int | None] = [None] * k
    used = np.zeros(COLOURS, np.int64)
    for at in sorted(range(k), key=lambda j: (not is_firm[j], j)):
        own = colours[at]
        if own is not None and all(found[other] != own for other in beside[at]):
            found[at] = own
            used[own] += 1
    left = {at for at in range(k) if found[at] is None}
    while left:
        at = min(left, key=lambda j: (-len({found[other] for other in beside[j]} - {None}), j))
        left.remove(at)
        made = _free_colour(at, colours[at], beside, found, used)
        found[at] = made
        used[made] += 1
    return [colour or 0 for colour in found]


def _free_colour(
    at: int, own: int | None, beside: Sequence[set[int]], found: Sequence[int | None], used: npt.NDArray[np.int64]
) -> int:
    """The colour for a territory: one that no neighbour has, else its own."""
    taken = {found[other] for other in beside[at]}
    behind = {found[far] for other in beside[at] for far in beside[other]}
    free = [colour for colour in range(COLOURS) if colour not in taken]
    if not free:
        return own or 0
    return min(free, key=lambda colour: (bool(_ALIKE.get(colour, set()) & taken), colour in behind, used[colour], colour))
