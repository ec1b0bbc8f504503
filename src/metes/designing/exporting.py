"""A design written out: unit by unit as rows, and territories as shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import shapely

from metes.designing.state import DesignState
from metes.model.zones import ZoneSet

_ROWS = 50_000
_GRID_DEGREES = 1e-6


def batches_of(state: DesignState) -> Iterator[pa.RecordBatch]:
    """The units in batches: id, name, region, place, territory with its name, today's territory, accounts, and the measures."""
    given, at = state.given, state.live.territory_of_unit
    keys = np.array([*(t.key for t in state.territories), None], object)
    names = np.array([*(t.name for t in state.territories), None], object)
    today = np.array([*given.today_keys, None], object)
    table = pa.table(
        {
            "id": pa.array(given.ids, pa.string()),
            "name": pa.array(given.names, pa.string()),
            "region": pa.array(given.regions, pa.string()),
            "latitude": given.latitude,
            "longitude": given.longitude,
            "territory": pa.array(keys[at], pa.string()),
            "territory_name": pa.array(names[at], pa.string()),
            "territory_today": pa.array(today[given.today], pa.string()),
            "accounts": given.book[:, 0].astype(np.int64),
            **{name: given.measures[:, m] for m, name in enumerate(given.measure_names) if name != "accounts"},
        }
    )
    yield from table.to_batches(_ROWS)


def geojson_text(state: DesignState, zones: ZoneSet) -> tuple[str, int]:
    """The territories as GeoJSON, the shapes of their zones dissolved; and how many there are."""
    features = []
    for j, territory in enumerate(state.territories):
        units = np.flatnonzero(state.live.territory_of_unit == j)
        shapes = [zones.shapes[zones.index_of_id[state.given.ids[i]]] for i in units if state.given.ids[i] in zones.index_of_id]
        known = shapely.from_wkb([shape for shape in shapes if shape is not None])
        outline = shapely.union_all(shapely.make_valid(known), grid_size=_GRID_DEGREES) if len(known) else None
        loads = dict(zip(state.given.measure_names, state.live.loads[j].tolist(), strict=True))
        features.append(
            {
                "type": "Feature",
                "id": territory.key,
                "properties": {"key": territory.key, "name": territory.name, "units": len(units), **loads},
                "geometry": None if outline is None else json.loads(shapely.to_geojson(outline)),
            }
        )
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), len(features)
