"""Any GeoJSON with polygons as a zone set: repaired, simplified with common borders kept common, neighbours computed."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from metes.base.findings import Finding, Place, Severity
from metes.intake.date_line import cut_at_date_line
from metes.intake.zone_points import points_of
from metes.model.zones import ZoneKind, ZoneSet
from metes.partition.links import joining_links, links_of
from metes.partition.neighbours import border_pairs
from metes.plan.conform import suggestion
from metes.plan.geojson import Polygon, Reading, features_of, read_value, text_of
from metes.plan.polygons import EARTH_RADIUS_KM, Tangled, shaped

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]
MAX_BYTES: Final = 256 * 1024 * 1024
MAX_ZONES: Final = 100_000
MAX_POSITIONS: Final = 5_000_000
AREA: Final = "area_km2"
# Of a middling zone's width: borders keep what is seen when the zone fills a tenth of a screen.
_SIMPLIFIED_SHARE: Final = 0.01
_COARSEST_DEGREES: Final = 0.02
_SHOWN: Final = 5
# What reading areas says of a file, as it is called of zones.
_CODES: Final[Mapping[str, str]] = {
    "plan-area-json": "zone-file",
    "plan-area-form": "zone-file",
    "plan-area-coordinates": "zone-coordinates",
}


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the properties that hold a zone's id, name, region and measures; an empty id takes the feature's own `id`."""

    id: str
    name: str = ""
    region: str = ""
    measures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ZonesRead:
    """The set of a file, None where there is none, and what was repaired, doubtful or left out."""

    zones: ZoneSet | None
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Zone:
    """A zone while its file is read: all features of its id."""

    name: str
    region: str
    polygons: list[Polygon]
    values: dict[str, float]
    features: int = 1


@dataclass(slots=True)
class _Gathered:
    """What was read so far, and what there is to say of many features at once."""

    file: str
    zones: dict[str, _Zone] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    dropped: int = 0
    doubtful: dict[str, list[str]] = field(default_factory=dict)

    def tell(self, code: str, severity: Severity, message: str, remedy: str, subject: str = "") -> None:
        """Add a finding about the file or a zone in it."""
        self.findings.append(Finding(code, severity, message, Place(self.file, subject=subject), remedy=remedy))


def geojson_zones(source: bytes, columns: Columns, *, key: str, name: str, file: str = "") -> ZonesRead:
    """The zone set of a GeoJSON text, plain or compressed by gzip; the codes of its findings stand in docs/reference/findings.md.

    Features with the same id are one zone, their measures added. Borders that cross themselves are repaired, polygons over the date line
    cut, overlaps and slivers between zones given to one of them, and all borders simplified together, so that no gap opens; each is told. A
    feature without id or ground is left out with an error, the rest goes on. The set also measures `area_km2`. O(e log e) in the edges.
    """
    text = unpacked(source)
    gathered = _Gathered(file)
    if text is None or len(text) > MAX_BYTES:
        message = f"the file has more than {MAX_BYTES:,} bytes" if text is not None else "the file is no whole gzip file"
        gathered.tell("zone-file", Severity.ERROR, message, "Simplify its borders, or leave decimals out; else export it again.")
        return ZonesRead(None, tuple(gathered.findings))
    reading = Reading(Place(file))
    features = features_of(reading, text)
    gathered.findings.extend(_renamed(finding) for finding in reading.findings)
    _require_properties(gathered, features, columns)
    if not _has_errors(gathered.findings):
        for number, feature in enumerate(features, 1):
            _take(gathered, feature, number, columns)
        _tell_of_many(gathered)
    if not gathered.zones or _is_too_large(gathered):
        if not _has_errors(gathered.findings):
            gathered.tell("zone-empty", Severity.ERROR, "the file has no zones", "Give a FeatureCollection with polygons.")
        return ZonesRead(None, tuple(gathered.findings))
    return _made(gathered, columns, key, name)


def unpacked(source: bytes) -> bytes | None:
    """The text of a file, at most a byte more than is read; None where it is a broken gzip file."""
    if source[:2] != b"\x1f\x8b":
        return source[: MAX_BYTES + 1].removeprefix(b"\xef\xbb\xbf")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(source)) as packed:
            return packed.read(MAX_BYTES + 1).removeprefix(b"\xef\xbb\xbf")
    except (OSError, EOFError, zlib.error):
        return None


def _renamed(finding: Finding) -> Finding:
    return Finding(
        _CODES.get(finding.code, finding.code), finding.severity, finding.message, finding.place, finding.value, finding.remedy
    )


def _require_properties(gathered: _Gathered, features: Sequence[Mapping[str, Any]], columns: Columns) -> None:
    """An error for each property asked for that no feature has."""
    names = {str(name) for feature in features for name in (feature.get("properties") or {})}
    for wanted in (columns.id, columns.name, columns.region, *columns.measures):
        if wanted and features and wanted not in names:
            remedy = suggestion(wanted, names) or f"They have {', '.join(sorted(names)[:20]) or 'none'}."
            gathered.tell("zone-property", Severity.ERROR, f"no feature has the property '{wanted}'", remedy)


