"""Draws an area small: its outline on a grid of whole numbers, for a thumbnail beside its name."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians
from typing import Final

from metes.plan.geojson import Position

SKETCH_SIDE: Final = 160
_RINGS: Final = 40

Sketch = tuple[tuple[tuple[int, int], ...], ...]


def unfolded(polygons: Sequence[Sequence[Sequence[Position]]]) -> Sequence[Sequence[Sequence[Position]]]:
    """The polygons, those in the west turned on beyond 180 degrees where that makes the box narrower: Fiji, Chukotka, Alaska."""
    spans = [(min(x for x, _ in polygon[0]), max(x for x, _ in polygon[0])) for polygon in polygons]
    turned = [(west + 360, east + 360) if east < 0 else (west, east) for west, east in spans]
    if not spans or _width(turned) >= _width(spans):
        return polygons
    return [
        [[(x + 360, y) for x, y in ring] for ring in polygon] if east < 0 else polygon
        for polygon, (_, east) in zip(polygons, spans, strict=True)
    ]


def _width(spans: Sequence[tuple[float, float]]) -> float:
    return max(east for _, east in spans) - min(west for west, _ in spans)


def sketch_of(polygons: Sequence[Sequence[Sequence[Position]]]) -> Sketch:
    """The outline on a square of 160 x 160, north up, true to shape about its middle latitude; the 40 longest rings that show.

    Rings, holes too, are open (the last position is not the first again) and are filled by even and odd. Linear in the positions.
    """
    positions = [position for polygon in polygons for position in polygon[0]]
    if not positions:
        return ()
    west, east = min(x for x, _ in positions), max(x for x, _ in positions)
    south, north = min(y for _, y in positions), max(y for _, y in positions)
    narrowing = max(cos(radians((south + north) / 2)), 0.05)
    scale = (SKETCH_SIDE - 2) / max((east - west) * narrowing, north - south, 1e-9)
    left = (SKETCH_SIDE - (east - west) * narrowing * scale) / 2
    top = (SKETCH_SIDE - (north - south) * scale) / 2
    rings = []
    for polygon in polygons:
        for ring in polygon:
            steps = [(round(left + (x - west) * narrowing * scale), round(top + (north - y) * scale)) for x, y in ring]
            drawn = [step for step, before in zip(steps, [None, *steps], strict=False) if step != before]
            if len(drawn) > 3:
                rings.append(tuple(drawn[:-1] if drawn[0] == drawn[-1] else drawn))
    return tuple(sorted(rings, key=len, reverse=True)[:_RINGS])
