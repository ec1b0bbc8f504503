"""A zone set as GeoJSON, for other programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import shapely

from metes.model.zones import ZoneSet

_AT_ONCE: Final = 1000


def geojson_lines(zones: ZoneSet) -> Iterator[str]:
    """The set as a FeatureCollection, a feature a line: its shape (its point where it has none), id, name, region and measures."""
    head = {"name": zones.name, "source": zones.source}
    yield f'{{"type":"FeatureCollection","metes":{_text(head)},"features":[\n'
    last = len(zones) - 1
    for start in range(0, len(zones), _AT_ONCE):
        part = range(start, min(start + _AT_ONCE, len(zones)))
        points = shapely.points(zones.longitude[part.start : part.stop], zones.latitude[part.start : part.stop])
        shapes = shapely.from_wkb(np.array(zones.shapes[part.start : part.stop], np.object_))
        drawn = shapely.to_geojson(np.where(shapely.is_missing(shapes), points, shapes))
        for at, geometry in zip(part, drawn, strict=True):
            properties: dict[str, Any] = {"id": zones.ids[at], "name": zones.names[at], "region": zones.regions[at]}
            properties |= {name: _number(values[at]) for name, values in zones.measures.items()}
            end = "\n" if at == last else ",\n"
            yield f'{{"type":"Feature","id":{_text(zones.ids[at])},"properties":{_text(properties)},"geometry":{geometry}}}{end}'
    yield "]}\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _number(value: np.float64) -> int | float:
    return int(value) if value == np.floor(value) else round(float(value), 4)
