"""Vector tiles of a zone set, for maps of more zones than a page can take at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

import mapbox_vector_tile
import numpy as np
import numpy.typing as npt
import shapely

from metes.model.zones import ZoneSet

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]
LAYER: Final = "zones"
DEEPEST: Final = 16
EXTENT: Final = 4096
_BUFFER: Final = 128
_SCREEN: Final = 512
_FARTHEST_NORTH: Final = 85.0511
# Past this zoom borders stand as they are; so do shapes that hardly have corners to spare, such as cells.
_SIMPLIFIED_TO: Final = 9
_FEW_CORNERS: Final = 12
# A sixteenth of a point of a screen: what is smaller does not show.
_SMALLEST: Final = (EXTENT / _SCREEN) ** 2 / 16
_LEVELS_KEPT: Final = 3
_PLAIN: Final = {"extents": EXTENT, "y_coord_down": True, "check_winding_order": False}


class ZoneTiles:
    """Makes the tiles of one set; borders are simplified together for each second zoom and kept, so that common ones stay common."""

    def __init__(self, zones: ZoneSet) -> None:
        self._names = [{"id": one, "name": name} for one, name in zip(zones.ids, zones.names, strict=True)]
        shapes = shapely.from_wkb(np.array(zones.shapes, np.object_))
        self._zone = np.flatnonzero(~shapely.is_missing(shapes))
        self._shapes = shapely.transform(shapes[self._zone], mercator)
        self._has_few_corners = int(shapely.get_num_coordinates(self._shapes).sum()) < _FEW_CORNERS * len(self._shapes)
        self._tree = shapely.STRtree(self._shapes)
        self._levels: OrderedDict[int, Shapes] = OrderedDict()
        self._lock = threading.Lock()

    def tile(self, zoom: int, x: int, y: int) -> bytes:
        """The tile as Mapbox Vector Tile 2 with the layer `zones`: feature ids are the numbers of zones, properties their id and name.

        Empty bytes where no zone is. ValueError for a tile that no map has. O(log n) and what lies in the tile.
        """
        if not (0 <= zoom <= DEEPEST and 0 <= x < 2**zoom and 0 <= y < 2**zoom):
            raise ValueError(f"a tile must have 0 <= zoom <= {DEEPEST} and 0 <= x, y < 2**zoom, is {zoom}/{x}/{y}")
        margin = _BUFFER / EXTENT
        corner = np.array([x, y], float)
        window = shapely.box(*((corner - margin) / 2**zoom), *((corner + 1 + margin) / 2**zoom))
        rows = np.sort(self._tree.query(window))
        if not len(rows):
            return b""
        inside = shapely.transform(self._level(zoom)[rows], lambda xy: (xy * 2**zoom - corner) * EXTENT)
        cut = shapely.clip_by_rect(inside, -_BUFFER, -_BUFFER, EXTENT + _BUFFER, EXTENT + _BUFFER)
        drawn = shapely.orient_polygons(shapely.transform(cut, np.round), exterior_cw=True)
        is_ground = shapely.area(drawn) >= _SMALLEST
        features = [
            {"geometry": shape, "id": int(self._zone[row]), "properties": self._names[self._zone[row]]}
            for shape, row in zip(_ground(drawn[is_ground]), rows[is_ground], strict=True)
        ]
        if not features:
            return b""
        made: bytes = mapbox_vector_tile.encode({"name": LAYER, "features": features}, default_options=_PLAIN)
        return made

    def _level(self, zoom: int) -> Shapes:
        """All shapes for a zoom, simplified to half a point of a screen there."""
        shapes: Shapes = self._shapes
        if zoom > _SIMPLIFIED_TO or self._has_few_corners:
            return shapes
        level = zoom // 2 * 2 + 1
        with self._lock:
            if level not in self._levels:
                found = shapely.coverage_simplify(shapes, 0.5 / (_SCREEN * 2**level))
                is_gone = shapely.is_empty(found)
                found[is_gone] = shapes[is_gone]
                self._levels[level] = found
                while len(self._levels) > _LEVELS_KEPT:
                    self._levels.popitem(last=False)
            self._levels.move_to_end(level)
            return self._levels[level]


def mercator(degrees: Floats) -> Floats:
    """Longitudes and latitudes (m, 2) on the square of web maps, from 0 to 1, the north at 0; farther north than maps go is cut off."""
    latitude = np.radians(np.clip(degrees[:, 1], -_FARTHEST_NORTH, _FARTHEST_NORTH))
    return np.stack([degrees[:, 0] / 360 + 0.5, 0.5 - np.arcsinh(np.tan(latitude)) / (2 * np.pi)], axis=1)


def _ground(shapes: Shapes) -> Shapes:
    """Shapes without the lines and points that clipping leaves over."""
    mixed = np.flatnonzero(shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION)
    for at in mixed.tolist():
        shapes[at] = shapely.MultiPolygon([p for p in shapely.get_parts(shapes[at]) if p.geom_type == "Polygon"])
    return shapes
