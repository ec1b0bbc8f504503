"""Areas drawn small."""

from __future__ import annotations

from hypothesis import given, settings

from metes.plan.geojson import Polygon
from metes.plan.polygons import extent_of, geometry_text
from metes.plan.sketch import SKETCH_SIDE, sketch_of, unfolded
from tests.plan.strategies import squares


def test_a_square_at_the_equator_fills_the_sketch_and_one_in_the_north_is_narrow() -> None:
    def box(south: float) -> Polygon:
        return [[(0.0, south), (1.0, south), (1.0, south + 1), (0.0, south + 1), (0.0, south)]]

    assert sketch_of([box(-0.5)]) == (((1, 159), (159, 159), (159, 1), (1, 1)),)
    (north,) = sketch_of([box(59.5)])
    assert max(x for x, _ in north) - min(x for x, _ in north) == 80


def test_nothing_is_drawn_of_nothing_and_specks_are_left_out() -> None:
    speck = [[(50.0, 0.0), (50.001, 0.0), (50.001, 0.001), (50.0, 0.0)]]
    large = [[(0.0, 0.0), (60.0, 0.0), (60.0, 60.0), (0.0, 60.0), (0.0, 0.0)]]
    assert sketch_of([]) == ()
    assert len(sketch_of([large, speck])) == 1


def test_what_crosses_the_date_line_is_drawn_in_one_piece() -> None:
    west = [[(178.0, -18.0), (180.0, -18.0), (180.0, -17.0), (178.0, -17.0), (178.0, -18.0)]]
    east = [[(-180.0, -18.0), (-178.0, -18.0), (-178.0, -17.0), (-180.0, -17.0), (-180.0, -18.0)]]
    assert extent_of(geometry_text([east, west])).box == (178, -18, 182, -17)
    assert unfolded([west]) == [west]
    world = [[(-180.0, 0.0), (180.0, 0.0), (180.0, 9.0), (-180.0, 9.0), (-180.0, 0.0)]]
    assert unfolded([world]) == [world]


@given(squares())
@settings(max_examples=50, derandomize=True, deadline=None)
def test_a_sketch_stays_on_its_square(polygon: Polygon) -> None:
    assert all(0 <= x <= SKETCH_SIDE and 0 <= y <= SKETCH_SIDE for ring in sketch_of([polygon]) for x, y in ring)
