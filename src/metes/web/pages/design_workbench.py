"""The workbench of a design: map and table side by side, and every gesture as a form that scripts send without leaving the page."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import FormData

from metes.base.errors import Conflict, InputError
from metes.base.money import exponent
from metes.web.design_view import ROWS_OF_UNITS, Bands, advice_lines, row_of, rows_of, strip_of
from metes.web.formatting import Reader
from metes.web.pages.jobs import job_bar
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
MOST_POLYGONS = 10_000
MOST_UNITS = 500_000
_UNITS = re.compile(r"\bunits?\b")
_NOUNS = {
    "": ("account", "accounts"),
    "us-counties": ("county", "counties"),
    "us-zips": ("ZIP code", "ZIP codes"),
    "world-countries": ("country", "countries"),
}
VIEWS = ("balance", "units", "constraints")


@router.get("/designs/{number:int}")
def show(number: int, visit: SignedIn) -> Response:
    """The workbench."""
    document = visit.workspace.design_show(number)
    address = visit.address
    reader, bands = _reader(visit), Bands(document["measures"])
    view = address.get("view") if address.get("view") in VIEWS else VIEWS[0]
    sort = address.get("sort")
    return visit.page(
        "design-workbench.html",
        design={**document, "measures": [{**one, "digits": _digits(one["unit"])} for one in document["measures"]]},
        rows=rows_of(reader, bands, document["territories"], sort),
        by_name=sorted(document["territories"], key=lambda t: str(t["name"]).lower()),
        strip=strip_of(reader, bands, document["figures"], document["today"]),
        advice=advice_lines(reader, document["advice"], noun_of(document["units"]["zone_set"])),
        view=view,
        sort=sort,
        units=_units(visit, number, document) if view == "units" else None,
        noun=noun_of(document["units"]["zone_set"]),
        draws="tiles" if _is_heavy(visit, document) else "shapes" if _has_shapes(visit, document) else "points",
        job=_job(visit, document),
        may_change=visit.may("plan_edit"),
    )


@router.get("/designs/{number:int}/units.json")
def units(number: int, visit: SignedIn, request: Request) -> Response:
    """The units, which never change in a design: ids, names, places, measures."""
    digest = f'"{visit.workspace.design_find(number).given_hash[:32]}"'
    if request.headers.get("if-none-match") == digest:
        return Response(status_code=304, headers={"etag": digest})
    document = visit.workspace.design_units(number)[1]
    return JSONResponse(document, headers={"etag": digest, "cache-control": "private, no-cache"})


@router.get("/designs/{number:int}/assignment.json")
def assignment(number: int, visit: SignedIn) -> Response:
    """Who has which unit, today's holders and locks, packed, with the rows and figures of the same version."""
    arrays = visit.workspace.design_arrays(number)
    document = visit.workspace.design_show(number)
    if document["version"] != arrays["version"]:
        arrays = visit.workspace.design_arrays(number)
    return JSONResponse({**arrays, **_written(visit, document)}, headers={"cache-control": "no-store"})


@router.post("/designs/{number:int}/move")
def move(number: int, visit: SignedIn, form: Form, request: Request) -> Response:
    """Give the chosen units to a territory."""
    chosen, territory = _chosen(form), str(form.get("territory", ""))
    if not territory:
        raise InputError("choose the territory that the units go to")
    return _gesture(
        visit, request, number, form, lambda v: visit.workspace.design_move(number, chosen, _number(territory), version=v)
    )


@router.post("/designs/{number:int}/lock")
def lock(number: int, visit: SignedIn, form: Form, request: Request) -> Response:
    """Lock the chosen units where they are."""
    chosen = _chosen(form)
    return _gesture(visit, request, number, form, lambda v: visit.workspace.design_lock(number, chosen, version=v))


@router.post("/designs/{number:int}/unlock")
def unlock(number: int, visit: SignedIn, form: Form, request: Request) -> Response:
    """Let the chosen units move again."""
    chosen = _locked_in(visit, number, form) if "locked_of" in form else _chosen(form)
    return _gesture(visit, request, number, form, lambda v: visit.workspace.design_unlock(number, chosen, version=v))


@router.post("/designs/{number:int}/undo")
def undo(number: int, visit: SignedIn, form: Form, request: Request) -> Response:
    """Take the last step back."""
    return _gesture(visit, request, number, form, lambda v: visit.workspace.design_undo(number, version=v))


