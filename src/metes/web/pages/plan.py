"""The plan: its tree, one territory with rules, seats, pins and exclusions, and its text to take away."""

from __future__ import annotations

import io
import tempfile
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.dates import ALWAYS, Period
from metes.base.errors import Conflict, InputError
from metes.base.ids import key_from
from metes.model.plan import Pin, Seat, Territory
from metes.web.plan_view import PlanView, edit_target, territory_of, view_of
from metes.web.revisions import called
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()

PINS_SHOWN = 100
COLOURS = ("Sky", "Apricot", "Leaf", "Rose", "Lilac", "Straw", "Lagoon", "Coral", "Moss", "Sage", "Sand", "Slate")


@router.get("/plan")
def show_plan(visit: SignedIn, revision: str = "") -> Response:
    """The plan at a glance, and its tree."""
    revisions = visit.workspace.plan_list()
    if not revisions:
        return visit.page("plan-none.html")
    words = [r.state for r in revisions]
    reference = revision or ("active" if "active" in words else str(revisions[0].id))
    view = view_of(visit, reference)
    plan = view.plan
    kinds = {kind.key: 0 for kind in plan.types}
    for territory in plan.territories:
        kinds[territory.type] = kinds.get(territory.type, 0) + 1
    rules = sum(len(t.rules) for t in plan.territories)
    proof = visit.workspace.proof_at_hand(str(view.revision.id))
    return visit.page("plan.html", view=view, count_by_type=kinds, rules=rules, proof=proof)


@router.get("/plan/export.zip")
def export_plan(visit: SignedIn, revision: str = "active") -> Response:
    """The plan's text files in one archive."""
    found = visit.workspace.plan_find(revision)
    with tempfile.TemporaryDirectory() as folder:
        files = visit.workspace.plan_export(Path(folder), str(found.id))
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(files):
                archive.write(path, f"{found.plan_key}/{path.relative_to(folder)}")
    headers = {"content-disposition": f'attachment; filename="{found.plan_key}-{found.id}.zip"'}
    return Response(buffer.getvalue(), media_type="application/zip", headers=headers)


@router.get("/plan/{reference}")
def go_to_plan(reference: str, visit: SignedIn) -> Response:
    """The plan's page by its number, or by `active` or `draft`, as the addresses below it are written."""
    return visit.go(f"/plan?revision={visit.workspace.plan_find(reference).id}")


@router.get("/plan/{reference}/territories/{key}")
def show_territory(reference: str, key: str, visit: SignedIn) -> Response:
    """One territory of a revision: what it is, its rules in order, its seats, pins and exclusions."""
    return _territory_page(visit, reference, key)


