"""Small drawings of territories: the outline of each as one SVG path, zones dissolved, Alaska and the islands set in beside the mainland."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
import shapely.errors

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer]
WIDTH: Final = 600
MOST_POINTS: Final = 6_000
_STEP: Final = 0.6
_GRID_DEGREES: Final = 1e-4
_HALF_EARTH: Final = 180.0
# Albers' equal-area cones: two latitudes that are true, the meridian, the share of its size, where its middle comes in units of the width.
_CONES: Final = {
    "US-AK": (55.0, 65.0, -154.0, 0.33, (0.11, 0.55)),
    "US-HI": (8.0, 18.0, -157.0, 0.9, (0.28, 0.575)),
    "US-PR": (18.0, 18.6, -66.4, 0.9, (0.93, 0.575)),
}
_FAR: Final = frozenset({"US-GU", "US-MP", "US-AS", "US-VI", "US-UM"})
_US_HEIGHT: Final = 0.635


@dataclass(frozen=True, slots=True)
class Sketch:
    """A drawing `WIDTH` wide: for each group the path of an SVG, empty where it has nothing; points are drawn as round line ends."""

    height: int
    paths: tuple[str, ...]
    are_points: bool


@dataclass(frozen=True, eq=False)
class Places:
    """n units to be drawn: degrees (n,), regions, and WKB shapes in degrees, None for points."""

    latitude: Floats
    longitude: Floats
    regions: Sequence[str]
    shapes: Sequence[bytes | None]


def sketch(places: Places, group_of_unit: Ints, groups: int) -> Sketch:
    """Draw each group of units dissolved; units of group -1, and islands far from all others, are left out. O(v) in the vertices.

    Drawings of the same places fit on one another, whatever is left out.

    The United States come in Albers' projection with insets (Snyder 1987, p. 100), all else as a plain map whose width is true in the middle.
    """
    near = ~np.isin(np.array(places.regions, object), list(_FAR))
    shown = np.flatnonzero((np.asarray(group_of_unit) >= 0) & near)
    has_shapes = any(shape is not None for shape in places.shapes)
    chart = _chart_of(places, np.flatnonzero(near))
    if not has_shapes:
        shown = shown[:: max(math.ceil(len(shown) / MOST_POINTS), 1)]
    paths = []
    for group in range(groups):
        units = shown[group_of_unit[shown] == group]
        paths.append((_outline if has_shapes else _dots)(places, units, chart) if len(units) else "")
    return Sketch(chart.height, tuple(paths), not has_shapes)


@dataclass(frozen=True, slots=True)
class _Chart:
    """From degrees to the drawing: `is_us` with insets, else plain between bounds (west, south, east, north)."""

    is_us: bool
    bounds: tuple[float, float, float, float]
    height: int

    def xy(self, lonlat: Floats, region: str) -> Floats:
        """Places of the drawing, (m, 2)."""
        if self.is_us:
            return _us(lonlat, region)
        west, south, east, north = self.bounds
        true = math.cos(math.radians((south + north) / 2))
        scale = WIDTH / max((east - west) * true, 1e-9)
        return np.stack([(lonlat[:, 0] - west) * true * scale, (north - lonlat[:, 1]) * scale], axis=1)


def _chart_of(places: Places, shown: npt.NDArray[np.intp]) -> _Chart:
    regions = {places.regions[i] for i in shown.tolist()}
    is_us = bool(regions) and all(region.startswith("US-") for region in regions)
    mainland = (
        ~np.isin(np.array([places.regions[i] for i in shown.tolist()], object), list(_CONES)) if len(shown) else np.zeros(0, bool)
    )
    if is_us and len(regions) > 12 and mainland.any():
        return _Chart(True, (0, 0, 0, 0), round(WIDTH * _US_HEIGHT))
    west, south, east, north = _bounds(places, shown)
    margin = 0.03 * max(east - west, north - south, 0.2)
    bounds = (west - margin, max(south - margin, -85.0), east + margin, min(north + margin, 85.0))
    true = math.cos(math.radians((bounds[1] + bounds[3]) / 2))
    height = WIDTH * (bounds[3] - bounds[1]) / max((bounds[2] - bounds[0]) * true, 1e-9)
    return _Chart(False, bounds, round(min(max(height, WIDTH * 0.3), WIDTH * 1.2)))


def _bounds(places: Places, shown: npt.NDArray[np.intp]) -> tuple[float, float, float, float]:
    """West, south, east and north of what is drawn; of the units' points where shapes reach around the Earth and the points do not."""
    if not len(shown):
        return -180.0, -60.0, 180.0, 80.0
    longitude, latitude = places.longitude[shown], places.latitude[shown]
    points = (float(longitude.min()), float(latitude.min()), float(longitude.max()), float(latitude.max()))
    known = [places.shapes[i] for i in shown.tolist() if places.shapes[i] is not None]
    if not known:
        return points
    west, south, east, north = (float(value) for value in shapely.total_bounds(shapely.from_wkb(known)))
    return points if east - west > _HALF_EARTH > points[2] - points[0] else (west, south, east, north)


