"""A zone set as TopoJSON: each common border once, so that a page can draw zones, dissolve them, and find outlines by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from metes.model.zones import ZoneSet

Int64s = npt.NDArray[np.int64]
LAYER: Final = "zones"
_STEPS_ACROSS: Final = 500
_FINEST, _COARSEST = 1e-6, 1e-3


@dataclass(frozen=True, slots=True)
class _Rings:
    """Rings as vertices one after another: `vertex` (m,), the `ring` of each, and per ring the `zone` and the `polygon` it belongs to."""

    vertex: Int64s
    ring: Int64s
    zone: Int64s
    polygon: Int64s
    positions: Int64s


def topojson(zones: ZoneSet) -> bytes:
    """The set as TopoJSON with one object, `zones`: geometry i is zone i, its `id` the number i, its properties id and name.

    Positions are whole steps of a five-hundredth of a middling zone, at most 110 m; a zone without shape is a point, as is one too small
    for the steps. n log n in the positions. Source: the TopoJSON format specification 1.0; cutting borders where three zones meet after
    Bostock 2013, here by sorting edges.
    """
    shapes = shapely.from_wkb(np.array(zones.shapes, np.object_))
    step, origin = _grid(zones, shapes)
    rings = _rings(shapes, step, origin)
    arcs, arcs_of_ring = _arcs(rings)
    polygons = _polygons(rings, arcs_of_ring)
    points = np.round((np.stack([zones.longitude, zones.latitude], axis=1) - origin) / step).astype(np.int64).tolist()
    members = [_member(zones, at, polygons.get(at, []), points[at]) for at in range(len(zones))]
    topology: dict[str, Any] = {
        "type": "Topology",
        "transform": {"scale": [step, step], "translate": origin.tolist()},
        "objects": {LAYER: {"type": "GeometryCollection", "geometries": members}},
        "arcs": arcs,
    }
    return json.dumps(topology, ensure_ascii=False, separators=(",", ":")).encode()


def _grid(zones: ZoneSet, shapes: npt.NDArray[np.object_]) -> tuple[float, npt.NDArray[np.float64]]:
    """The width of a step in degrees, and the south-western corner that steps are counted from."""
    areas = shapely.area(shapes[~shapely.is_missing(shapes)])
    width = float(np.sqrt(np.median(areas))) if len(areas) else 1.0
    step = float(np.clip(width / _STEPS_ACROSS, _FINEST, _COARSEST))
    west, south = zones.longitude.min(initial=180.0), zones.latitude.min(initial=90.0)
    if len(areas):
        bounds = shapely.total_bounds(shapes)
        west, south = min(west, bounds[0]), min(south, bounds[1])
    return step, np.array([west, south])


def _rings(shapes: npt.NDArray[np.object_], step: float, origin: npt.NDArray[np.float64]) -> _Rings:
    """The rings of all shapes on the grid, open, no vertex twice in a row; those of fewer than 3 vertices are gone."""
    polygons, zone_of_polygon = shapely.get_parts(shapes, return_index=True)
    lines, polygon_of_ring = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(lines, return_index=True)
    grid = np.round((xy - origin) / step).astype(np.int64)
    # Each ring comes closed: dropping what equals its predecessor, and the last, leaves every vertex once.
    is_last = np.append(ring[1:] != ring[:-1], True) if len(ring) else np.zeros(0, bool)
    is_same = np.zeros(len(ring), bool)
    is_same[:-1] = (grid[1:] == grid[:-1]).all(axis=1) & (ring[1:] == ring[:-1])
    keep = ~(is_last | is_same)
    grid, ring = grid[keep], ring[keep]
    is_kept = np.bincount(ring, minlength=len(lines)) >= 3
    # A polygon whose border is gone loses its holes too.
    is_outer = np.append(True, polygon_of_ring[1:] != polygon_of_ring[:-1]) if len(lines) else np.zeros(0, bool)
    has_border = np.zeros(len(polygons), bool)
    has_border[polygon_of_ring[is_outer & is_kept]] = True
    is_kept &= has_border[polygon_of_ring]
    inside = is_kept[ring]
    new_number = np.cumsum(is_kept) - 1
    positions, vertex = np.unique(grid[inside], axis=0, return_inverse=True)
    polygon = polygon_of_ring[is_kept]
    return _Rings(vertex.ravel().astype(np.int64), new_number[ring[inside]], zone_of_polygon[polygon], polygon, positions)


def _arcs(rings: _Rings) -> tuple[list[list[list[int]]], list[list[int]]]:
    """The arcs as steps from position to position, and for each ring the numbers of its arcs, ones' complement where backwards."""
    if not len(rings.vertex):
        return [], []
    vertex, ring, is_cut = _turned_to_cuts(rings)
    following = _following(vertex, ring)
    low, high = np.minimum(vertex, following), np.maximum(vertex, following)
    edge = low * len(rings.positions) + high
    # Each edge lies on one arc, so that an arc is known by its lowest edge, and its direction by that edge's.
    starts = np.flatnonzero(is_cut)
    lowest = np.minimum.reduceat(edge, starts)
    chain = np.cumsum(is_cut) - 1
    at_lowest = np.flatnonzero(edge == lowest[chain])
    forward = np.zeros(len(starts), bool)
    forward[chain[at_lowest]] = vertex[at_lowest] == low[at_lowest]
    _, first, arc = np.unique(lowest, return_index=True, return_inverse=True)
    ends = np.append(starts[1:], len(vertex))
    begins = rings.positions[vertex].tolist()
    steps = (rings.positions[following] - rings.positions[vertex]).tolist()
    arcs = [[begins[start], *steps[start:end]] for start, end in zip(starts[first].tolist(), ends[first].tolist(), strict=True)]
    number = np.where(forward == forward[first][arc.ravel()], arc.ravel(), ~arc.ravel())
    of_ring = np.split(number, np.flatnonzero(np.diff(ring[starts])) + 1)
    return arcs, [numbers.tolist() for numbers in of_ring]


