"""Cells around points: what is nearer to each than to any other, within an outline."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from metes.partition.neighbours import Shapes
from metes.partition.problem import Floats

# Degrees: points at one place are moved apart this far, about 50 m, so that each gets its sector of their common cell.
_APART = 5e-4
_GRID = 1e-7


def voronoi_cells(latitude: npt.ArrayLike, longitude: npt.ArrayLike, outline: BaseGeometry) -> Shapes:
    """The cell (n,) of each point within an outline in degrees; None where nothing of it lies inside.

    Nearness is that of a plane with degrees of longitude narrowed by the cosine of the middle latitude, which keeps straight borders
    straight; meant for outlines of up to some 15 degrees, such as a state. Points at one place get a sector each. An outline
    beyond 180 degrees takes longitudes beyond 180 too. O(n log n).
    """
    lat, lon = (np.atleast_1d(np.asarray(values, float)) for values in (latitude, longitude))
    cells = np.full(len(lat), None, np.object_)
    if not len(lat) or outline.is_empty:
        return cells
    narrowing = max(float(np.cos(np.radians(lat.mean()))), 0.05)
    xy = _apart(np.stack([lon * narrowing, lat], axis=1))
    frame = shapely.transform(outline, lambda at: at * [narrowing, 1.0])
    raw = _raw_cells(xy, frame)
    shapely.prepare(frame)
    is_inside = shapely.contains_properly(frame, raw)
    clipped = raw.copy()
    clipped[~is_inside] = shapely.intersection(raw[~is_inside], frame)
    flat = shapely.transform(clipped, lambda at: at / [narrowing, 1.0])
    # Rounding cannot tangle a whole cell, which is convex; what was cut at the outline takes more care.
    flat[is_inside] = shapely.set_precision(flat[is_inside], _GRID, mode="pointwise")
    flat[~is_inside] = shapely.set_precision(flat[~is_inside], _GRID)
    cells[:] = _polygons(flat)
    return cells


def _raw_cells(xy: Floats, frame: BaseGeometry) -> Shapes:
    if len(xy) == 1:
        return np.array([shapely.box(*shapely.bounds(frame)).buffer(1.0)], np.object_)
    extent = shapely.box(*shapely.total_bounds([frame, *shapely.points(xy)]))
    found = shapely.voronoi_polygons(shapely.multipoints(xy), extend_to=extent, ordered=True)
    return np.asarray(shapely.get_parts(found))


def _apart(xy: Floats) -> Floats:
    """Points at one place moved onto a small circle about it, in their order."""
    _, place, count = np.unique(xy.round(9), axis=0, return_inverse=True, return_counts=True)
    place = place.ravel()
    order = np.argsort(place, kind="stable")
    rank = np.empty(len(xy), np.int64)
    rank[order] = np.arange(len(xy)) - (np.cumsum(count) - count)[place[order]]
    turn = 2 * np.pi * rank / count[place]
    moved = np.where((count[place] > 1)[:, None], _APART * np.stack([np.cos(turn), np.sin(turn)], axis=1), 0.0)
    return np.asarray(xy + moved)


def _polygons(shapes: Shapes) -> Shapes:
    """What of each shape encloses ground; None where nothing does."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    deeper, deeper_owner = shapely.get_parts(parts, return_index=True)
    is_ground = (shapely.get_type_id(deeper) == 3) & ~shapely.is_empty(deeper)
    ground, owner = deeper[is_ground], owner[deeper_owner[is_ground]]
    found = np.full(len(shapes), None, np.object_)
    starts = np.searchsorted(owner, np.arange(len(shapes) + 1))
    for at in np.flatnonzero(np.diff(starts)):
        mine = ground[starts[at] : starts[at + 1]]
        found[at] = mine[0] if len(mine) == 1 else shapely.multipolygons(mine)
    return found
