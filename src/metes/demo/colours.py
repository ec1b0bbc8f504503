"""Colours of the territories, so that neighbours on the map differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metes.demo.places import Places

COLOURS = 12
CELLS_PER_DEGREE = 2


def colours_of_patches(places: Places, count: int) -> list[int]:
    """A colour index for each of `count` patches: the least used one that no neighbour has, in order of most neighbours.

    Two patches are neighbours when they have postal codes in the same or adjoining cells of half a degree.
    """
    cells: dict[tuple[int, int], set[int]] = {}
    rows = np.floor(places.latitude * CELLS_PER_DEGREE).astype(int).tolist()
    columns = np.floor(places.longitude * CELLS_PER_DEGREE).astype(int).tolist()
    for row, column, patch in zip(rows, columns, places.patch.tolist(), strict=True):
        if patch >= 0:
            cells.setdefault((row, column), set()).add(patch)
    neighbours: list[set[int]] = [set() for _ in range(count)]
    for (row, column), patches in cells.items():
        around = set().union(*(cells.get((row + r, column + c), set()) for r in (-1, 0, 1) for c in (-1, 0, 1)))
        for patch in patches:
            neighbours[patch] |= around - {patch}
    return greedy_colours(neighbours)


def greedy_colours(neighbours: Sequence[set[int]]) -> list[int]:
    """A colour per node, unlike its neighbours' where twelve suffice, each colour used about equally often."""
    colour: dict[int, int] = {}
    used = [0] * COLOURS
    for node in sorted(range(len(neighbours)), key=lambda n: (-len(neighbours[n]), n)):
        taken = {colour[n] for n in neighbours[node] if n in colour}
        free = [c for c in range(COLOURS) if c not in taken] or list(range(COLOURS))
        best = min(free, key=lambda c: (used[c], c))
        colour[node] = best
        used[best] += 1
    return [colour[n] for n in range(len(neighbours))]
