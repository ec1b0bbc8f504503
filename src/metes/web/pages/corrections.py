"""Corrections of past days: the forms of an account and a person with a look at what changes, and figures as first known and as known now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.app.corrections import NOBODY, Corrected
from metes.app.workspace import Workspace
from metes.base.errors import Conflict, InputError, NotFound
from metes.model.moment import day_in
from metes.web.marks import Marks
from metes.web.visits import Form, Looking, SignedIn, Visit

router = APIRouter()
_FIELDS = ("seat", "person", "territory", "from", "to", "reason", "beside")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the form was given: the texts, what would change, and what is wrong with them."""

    typed: Mapping[str, str]
    found: Corrected | None = None
    error: str = ""


@router.get("/accounts/{number:int}/correct")
def account_form(number: int, visit: SignedIn) -> Response:
    """Which territory held an account on past days: the form, and with its texts in the address what would change."""
    visit.require("correct")
    return _account_page(visit, number, _typed(visit.address.query))


@router.post("/accounts/{number:int}/correct")
def account_record(number: int, visit: SignedIn, form: Form) -> Response:
    """Record the correction that was looked at."""
    visit.require("correct")
    typed = _typed((name, str(value)) for name, value in form.items())
    try:
        done = _owner(visit.workspace, _key(visit, number), typed, dry_run=False)
    except (InputError, Conflict, NotFound) as problem:
        return _account_page(visit, number, typed, str(problem), 422)
    return visit.go(f"/accounts/{number}#ledger", ("good", f"Correction {done.id} is recorded; what was known before stays known."))


@router.get("/people/{number:int}/correct")
def person_form(number: int, visit: SignedIn) -> Response:
    """On which seat a person sat on past days: the form, and with its texts in the address what would change."""
    visit.require("correct")
    return _person_page(visit, number, _typed(visit.address.query))


@router.post("/people/{number:int}/correct")
def person_record(number: int, visit: SignedIn, form: Form) -> Response:
    """Record the correction that was looked at."""
    visit.require("correct")
    typed = _typed((name, str(value)) for name, value in form.items())
    try:
        done = _seat(visit.workspace, typed, dry_run=False)
    except (InputError, Conflict, NotFound) as problem:
        return _person_page(visit, number, typed, str(problem), 422)
    return visit.go(f"/people/{number}", ("good", f"Correction {done.id} is recorded; what was known before stays known."))


@router.post("/corrections/{number:int}/back")
def take_back(number: int, visit: SignedIn, form: Form) -> Response:
    """Take a correction back by another one."""
    back = str(form.get("back", "/")) if str(form.get("back", "/")).startswith(("/accounts/", "/people/")) else "/"
    try:
        new = visit.workspace.correct_back(number, reason=str(form.get("reason", "")))
    except (InputError, Conflict) as problem:
        return visit.go(back, ("bad", str(problem)))
    return visit.go(back, ("good", f"Correction {number} is taken back by correction {new}."))


@router.get("/territories/{key}/restated")
def territory_restated(key: str, visit: Looking) -> Response:
    """A territory's figures of a past day, as first known and as known now."""
    at, known = _day_asked(visit)
    found, row = visit.workspace.restated_territory(key, at, known)
    if row is None:
        raise NotFound(f"no plan of {at} has the territory '{key}'")
    return visit.page("restated.html", found=found, row=row, crumb=(row.name, f"/territories/{key}"))


@router.get("/people/{number:int}/restated")
def person_restated(number: int, visit: Looking) -> Response:
    """A person's figures of a past day, as first known and as known now."""
    at, known = _day_asked(visit)
    found, row = visit.workspace.restated_person(number, at, known)
    return visit.page("restated.html", found=found, row=row, crumb=(row.name, f"/people/{number}"))


def _day_asked(visit: Visit) -> Any:
    moment = visit.past.moment if visit.past else None
    if moment is None:
        raise InputError("figures can be restated of a day that is over; choose one with As of in the bar")
    return moment.at, moment.known


def _account_page(visit: Visit, number: int, typed: Mapping[str, str], error: str = "", status: int = 200) -> Response:
    workspace, key = visit.workspace, _key(visit, number)
    asked = _look(typed, ("territory", "from", "to"), error, lambda: _owner(workspace, key, typed, dry_run=True))
    active = workspace.active()
    marks = Marks(active[1] if active else None)
    return visit.page(
        "correct.html", status=status, kind="owner", asked=asked, here=f"/accounts/{number}", name=key, marks=marks, seats=(),
        text=marks.name(typed["territory"]) if typed["territory"] else "", past=workspace.correct_list(account=key),
    )  # fmt: skip


def _person_page(visit: Visit, number: int, typed: Mapping[str, str], error: str = "", status: int = 200) -> Response:
    workspace = visit.workspace
    record = workspace.person(number).record
    typed = {**typed, "person": typed["person"] or str(record["external_id"])}
    asked = _look(typed, ("seat", "from"), error, lambda: _seat(workspace, typed, dry_run=True))
    return visit.page(
        "correct.html", status=status, kind="seat", asked=asked, here=f"/people/{number}", name=record["name"], marks=None,
        seats=workspace.seats_known(), text="", past=workspace.correct_list(person=number), own=record["external_id"], nobody=NOBODY,
    )  # fmt: skip


def _look(typed: Mapping[str, str], needed: tuple[str, ...], error: str, look: Callable[[], Corrected]) -> _Asked:
    """What a correction would change, where the form was filled in."""
    if error or not any(typed[name] for name in ("from", "to", "seat", "territory")):
        return _Asked(typed, error=error)
    if not all(typed[name] for name in needed):
        return _Asked(typed, error="Fill in who it was and the days.")
    try:
        return _Asked(typed, look())
    except (InputError, Conflict, NotFound) as problem:
        return _Asked(typed, error=str(problem))


def _owner(workspace: Workspace, key: str, typed: Mapping[str, str], *, dry_run: bool) -> Corrected:
    start, end = day_in(typed["from"]), day_in(typed["to"])
    return workspace.correct_owner(key, typed["territory"], start=start, end=end, reason=typed["reason"], dry_run=dry_run)


def _seat(workspace: Workspace, typed: Mapping[str, str], *, dry_run: bool) -> Corrected:
    end = day_in(typed["to"]) if typed["to"] else None
    return workspace.correct_seat(
        typed["seat"], typed["person"], start=day_in(typed["from"]), end=end, reason=typed["reason"], is_beside=bool(typed["beside"]),
        dry_run=dry_run,
    )  # fmt: skip


def _key(visit: Visit, number: int) -> str:
    return visit.workspace.account_by_number(number).key


def _typed(pairs: Any) -> dict[str, str]:
    given = dict(pairs)
    # Without a script the picker sends what was typed.
    given["territory"] = given.get("territory") or given.get("territory_text", "")
    return {name: str(given.get(name, "")).strip() for name in _FIELDS}
