"""Asking for a design: the form with a live check, and the same form to ask again of one that is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import InputError, NotFound
from metes.base.findings import Severity
from metes.model.plan import Plan, Role
from metes.web.design_form import Typed, owning_seats, spec_of, typed_of_form, typed_of_spec, with_findings
from metes.web.marks import Marks
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
COUNTED = (("workload", "Workload, hours"), ("accounts", "Accounts, count"), ("units", "Units, count"))
DESIGNS_OFFERED = 100
NOT_MEASURES = frozenset({"latitude", "longitude"})


@router.get("/designs/new")
def show_new(visit: SignedIn) -> Response:
    """The empty form; `from` names a design to begin with, `units` what to share out."""
    visit.require("plan_edit")
    begin = visit.address.get("from")
    spec: dict[str, Any] = {}
    if begin.isdecimal() and len(begin) < 12:
        spec = {**visit.workspace.design_find(int(begin)).spec, "name": "", "start": f"design:{begin}"}
    if visit.address.get("units"):
        spec["units"] = visit.address.get("units")[:200]
    return _page(visit, typed_of_spec(spec))


@router.post("/designs/new")
def make(visit: SignedIn, form: Form) -> Response:
    """Make the design, and with `run` work it out at once."""
    return _make(visit, form, None)


@router.post("/designs/new/check")
def check_new(visit: SignedIn, form: Form) -> Response:
    """The form with what a check says of it; nothing is written."""
    return _checked(visit, form, None)


@router.get("/designs/{number:int}/edit-spec")
def show_spec(number: int, visit: SignedIn) -> Response:
    """What was asked of a design, to be changed and asked again."""
    visit.require("plan_edit")
    row = visit.workspace.design_find(number)
    return _page(visit, typed_of_spec({**row.spec, "start": f"design:{number}"}), row=row)


@router.post("/designs/{number:int}/edit-spec")
def make_from(number: int, visit: SignedIn, form: Form) -> Response:
    """Make a design of the changed spec, which begins where this one stands."""
    return _make(visit, form, visit.workspace.design_find(number))


@router.post("/designs/{number:int}/edit-spec/check")
def check_spec(number: int, visit: SignedIn, form: Form) -> Response:
    """The form with what a check says of it; nothing is written."""
    return _checked(visit, form, visit.workspace.design_find(number))


def _make(visit: Visit, form: Mapping[str, Any], row: Any) -> Response:
    typed = typed_of_form(form)
    spec, typed = spec_of(typed, _plan(visit), row.spec if row else None)
    if typed.errors:
        return _page(visit, typed, row=row, status=422)
    try:
        made = visit.workspace.design_new(spec)
    except (InputError, NotFound) as error:
        return _page(visit, typed, row=row, error=error, status=422)
    if form.get("act") == "keep":
        return visit.go(f"/designs/{made.id}", ("good", f"{made.name} is made; nothing is worked out yet."))
    visit.workspace.design_queue(made.id)
    return visit.go(f"/designs/{made.id}/run")


def _checked(visit: Visit, form: Mapping[str, Any], row: Any) -> Response:
    typed = typed_of_form(form)
    spec, typed = spec_of(typed, _plan(visit), row.spec if row else None)
    if typed.errors:
        return _page(visit, typed, row=row)
    try:
        told = visit.workspace.design_check(spec)
    except (InputError, NotFound) as error:
        return _page(visit, typed, row=row, error=error)
    return _page(visit, typed, row=row, told=told)


def _plan(visit: Visit) -> Plan | None:
    active = visit.workspace.active()
    return active[1] if active else None


def _page(
    visit: Visit,
    typed: Typed,
    *,
    row: Any = None,
    error: Exception | None = None,
    told: Any = None,
    status: int = 200,
) -> Response:
    """The form: a page, or for htmx the form alone."""
    plan = _plan(visit)
    problems: tuple[Any, ...] = ()
    if isinstance(error, InputError):
        typed, problems = with_findings(typed, [f for f in error.findings if f.severity is Severity.ERROR])
    context = {
        "typed": typed,
        "design": row,
        "problems": problems,
        "error": str(error) if error is not None and not getattr(error, "findings", ()) else "",
        "has_errors": bool(typed.errors or error),
        "told": told,
        "findings": told["findings"] if told else (),
        "action": f"/designs/{row.id}/edit-spec" if row else "/designs/new",
        "within_text": typed["within_text"] or Marks(plan).name(typed["within"]),
        "seats": len(owning_seats(plan, typed["within"])),
        **_choices(visit, plan, typed),
    }
    if visit.is_fragment:
        return visit.fragment("design-new.html", "form", **context)
    return visit.page("design-new.html", status=status, **context)


def _choices(visit: Visit, plan: Plan | None, typed: Typed) -> dict[str, Any]:
    """What the form's lists offer."""
    reader = visit.environment.filters
    sets = visit.workspace.zone_set_list()
    sized = [(s.key, f"{s.name} ({reader['number'](s.zones)})" if s.zones else s.name) for s in sets]
    fields = visit.workspace.fields()
    numbers = [(f.name, f.title) for f in fields.values() if f.type.is_number and f.name not in NOT_MEASURES]
    known = dict([*COUNTED, ("pipeline", "Pipeline"), *numbers])
    known |= {name: _zone_title(name) for name in _zone_measures(visit, typed["units"]) if name not in known}
    for name in (row.name for row in typed.measures if row.name and row.name not in known):
        known[name] = name
    first = [name for name in ("potential", "revenue_12m", "workload", "accounts") if name in known]
    ordered = [*first, *(name for name in known if name not in first)]
    designs = visit.workspace.design_list()[:DESIGNS_OFFERED]
    kinds = [(kind.key, kind.name or kind.key) for kind in plan.types if kind.role is Role.PRIMARY] if plan else []
    return {
        "units": [("accounts", "Accounts, one by one"), *sized],
        "measures": [("", "choose"), *((name, known[name]) for name in ordered)],
        "starts": [
            ("today", "What holds today"),
            ("scratch", "Nothing"),
            *((f"design:{d.id}", f"Design {d.id}: {d.name}") for d in designs),
        ],
        "walls": [
            ("none", "None"),
            ("region", "Regions (states, provinces)"),
            *((key, f"Territories of type {name}") for key, name in kinds),
        ],
    }


def _zone_measures(visit: Visit, units: str) -> list[str]:
    """The measures that a set of zones brings along."""
    if units == "accounts":
        return []
    try:
        return list(visit.workspace.zone_set(units).measures)
    except NotFound:
        return []


def _zone_title(name: str) -> str:
    return f"{name.replace('_', ' ').capitalize()} (of zones)"
