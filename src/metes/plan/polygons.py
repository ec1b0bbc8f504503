"""Geometry of areas: polygons made valid and canonical, their text, size and box. Shapely is loaded only where a border is examined."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import radians, sin
from typing import TYPE_CHECKING, Any, Final

from metes.plan.geojson import DECIMALS, Polygon, Position, Ring
from metes.plan.sketch import Sketch, sketch_of, unfolded

if TYPE_CHECKING:
    import shapely
    from shapely.geometry.base import BaseGeometry

EARTH_RADIUS_KM: Final = 6371.0088
_GRID: Final = 10.0**-DECIMALS
_ROUNDS: Final = 4
_SEGMENTS_AT_ONCE: Final = 64
_TANGLE_SHARE: Final = 20
_TANGLE_FREE: Final = 10_000
_REASON_AT: Final = re.compile(r"\[(-?[0-9.e+-]+) (-?[0-9.e+-]+)\]")


class Tangled(Exception):
    """The borders cross so often that no one can have drawn them so."""


@dataclass(frozen=True, slots=True)
class Shaped:
    """Polygons that are valid and canonical, what had to be repaired (a reason and a position for each polygon), and how many are gone."""

    polygons: tuple[Polygon, ...]
    repaired: tuple[tuple[str, Position], ...]
    vanished: int


def shaped(polygons: Sequence[Polygon]) -> Shaped:
    """The union of polygons as valid polygons in canonical form: the same value for the same ground and borders.

    A border that crosses itself is repaired: what either loop encloses counts, and holes stay holes. Polygons that overlap or share a
    border become one. Valid ones stay as they are. Canonical: positions of 7 decimals, outer rings counter-clockwise, holes
    clockwise, each from its first position by longitude and latitude, rings and polygons in the order of their positions. What
    `shaped` gave, it gives back unchanged. n log n in the positions.

    Raises
    ------
    Tangled
        Where repairing would meet more than 20 crossings a segment, so that a small file cannot cost an hour.
    """
    import shapely

    repaired: list[tuple[str, Position]] = []
    sound: list[shapely.Polygon] = []
    vanished = 0
    for polygon in polygons:
        one = shapely.Polygon(polygon[0], polygon[1:])
        if one.is_valid:
            sound.append(one)
            continue
        reason, position = _reason(one)
        parts = _parts(_repaired(one))
        if parts:
            repaired.append((reason, position))
            sound.extend(parts)
        else:
            vanished += 1
    whole: BaseGeometry = shapely.MultiPolygon(sound)
    if not whole.is_valid:
        _refuse_tangle(whole)
        whole = shapely.union_all(sound, grid_size=_GRID)
    return Shaped(_settled(whole), tuple(repaired), vanished)


def _settled(whole: BaseGeometry) -> tuple[Polygon, ...]:
    """Canonical polygons that stay valid when their positions are rounded."""
    import shapely

    canonical: tuple[Polygon, ...] = ()
    for _ in range(_ROUNDS):
        canonical = _canonical(_parts(whole))
        rounded = shapely.MultiPolygon([(polygon[0], polygon[1:]) for polygon in canonical])
        if rounded.is_valid:
            return canonical
        whole = shapely.union_all(_parts(_repaired(rounded)), grid_size=_GRID)
    raise Tangled


def _repaired(geometry: BaseGeometry) -> BaseGeometry:
    import shapely

    _refuse_tangle(geometry)
    return shapely.make_valid(geometry, method="structure", keep_collapsed=False)


def _parts(geometry: BaseGeometry) -> list[shapely.Polygon]:
    """The polygons of a geometry; lines and points that a repair left over enclose nothing."""
    if geometry.geom_type == "Polygon":
        return [] if geometry.is_empty else [geometry]
    return [part for one in getattr(geometry, "geoms", ()) for part in _parts(one)]


def _reason(geometry: BaseGeometry) -> tuple[str, Position]:
    """Why a polygon is not valid, and where."""
    import shapely

    text = str(shapely.is_valid_reason(geometry))
    found = _REASON_AT.search(text)
    position = (float(found[1]), float(found[2])) if found else (0.0, 0.0)
    return text.partition("[")[0].lower(), position


def _refuse_tangle(geometry: BaseGeometry) -> None:
    """Raise Tangled where segments meet others more often than borders of the Earth do."""
    import numpy as np
    import shapely

    rings = [ring for part in _parts(geometry) for ring in (part.exterior, *part.interiors)]
    coordinates = [shapely.get_coordinates(ring) for ring in rings]
    segments = shapely.linestrings(np.concatenate([np.stack([c[:-1], c[1:]], axis=1) for c in coordinates]))
    allowed = _TANGLE_FREE + _TANGLE_SHARE * len(segments)
    tree = shapely.STRtree(segments)
    for start in range(0, len(segments), _SEGMENTS_AT_ONCE):
        allowed -= tree.query(segments[start : start + _SEGMENTS_AT_ONCE], predicate="intersects").shape[1]
        if allowed < 0:
            raise Tangled


def _canonical(parts: Sequence[shapely.Polygon]) -> tuple[Polygon, ...]:
    polygons = []
    for part in parts:
        rings = [_rounded(ring.coords) for ring in (part.exterior, *part.interiors)]
        if len(rings[0]) >= 4:
            outer, *holes = rings
            inner = sorted(_turned(hole, is_hole=True) for hole in holes if len(hole) >= 4)
            polygons.append([_turned(outer, is_hole=False), *inner])
    return tuple(sorted(polygons))


def _rounded(coordinates: Any) -> Ring:
    ring: Ring = []
    for x, y in coordinates:
        point = (round(x, DECIMALS) + 0.0, round(y, DECIMALS) + 0.0)
        if not ring or ring[-1] != point:
            ring.append(point)
    return ring


def _turned(ring: Ring, *, is_hole: bool) -> Ring:
    """The ring the right way round, from its first position by longitude and latitude."""
    open_ring = ring[:-1]
    if (_twice_flat_area(ring) < 0) is not is_hole:
        open_ring.reverse()
    start = open_ring.index(min(open_ring))
    turned = open_ring[start:] + open_ring[:start]
    return [*turned, turned[0]]


def _twice_flat_area(ring: Ring) -> float:
    """Twice the signed area in square degrees, positive counter-clockwise; about its first position, which keeps small rings exact."""
    x0, y0 = ring[0]
    return sum((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0) for (x1, y1), (x2, y2) in pairwise(ring))


def geometry_text(polygons: Sequence[Polygon]) -> str:
    """Canonical polygons as the one JSON text of a Polygon or MultiPolygon: plain decimals, no blanks."""
    texts = ["[" + ",".join("[" + ",".join(map(_position_text, ring)) + "]" for ring in polygon) + "]" for polygon in polygons]
    if len(texts) == 1:
        return f'{{"type":"Polygon","coordinates":{texts[0]}}}'
    return f'{{"type":"MultiPolygon","coordinates":[{",".join(texts)}]}}'


def _position_text(position: Position) -> str:
    return f"[{_number_text(position[0])},{_number_text(position[1])}]"


def _number_text(number: float) -> str:
    return f"{number:.{DECIMALS}f}".rstrip("0").rstrip(".")


def polygons_of(geometry: str) -> tuple[tuple[tuple[Position, ...], ...], ...]:
    """The polygons of a canonical geometry text, as rings of positions; ValueError where it is none."""
    value = json.loads(geometry)
    match value:
        case {"type": "Polygon", "coordinates": [*rings]}:
            parts: list[Any] = [rings]
        case {"type": "MultiPolygon", "coordinates": [*polygons]}:
            parts = polygons
        case _:
            raise ValueError(f"expected a Polygon or MultiPolygon, got {geometry[:40]}")
    return tuple(tuple(tuple((float(x), float(y)) for x, y in ring) for ring in part) for part in parts)


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a geometry is: km² on the sphere, positions, polygons, its box in degrees, its sketch.

    The box is west, south, east, north; its east lies beyond 180 where the geometry crosses the date line.
    """

    square_km: float
    vertices: int
    polygons: int
    box: tuple[float, float, float, float]
    sketch: Sketch


