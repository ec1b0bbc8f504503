"""Which zone a place lies in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import KDTree

from metes.model.zones import ZoneSet
from metes.partition.problem import Floats, Ints, on_earth

# A place just off a simplified coast belongs to the zone whose border is nearest, within about ten kilometres.
REACH_DEGREES = 0.1


def zones_at(zones: ZoneSet, latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> Ints:
    """The number of the zone that each place lies in, (m,), -1 where it lies in none; NaN is no place.

    On a border the lower number holds; outside of all shapes the zone whose border is nearest, within 0.1 degrees. A set without
    shapes gives the zone whose point is nearest over ground. O((m + n) log n).
    """
    lat, lon = (np.atleast_1d(np.asarray(values, np.float64)) for values in (latitude, longitude))
    found = np.full(len(lat), -1, np.int32)
    rows = np.flatnonzero(np.isfinite(lat) & np.isfinite(lon))
    if not len(rows) or not len(zones):
        return found
    found[rows] = _by_shape(zones, lat[rows], lon[rows]) if zones.has_shapes else nearest_zone(zones, lat[rows], lon[rows])
    return found


def nearest_zone(zones: ZoneSet, latitude: Floats, longitude: Floats) -> Ints:
    """The number of the zone whose point is nearest to each place over ground, (m,)."""
    tree = KDTree(on_earth(zones.latitude, zones.longitude))
    _, near = tree.query(on_earth(latitude, longitude))
    return np.asarray(near, np.int32)


def _by_shape(zones: ZoneSet, latitude: Floats, longitude: Floats) -> Ints:
    # Many accounts stand at the same place, that of their postal code; as complex numbers they sort ten times as fast as rows.
    places, at = np.unique(longitude + 1j * latitude, return_inverse=True)
    tree = shapely.STRtree(shapely.from_wkb(np.array(zones.shapes, np.object_)))
    points = shapely.points(places.real, places.imag)
    place, zone = tree.query(points, predicate="intersects")
    found = np.full(len(places), len(zones), np.int64)
    np.minimum.at(found, place, zone)
    open_ = np.flatnonzero(found == len(zones))
    place, zone = tree.query_nearest(points[open_], max_distance=REACH_DEGREES, all_matches=True)
    np.minimum.at(found, open_[place], zone)
    found[found == len(zones)] = -1
    return np.asarray(found[at], np.int32)
