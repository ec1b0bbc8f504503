"""Coordinates that a file brings: in range, not swapped, not 0/0, and in the country they claim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.base.findings import Severity

# How far past a country's outermost known places a point may lie, in degrees (1.0 is about 110 km): boxes are drawn around cities.
TOLERANCE_DEGREES = 2.0
REGION_TOLERANCE_DEGREES = 1.0


@dataclass(frozen=True, slots=True)
class Boxes:
    """The box of each country, and of regions that have one: south, west, north and east in degrees (n, 4); west > east crosses the antimeridian."""

    codes: pa.StringArray
    bounds: np.ndarray

    def hold(
        self, country: pa.Array, latitude: np.ndarray, longitude: np.ndarray, tolerance: float = TOLERANCE_DEGREES
    ) -> np.ndarray:
        """Which points lie in the box of their country, widened by the tolerance; a country without a box holds every point."""
        at = pc.index_in(country, self.codes).fill_null(-1).to_numpy(zero_copy_only=False)
        south, west, north, east = (self.bounds[at, i] for i in range(4)) if len(self.codes) else np.zeros((4, len(at)))
        in_height = (latitude >= south - tolerance) & (latitude <= north + tolerance)
        span = (east - west) % 360.0 + 2 * tolerance
        in_width = (longitude - west + tolerance) % 360.0 <= span
        return np.asarray((at < 0) | (in_height & in_width), dtype=bool)


@dataclass(frozen=True, slots=True)
class RowIssue:
    """Something wrong with whole rows: the rows, and the text of the value shown."""

    code: str
    severity: Severity
    rows: np.ndarray
    column: str
    message: str
    remedy: str


def check_coordinates(
    latitude: pa.Array, longitude: pa.Array, country: pa.Array | None, region: pa.Array | None, boxes: Boxes | None
) -> tuple[pa.Array, pa.Array, tuple[RowIssue, ...]]:
    """Coordinates with the doubtful pairs taken out, and a warning for each of those; a row loses both or keeps both."""
    lat = np.asarray(latitude.fill_null(np.nan).to_numpy(zero_copy_only=False), dtype=np.float64)
    lon = np.asarray(longitude.fill_null(np.nan).to_numpy(zero_copy_only=False), dtype=np.float64)
    has_lat, has_lon = ~np.isnan(lat), ~np.isnan(lon)
    both = has_lat & has_lon
    zero = both & (lat == 0.0) & (lon == 0.0)
    in_range = both & (np.abs(lat) <= 90.0) & (np.abs(lon) <= 180.0)
    inside, swapped_inside = _inside(lat, lon, country, boxes)
    could_swap = both & (np.abs(lon) <= 90.0) & (np.abs(lat) <= 180.0)
    swapped = could_swap & ~zero & ((~in_range & swapped_inside) | (in_range & ~inside & swapped_inside))
    beyond = both & ~in_range & ~swapped
    outside = in_range & ~zero & ~inside & ~swapped
    elsewhere = in_range & ~zero & inside & ~_in_region(lat, lon, region, boxes)
    cases = (
        ("half-coordinates", has_lat != has_lon, "one of latitude and longitude is missing", "give both or neither"),
        ("zero-coordinates", zero, "0.0, 0.0 stands for no place", "leave both empty where the place is not known"),
        ("swapped-coordinates", swapped, "latitude and longitude seem to be swapped", "swap the two columns, or their mapping"),
        (
            "coordinates-out-of-range",
            beyond,
            "a latitude is within ±90 and a longitude within ±180",
            "correct both, in degrees (WGS 84)",
        ),
        (
            "coordinates-outside-country",
            outside,
            "the point does not lie in the country it claims",
            "correct the point or the country",
        ),
        (
            "coordinates-outside-region",
            elsewhere,
            "the point does not lie in the region it claims",
            "correct the point or the region",
        ),
    )
    issues = tuple(
        RowIssue(code, Severity.WARNING, np.flatnonzero(hits), "latitude", message, remedy)
        for code, hits, message, remedy in cases
        if hits.any()
    )
    gone = ~both | zero | swapped | beyond | outside | elsewhere
    return pa.array(lat, mask=gone), pa.array(lon, mask=gone), issues


def _in_region(lat: np.ndarray, lon: np.ndarray, region: pa.Array | None, boxes: Boxes | None) -> np.ndarray:
    if region is None or boxes is None:
        return np.ones(len(lat), bool)
    with np.errstate(invalid="ignore"):
        return boxes.hold(region, lat, lon, REGION_TOLERANCE_DEGREES)


def _inside(lat: np.ndarray, lon: np.ndarray, country: pa.Array | None, boxes: Boxes | None) -> tuple[np.ndarray, np.ndarray]:
    """Whether each point, and each point swapped, lies in its country; True where that cannot be told."""
    if country is None or boxes is None:
        sure = np.ones(len(lat), bool)
        return sure, sure
    with np.errstate(invalid="ignore"):
        return boxes.hold(country, lat, lon), boxes.hold(country, lon, lat)
