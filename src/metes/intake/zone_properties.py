"""What the features of a GeoJSON file say of themselves, and which of it may be id, name, region and measures."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from metes.base.errors import InputError
from metes.base.findings import Place, Severity
from metes.intake.geojson_zones import unpacked
from metes.plan.geojson import Reading, features_of

MOST_PROPERTIES: Final = 200
_ID: Final = re.compile(r"(?:^|_)(?:id|code|key|geoid|fips|zip|plz|iso|nuts)|geoid|(?:id|code|cd)$", re.IGNORECASE)
_NAME: Final = re.compile(r"name|label|title|bezeichnung", re.IGNORECASE)
_REGION: Final = re.compile(r"region|state|province|^land$|iso_3166_2", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PropertySeen:
    """A property: how many features fill it, how many values it has, whether all are numbers from 0 up, and one of them."""

    name: str
    filled: int
    values: int
    is_measure: bool
    sample: str


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A file's features by number and property, and the guesses of what they may be; empty for none."""

    features: int
    properties: tuple[PropertySeen, ...]
    id: str
    name: str
    region: str
    measures: tuple[str, ...]


def file_seen(source: bytes, file: str = "") -> FileSeen:
    """What a GeoJSON file, plain or compressed by gzip, has for properties. InputError where it is none."""
    text = unpacked(source)
    reading = Reading(Place(file))
    features = features_of(reading, text) if text is not None else []
    if text is None or reading.has_errors or not features:
        found = [finding for finding in reading.findings if finding.severity is Severity.ERROR]
        what = found[0].message if found else "the file is no whole gzip file" if text is None else "the file has no features"
        raise InputError(f"{what}; give a GeoJSON file with polygons", tuple(reading.findings))
    properties = _properties(features)
    full = [p for p in properties if p.filled == p.values == len(features)]
    one = next((p.name for p in full if _ID.search(p.name)), next((p.name for p in full), ""))
    name = next((p.name for p in properties if p.name != one and _NAME.search(p.name)), "")
    region = next((p.name for p in properties if p.name not in (one, name) and _REGION.search(p.name)), "")
    taken = {one, name, region}
    measures = tuple(p.name for p in properties if p.is_measure and p.name not in taken and not _ID.search(p.name))
    return FileSeen(len(features), properties, one, name, region, measures)


def _properties(features: Sequence[Mapping[str, Any]]) -> tuple[PropertySeen, ...]:
    seen: dict[str, list[Any]] = {}
    for feature in features:
        own = feature.get("properties")
        for name, value in (own if isinstance(own, dict) else {}).items():
            if name in seen or len(seen) < MOST_PROPERTIES:
                seen.setdefault(name, [])
                if value is not None and value != "":
                    seen[name].append(value)
    return tuple(_property(name, values) for name, values in seen.items())


def _property(name: str, values: list[Any]) -> PropertySeen:
    texts = {str(value) for value in values}
    return PropertySeen(
        name, len(values), len(texts), bool(values) and all(map(_is_amount, values)), str(values[0])[:40] if values else ""
    )


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
