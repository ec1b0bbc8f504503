"""Checks the areas of a plan: geometry that no one can read, the date line, one ground under two names, areas that nothing asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from metes.base.findings import Finding, Place, Severity
from metes.model.condition import literals
from metes.model.plan import Area, Plan
from metes.model.terms import InArea
from metes.plan import subjects
from metes.plan.limits import MAX_AREAS
from metes.plan.polygons import date_line_edges, polygons_of
from metes.rules.term_text import innermost

_DATE_LINE_REMEDY: Final = (
    "If it crosses the date line, cut it there into two polygons, one that ends at 180 and one that begins at -180; "
    "if it does go round, add positions in between."
)


def check_areas(plan: Plan) -> Iterator[Finding]:
    """What is wrong or doubtful about the plan's areas. Linear in their positions and in the plan's rules.

    Borders that cross themselves are no business of this check: they are repaired, with a warning, when an area is read.
    """
    if len(plan.areas) > MAX_AREAS:
        message = f"the plan has {len(plan.areas):,} areas, at most {MAX_AREAS:,} are taken"
        remedy = "Take those out that no rule asks for, or join some."
        yield Finding("plan-area-size", Severity.ERROR, message, Place(subject=f"plan {plan.key}"), remedy=remedy)
    for area in plan.areas:
        yield from _geometry(area)
    yield from _same(plan)
    yield from _unused(plan)


def areas_asked(plan: Plan) -> dict[str, list[tuple[str, str]]]:
    """The rules that ask for each area, as pairs of territory and rule, in the order of the plan."""
    asked: dict[str, list[tuple[str, str]]] = {}
    for territory in plan.territories:
        for rule in territory.rules:
            names = dict.fromkeys(literal.field for literal in literals(rule.condition))
            terms = (innermost(name) for name in names)
            for key in dict.fromkeys(term.area for term in terms if isinstance(term, InArea)):
                asked.setdefault(key, []).append((territory.key, rule.key))
    return asked


def _finding(severity: Severity, code: str, key: str, message: str, remedy: str) -> Finding:
    return Finding(code, severity, message, Place(subject=subjects.of_area(key)), remedy=remedy)


def _geometry(area: Area) -> Iterator[Finding]:
    try:
        polygons = polygons_of(area.geometry)
    except (ValueError, TypeError, RecursionError):
        message = "its geometry is no Polygon or MultiPolygon in canonical form"
        yield _finding(Severity.ERROR, "plan-area-form", area.key, message, "Add it again from its GeoJSON file.")
        return
    if not polygons:
        yield _finding(Severity.ERROR, "plan-area-empty", area.key, "it encloses nothing", "Give it at least one polygon.")
    for (x1, y1), (x2, y2) in date_line_edges(polygons):
        message = f"an edge from [{x1:g}, {y1:g}] to [{x2:g}, {y2:g}] goes the long way round the world"
        yield _finding(Severity.WARNING, "plan-area-date-line", area.key, message, _DATE_LINE_REMEDY)
        break


def _same(plan: Plan) -> Iterator[Finding]:
    """Areas that enclose the same ground under two names."""
    first: dict[str, str] = {}
    for area in plan.areas:
        one = first.setdefault(area.geometry, area.key)
        if one != area.key:
            message = f"it has the same border as area '{one}'"
            yield _finding(Severity.WARNING, "plan-area-same", area.key, message, "Keep one, and let the rules ask for that.")


def _unused(plan: Plan) -> Iterator[Finding]:
    asked = areas_asked(plan) if plan.areas else {}
    for area in plan.areas:
        if area.key not in asked:
            remedy = f"Ask for it with: in area '{area.key}'; or take it out."
            yield _finding(Severity.NOTE, "plan-area-unused", area.key, "no rule asks for it", remedy)