def extent_of(geometry: str) -> Extent:
    """The extent of a canonical geometry text; ValueError where it is none. Linear in its positions."""
    polygons = polygons_of(geometry)
    flat = unfolded(polygons)
    positions = [position for polygon in flat for position in polygon[0]]
    if not positions:
        raise ValueError("expected at least one polygon, got none")
    xs, ys = [x for x, _ in positions], [y for _, y in positions]
    # A ring's last position is its first one again.
    vertices = sum(len(ring) - 1 for polygon in polygons for ring in polygon)
    box = (min(xs), min(ys), max(xs), max(ys))
    return Extent(square_kilometres(polygons), vertices, len(polygons), box, sketch_of(flat))


def square_kilometres(polygons: Sequence[Sequence[Sequence[Position]]]) -> float:
    """The area on a sphere of 6371.0088 km, of which edges are straight in longitude and sine of latitude.

    Source: Chamberlain and Duquette 2007, "Some algorithms for polygons on a sphere", equation 1. Within 0.6 % of the ellipsoid.
    """
    return sum(abs(_ring_km(polygon[0])) - sum(abs(_ring_km(hole)) for hole in polygon[1:]) for polygon in polygons)


def _ring_km(ring: Sequence[Position]) -> float:
    steps = pairwise(ring)
    total = sum(radians(x2 - x1) * (2 + sin(radians(y1)) + sin(radians(y2))) for (x1, y1), (x2, y2) in steps)
    return total * EARTH_RADIUS_KM**2 / 2


def date_line_edges(polygons: Sequence[Sequence[Sequence[Position]]]) -> Iterator[tuple[Position, Position]]:
    """Edges that span more than half the world, unless they run from one side of the date line to the other as a world-wide box does."""
    for polygon in polygons:
        for ring in polygon:
            for one, other in pairwise(ring):
                if 180 < abs(one[0] - other[0]) < 360:
                    yield one, other
