"""Reads GeoJSON of any hand into polygons in degrees, with findings for whatever is no polygon on this Earth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final, NoReturn

from metes.base.findings import Finding, Place, Severity
from metes.plan.limits import MAX_REFUSALS

Position = tuple[float, float]
Ring = list[Position]
Polygon = list[Ring]

DECIMALS: Final = 7
_LONGEST_INTEGER: Final = 18
_PROJECTED: Final = 400.0
_HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")
_GEOMETRIES: Final = frozenset(
    ["Polygon", "MultiPolygon", "Point", "MultiPoint", "LineString", "MultiLineString", "GeometryCollection"]
)


@dataclass(slots=True)
class Piece:
    """What one feature of a file draws, and what it says of itself."""

    properties: dict[str, Any]
    polygons: list[Polygon]


@dataclass(slots=True)
class Reading:
    """A file as read: a piece for each feature (one without properties for a bare geometry), and what is wrong with it."""

    place: Place
    pieces: list[Piece] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    dropped: list[Position] = field(default_factory=list)
    outside: list[Position] = field(default_factory=list)
    no_numbers: list[str] = field(default_factory=list)
    may_be_swapped: bool = True

    @property
    def has_errors(self) -> bool:
        """Whether the file cannot be taken."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    def error(self, code: str, message: str, remedy: str, value: str = "", line: int | None = None) -> None:
        """Gather an error, up to a number that people still read."""
        if len(self.findings) < MAX_REFUSALS:
            place = self.place if line is None else Place(self.place.file, line, self.place.column, self.place.subject)
            self.findings.append(Finding(code, Severity.ERROR, message, place, value[:80], remedy))


def read_geojson(text: str, place: Place) -> Reading:
    """The pieces of a GeoJSON text: a Feature, a FeatureCollection, a Polygon or a MultiPolygon. Linear in the text.

    Coordinates are rounded to 7 decimals (a centimetre), repeated positions and rings of fewer than 4 points left out (the latter in
    `dropped`), open rings closed. Numbers that are none, positions off the Earth and other geometries are errors.
    """
    reading = Reading(place)
    _read_features(reading, features_of(reading, text))
    return reading


def features_of(reading: Reading, text: str | bytes) -> list[dict[str, Any]]:
    """The features of a GeoJSON text as they stand there; whatever is none is an error of the reading."""
    try:
        value = json.loads(text, parse_int=_integer, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        reading.error("plan-area-json", f"the file is no JSON: {error.msg}", "Export it as GeoJSON again.", line=error.lineno)
    except RecursionError:
        reading.error("plan-area-json", "the file nests deeper than any GeoJSON", "Export it as GeoJSON again.")
    except ValueError as error:
        reading.error("plan-area-json", str(error), "Export it as GeoJSON again.")
    else:
        return list(_features(reading, value))
    return []


def read_value(value: Any, place: Place) -> Reading:
    """The pieces of GeoJSON that stands as values already, as in a plan of one file."""
    reading = Reading(place)
    _read_features(reading, _features(reading, value))
    return reading


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"the file holds {name}, which is no number of JSON")


def _read_features(reading: Reading, features: Iterable[dict[str, Any]]) -> None:
    for feature in features:
        polygons = [
            polygon for geometry in _geometries(reading, feature.get("geometry")) for polygon in _polygons(reading, geometry)
        ]
        properties = feature.get("properties")
        reading.pieces.append(Piece(properties if isinstance(properties, dict) else {}, polygons))
    _report_numbers(reading)
    _report_outside(reading)


def _features(reading: Reading, value: Any) -> Iterator[dict[str, Any]]:
    """The features of a GeoJSON object; a bare geometry is a feature without properties."""
    kind = value.get("type") if isinstance(value, dict) else None
    match kind:
        case "FeatureCollection" if isinstance(value.get("features"), list):
            for feature in value["features"]:
                if isinstance(feature, dict) and feature.get("type") == "Feature":
                    yield feature
                else:
                    _refuse_form(reading, "a Feature in its collection", feature)
        case "Feature":
            yield value
        case "Topology":
            remedy = "Export GeoJSON in its place; 'mapshaper IN -o format=geojson OUT' turns one into the other."
            reading.error("plan-area-form", "the file is TopoJSON", remedy)
        case str() if kind in _GEOMETRIES:
            yield {"geometry": value}
        case _:
            _refuse_form(reading, "GeoJSON: a Feature, a FeatureCollection, a Polygon or a MultiPolygon", value)