def _take(gathered: _Gathered, feature: dict[str, Any], number: int, columns: Columns) -> None:
    """Add one feature to the zone of its id, or say why not."""
    own = feature.get("properties")
    properties: dict[str, Any] = own if isinstance(own, dict) else {}
    one = text_of(properties, columns.id) if columns.id else text_of(feature, "id")
    one = one.strip()
    subject = f"feature {number:,}" + (f" ({one[:40]})" if one else "")
    if not one:
        gathered.tell("zone-id", Severity.ERROR, "it has no id and is left out", "Fill the property, or choose another.", subject)
        return
    geometry, is_cut = cut_at_date_line(feature["geometry"]) if isinstance(feature.get("geometry"), dict) else (None, False)
    reading = read_value({"type": "Feature", "geometry": geometry}, Place(gathered.file, subject=subject))
    gathered.dropped += len(reading.dropped)
    if reading.has_errors:
        gathered.findings.extend(_renamed(finding) for finding in reading.findings)
        return
    if is_cut:
        message = "it crosses the date line and is cut there"
        gathered.tell("zone-date-line", Severity.NOTE, message, "Look at it on the map where it should not cross it.", subject)
    polygons = [polygon for piece in reading.pieces for polygon in piece.polygons]
    if not polygons:
        gathered.tell("zone-empty", Severity.ERROR, "it encloses nothing and is left out", "Give it a polygon.", subject)
        return
    values = {name: _number(gathered, name, properties.get(name), one) for name in columns.measures}
    known = gathered.zones.get(one)
    if known is None:
        name = text_of(properties, columns.name).strip() if columns.name else ""
        region = text_of(properties, columns.region).strip() if columns.region else ""
        gathered.zones[one] = _Zone(name or one, region, polygons, values)
    else:
        known.features += 1
        known.polygons.extend(polygons)
        known.values = {name: known.values[name] + value for name, value in values.items()}


def _number(gathered: _Gathered, name: str, value: Any, one: str) -> float:
    """A measure's value; 0, and noted, where it is missing, negative or no number."""
    try:
        number = float(value) if not isinstance(value, bool) else float("nan")
    except (TypeError, ValueError):
        number = float("nan")
    if not 0 <= number < float("inf"):
        gathered.doubtful.setdefault(name, []).append(one)
        return 0.0
    return number


def _tell_of_many(gathered: _Gathered) -> None:
    """One finding each for repeated ids, dropped rings, and values of a measure that are none."""
    repeated = [one for one, zone in gathered.zones.items() if zone.features > 1]
    if repeated:
        message = f"features of the same id are one zone: {_listed(repeated)}"
        gathered.tell("zone-duplicate", Severity.WARNING, message, "Choose another property where they are different zones.")
    if gathered.dropped:
        message = f"rings of fewer than 4 positions are left out: {gathered.dropped:,}"
        gathered.tell("zone-ring", Severity.WARNING, message, "Nothing to do where they are specks.")
    for name, zones in gathered.doubtful.items():
        message = f"'{name}' counts as 0 where it is missing, negative or no number: {_listed(zones)}"
        gathered.tell("zone-measure", Severity.WARNING, message, "Fill it with numbers of 0 and more.")


def _is_too_large(gathered: _Gathered) -> bool:
    positions = sum(len(ring) for zone in gathered.zones.values() for polygon in zone.polygons for ring in polygon)
    for count, most, noun in ((len(gathered.zones), MAX_ZONES, "zones"), (positions, MAX_POSITIONS, "positions")):
        if count > most:
            message = f"the file has {count:,} {noun}, at most {most:,} are taken"
            gathered.tell("zone-file", Severity.ERROR, message, "Take a part of it, or simplify its borders.")
            return True
    return False


def _made(gathered: _Gathered, columns: Columns, key: str, name: str) -> ZonesRead:
    """The set of what was gathered, in the order of ids."""
    ids, shapes = _sound(gathered)
    if not ids:
        return ZonesRead(None, tuple(gathered.findings))
    shapes = _simplified(_mended(gathered, ids, shapes))
    zones = [gathered.zones[one] for one in ids]
    missing = np.full(len(ids), np.nan)
    latitude, longitude = points_of(shapes, missing, missing)
    measures = {AREA: _square_kilometres(shapes), **{m: np.array([z.values[m] for z in zones]) for m in columns.measures}}
    pairs = border_pairs(shapes)
    made = ZoneSet(
        key=key,
        name=name,
        kind=ZoneKind.POLYGONS,
        ids=tuple(ids),
        names=tuple(zone.name for zone in zones),
        regions=tuple(zone.region for zone in zones),
        latitude=latitude,
        longitude=longitude,
        measures=measures,
        pairs=pairs,
        links=joining_links(latitude, longitude, pairs, [zone.region for zone in zones]),
        shapes=tuple(shapely.to_wkb(shapes).tolist()),
        source=gathered.file,
    )
    links = [str(link) for link in links_of(made)]
    if links:
        message = f"islands and broken pieces are joined by links: {'; '.join(links[:_SHOWN])}" + _more(links)
        gathered.tell("zone-island", Severity.NOTE, message, "'metes zones show' lists all links.")
    return ZonesRead(made, tuple(gathered.findings))


