"""Where places lie: inside areas, and how far from a point. Arrays in, arrays out; shapely is loaded with the first area."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_KM = 6371.0088
# Millimetres: finer than any coordinate, coarser than what the last bits of a sine may differ by.
_KM_DECIMALS = 6

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]


class Places:
    """Places in degrees, of shape `(n,)` each, NaN where unknown; sorted once by longitude, so that an area looks at its strip alone."""

    def __init__(self, latitudes: Floats, longitudes: Floats) -> None:
        if latitudes.shape != longitudes.shape:
            raise ValueError(f"expected as many latitudes as longitudes, got {latitudes.shape} and {longitudes.shape}")
        self.latitudes = latitudes
        self.longitudes = longitudes
        self.is_known: Truths = ~(np.isnan(latitudes) | np.isnan(longitudes))

    @cached_property
    def _by_longitude(self) -> tuple[NDArray[np.intp], Floats, Floats]:
        """The known places by longitude: their rows, longitudes and latitudes."""
        known = np.flatnonzero(self.is_known)
        rows = known[np.argsort(self.longitudes[known], kind="stable")]
        return rows, self.longitudes[rows], self.latitudes[rows]

    def inside(self, geometry: str) -> Truths:
        """Whether each place lies in an area, of shape `(n,)`; false where the place is unknown.

        Parameters
        ----------
        geometry
            A GeoJSON Polygon or MultiPolygon in degrees. Its sides are straight lines in degrees, and its border, those of holes
            included, belongs to it.

        Notes
        -----
        Takes O(log n) and the places in the box around the area. Source: ours, on GEOS's prepared polygons.
        """
        import shapely  # slow to load, and most plans have no areas

        area = shapely.from_geojson(geometry)
        out = np.zeros(self.latitudes.shape, dtype=bool)
        if area.is_empty:
            return out
        west, south, east, north = area.bounds
        rows, longitudes, latitudes = self._by_longitude
        strip = slice(np.searchsorted(longitudes, west, "left"), np.searchsorted(longitudes, east, "right"))
        near = np.flatnonzero((latitudes[strip] >= south) & (latitudes[strip] <= north))
        shapely.prepare(area)
        is_inside = shapely.intersects_xy(area, longitudes[strip][near], latitudes[strip][near])
        out[rows[strip][near[is_inside]]] = True
        return out

    def distances_km(self, latitude: float, longitude: float) -> Floats:
        """Kilometres along the sphere from each place to a point, of shape `(n,)`, to the millimetre; NaN where the place is unknown.

        Haversine formula on a sphere with the Earth's mean radius (R. W. Sinnott, Virtues of the Haversine, 1984).
        """
        here, there = np.radians(self.latitudes), np.radians(latitude)
        across = np.radians(self.longitudes - longitude)
        chord = np.sin((here - there) / 2) ** 2 + np.cos(here) * np.cos(there) * np.sin(across / 2) ** 2
        distances: Floats = np.round(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(chord, 1.0))), _KM_DECIMALS)
        return distances
