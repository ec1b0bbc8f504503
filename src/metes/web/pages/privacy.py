"""Personal data: look somebody up, hand out what is held, erase it; the register of what is held, and how long it is kept."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict
from metes.model.privacy import MOST_FOUND
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()


@router.get("/privacy")
def look_up(visit: SignedIn, q: str = "") -> Response:
    """A search for somebody, with who was found."""
    visit.workspace.privacy_register()  # nobody sees the form who may not use it
    found = visit.workspace.privacy_find(q) if q.strip() else ()
    is_cut = MOST_FOUND in Counter(one.kind for one in found).values()
    return visit.page("privacy.html", tabs=_tabs("/privacy"), q=q, found=found, is_cut=is_cut, most=MOST_FOUND)


@router.get("/privacy/register")
def show_register(visit: SignedIn) -> Response:
    """What is held that can identify a person, whose, what for, how long, and what erasing does."""
    held = visit.workspace.privacy_register()
    groups: dict[str, list[Any]] = {}
    for one in held:
        groups.setdefault(one.whose.value, []).append(one)
    return visit.page("privacy-register.html", tabs=_tabs("/privacy/register"), groups=groups, count=len(held))


@router.get("/privacy/retention")
def show_retention(visit: SignedIn) -> Response:
    """How long what is kept, and how much is older now."""
    return visit.page("privacy-retention.html", tabs=_tabs("/privacy/retention"), rules=visit.workspace.privacy_retention())


@router.post("/privacy/retention")
def retain(visit: SignedIn) -> Response:
    """Take out now what is older than the rules allow."""
    done = sum(visit.workspace.privacy_retain().values())
    return visit.go("/privacy/retention", ("good", f"Taken out of {_rows(done)}."))


@router.get("/privacy/{kind}/{number:int}")
def show_somebody(kind: str, number: int, visit: SignedIn) -> Response:
    """Somebody, and what can be done."""
    one = visit.workspace.privacy_somebody(kind, number)
    return visit.page("privacy-somebody.html", one=one)


@router.post("/privacy/{kind}/{number:int}/export")
def export(kind: str, number: int, visit: SignedIn) -> Response:
    """All that is held on somebody as a file of JSON."""
    text = json.dumps(visit.workspace.privacy_export(kind, number), ensure_ascii=False, indent=2) + "\n"
    headers = {"content-disposition": f'attachment; filename="{kind}-{number}.json"', "cache-control": "no-store"}
    return Response(text, media_type="application/json", headers=headers)


@router.get("/privacy/{kind}/{number:int}/erase")
def ask_erase(kind: str, number: int, visit: SignedIn) -> Response:
    """What erasing somebody would destroy, and the name to be typed first."""
    return _asked(visit, kind, number)


@router.post("/privacy/{kind}/{number:int}/erase")
def erase(kind: str, number: int, visit: SignedIn, form: Form) -> Response:
    """Destroy what identifies somebody, for good."""
    try:
        done = visit.workspace.privacy_erase(kind, number, confirmed=str(form.get("confirmed", "")))
    except Conflict:
        return _asked(visit, kind, number, error="Type the name as it stands above. Nothing was erased.")
    text = f"{done.everybody[0].subject.capitalize()} is erased: {_rows(done.rows)}. Entry {done.entry} of the audit trail says so."
    return visit.go("/privacy", ("good", text))


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _asked(visit: Visit, kind: str, number: int, error: str = "") -> Response:
    found = visit.workspace.privacy_preview(kind, number)
    return visit.page("privacy-erase.html", status=422 if error else 200, one=found.everybody[0], found=found, error=error)


def _tabs(here: str) -> list[dict[str, Any]]:
    places = (("/privacy", "Look up"), ("/privacy/register", "Register"), ("/privacy/retention", "How long"))
    return [{"text": text, "href": href, "current": href == here} for href, text in places]
