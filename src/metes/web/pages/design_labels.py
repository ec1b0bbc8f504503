"""Name and colour of one territory of a design: a form from its row in the workbench, each change a step that can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError, NotFound
from metes.web.pages.plan import COLOURS
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()


@router.get("/designs/{number:int}/territories/{key}")
def show(number: int, key: str, visit: SignedIn) -> Response:
    """The form with the name and colour of now."""
    visit.require("plan_edit")
    document = visit.workspace.design_show(number)
    return _page(visit, document, _territory(document, key))


@router.post("/designs/{number:int}/territories/{key}")
def change(number: int, key: str, visit: SignedIn, form: Form) -> Response:
    """Give the territory the name and the colour of the form, those of them that are others."""
    document = visit.workspace.design_show(number)
    territory = _territory(document, key)
    name, colour = str(form.get("name", "")).strip(), str(form.get("colour", territory["colour"]))
    version = str(form.get("version", ""))
    seen = int(version) if version.isdecimal() and len(version) < 10 else document["version"]
    if not (colour.isdecimal() and len(colour) < 3):
        raise InputError("a colour is one of the list")
    said = []
    try:
        if name != territory["name"]:
            answer = visit.workspace.design_rename(number, territory["index"], name, version=seen)
            said.append(answer["text"])
            seen = answer["version"]
        if int(colour) != territory["colour"]:
            said.append(visit.workspace.design_recolour(number, territory["index"], int(colour), version=seen)["text"])
    except (Conflict, InputError) as error:
        wanted = {**territory, "name": name, "colour": int(colour)}
        return _page(visit, visit.workspace.design_show(number), wanted, str(error), status=422)
    return visit.go(f"/designs/{number}", ("good", " ".join(said)) if said else None)


def _territory(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A territory of a design by its key."""
    found = next((t for t in document["territories"] if t["key"] == key), None)
    if found is None:
        raise NotFound(f"the design has no territory '{key[:80]}'; its table lists those it has")
    return dict(found)


def _page(
    visit: Visit, document: Mapping[str, Any], territory: Mapping[str, Any], error: str = "", *, status: int = 200
) -> Response:
    return visit.page(
        "design-territory.html",
        status=status,
        design=document,
        t=territory,
        colours=list(enumerate(COLOURS)),
        error=f"{error[:1].upper()}{error[1:]}".rstrip(".") + "." if error else "",
    )