def _us(lonlat: Floats, region: str) -> Floats:
    """Places of a drawing of the United States."""
    if region not in _CONES:
        return np.asarray(_albers(lonlat, 29.5, 45.5, -96.0, 37.8) * WIDTH * 1.27 + np.array([0.5, 0.305]) * WIDTH)
    first, second, meridian, share, at = _CONES[region]
    middle = {"US-AK": 63.0, "US-HI": 20.6, "US-PR": 18.2}[region]
    return np.asarray(_albers(lonlat, first, second, meridian, middle) * WIDTH * 1.27 * share + np.array(at) * WIDTH)


def _albers(lonlat: Floats, first: float, second: float, meridian: float, middle: float) -> Floats:
    """Albers' equal-area conic projection in earth radii, y downwards, its origin at `meridian` and `middle`."""
    one, two = math.radians(first), math.radians(second)
    n = (math.sin(one) + math.sin(two)) / 2
    c = math.cos(one) ** 2 + 2 * n * math.sin(one)
    turn = n * np.radians((lonlat[:, 0] - meridian + 180) % 360 - 180)
    rho = np.sqrt(np.maximum(c - 2 * n * np.sin(np.radians(lonlat[:, 1])), 0)) / n
    origin = math.sqrt(c - 2 * n * math.sin(math.radians(middle))) / n
    return np.stack([rho * np.sin(turn), rho * np.cos(turn) - origin], axis=1)


def _outline(places: Places, units: npt.NDArray[np.intp], chart: _Chart) -> str:
    """The zones of a group dissolved, as a path; each region apart where insets part them."""
    apart: dict[str, list[int]] = {}
    for unit in units.tolist():
        region = places.regions[unit] if chart.is_us else ""
        apart.setdefault(region if region in _CONES else "", []).append(unit)
    return "".join(_dissolved(places, members, region, chart) for region, members in apart.items())


def _dissolved(places: Places, units: Sequence[int], region: str, chart: _Chart) -> str:
    known = [places.shapes[i] for i in units if places.shapes[i] is not None]
    if not known:
        return ""
    shapes = shapely.from_wkb(known)
    try:
        whole = shapely.coverage_union_all(shapes)
    except shapely.errors.GEOSException:  # borders that do not meet in common points
        whole = shapely.union_all(shapely.make_valid(shapes), grid_size=_GRID_DEGREES)
    lines = shapely.get_rings(shapely.get_parts(whole))
    return "".join(_ring(chart.xy(shapely.get_coordinates(line), region)) for line in lines)


def _ring(xy: Floats) -> str:
    """A closed ring, steps that nobody sees left out."""
    rounded = np.round(xy / _STEP).astype(np.int64)
    keep = np.append(True, (np.diff(rounded, axis=0) != 0).any(axis=1))
    kept = rounded[keep]
    if len(kept) < 4:
        return ""
    return "M" + "L".join(f"{x * _STEP:.4g} {y * _STEP:.4g}" for x, y in kept[:-1].tolist()) + "Z"


def _dots(places: Places, units: npt.NDArray[np.intp], chart: _Chart) -> str:
    out = []
    for unit in units.tolist():
        region = places.regions[unit] if chart.is_us else ""
        x, y = chart.xy(np.array([[places.longitude[unit], places.latitude[unit]]]), region)[0]
        out.append(f"M{x:.1f} {y:.1f}h0")
    return "".join(out)
