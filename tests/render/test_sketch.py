"""Small drawings of territories."""

from __future__ import annotations

import re

import numpy as np
import shapely

from metes.render.sketch import WIDTH, Places, sketch


def squares(*corners: tuple[float, float], regions: tuple[str, ...] = ()) -> Places:
    """Unit squares in degrees by their south-western corners (longitude, latitude)."""
    shapes = tuple(shapely.to_wkb(shapely.box(x, y, x + 1, y + 1)) for x, y in corners)
    places = np.array(corners) + 0.5
    return Places(places[:, 1], places[:, 0], regions or ("",) * len(corners), shapes)


def test_squares_of_one_group_are_one_outline_without_their_common_border() -> None:
    two = sketch(squares((0, 0), (1, 0), (2, 0)), np.array([0, 0, 1]), 2)
    assert [path.count("M") for path in two.paths] == [1, 1]
    xs = [float(x) for x in re.findall(r"[ML]([\d.]+) ", two.paths[0])]
    assert 0 < min(xs) < max(xs) < WIDTH
    assert len(two.paths[0].split("L")) in (4, 6), "the corners, perhaps with both ends of the border that went"


def test_a_unit_of_no_group_is_left_out_and_an_empty_group_has_no_path() -> None:
    drawn = sketch(squares((0, 0), (5, 5)), np.array([1, -1]), 3)
    assert [bool(path) for path in drawn.paths] == [False, True, False]


def test_drawings_of_the_same_places_fit_on_one_another() -> None:
    places = squares((0, 0), (3, 1), (9, 9))
    whole, part = sketch(places, np.array([0, 1, 2]), 3), sketch(places, np.array([-1, 0, -1]), 1)
    assert (part.height, part.paths[0]) == (whole.height, whole.paths[1])


def test_borders_that_do_not_meet_in_common_points_are_joined_all_the_same() -> None:
    places = squares((0, 0), (1, 0), (1, 1))
    shifted = shapely.to_wkb(shapely.box(0, 1, 1.3, 2.5))
    drawn = sketch(Places(places.latitude, places.longitude, places.regions, (*places.shapes[:2], shifted)), np.zeros(3, int), 1)
    assert drawn.paths[0].startswith("M")


def test_places_without_shapes_are_points() -> None:
    places = Places(np.array([1.0, 2.0]), np.array([1.0, 2.0]), ("", ""), (None, None))
    drawn = sketch(places, np.array([0, 0]), 1)
    assert drawn.are_points
    assert drawn.paths[0].count("h0") == 2


def test_the_united_states_come_with_insets_inside_the_drawing() -> None:
    states = [
        f"US-{code}" for code in ("CA", "WA", "TX", "FL", "ME", "MI", "CO", "KS", "GA", "NY", "OH", "IL", "AK", "HI", "PR", "GU")
    ]
    corners = [(-120, 36), (-121, 47), (-100, 31), (-82, 28), (-69, 45), (-85, 43), (-105, 39), (-98, 38), (-83, 33), (-75, 43), (-82, 40), (-89, 40), (-150, 63), (-156, 20), (-67, 18), (144, 13)]  # fmt: skip
    places = squares(*corners, regions=tuple(states))
    drawn = sketch(places, np.arange(len(corners)), len(corners))
    assert drawn.paths[-1] == "", "Guam is too far away"
    for path in drawn.paths[:-1]:
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= drawn.height


def test_no_units_are_an_empty_drawing() -> None:
    none = Places(np.zeros(0), np.zeros(0), (), ())
    assert sketch(none, np.zeros(0, int), 2).paths == ("", "")