def _refuse_form(reading: Reading, expected: str, value: Any) -> None:
    got = value.get("type") if isinstance(value, dict) else type(value).__name__
    reading.error("plan-area-form", f"expected {expected}", "Export it as GeoJSON with polygons.", str(got))


def _geometries(reading: Reading, geometry: Any) -> Iterator[dict[str, Any]]:
    """The polygons and multipolygons of a geometry, those within collections too; a feature without geometry draws nothing."""
    stack = [geometry]
    while stack:
        one = stack.pop()
        kind = one.get("type") if isinstance(one, dict) else None
        if kind in ("Polygon", "MultiPolygon"):
            yield one
        elif kind == "GeometryCollection" and isinstance(one.get("geometries"), list):
            stack.extend(reversed(one["geometries"]))
        elif one is not None:
            _refuse_form(reading, "a Polygon or MultiPolygon, for an area has to enclose something", one)


def _polygons(reading: Reading, geometry: dict[str, Any]) -> Iterator[Polygon]:
    coordinates = geometry.get("coordinates")
    parts = [coordinates] if geometry["type"] == "Polygon" else coordinates
    if not isinstance(parts, list):
        _refuse_form(reading, "coordinates as lists", coordinates)
        return
    for part in parts:
        if not isinstance(part, list):
            _refuse_form(reading, "a list of rings", part)
            continue
        rings = [_ring(reading, ring) for ring in part]
        if rings and rings[0] is not None:  # without its border a polygon encloses nothing, whatever its holes are
            yield [ring for ring in rings if ring is not None]


def _ring(reading: Reading, positions: Any) -> Ring | None:
    """A closed ring of rounded positions, each once; None where fewer than 4 points are left."""
    if not isinstance(positions, list):
        _refuse_form(reading, "a ring as a list of positions", positions)
        return None
    ring: Ring = []
    for position in positions:
        point = _position(reading, position)
        if point is not None and (not ring or ring[-1] != point):
            ring.append(point)
    if ring and ring[0] != ring[-1]:
        ring.append(ring[0])
    if len(ring) < 4:
        reading.dropped.append(ring[0] if ring else (0.0, 0.0))
        return None
    return ring


def _position(reading: Reading, position: Any) -> Position | None:
    """A rounded position; None where it is none. One off the Earth is noted, and so is whether all could be exchanged pairs."""
    x, y = position[:2] if isinstance(position, list) and len(position) >= 2 else (None, None)
    # A truth value is a number to Python, and none to JSON.
    if not isinstance(x, int | float) or not isinstance(y, int | float) or isinstance(x, bool) or isinstance(y, bool):
        reading.no_numbers.append(str(position)[:40])
        return None
    if not (isfinite(x) and isfinite(y)):
        reading.no_numbers.append(str(position)[:40])
        return None
    if not (-180 <= x <= 180 and -90 <= y <= 90):
        reading.outside.append((float(x), float(y)))
    if abs(x) > 90 or abs(y) > 180:
        reading.may_be_swapped = False
    return (round(float(x), DECIMALS) + 0.0, round(float(y), DECIMALS) + 0.0)


def _report_numbers(reading: Reading) -> None:
    if reading.no_numbers:
        message = f"{_count(len(reading.no_numbers), 'position')} not two finite numbers, longitude and latitude"
        reading.error("plan-area-coordinates", message, "Export the area again.", reading.no_numbers[0])


def _report_outside(reading: Reading) -> None:
    """One error for all positions off the Earth, with the mistake that is likeliest behind them."""
    outside = reading.outside
    if not outside:
        return
    x, y = outside[0]
    message = f"{_count(len(outside), 'position')} outside -180 to 180 and -90 to 90 degrees"
    if any(max(abs(x), abs(y)) > _PROJECTED for x, y in outside):
        remedy = "They look like metres of a map projection: export longitude and latitude (WGS 84, EPSG:4326)."
    elif reading.may_be_swapped:
        remedy = "Longitude and latitude seem to be exchanged: GeoJSON writes longitude first, such as [-104.99, 39.74] for Denver."
    elif all(abs(y) <= 90 for _, y in outside):
        remedy = "Cut the area at the date line: what lies beyond 180 is a polygon of its own, 360 degrees less (or more)."
    else:
        remedy = "Longitude lies from -180 to 180 and stands first, latitude from -90 to 90."
    reading.error("plan-area-coordinates", message, remedy, f"[{x:g}, {y:g}]")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun} is" if number == 1 else f"{number:,} {noun}s are"


def text_of(properties: dict[str, Any], name: str) -> str:
    """A property as text for people; empty where it is missing or no single value. Half characters are left out."""
    value = properties.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return _HALF_CHARACTER.sub("", str(value))
