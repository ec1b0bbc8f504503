"""Cuts polygons of a file that cross the date line, or run on beyond 180 degrees, into pieces on this Earth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
_FARTHEST: Final = 540.0


def cut_at_date_line(geometry: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """A GeoJSON geometry with every polygon cut where it crosses the date line, and whether any was.

    A border crosses where it leaps by more than half the world, but not by all of it as a world-wide box does; one that goes all the
    way around runs over the pole it encloses. What is no polygon with numbers comes back as it is. Linear in the positions.
    """
    match geometry.get("type"), geometry.get("coordinates"):
        case "Polygon", [*rings]:
            polygons: Sequence[Any] = [rings]
        case "MultiPolygon", [*members]:
            polygons = members
        case _:
            return geometry, False
    pieces: list[Any] = []
    is_cut = False
    for polygon in polygons:
        borders = _arrays(polygon)
        if borders is None or not any(_crosses(ring) for ring in borders):
            pieces.append(polygon)
        else:
            pieces.extend(_coordinates(piece) for piece in pieces_on_earth(borders))
            is_cut = True
    return ({"type": "MultiPolygon", "coordinates": pieces}, True) if is_cut else (geometry, False)


def _arrays(polygon: Any) -> list[Floats] | None:
    """The rings of a polygon as numbers (m, 2); None where they are none, which is for the reader to tell."""
    try:
        rings = [np.array([position[:2] for position in ring], np.float64) for ring in polygon]
    except (TypeError, ValueError, KeyError):
        return None
    sound = all(ring.ndim == 2 and len(ring) >= 4 and np.isfinite(ring).all() for ring in rings)
    return rings if rings and sound else None


def _crosses(ring: Floats) -> bool:
    if np.abs(ring[:, 1]).max() > 90 or np.abs(ring[:, 0]).max() > _FARTHEST:
        return False
    leaps = np.abs(np.diff(ring[:, 0]))
    return bool(((leaps > 180) & (leaps < 360)).any() or np.abs(ring[:, 0]).max() > 180)


def pieces_on_earth(rings: Sequence[Floats]) -> list[shapely.Polygon]:
    """The pieces between -180 and 180 degrees of a polygon of closed rings (m, 2), the outer one first, that crosses the date line.

    Every leap by half the world or more is taken for a crossing; a ring that goes around the Earth is closed over its pole.
    """
    outer, *holes = [_unwrapped(ring) for ring in rings]
    middle = outer[:, 0].mean()
    holes = [hole - [360 * round((hole[:, 0].mean() - middle) / 360), 0] for hole in holes]
    whole = shapely.make_valid(shapely.Polygon(outer, holes), method="structure", keep_collapsed=False)
    pieces: list[shapely.Polygon] = []
    for turn in range(-2, 3):
        part = shapely.intersection(whole, shapely.box(-180 + 360 * turn, -90, 180 + 360 * turn, 90))
        moved = shapely.transform(part, lambda xy, east=360.0 * turn: xy - np.array([east, 0.0]))
        pieces.extend(one for one in shapely.get_parts(moved) if one.geom_type == "Polygon" and not one.is_empty)
    return pieces


def _unwrapped(ring: Floats) -> Floats:
    """The ring without leaps; one that goes around the Earth is closed over its pole."""
    x = np.unwrap(ring[:, 0], period=360.0)
    found = np.stack([x, ring[:, 1]], axis=1)
    if abs(x[-1] - x[0]) < 180:
        return found
    pole = 90.0 if ring[:, 1].mean() > 0 else -90.0
    return np.concatenate([found, [[x[-1], pole], [x[0], pole]], found[:1]])


def _coordinates(polygon: shapely.Polygon) -> list[Any]:
    return [shapely.get_coordinates(ring).tolist() for ring in (polygon.exterior, *polygon.interiors)]
