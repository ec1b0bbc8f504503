"""Colours: neighbours differ, and who can keeps their own."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metes.designing.colouring import COLOURS, colours_apart, neighbouring


@given(st.integers(1, 20), st.floats(0, 0.4), st.integers(0, 1000))
def test_neighbours_differ_where_twelve_colours_are_enough(k: int, share: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    one, other = np.triu_indices(k, 1)
    is_beside = random.random(len(one)) < share
    beside = np.stack([one[is_beside], other[is_beside]], axis=1)
    colours = [None if random.random() < 0.3 else int(random.integers(0, 4)) for _ in range(k)]
    firm = [bool(random.random() < 0.5) for _ in range(k)]
    found = colours_apart(colours, beside, firm)
    assert all(0 <= colour < COLOURS for colour in found)
    if np.bincount(beside.ravel(), minlength=k).max(initial=0) < COLOURS:
        assert all(found[a] != found[b] for a, b in beside.tolist())
    # What was apart already stays, and a firm territory gives way to a firm one before it alone.
    assert colours_apart(found, beside, firm) == found
    for at, colour in enumerate(colours):
        rivals = {colours[b] for a, b in [*beside.tolist(), *beside[:, ::-1].tolist()] if a == at and (firm[b] and b < at)}
        if firm[at] and colour is not None and colour not in rivals:
            assert found[at] == colour


def test_the_new_one_gives_way_and_gets_a_colour_that_is_far_from_use() -> None:
    # A row of four: 0 | 1 | 2 | 3. The second is new and has the colour of the first; 0 and 5 are near, all others are free.
    beside = np.array([[0, 1], [1, 2], [2, 3]])
    assert colours_apart([0, 0, 5, 0], beside, [True, False, True, True]) == [0, 1, 5, 0]


def test_a_colour_like_that_of_a_neighbour_is_the_last_choice() -> None:
    # The middle one is new. Its neighbours are Apricot, Sky and Leaf; Coral, Sand, Slate, Moss and Sage would look like these.
    found = colours_apart([1, 0, 2, None], np.array([[0, 3], [1, 3], [2, 3]]), [True, True, True, False])
    assert found == [1, 0, 2, 3]
    crowded = colours_apart([1, 0, 2, 3, 4, 5, 6, None], np.array([[at, 7] for at in range(7)]), [True] * 7 + [False])
    assert crowded[7] in range(7, 12)


def test_where_neighbours_have_all_colours_a_territory_keeps_its_own() -> None:
    beside = np.array([[a, b] for a in range(13) for b in range(a + 1, 13)])
    found = colours_apart([*range(12), 3], beside, [True] * 13)
    assert found == [*range(12), 3]


def test_territories_are_neighbours_where_units_are() -> None:
    # Units in a row, one of them in no territory.   0 0 2 -1 1 1
    pairs = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [0, 5]], np.int32)
    assert neighbouring(pairs, np.array([0, 0, 2, -1, 1, 1], np.int32)).tolist() == [[0, 1], [0, 2]]
    assert neighbouring(np.zeros((0, 2), np.int32), np.array([0, 1], np.int32)).shape == (0, 2)
