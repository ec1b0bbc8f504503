"""Who is next to whom: zones that share a border, the nearest of each place, and the triangulation of all."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import Delaunay, KDTree, QhullError

from metes.partition.problem import Floats, Ints, on_earth

Int64s = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]
# Degrees within which two borders are the same one: a tenth of a metre on the ground.
TOLERANCE = 1e-6
# Borders that only touch in a corner run together for a few tolerances where the corner is sharp.
_TOUCH = 20
_PLACE_DECIMALS = 9
_CANDIDATES = 400


def border_pairs(shapes: Shapes, tolerance: float = TOLERANCE) -> Ints:
    """Pairs (p, 2), the lower number first, of shapes that share a border; a common corner alone is none.

    `shapes` (n,) are polygons in degrees, None for a zone without one. Borders count as shared where they run within `tolerance`
    degrees of one another, also where one has positions that the other lacks, and on both sides of the date line. Most pairs are
    found by their common edges, the rest by measuring. O(e log e) for e edges, and the few pairs that touch without a common edge.
    """
    by_edge = _edge_pairs(shapes, tolerance)
    measured = _measured_pairs(shapes, by_edge, tolerance)
    return _pairs(np.concatenate([by_edge, measured]), len(shapes))


def nearest_pairs(latitude: npt.ArrayLike, longitude: npt.ArrayLike, neighbours: int) -> Ints:
    """Pairs (p, 2) of each place with its nearest `neighbours` over ground, the lower number first; zones at one place are paired in a row.

    O(n log n). ValueError where `neighbours` < 1.
    """
    if neighbours < 1:
        raise ValueError(f"neighbours must be >= 1, is {neighbours}")
    places, zone_of_place, rows = _distinct(latitude, longitude)
    if len(places) < 2:
        return rows
    count = min(neighbours + 1, len(places))
    _, near = KDTree(places).query(places, k=count)
    found = np.stack([np.repeat(np.arange(len(places)), count), near.ravel()], axis=1)
    return _pairs(np.concatenate([zone_of_place[found], rows]), len(np.atleast_1d(latitude)))


def delaunay_pairs(latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> Ints:
    """Pairs (p, 2) of places that the Delaunay triangulation joins, the lower number first; always in one piece.

    Triangulated in a stereographic projection, which keeps circles and so gives the triangulation of the sphere, from the
    emptiest place there is. Zones at one place are paired in a row; places on a line are paired along it. O(n log n).
    """
    places, zone_of_place, rows = _distinct(latitude, longitude)
    found = _triangulated(_projected(places))
    return _pairs(np.concatenate([zone_of_place[found], rows]), len(np.atleast_1d(latitude)))


def _pairs(found: npt.NDArray[Any], n: int) -> Ints:
    """Each pair once, the lower number first, in order; none of a zone with itself."""
    low, high = found.min(axis=1).astype(np.int64), found.max(axis=1).astype(np.int64)
    codes = np.unique((low * n + high)[low != high])
    return np.stack([codes // max(n, 1), codes % max(n, 1)], axis=1).astype(np.int32)


def _distinct(latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> tuple[Floats, Int64s, Ints]:
    """Distinct places on the unit sphere (m, 3), a zone at each (m,), and the pairs in a row of zones that share a place."""
    sphere = (
        on_earth(np.atleast_1d(np.asarray(latitude, float)), np.atleast_1d(np.asarray(longitude, float))) / on_earth([0], [0])[0, 0]
    )
    if not len(sphere):
        return sphere, np.zeros(0, np.int64), np.zeros((0, 2), np.int32)
    _, first, place_of_zone = np.unique(sphere.round(_PLACE_DECIMALS), axis=0, return_index=True, return_inverse=True)
    place_of_zone = place_of_zone.ravel()
    order = np.argsort(place_of_zone, kind="stable")
    is_same = place_of_zone[order][1:] == place_of_zone[order][:-1]
    rows = np.stack([order[:-1][is_same], order[1:][is_same]], axis=1)
    return sphere[first], first, _pairs(rows, len(sphere))


def _projected(places: Floats) -> Floats:
    """Stereographic projection (m, 2) of unit vectors (m, 3) about the place whose antipode is farthest from all of them."""
    if not len(places):
        return np.zeros((0, 2))
    centre = _centre(places)
    side = np.eye(3)[np.argmin(np.abs(centre))]
    east = np.cross(side, centre)
    east /= np.linalg.norm(east)
    north = np.cross(centre, east)
    return np.stack([places @ east, places @ north], axis=1) / (1 + places @ centre)[:, None]


def _centre(places: Floats) -> Floats:
    """The middle of the places where its antipode is well away from all; else the best of a lattice of directions."""
    middle = places.mean(axis=0)
    length = float(np.linalg.norm(middle))
    if length > 0.1 and float((places @ middle).min()) > -0.5 * length:
        return np.asarray(middle / length)
    steps = np.arange(_CANDIDATES) + 0.5
    height = 1 - 2 * steps / _CANDIDATES
    turn = np.pi * (1 + 5**0.5) * steps
    around = np.sqrt(1 - height**2)
    lattice = np.stack([np.cos(turn) * around, np.sin(turn) * around, height], axis=1)
    distance, _ = KDTree(places).query(-lattice)
    return np.asarray(lattice[np.argmax(distance)])


def _triangulated(xy: Floats) -> Int64s:
    """Pairs of points (m, 2) of a plane that their triangulation joins; along the line where they lie on one."""
    if len(xy) < 3:
        return _along_line(xy)
    try:
        mesh = Delaunay((xy - xy.mean(axis=0)) / max(float(np.ptp(xy, axis=0).max()), 1e-300))
    except QhullError:
        return _along_line(xy)
    corners = mesh.simplices
    # What rounding makes part of no triangle belongs to the corner nearest to it.
    return np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]], mesh.coplanar[:, [0, 2]]]).astype(np.int64)


def _along_line(xy: Floats) -> Int64s:
    if len(xy) < 2:
        return np.zeros((0, 2), np.int64)
    centred = xy - xy.mean(axis=0)
    direction = np.linalg.svd(centred, full_matrices=False)[2][0]
    order = np.argsort(centred @ direction, kind="stable")
    return np.stack([order[:-1], order[1:]], axis=1)


def _edge_pairs(shapes: Shapes, tolerance: float) -> Int64s:
    """Pairs of shapes that have an edge in common, end for end."""
    polygons, polygon_owner = shapely.get_parts(shapes, return_index=True)
    rings, polygon_of_ring = shapely.get_rings(polygons, return_index=True)
    ring_owner = polygon_owner[polygon_of_ring]
    xy, ring_of = shapely.get_coordinates(rings, return_index=True)
    if len(xy) < 2:
        return np.zeros((0, 2), np.int64)
    steps = np.round(xy / tolerance).astype(np.int64)
    around = round(360 / tolerance)
    # 180 degrees east is 180 degrees west.
    point = np.unique((steps[:, 0] % around) * around + steps[:, 1] + around // 2, return_inverse=True)[1].astype(np.int64)
    is_edge = (ring_of[1:] == ring_of[:-1]) & (point[1:] != point[:-1])
    one, other = point[:-1][is_edge], point[1:][is_edge]
    owner = ring_owner[ring_of[:-1][is_edge]]
    edge = np.minimum(one, other) * (int(point.max()) + 1) + np.maximum(one, other)
    order = np.lexsort((owner, edge))
    edge, owner = edge[order], owner[order]
    is_shared = (edge[1:] == edge[:-1]) & (owner[1:] != owner[:-1])
    return np.stack([owner[:-1][is_shared], owner[1:][is_shared]], axis=1)


def _measured_pairs(shapes: Shapes, known: Int64s, tolerance: float) -> Int64s:
    """Pairs not known yet whose borders run together for more than a touch."""
    n = len(shapes)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=tolerance)
    is_open = (one < other) & ~np.isin(one * n + other, known.min(axis=1) * n + known.max(axis=1))
    one, other = one[is_open], other[is_open]
    if not len(one):
        return np.zeros((0, 2), np.int64)
    boundary = shapely.boundary(shapes)
    # The ground near the one, cut small: a buffer around all of a coast would cost more than all the rest.
    boxes = shapely.box(*_common_box(shapes[one], shapes[other], 4 * tolerance))
    near = shapely.buffer(shapely.intersection(boundary[one], boxes), tolerance, quad_segs=2)
    together = shapely.length(shapely.intersection(shapely.intersection(boundary[other], boxes), near))
    overlap = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    is_border = (together > _TOUCH * tolerance) | (overlap > (_TOUCH * tolerance) ** 2)
    return np.stack([one[is_border], other[is_border]], axis=1)


def _common_box(one: Shapes, other: Shapes, margin: float) -> tuple[Floats, Floats, Floats, Floats]:
    """West, south, east, north of what the boxes of two shapes have in common, and a margin."""
    a, b = shapely.bounds(one), shapely.bounds(other)
    west, south = np.maximum(a[:, 0], b[:, 0]), np.maximum(a[:, 1], b[:, 1])
    east, north = np.minimum(a[:, 2], b[:, 2]), np.minimum(a[:, 3], b[:, 3])
    return (
        np.minimum(west, east) - margin,
        np.minimum(south, north) - margin,
        np.maximum(west, east) + margin,
        np.maximum(south, north) + margin,
    )