@router.post("/plan/{reference}/territories/{key}/pins")
def add_pin(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """Pin accounts to a territory, or keep them out of it, in a draft."""
    typed = {name: str(form.get(name, "")).strip() for name in ("accounts", "reason", "from", "until", "kind")}
    errors: dict[str, str] = {}
    accounts = [a for a in dict.fromkeys(part.strip() for part in typed["accounts"].replace("\n", ",").split(",")) if a]
    if not accounts:
        errors["accounts"] = "Name an account by its id."
    known = visit.workspace.accounts_known(accounts)
    unknown = [a for a in accounts if a not in known]
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        errors["accounts"] = f"There is no account with the id {unknown[0][:60]!r}{more}; its id stands on its page."
    if not typed["reason"]:
        errors["reason"] = "Say why: it stands in the plan and in the ledger."
    period = _period(typed["from"], typed["until"], errors)
    if errors:
        return _territory_page(visit, reference, key, status=422, typed=typed, errors=errors)
    revision = edit_target(visit, visit.workspace.plan_find(reference))
    pins = [Pin(a, key, typed["reason"], visit.user.name, period, is_exclusion=typed["kind"] == "exclusion") for a in accounts]
    draft = visit.workspace.pins_change(add=pins, reference=str(revision.id))
    what = "kept out" if typed["kind"] == "exclusion" else "pinned"
    text = f"{len(accounts)} account{'s' if len(accounts) != 1 else ''} {what} in {called(draft)}. Publish it to put it in force."
    return visit.go(f"/plan/{draft.id}/territories/{key}#pins", ("good", text))


@router.post("/plan/{reference}/territories/{key}/pins/remove")
def remove_pin(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """Take a pin or exclusion out of a draft."""
    revision, plan = visit.workspace.plan_show(reference)
    edit_target(visit, revision)
    named = [pin for pin in plan.pins if pin.territory == key and _pin_id(pin) == str(form.get("pin", ""))]
    if not named:
        raise Conflict("somebody has changed this pin meanwhile; look at the territory again")
    draft = visit.workspace.pins_change(remove=named[:1], reference=str(revision.id))
    text = f"The {'exclusion' if named[0].is_exclusion else 'pin'} of {named[0].account} is gone from {called(draft)}."
    return visit.go(f"/plan/{draft.id}/territories/{key}#pins", ("good", text))


@router.get("/plan/{reference}/territories/{key}/edit")
def edit_territory(reference: str, key: str, visit: SignedIn) -> Response:
    """The form of a territory."""
    visit.require("plan_edit")
    view = view_of(visit, reference, key)
    t = view.territory()
    typed = {"name": t.name, "type": t.type, "parent": t.parent or "", "description": t.description, "colour": _text(t.colour)}
    return visit.page(
        "plan-territory-edit.html",
        view=view,
        t=t,
        typed=typed,
        is_catch_all=t.is_catch_all,
        error="",
        is_new=False,
        **_choices(view),
    )


@router.get("/plan/{reference}/new-territory")
def new_territory(reference: str, visit: SignedIn, parent: str = "") -> Response:
    """The form of a territory to be added."""
    visit.require("plan_edit")
    view = view_of(visit, reference, parent)
    kind = view.territory().type if parent else view.plan.types[0].key if view.plan.types else ""
    typed = {"name": "", "type": kind, "parent": parent, "description": "", "colour": "", "key": ""}
    return visit.page(
        "plan-territory-edit.html", view=view, t=None, typed=typed, is_catch_all=False, error="", is_new=True, **_choices(view)
    )


@router.post("/plan/{reference}/territories/{key}/edit")
def save_territory(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """Keep a territory as it was typed, in a draft."""
    return _save_territory(visit, reference, key, form)


@router.post("/plan/{reference}/new-territory")
def add_territory(reference: str, visit: SignedIn, form: Form) -> Response:
    """Add a territory to a draft."""
    return _save_territory(visit, reference, "", form)


@router.get("/plan/{reference}/territories/{key}/remove")
def ask_remove_territory(reference: str, key: str, visit: SignedIn) -> Response:
    """Tell what goes with a territory."""
    visit.require("plan_edit")
    view = view_of(visit, reference, key)
    pins = sum(1 for pin in view.plan.pins if pin.territory == key)
    below = len(view.plan.children_by_key.get(key, ()))
    return visit.page("plan-confirm.html", act="territory", view=view, t=view.territory(), pins=pins, below=below)


@router.post("/plan/{reference}/territories/{key}/remove")
def remove_territory(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """Take a territory with its seats and pins out of a draft."""
    revision, plan = visit.workspace.plan_show(reference)
    parent = territory_of(plan, key).parent
    draft = visit.workspace.territory_remove(
        key, reference=str(edit_target(visit, revision).id), expected_root=str(form.get("root", "")) or None
    )
    place = f"/plan/{draft.id}/territories/{parent}" if parent else f"/plan?revision={draft.id}"
    return visit.go(place, ("good", f"{territory_of(plan, key).label} is gone from {called(draft)}."))


@router.post("/plan/{reference}/territories/{key}/seats")
def add_seat(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """Add a seat to a territory of a draft."""
    revision, plan = visit.workspace.plan_show(reference)
    name, role = str(form.get("seat", "")).strip(), str(form.get("role", "")).strip() or "account executive"
    taken = {seat.key for seat in plan.seats}
    base = key_from(name or f"{key}-{role}")[:70]
    seat_key = next(k for k in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if k not in taken)
    seat = Seat(seat_key, key, role, owns=bool(form.get("owns")), name=name)
    draft = visit.workspace.seat_set(seat, reference=str(edit_target(visit, revision).id))
    return visit.go(f"/plan/{draft.id}/territories/{key}#seats", ("good", f"Seat {seat_key} was added to {called(draft)}."))


@router.post("/plan/{reference}/territories/{key}/seats/remove")
def remove_seat(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """Take a seat out of a draft."""
    revision = edit_target(visit, visit.workspace.plan_find(reference))
    seat = str(form.get("seat", ""))
    draft = visit.workspace.seat_remove(seat, reference=str(revision.id))
    return visit.go(f"/plan/{draft.id}/territories/{key}#seats", ("good", f"Seat {seat} is gone from {called(draft)}."))


def _territory_page(
    visit: Visit,
    reference: str,
    key: str,
    *,
    status: int = 200,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    view = view_of(visit, reference, key)
    plan = view.plan
    pins = [(pin, _pin_id(pin)) for pin in plan.pins if pin.territory == key]
    return visit.page(
        "plan-territory.html",
        status=status,
        view=view,
        t=view.territory(),
        kind=plan.type_by_key.get(view.territory().type),
        path=tuple(reversed(tuple(plan.ancestors(key)))),
        children=plan.children_by_key.get(key, ()),
        rules=sorted(view.territory().rules, key=lambda rule: rule.priority),
        texts={rule.key: _cut(visit.workspace.rule_text(rule.condition)) for rule in view.territory().rules},
        seats=plan.seats_by_territory.get(key, ()),
        pins=pins[:PINS_SHOWN],
        pins_total=len(pins),
        typed=typed or {"accounts": "", "reason": "", "from": "", "until": "", "kind": "pin"},
        errors=errors or {},
        today=visit.workspace.today(),
    )


def _save_territory(visit: Visit, reference: str, key: str, form: Any) -> Response:
    view = view_of(visit, reference, key)
    typed = {n: str(form.get(n, "")).strip() for n in ("name", "type", "parent", "description", "colour", "key")}
    old = view.territory() if key else None
    new_key = key or typed["key"] or key_from(typed["name"])
    is_catch_all = bool(form.get("catch_all"))
    error = "" if typed["name"] else "Give the territory a name."
    if not key and new_key in view.plan.territory_by_key:
        error = f"There is a territory '{new_key}' already; choose another key."
    territory = Territory(
        new_key,
        typed["type"],
        typed["name"],
        typed["parent"] or None,
        old.rules if old else (),
        is_catch_all,
        old.share if old else None,
        int(typed["colour"]) if typed["colour"].isdecimal() and len(typed["colour"]) < 4 else None,
        typed["description"],
        old.comment if old else "",
    )
    try:
        if not error:
            root = str(form.get("root", "")) or None
            target = edit_target(visit, view.revision)
            draft = visit.workspace.territory_set(territory, reference=str(target.id), expected_root=root)
            return visit.go(f"/plan/{draft.id}/territories/{new_key}", ("good", f"{territory.label} was saved in {called(draft)}."))
    except (InputError, Conflict) as problem:
        error = str(problem)
    return visit.page(
        "plan-territory-edit.html",
        status=422,
        view=view,
        t=old,
        typed=typed,
        is_catch_all=is_catch_all,
        error=error,
        is_new=not key,
        **_choices(view),
    )


def _choices(view: PlanView) -> dict[str, Any]:
    """What a territory's type and colour can be."""
    return {
        "types": [(kind.key, kind.name or kind.key) for kind in view.plan.types],
        "colours": [(str(i), name) for i, name in enumerate(COLOURS)],
    }


def _pin_id(pin: Pin) -> str:
    """What names a pin in a form: all its values but the comment."""
    return "|".join([pin.account, str(pin.is_exclusion), str(pin.period.start), str(pin.period.end), pin.reason, pin.author])


def _period(start: str, until: str, errors: dict[str, str]) -> Period:
    """The days typed; `until` is the first day on which the pin no longer holds."""
    days: dict[str, date | None] = {}
    for name, text in (("from", start), ("until", until)):
        try:
            days[name] = date.fromisoformat(text) if text else None
        except ValueError:
            errors[name] = f"{text[:40]!r} is no day; write 2027-02-28."
    if errors:
        return ALWAYS
    try:
        return Period(days["from"], days["until"])
    except ValueError:
        errors["until"] = "The last day comes before the first."
        return ALWAYS


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _cut(text: str) -> str:
    """A rule's text, cut where it would fill the page."""
    return text if len(text) <= 1200 else text[:1200] + " …"