def _turned_to_cuts(rings: _Rings) -> tuple[Int64s, Int64s, npt.NDArray[np.bool_]]:
    """Vertices and their rings, each ring turned to begin where arcs are cut, and where that is; one without a cut begins at its lowest."""
    vertex, ring = rings.vertex, rings.ring
    is_cut = _junctions(rings)[vertex]
    count = np.bincount(ring)
    first = np.cumsum(count) - count
    has_cut = np.zeros(len(count), bool)
    has_cut[ring[is_cut]] = True
    lowest = np.minimum.reduceat(vertex, first)
    is_cut |= ~has_cut[ring] & (vertex == lowest[ring])
    cuts = np.flatnonzero(is_cut)
    start = cuts[np.unique(ring[cuts], return_index=True)[1]] - first
    place = np.arange(len(vertex)) - first[ring]
    order = first[ring] + (place + start[ring]) % count[ring]
    return vertex[order], ring, is_cut[order]


def _junctions(rings: _Rings) -> npt.NDArray[np.bool_]:
    """Which vertices end arcs: those where other than two edges meet, or two with different zones beside them."""
    vertex, following = rings.vertex, _following(rings.vertex, rings.ring)
    edge = np.minimum(vertex, following) * len(rings.positions) + np.maximum(vertex, following)
    unique, edge_of = np.unique(edge, return_inverse=True)
    # Sums of random numbers tell sets of zones apart; the seed is fixed, so that the same zones give the same bytes.
    mark = np.random.default_rng(0).integers(1, 2**40, int(rings.zone.max()) + 1)
    beside = np.bincount(edge_of.ravel(), mark[rings.zone[rings.ring]].astype(np.float64), len(unique))
    ends = np.concatenate([unique // len(rings.positions), unique % len(rings.positions)])
    both = np.concatenate([beside, beside])
    least, most = np.full(len(rings.positions), np.inf), np.zeros(len(rings.positions))
    np.minimum.at(least, ends, both)
    np.maximum.at(most, ends, both)
    return np.asarray((np.bincount(ends, minlength=len(rings.positions)) != 2) | (least != most))


def _following(vertex: Int64s, ring: Int64s) -> Int64s:
    """The vertex after each in its ring."""
    is_last = np.append(ring[1:] != ring[:-1], True)
    count = np.bincount(ring)
    following = np.append(vertex[1:], 0)
    following[is_last] = vertex[np.cumsum(count) - count]
    return following


def _polygons(rings: _Rings, arcs_of_ring: Sequence[list[int]]) -> Mapping[int, list[list[list[int]]]]:
    """The polygons of each zone that has any, as rings of arcs, the outer one first."""
    found: dict[int, list[list[list[int]]]] = {}
    before = -1
    for zone, polygon, arcs in zip(rings.zone.tolist(), rings.polygon.tolist(), arcs_of_ring, strict=True):
        if polygon != before:
            found.setdefault(zone, []).append([])
        found[zone][-1].append(arcs)
        before = polygon
    return found


def _member(zones: ZoneSet, at: int, polygons: list[list[list[int]]], point: list[int]) -> dict[str, Any]:
    about = {"id": at, "properties": {"id": zones.ids[at], "name": zones.names[at]}}
    if not polygons:
        return {"type": "Point", "coordinates": point, **about}
    if len(polygons) == 1:
        return {"type": "Polygon", "arcs": polygons[0], **about}
    return {"type": "MultiPolygon", "arcs": polygons, **about}
