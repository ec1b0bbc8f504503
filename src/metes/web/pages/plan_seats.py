"""One seat of a plan: what it is and has, looked at in any revision and changed in a draft."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError, NotFound
from metes.model.plan import Plan, Seat
from metes.web.part_edits import went_into
from metes.web.plan_view import edit_target, view_of
from metes.web.revisions import called
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()

LONGEST: Final = 5_000
_NUMBER: Final = r"[+-]?(?:[0-9]{1,6}(?:\.[0-9]*)?|\.[0-9]+)"
_DECIMAL: Final = re.compile(_NUMBER)
_POINT: Final = re.compile(rf"\(?\s*({_NUMBER})(?:\s*[,;]\s*|\s+)({_NUMBER})\s*\)?")
_BETWEEN_TAGS: Final = re.compile(r"[,;\r\n\t]+")
# Which field of the form a finding about the seat is shown at.
_FIELD_OF_CODE: Final = {
    "plan-base": "base",
    "plan-capacity": "capacity",
    "plan-ramp": "ramp",
    "plan-licence": "licences",
    "plan-licence-count": "licences",
}


@router.get("/plan/{reference}/seats/{key}")
def show_seat(reference: str, key: str, visit: SignedIn) -> Response:
    """The form of a seat."""
    seat = _seat_of(visit.workspace.plan_show(reference)[1], key)
    return _seat_page(visit, reference, seat, typed_of(seat))


@router.post("/plan/{reference}/seats/{key}")
def save_seat(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """Keep a seat in a draft."""
    revision, plan = visit.workspace.plan_show(reference)
    old = _seat_of(plan, key)
    typed = {name: str(form.get(name, "")).strip()[:LONGEST] for name in ("name", "role", "capacity", "base", "ramp", "licences")}
    typed["owns"] = "1" if form.get("owns") else ""
    pointed, wrong_place = _with_degrees(visit, typed)
    seat, errors = seat_typed(old, pointed)
    errors |= wrong_place
    if errors:
        return _seat_page(visit, reference, old, typed, errors, status=422)
    try:
        target = edit_target(visit, revision)
        draft = visit.workspace.seat_set(seat, reference=str(target.id), expected_root=str(form.get("root", "")) or None)
    except InputError as problem:
        return _seat_page(visit, reference, old, typed, _errors_of(problem), status=422)
    except Conflict as problem:
        told = f"{problem}. What you typed is kept below; saving it again replaces what they saved."
        return _seat_page(visit, reference, old, typed, {"": told}, status=409)
    notice = ("good", f"Seat {seat.name or seat.key} was saved in {called(draft)}.")
    return went_into(visit, draft, revision.root_hash, f"territories/{seat.territory}#seats", notice)


def _with_degrees(visit: Visit, typed: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What was typed with the degrees of a base that is named by a place or an account; and what is wrong with its name."""
    text = typed["base"]
    if not any(letter.isalpha() for letter in text) and not re.fullmatch(r"[0-9]{5}", text):
        return dict(typed), {}
    try:
        place = visit.workspace.place_find(text)
    except InputError as problem:
        return {**typed, "base": ""}, {"base": f"{str(problem)[:1].upper()}{str(problem)[1:]}."}
    return {**typed, "base": f"{_decimal(place.latitude)}, {_decimal(place.longitude)}"}, {}


def typed_of(seat: Seat) -> dict[str, str]:
    """A seat as its form shows it: degrees as a point, the ramp in percent, licences between commas."""
    return {
        "name": seat.name,
        "role": seat.role,
        "owns": "1" if seat.owns else "",
        "capacity": "" if seat.capacity_hours is None else str(seat.capacity_hours),
        "base": ", ".join(_decimal(degrees) for degrees in (seat.base_latitude, seat.base_longitude) if degrees is not None),
        "ramp": "" if seat.ramp_share == 1 else _decimal(seat.ramp_share, 100),
        "licences": ", ".join(seat.licences),
    }


def seat_typed(old: Seat, typed: Mapping[str, str]) -> tuple[Seat, dict[str, str]]:
    """The seat that a form says, and by field what cannot be read; ranges are for the check of the plan."""
    errors: dict[str, str] = {}
    capacity, ramp = typed["capacity"], Decimal(100)
    base: tuple[float, float] | tuple[None, None] = (None, None)
    if capacity and not re.fullmatch(r"-?[0-9]{1,9}", capacity):
        errors["capacity"] = f"Write whole hours such as 1600, got {capacity[:40]!r}."
    if typed["base"]:
        point = _POINT.fullmatch(typed["base"])
        if point is None:
            errors["base"] = f"Write latitude and longitude in degrees such as 39.74, -104.99, got {typed['base'][:60]!r}."
        base = (float(point[1]), float(point[2])) if point else base
    percent = typed["ramp"].removesuffix("%").strip()
    if percent and not _DECIMAL.fullmatch(percent):
        errors["ramp"] = f"Write a number of percent such as 60, got {percent[:40]!r}."
    elif percent:
        ramp = Decimal(percent)
    seat = replace(
        old,
        name=typed["name"],
        role=typed["role"] or "account executive",
        owns=bool(typed["owns"]),
        capacity_hours=int(capacity) if capacity and "capacity" not in errors else None,
        base_latitude=base[0],
        base_longitude=base[1],
        ramp_share=float(ramp / 100),
        licences=tuple(tag for part in _BETWEEN_TAGS.split(typed["licences"]) if (tag := part.strip())),
    )
    return seat, errors


def _decimal(number: float, times: int = 1) -> str:
    """The shortest decimal that reads back equal, without an exponent or a zero at its end."""
    text = format(Decimal(repr(number)) * times, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _errors_of(problem: InputError) -> dict[str, str]:
    """What the check refused, by the field it belongs to; what belongs to none stands at the top."""
    errors: dict[str, str] = {}
    for finding in problem.findings:
        name = _FIELD_OF_CODE.get(finding.code, "")
        text = f"{finding.message[:1].upper()}{finding.message[1:]}. {finding.remedy}"
        errors[name] = f"{errors[name]} {text}" if name in errors else text
    return errors or {"": str(problem)}


def _seat_of(plan: Plan, key: str) -> Seat:
    for seat in plan.seats:
        if seat.key == key:
            return seat
    raise NotFound(f"this revision of the plan has no seat '{key[:80]}'; the page of a territory names those it has")


def _seat_page(
    visit: Visit, reference: str, seat: Seat, typed: Mapping[str, str], errors: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    view = view_of(visit, reference, seat.territory)
    people: tuple[Any, ...] = ()
    if view.revision.state == "active":
        people = tuple(s for s in visit.workspace.seated_on([seat.territory]) if s.seat == seat.key and s.person)
    return visit.page("plan-seat.html", status=status, view=view, seat=seat, typed=typed, errors=errors or {}, people=people)
