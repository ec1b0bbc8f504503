"""Who may propose, review, approve and publish changes of which part of the plan; and which person a user is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError, NotFound
from metes.web.marks import Marks
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
PATH = "/settings/rights"
ROWS = 100
RIGHTS = (
    ("propose", "Propose", "may put changes there into review"),
    ("review", "Review", "is asked to look at changes there"),
    ("approve", "Approve", "decides of changes there"),
    ("publish", "Publish", "may put changes there in force"),
)
_NAMES = {key: name for key, name, _ in RIGHTS}


@router.get(PATH)
def show(visit: SignedIn) -> Response:
    """All rights in force, and the form that gives one."""
    return _page(visit, {"user": "", "right": "approve", "territory": "", "territory_text": ""})


@router.post(PATH)
def grant(visit: SignedIn, form: Form) -> Response:
    """Give a user a right at and below a territory."""
    typed = {name: str(form.get(name, "")).strip() for name in ("user", "right", "territory", "territory_text")}
    territory = typed["territory"] or _territory(visit, typed["territory_text"])
    if territory is None:
        return _page(
            visit,
            typed,
            {"territory": f"There is no one territory called {typed['territory_text'][:80]}; choose from the list."},
            422,
        )
    try:
        visit.workspace.right_grant(typed["user"], typed["right"], territory)
    except (InputError, Conflict, NotFound) as problem:
        text = str(problem)
        return _page(visit, typed, {"user": f"{text[:1].upper()}{text[1:]}."}, 422)
    return visit.go(PATH, ("good", f"{typed['user']} may {typed['right']} there."))


@router.get(f"{PATH}/{{number}}/revoke")
def ask_revoke(number: int, visit: SignedIn) -> Response:
    """Tell what taking a right back means."""
    visit.require("admin")
    right = _right(visit, number)
    others = [
        r for r in visit.workspace.rights_list() if r.id != right.id and (r.right, r.territory) == (right.right, right.territory)
    ]
    marks = _marks(visit)
    return visit.page(
        "rights-revoke.html", right=right, others=others, mark=marks.of(right.territory), name=_NAMES[right.right].lower()
    )


@router.post(f"{PATH}/{{number}}/revoke")
def revoke(number: int, visit: SignedIn) -> Response:
    """Take a right back."""
    right = _right(visit, number)
    visit.workspace.right_revoke(number)
    return visit.go(PATH, ("good", f"{right.user} may no longer {right.right} there."))


@router.get("/people/options")
def person_options(visit: SignedIn) -> Response:
    """People for the type-ahead of a picker."""
    text = visit.address.get("person_text").strip()
    found = visit.workspace.people(text, limit=8)[0] if text else ()
    items = [{"key": row["external_id"], "text": row["name"], "second": row["role"] or row["external_id"]} for row in found]
    groups = [{"group": "", "items": items}] if items else []
    return visit.fragment("territory-options.html", "options", groups=groups, has_text=bool(text))


def _page(visit: Visit, typed: Mapping[str, str], errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    workspace, address = visit.workspace, visit.address
    words = address.get("q").lower().split()
    marks, idle = _marks(visit), workspace.rights_idle()
    found = [
        {"right": r, "name": _NAMES.get(r.right, r.right), "mark": marks.of(r.territory), "is_idle": r.id in idle}
        for r in workspace.rights_list()
        if all(word in f"{r.user} {r.right} {r.territory} {marks.name(r.territory)}".lower() for word in words)
    ]
    start = min(address.start(), len(found))
    settings = workspace.settings()
    return visit.page(
        "rights.html",
        status=status,
        rows=found[start : start + ROWS],
        search=address.get("q"),
        is_empty=not found and not words,
        pages={
            "first": start + 1,
            "shown": len(found[start : start + ROWS]),
            "total": len(found),
            "noun": ("right", "rights"),
            "before": address.put(after=max(0, start - ROWS)) if start else None,
            "after": address.put(after=start + ROWS) if start + ROWS < len(found) else None,
        },
        users=[u.name for u in workspace.user_list() if u.disabled_at is None] if visit.may("admin") else [],
        rights=RIGHTS,
        typed=typed,
        errors=errors or {},
        needed=settings.approvals_needed,
        four_eyes=settings.four_eyes,
    )


def _right(visit: Visit, number: int) -> Any:
    for right in visit.workspace.rights_list():
        if right.id == number:
            return right
    raise NotFound("this right is not in force; the page of rights lists those that are")


def _marks(visit: Visit) -> Marks:
    active = visit.workspace.active()
    return Marks(active[1] if active else None)


def _territory(visit: Visit, text: str) -> str | None:
    """The key of the one territory that a text names; empty for an empty text, None where it names none or several."""
    active = visit.workspace.active()
    if not text or active is None:
        return "" if not text else None
    found = [t.key for t in active[1].territories if text.lower() in {t.key.lower(), t.name.lower()}]
    return found[0] if len(found) == 1 else None