@router.post("/designs/{number:int}/redo")
def redo(number: int, visit: SignedIn, form: Form, request: Request) -> Response:
    """Do again what was taken back last."""
    return _gesture(visit, request, number, form, lambda v: visit.workspace.design_redo(number, version=v))


@router.post("/designs/{number:int}/rename")
def rename(number: int, visit: SignedIn, form: Form, request: Request) -> Response:
    """Give a territory of the design another name."""
    territory, name = _number(str(form.get("territory", ""))), str(form.get("name", ""))
    return _gesture(visit, request, number, form, lambda v: visit.workspace.design_rename(number, territory, name, version=v))


@router.post("/designs/{number:int}/widen")
def widen(number: int, visit: SignedIn, form: Form) -> Response:
    """Begin another design from this one, with a wider band of one measure; this one stays as it is."""
    measure, _, wider = str(form.get("band", "")).rpartition(" ")
    share = _share(wider)
    row = visit.workspace.design_find(number)
    asked = dict(row.spec)
    if measure not in {one["measure"] for one in asked["measures"]}:
        raise InputError(f"the design does not balance '{measure}'")
    asked["measures"] = [{**one, "band": share} if one["measure"] == measure else one for one in asked["measures"]]
    name = f"{row.name}, {measure} within {_reader(visit).share(share, 1)}"[:200]
    made = visit.workspace.design_new({**asked, "name": name, "start": f"design:{number}"})
    return visit.go(f"/designs/{made.id}", ("good", f"A design of its own with the wider band; {row.name} stays as it was."))


@router.post("/designs/{number:int}/save-as")
def save_as(number: int, visit: SignedIn, form: Form) -> Response:
    """Keep the design as it is under another name, and go on with that one."""
    row = visit.workspace.design_save_as(number, str(form.get("name", "")))
    return visit.go(f"/designs/{row.id}", ("good", f"Saved as {row.name}. The design before it stays as it was."))


def noun_of(zone_set: str) -> tuple[str, str]:
    """What the units of a design are called, one and many: accounts where it has no zones."""
    return _NOUNS.get(zone_set, ("zone", "zones"))


def _gesture(
    visit: Visit, request: Request, number: int, form: Mapping[str, Any], act: Callable[[int | None], dict[str, Any]]
) -> Response:
    """Do a gesture; scripts get the touched rows and figures, a form is sent back to the page with what happened."""
    version = str(form.get("version", ""))
    seen = int(version) if version.isdecimal() and len(version) < 10 else None
    is_script = "application/json" in request.headers.get("accept", "")
    try:
        answer = act(seen)
    except Conflict as conflict:
        has_changed = seen is not None and visit.workspace.design_find(number).version != seen
        if is_script:
            code = "changed" if has_changed else "nothing"
            return JSONResponse({"error": {"code": code, "message": str(conflict)}}, 409)
        return visit.go(_back(number, form), ("warn", _sentence(str(conflict))))
    if is_script:
        return JSONResponse({**answer, **_written(visit, answer), "text": _in_words(answer)})
    return visit.go(_back(number, form), ("good", _in_words(answer)))