def _sound(gathered: _Gathered) -> tuple[list[str], Shapes]:
    """The ids in order with valid shapes; those repaired are told of, those of which nothing is left are left out."""
    ids = sorted(gathered.zones)
    shapes = np.full(len(ids), None, np.object_)
    for at, one in enumerate(ids):
        shapes[at] = shapely.MultiPolygon([(p[0], p[1:]) for p in gathered.zones[one].polygons])
    for at in np.flatnonzero(~shapely.is_valid(shapes)).tolist():
        shapes[at] = _repaired(gathered, ids[at])
    is_kept = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    kept = shapes[is_kept]
    is_single = shapely.get_num_geometries(kept) == 1
    kept[is_single] = shapely.get_geometry(kept[is_single], 0)
    return [one for one, keep in zip(ids, is_kept, strict=True) if keep], kept


def _repaired(gathered: _Gathered, one: str) -> shapely.MultiPolygon | None:
    zone, subject = gathered.zones[one], f"zone {one[:40]}"
    try:
        whole = shaped(zone.polygons)
    except Tangled:
        message = "its borders cross one another too often to be repaired; it is left out"
        gathered.tell("zone-crossing", Severity.ERROR, message, "Draw or export it again.", subject)
        return None
    if not whole.polygons:
        gathered.tell("zone-empty", Severity.ERROR, "it encloses nothing and is left out", "Give it a polygon.", subject)
        return None
    if whole.repaired:
        reason, (x, y) = whole.repaired[0]
        message = f"its border is not sound: {reason} at latitude {y:.5g}, longitude {x:.5g}; it is repaired"
        gathered.tell("zone-crossing", Severity.WARNING, message, "Look at it on the map.", subject)
    return shapely.MultiPolygon([(polygon[0], polygon[1:]) for polygon in whole.polygons])


def _mended(gathered: _Gathered, ids: Sequence[str], shapes: Shapes) -> Shapes:
    """Shapes that neither overlap nor leave slivers between them."""
    sliver = _width(shapes) * _SIMPLIFIED_SHARE
    if bool(shapely.coverage_is_valid(shapes, gap_width=sliver)):
        return shapes
    bad = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(shapes, gap_width=sliver)))
    cleaned = shapely.coverage_clean(shapes, gap_width=sliver)
    is_lost = shapely.is_empty(cleaned) | ~np.isin(shapely.get_type_id(cleaned), (3, 6))
    cleaned[is_lost] = shapes[is_lost]
    before, after = _square_kilometres(shapes), _square_kilometres(cleaned)
    message = (
        f"zones overlap a neighbour or leave slivers along it: {_listed([ids[at] for at in bad.tolist()])}; the ground is given to one of them, "
        f"{float(np.abs(after - before).sum()):,.3g} km² in all"
    )
    gathered.tell("zone-overlap", Severity.WARNING, message, "Look at them on the map; export them from one map where it matters.")
    return np.asarray(cleaned)


def _simplified(shapes: Shapes) -> Shapes:
    """All borders simplified together (Visvalingam and Whyatt 1993, over the edges of the coverage): common ones stay common."""
    tolerance = min(_width(shapes) * _SIMPLIFIED_SHARE, _COARSEST_DEGREES)
    found = shapely.coverage_simplify(shapes, tolerance)
    is_bad = shapely.is_empty(found) | ~shapely.is_valid(found)
    found[is_bad] = shapes[is_bad]
    return np.asarray(found)


def _width(shapes: Shapes) -> float:
    """The width of a middling zone in degrees."""
    return float(np.sqrt(np.median(shapely.area(shapes))))


def _square_kilometres(shapes: Shapes) -> Floats:
    """Areas (n,) on a sphere: flat ones of the cylindrical projection that keeps them."""
    flat = shapely.transform(shapes, lambda xy: EARTH_RADIUS_KM * np.stack([np.radians(xy[:, 0]), np.sin(np.radians(xy[:, 1]))], 1))
    return np.asarray(shapely.area(flat))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name[:40] for name in names[:_SHOWN]) + _more(names)


def _more(names: Sequence[str]) -> str:
    return f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""


def _has_errors(findings: Sequence[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)
