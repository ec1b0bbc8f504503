"""The verbs of a plan's areas: list, show, add, remove, and how many accounts lie inside."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from metes.app.plans import PlanVerbs
from metes.base.errors import InputError, NotFound
from metes.base.findings import Finding, Severity
from metes.base.ids import content_hash
from metes.model.condition import Equals
from metes.model.plan import Area, Plan
from metes.model.terms import InArea
from metes.plan import edit
from metes.plan.areas import AreaRead, area_text, read_area, read_areas_by
from metes.plan.check_areas import areas_asked
from metes.plan.conform import suggestion
from metes.plan.limits import MAX_AREA_BYTES, MAX_FILE_BYTES
from metes.plan.polygons import Extent, extent_of
from metes.plan.sketch import Sketch
from metes.store.plans import Revision

_EXTENTS_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class AreaSummary:
    """An area with its size in km², its positions and polygons, its box in degrees (west, south, east, north), and the rules that ask.

    `sketch` is its outline on a square of 160, as rings of whole numbers; a rule is a pair of territory and rule.
    """

    key: str
    name: str
    comment: str
    square_km: float
    vertices: int
    polygons: int
    box: tuple[float, float, float, float]
    sketch: Sketch
    rules: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        """The name for people; the key where there is none."""
        return self.name or self.key

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the sketch."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "sketch"}
        return values | {"rules": [{"territory": territory, "rule": rule} for territory, rule in self.rules]}


@dataclass(frozen=True, slots=True)
class AreasAdded:
    """Areas put into a draft, and what was doubtful about their file."""

    revision: Revision
    areas: tuple[Area, ...]
    findings: tuple[Finding, ...]


class AreaVerbs(PlanVerbs):
    """What can be done with the areas of a plan."""

    def plan_area_list(self, reference: str = "active") -> tuple[AreaSummary, ...]:
        """The areas of a revision, by key."""
        plan = self.plan_show(reference)[1]
        asked = areas_asked(plan) if plan.areas else {}
        return tuple(self._summary(area, asked.get(area.key, ())) for area in plan.areas)

    def plan_area_show(self, key: str, reference: str = "active") -> tuple[AreaSummary, Area]:
        """One area of a revision."""
        plan = self.plan_show(reference)[1]
        area = _area_of(plan, key)
        return self._summary(area, areas_asked(plan).get(key, ())), area

    def plan_area_text(self, key: str, reference: str = "active") -> str:
        """One area of a revision as the text of its GeoJSON file."""
        return area_text(_area_of(self.plan_show(reference)[1], key))

    def plan_area_add(
        self,
        key: str,
        source: Path | str,
        *,
        name: str | None = None,
        comment: str | None = None,
        reference: str | None = None,
        expected_root: str | None = None,
    ) -> AreasAdded:
        """Put the area of a GeoJSON file, or of its text, into a draft, in the place of the one with its key.

        Name and comment are the file's where none are given. InputError with all findings where the file draws no area.
        """
        read = _sound(read_area(_text_of(source, MAX_AREA_BYTES), key, _file_of(source)), key)
        (area,) = read.areas
        named = Area(key, area.geometry, area.name if name is None else name, area.comment if comment is None else comment)
        revision = self._add([named], f"area {key}", reference, expected_root)
        return AreasAdded(revision, (named,), read.findings)

    def plan_area_add_each(
        self,
        source: Path | str,
        property_: str,
        *,
        prefix: str = "",
        reference: str | None = None,
        expected_root: str | None = None,
    ) -> AreasAdded:
        """Put an area for each value of a property of the features into a draft; its key is made of `prefix` and the value."""
        read = _sound(read_areas_by(_text_of(source, MAX_FILE_BYTES), property_, _file_of(source), prefix), property_)
        revision = self._add(read.areas, f"{len(read.areas):,} areas by {property_}", reference, expected_root)
        return AreasAdded(revision, read.areas, read.findings)

    def plan_area_name(
        self, key: str, name: str, comment: str, *, reference: str | None = None, expected_root: str | None = None
    ) -> Revision:
        """Change an area's name and comment in a draft; its border stays."""

        def change(plan: Plan) -> Plan:
            return edit.with_areas(plan, [Area(key, _area_of(plan, key).geometry, name, comment)])

        return self.plan_change(change, f"area {key}", reference=reference, expected_root=expected_root)

    def plan_area_remove(self, key: str, *, reference: str | None = None, expected_root: str | None = None) -> Revision:
        """Take an area out of a draft; whether a rule still asks for it is for the check to say."""
        note = f"area {key} removed"
        return self.plan_change(lambda plan: edit.without_area(plan, key), note, reference=reference, expected_root=expected_root)

    def plan_area_accounts(self, key: str, reference: str = "active") -> int:
        """How many accounts lie in an area of a revision, by their coordinates."""
        _area_of(self.plan_show(reference)[1], key)
        return self.rule_count(Equals(InArea(key).name, True), reference)

    def _add(self, areas: Sequence[Area], note: str, reference: str | None, expected_root: str | None) -> Revision:
        return self.plan_change(lambda plan: edit.with_areas(plan, areas), note, reference=reference, expected_root=expected_root)

    def _summary(self, area: Area, rules: Sequence[tuple[str, str]]) -> AreaSummary:
        extent = self._extent(area.geometry)
        size = (extent.square_km, extent.vertices, extent.polygons, extent.box, extent.sketch)
        return AreaSummary(area.key, area.name, area.comment, *size, tuple(rules))

    def _extent(self, geometry: str) -> Extent:
        """The extent of a geometry, kept on the shelf: a list of areas asks for all of them each time."""
        digest = content_hash(geometry)
        kept: OrderedDict[str, Extent] = self.shelf.extents
        extent = kept.get(digest)
        if extent is None:
            extent = extent_of(geometry)
            with self.shelf.lock:
                while len(kept) >= _EXTENTS_KEPT:
                    kept.popitem(last=False)
                kept[digest] = extent
        return extent


def _area_of(plan: Plan, key: str) -> Area:
    area = plan.area_by_key.get(key)
    if area is None:
        remedy = suggestion(key, plan.area_by_key) or "'metes plan area list' names those it has"
        raise NotFound(f"the plan has no area '{key[:80]}'; {remedy}")
    return area


def _sound(read: AreaRead, what: str) -> AreaRead:
    """What was read; InputError where there is an error, or nothing, in it."""
    errors = [finding for finding in read.findings if finding.severity is Severity.ERROR]
    if errors or not read.areas:
        more = f" (and {len(errors) - 1:,} more)" if len(errors) > 1 else ""
        first = f"{errors[0].message}. {errors[0].remedy}{more}" if errors else "it draws no area"
        raise InputError(f"'{what[:80]}' was not added: {first}", read.findings)
    return read


def _text_of(source: Path | str, most: int) -> str:
    """The text of a file; what is wrong with the file itself is an InputError."""
    if isinstance(source, str):
        return source
    try:
        if (size := source.stat().st_size) > most:
            raise InputError(f"{source} has {size:,} bytes, at most {most:,} are read; simplify its borders, or leave decimals out")
        return source.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror or error}; give a GeoJSON file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{source} is no UTF-8, as GeoJSON is; export it again") from error


def _file_of(source: Path | str) -> str:
    return source.name if isinstance(source, Path) else ""
