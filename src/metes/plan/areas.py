"""Areas of a plan: made of GeoJSON by name, and written as GeoJSON again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.base.ids import is_key, key_from
from metes.model.plan import Area
from metes.plan import subjects
from metes.plan.conform import suggestion
from metes.plan.geojson import Polygon, Reading, read_geojson, read_value, text_of
from metes.plan.limits import MAX_AREA_BYTES, MAX_AREA_VERTICES, MAX_AREAS, MAX_FILE_BYTES
from metes.plan.polygons import Shaped, Tangled, geometry_text, shaped, square_kilometres

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class AreaRead:
    """The areas of a file and what is wrong or doubtful about it; with an error among the findings there are none for use."""

    areas: tuple[Area, ...]
    findings: tuple[Finding, ...]


def read_area(text: str, key: str, file: str = "") -> AreaRead:
    """The area of a GeoJSON text, all its polygons together. Name and comment are the properties of these names of its one feature.

    n log n in the positions; the codes stand in docs/reference/findings.md.
    """
    place = Place(file, subject=subjects.of_area(key))
    if too_large := _too_large(text, place, MAX_AREA_BYTES):
        return AreaRead((), (too_large,))
    return _area_of(read_geojson(text, place), key)


def read_area_value(value: Any, key: str, place: Place) -> AreaRead:
    """The area of GeoJSON that stands as values already."""
    return _area_of(read_value(value, place), key)


def read_areas_by(text: str, name: str, file: str = "", prefix: str = "") -> AreaRead:
    """An area for each value of a property of the features: 'Front Range' gives `front-range`; features of one value are one area."""
    place = Place(file)
    if too_large := _too_large(text, place, MAX_FILE_BYTES):
        return AreaRead((), (too_large,))
    reading = read_geojson(text, place)
    groups, findings = _by_value(reading, name)
    if len(groups) > MAX_AREAS:
        message = f"'{name}' has {len(groups):,} values, a plan takes at most {MAX_AREAS:,} areas"
        findings.append(_error("plan-area-size", message, place, "Choose a property with fewer values."))
    value_of_key: dict[str, str] = {}
    areas: list[Area] = []
    for value, polygons in groups.items() if not _has_errors(findings) else ():
        key = key_from(prefix + value)
        if (first := value_of_key.setdefault(key, value)) != value:
            message = f"'{first}' and '{value}' both become the key '{key}'"
            findings.append(_error("plan-duplicate", message, place, "Change one, or choose a property of codes."))
            continue
        own = Reading(Place(file, subject=subjects.of_area(key)))
        geometry = _geometry(own, polygons)
        findings.extend(own.findings)
        if geometry:
            areas.append(Area(key, geometry, value))
    return AreaRead(tuple(sorted(areas, key=lambda area: area.key)), tuple(findings))


def _by_value(reading: Reading, name: str) -> tuple[dict[str, list[Polygon]], list[Finding]]:
    """The polygons of the features by their value of a property; features without a value are told of and left out."""
    groups: dict[str, list[Polygon]] = {}
    without = 0
    for piece in reading.pieces:
        value = text_of(piece.properties, name).strip()
        if value:
            groups.setdefault(value, []).extend(piece.polygons)
        else:
            without += 1
    _report_dropped(reading)
    findings = list(reading.findings)
    if reading.pieces and not groups:
        names = sorted({key for piece in reading.pieces[:100] for key in piece.properties})
        message = f"no feature has the property '{name}'"
        findings.append(_error("plan-area-property", message, reading.place, _names(name, names)))
    elif without:
        message = f"{without:,} of {len(reading.pieces):,} features have no '{name}' and are left out"
        findings.append(
            Finding("plan-area-property", Severity.WARNING, message, reading.place, remedy="Fill it, or add them by name.")
        )
    return groups, findings


def _names(wanted: str, names: list[str]) -> str:
    return suggestion(wanted, names) or (f"They have {', '.join(names[:20])}." if names else "Add each area by name.")


def _area_of(reading: Reading, key: str) -> AreaRead:
    if not is_key(key):
        remedy = f"Keys are 1 to 80 of a-z, 0-9, '_', '.', '-', with a letter or digit at both ends; such as '{key_from(key)}'."
        reading.error("plan-key", f"'{key[:80]}' cannot be a key", remedy)
    geometry = _geometry(reading, [polygon for piece in reading.pieces for polygon in piece.polygons])
    _report_dropped(reading)
    if not geometry:
        return AreaRead((), tuple(reading.findings))
    own: Mapping[str, Any] = reading.pieces[0].properties if len(reading.pieces) == 1 else {}
    area = Area(key, geometry, text_of(dict(own), "name"), text_of(dict(own), "comment"))
    return AreaRead((area,), tuple(reading.findings))


def _geometry(reading: Reading, polygons: list[Polygon]) -> str:
    """The canonical geometry of some polygons; empty where there is an error, which is then among the findings."""
    vertices = sum(len(ring) for polygon in polygons for ring in polygon)
    if vertices > MAX_AREA_VERTICES:
        message = f"its border has {vertices:,} positions, at most {MAX_AREA_VERTICES:,} are taken"
        reading.error("plan-area-size", message, "Simplify it: a tenth of them draws the same ground.")
    if reading.has_errors:
        return ""
    try:
        whole = shaped(polygons)
    except Tangled:
        reading.error("plan-area-crossing", "its borders cross one another too often to be repaired", "Draw or export it again.")
        return ""
    _report_repairs(reading, whole)
    if not whole.polygons:
        reading.error("plan-area-empty", "it encloses nothing", "Give at least one polygon of 4 positions, the last as the first.")
        return ""
    return geometry_text(whole.polygons)


def _report_repairs(reading: Reading, whole: Shaped) -> None:
    if whole.repaired:
        reason, (x, y) = whole.repaired[0]
        count = f"in {len(whole.repaired):,} polygons, first " if len(whole.repaired) > 1 else ""
        size = square_kilometres(whole.polygons)
        message = (
            f"its border is not sound: {reason} {count}at latitude {y:.5g}, longitude {x:.5g}; repaired, it has {kilometres(size)}"
        )
        remedy = "Look at it on the map; draw it anew where it is not what you mean."
        reading.findings.append(Finding("plan-area-crossing", Severity.WARNING, message, reading.place, remedy=remedy))
    if whole.vanished:
        message = f"{whole.vanished:,} of its polygons enclose nothing and are left out"
        reading.findings.append(
            Finding("plan-area-ring", Severity.WARNING, message, reading.place, remedy="Leave them out of the file.")
        )


def _report_dropped(reading: Reading) -> None:
    """One warning for all rings of too few positions."""
    if reading.dropped:
        count = len(reading.dropped)
        shown = ", ".join(f"[{x:g}, {y:g}]" for x, y in reading.dropped[:_SHOWN]) + (", ..." if count > _SHOWN else "")
        left_out = "ring of fewer than 4 positions is" if count == 1 else "rings of fewer than 4 positions are"
        message = f"{count:,} {left_out} left out, at {shown}"
        remedy = "Nothing to do where it is a speck; else draw it with more positions."
        reading.findings.append(Finding("plan-area-ring", Severity.WARNING, message, reading.place, remedy=remedy))


def _too_large(text: str, place: Place, most: int) -> Finding | None:
    size = len(text.encode("utf-8", "replace"))
    if size <= most:
        return None
    message = f"the file has {size:,} bytes, at most {most:,} are read"
    return _error("plan-area-size", message, place, "Simplify its borders, or leave decimals out.")


def _has_errors(findings: Iterable[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)


def _error(code: str, message: str, place: Place, remedy: str) -> Finding:
    return Finding(code, Severity.ERROR, message, place, remedy=remedy)


def kilometres(square_km: float) -> str:
    """A size for people: whole km², with decimals where it is small."""
    return f"{square_km:,.0f} km²" if square_km >= 100 else f"{square_km:,.3g} km²"


def area_text(area: Area) -> str:
    """An area as the text of its GeoJSON file: a Feature, one position a line, so that versions compare line by line.

    Raises
    ------
    InputError
        Where its name or comment holds half a character, which no file can.
    """
    properties = {name: value for name, value in (("name", area.name), ("comment", area.comment)) if value}
    head = json.dumps(properties, ensure_ascii=False)
    if any("\ud800" <= character <= "\udfff" for character in head):
        raise InputError(f"a text of {subjects.of_area(area.key)} holds half a character; take it out")
    geometry = area.geometry.replace("],[", "],\n[")
    return f'{{\n"type": "Feature",\n"properties": {head},\n"geometry": {geometry}\n}}\n'
