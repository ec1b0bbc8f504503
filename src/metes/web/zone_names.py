"""The names of zones, as the map's own shapes carry them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from metes.web.assets import STATIC

SHAPES = STATIC / "vendor" / "counties-10m.json"


@cache
def zone_names(shapes: Path = SHAPES) -> Mapping[str, str]:
    """Each zone's name with its state by the zone's id ('08031' is 'Denver, Colorado'); empty where the shapes are not built in."""
    if not shapes.is_file():
        return MappingProxyType({})
    objects = json.loads(shapes.read_text(encoding="utf-8"))["objects"]
    states = {shape["id"]: shape["properties"]["name"] for shape in objects["states"]["geometries"]}
    names = {}
    for shape in objects["counties"]["geometries"]:
        name, state = shape["properties"]["name"], states.get(shape["id"][:2])
        names[shape["id"]] = f"{name}, {state}" if state else name
    return MappingProxyType(names)