def _written(visit: Visit, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Rows, figures and advice of an answer, written out for the reader."""
    reader, bands = _reader(visit), Bands(answer["measures"])
    rows = answer["rows"] if "rows" in answer else answer["territories"]
    zone_set = answer["zone_set"] if "zone_set" in answer else answer["units"]["zone_set"]
    return {
        "rows": [row_of(reader, bands, row) for row in rows],
        "strip": strip_of(reader, bands, answer["figures"], answer["today"]),
        "advice": advice_lines(reader, answer["advice"], noun_of(zone_set)),
        "position": answer["position"],
        "operations": answer["operations"],
        "can_undo": answer["can_undo"],
        "can_redo": answer["can_redo"],
    }


def _in_words(answer: Mapping[str, Any]) -> str:
    """What happened, the units called what they are."""
    one, many = noun_of(answer["zone_set"])
    return _UNITS.sub(lambda found: many if found[0] == "units" else one, str(answer["text"]), count=1)


def _back(number: int, form: Mapping[str, Any]) -> str:
    """The workbench as the form's sender saw it."""
    query = str(form.get("query", ""))
    return f"/designs/{number}" + (f"?{query}" if query and query.isascii() and query.isprintable() else "")


def _chosen(form: Mapping[str, Any]) -> Any:
    """The units that a form names: one field each, or all in one, little-endian int32 in base64. InputError for none or junk."""
    packed = str(form.get("packed", ""))
    if packed:
        try:
            data = base64.b64decode(packed, validate=True)
            numbers = np.frombuffer(data, "<i4")
        except (binascii.Error, ValueError):
            raise InputError("the chosen units cannot be read; load the page again, then repeat") from None
    else:
        named = form.getlist("unit") if isinstance(form, FormData) else []
        if not all(isinstance(one, str) and one.isdecimal() and len(one) < 10 for one in named):
            raise InputError("a unit is named by its number")
        numbers = np.array([int(str(one)) for one in named], "<i4")
    if not len(numbers):
        raise InputError("choose at least one unit first")
    if len(numbers) > MOST_UNITS:
        raise InputError(f"at most {MOST_UNITS:,} units can be changed in one step, got {len(numbers):,}")
    return numbers.tolist()


def _locked_in(visit: Visit, number: int, form: Mapping[str, Any]) -> Any:
    """The locked units of a territory."""
    arrays, territory = visit.workspace.design_arrays(number), str(form.get("locked_of", ""))
    if not territory.isdecimal() or len(territory) > 9:
        raise InputError("a territory is named by its number")
    held = (_numbers(arrays["territory"]) == int(territory)) & (_numbers(arrays["locked"]) >= 0)
    return np.flatnonzero(held).tolist()


def _share(text: str) -> float:
    """A band from a form."""
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 10:
        raise InputError("a band is a share above 0, such as 0.08 for 8 %")
    return share


def _number(territory: str) -> str | int:
    return int(territory) if territory.lstrip("-").isdecimal() and len(territory) < 10 else territory


def _units(visit: Visit, number: int, document: Mapping[str, Any]) -> dict[str, Any]:
    """A page of the units that a search or a territory asks for, for hands without a map."""
    address = visit.address
    text, held = address.get("q").lower().split(), address.get("territory")
    found = visit.workspace.design_units(number)[1]
    arrays = visit.workspace.design_arrays(number)
    owner, locked = _numbers(arrays["territory"]), _numbers(arrays["locked"])
    names = {t["index"]: t for t in document["territories"]}
    wanted = next((t["index"] for t in document["territories"] if t["key"] == held), -1 if held == "none" else None)

    def held_by(at: int) -> str:
        return str(names[int(owner[at])]["name"]) if owner[at] >= 0 else ""

    matching = [
        at
        for at, (one, name) in enumerate(zip(found["ids"], found["names"], strict=True))
        if (wanted is None or owner[at] == wanted) and all(word in f"{name} {one} {held_by(at)}".lower() for word in text)
    ]
    start = address.start()
    rows = [
        {
            "unit": at,
            "id": found["ids"][at],
            "name": found["names"][at],
            "territory": names.get(int(owner[at])),
            "is_locked": bool(locked[at] >= 0),
            "amounts": [values[at] for values in found["measures"].values()],
        }
        for at in matching[start : start + ROWS_OF_UNITS]
    ]
    return {"rows": rows, "total": len(matching), "start": start, "held": held, "q": address.get("q")}


def _numbers(packed: str) -> Any:
    return np.frombuffer(base64.b64decode(packed), "<i4")


def _job(visit: Visit, document: Mapping[str, Any]) -> dict[str, Any] | None:
    """The bar of the job that works the design out, while it runs or where it failed."""
    if document["job"] is None:
        return None
    job = visit.workspace.job(document["job"])
    if job.has_ended and job.state != "failed":
        return None
    bar = job_bar(visit, job, next_page=f"/designs/{document['id']}")
    return {**bar, "title": "Working the design out", "error": job.error}


def _zone_set(visit: Visit, document: Mapping[str, Any]) -> Any:
    key = document["units"]["zone_set"]
    return next((one for one in visit.workspace.zone_set_list() if one.key == key), None) if key else None


def _has_shapes(visit: Visit, document: Mapping[str, Any]) -> bool:
    found = _zone_set(visit, document)
    return found is not None and str(found.kind) != "points"


def _is_heavy(visit: Visit, document: Mapping[str, Any]) -> bool:
    """Whether shapes come as tiles, because they are too many to send at once."""
    found = _zone_set(visit, document)
    return _has_shapes(visit, document) and (found.zones or document["units"]["count"]) > MOST_POLYGONS


def _digits(unit: str) -> int:
    """Decimals between the minor unit that a measure is counted in and what people write."""
    return exponent(unit) if len(unit) == 3 and unit.isupper() else 0


def _reader(visit: Visit) -> Reader:
    settings = visit.workspace.settings()
    return Reader(settings.locale, settings.reporting_currency, settings.time_zone)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
