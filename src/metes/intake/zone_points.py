"""The point that stands for a zone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]


def points_of(shapes: Shapes, latitude: Floats, longitude: Floats, *, allow_missing: bool = False) -> tuple[Floats, Floats]:
    """Latitude and longitude (n,) of a point in each shape: the middle of its ground, or a point inside where that lies outside.

    `latitude`, `longitude` (n,) stand where there is no shape; NaN there is a ValueError unless `allow_missing`. A shape on both sides of
    the date line is looked at in one piece.
    """
    whole = np.array([_turned(shape) for shape in shapes], np.object_) if len(shapes) else shapes
    middle = shapely.centroid(whole)
    is_outside = ~shapely.intersects(whole, middle) & ~shapely.is_missing(whole)
    middle[is_outside] = shapely.point_on_surface(whole[is_outside])
    x, y = shapely.get_x(middle), shapely.get_y(middle)
    lat, lon = np.where(np.isnan(y), latitude, y), np.where(np.isnan(x), longitude, x)
    if not allow_missing and np.isnan(lat).any():
        raise ValueError(f"{int(np.isnan(lat).sum())} zones have neither a shape nor a place")
    return lat, np.where(lon > 180, lon - 360, lon)


def _turned(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    """The shape with its western parts moved beyond 180 degrees where it lies on both sides of the date line."""
    if shape is None or shape.bounds[0] > -170 or shape.bounds[2] < 170:
        return shape
    parts = [
        shapely.transform(part, lambda xy: xy + np.array([360.0, 0.0])) if part.bounds[2] < 0 else part
        for part in shapely.get_parts(shape)
    ]
    return shapely.MultiPolygon(parts) if all(part.geom_type == "Polygon" for part in parts) else shape
