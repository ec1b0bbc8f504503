"""Which zone a place lies in, against a look at every zone."""

from __future__ import annotations

import numpy as np
import shapely

from metes.model.zones import ZoneKind, ZoneSet
from metes.partition.placing import zones_at
from tests.model.test_zones import two_zones


def squares(count: int) -> ZoneSet:
    """Squares of one degree in a row along the equator."""
    shapes = shapely.to_wkb(shapely.box(np.arange(count), 0, np.arange(count) + 1, 1))
    return two_zones(
        kind=ZoneKind.POLYGONS,
        ids=tuple(f"s{at}" for at in range(count)),
        names=("",) * count,
        regions=("",) * count,
        latitude=np.full(count, 0.5),
        longitude=np.arange(count) + 0.5,
        measures={},
        pairs=np.stack([np.arange(count - 1), np.arange(1, count)], axis=1),
        shapes=tuple(shapes),
    )


def test_a_place_lies_in_its_zone_the_lower_on_a_border_and_the_nearest_just_off_the_coast() -> None:
    latitude = [0.5, 0.5, 1.05, 1.2, np.nan, 0.5, 0.5]
    longitude = [0.5, 2.0, 1.5, 1.5, 1.5, np.nan, 2.5]
    assert zones_at(squares(4), latitude, longitude).tolist() == [0, 1, 1, -1, -1, -1, 2]


def test_many_places_lie_where_a_look_at_every_zone_puts_them() -> None:
    random = np.random.default_rng(4)
    zones = squares(30)
    latitude, longitude = random.uniform(0, 1, 500), random.uniform(0, 30, 500)
    shapes = [shapely.from_wkb(shape) for shape in zones.shapes]
    wanted = [
        next(at for at, shape in enumerate(shapes) if shape.contains(shapely.Point(x, y)))
        for x, y in zip(longitude, latitude, strict=True)
    ]
    assert zones_at(zones, latitude, longitude).tolist() == wanted


def test_a_set_of_points_gives_the_nearest_over_ground() -> None:
    zones = two_zones(latitude=[0, 0], longitude=[179, -170])
    assert zones_at(zones, [0, 0, np.nan], [-179, -172, 0]).tolist() == [0, 1, -1]


def test_no_zones_and_no_places() -> None:
    empty = two_zones(ids=(), names=(), regions=(), latitude=[], longitude=[], measures={}, pairs=[], shapes=())
    assert zones_at(empty, [1], [1]).tolist() == [-1]
    assert zones_at(two_zones(), [], []).tolist() == []
