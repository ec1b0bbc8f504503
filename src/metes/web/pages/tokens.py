"""Tokens of the API: one's own, made and revoked by oneself; those of everybody for whoever runs the workspace."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError, MetesError, NotFound, Refused
from metes.web.user_forms import ROLE_WORDS, marks_of, place_named, sentence
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
PATH = "/settings/tokens"
ALL = "/users/tokens"
ROWS = 50
DAYS = (("7", "a week"), ("30", "30 days"), ("90", "90 days"), ("365", "a year"))
# What whoever runs the workspace may choose beside these, for programs.
ENDLESS = ("", "for good, a program alone")
_BLANK = {"token": "", "days": "90", "role": "", "territory": "", "territory_text": "", "user": "", "user_text": ""}


@router.get(PATH)
def show(visit: SignedIn) -> Response:
    """One's own tokens."""
    return _page(visit, _BLANK)


@router.post(PATH)
def add(visit: SignedIn, form: Form) -> Response:
    """Make a token; its secret is shown in the answer and nowhere else."""
    typed = {name: str(form.get(name, default)).strip() for name, default in _BLANK.items()}
    days, user = typed["days"], typed["user"] or typed["user_text"]
    try:
        if not (days == "" or (days.isdecimal() and len(days) < 5)):
            raise InputError(f"expected a number of days, got {days[:40]!r}")
        place = place_named(visit, typed["territory"], typed["territory_text"])
        role = typed["role"] or None
        secret = visit.workspace.token_add(typed["token"], user or None, int(days) if days else None, role=role, territory=place)
    except (InputError, Conflict, NotFound, Refused) as problem:
        return _page(visit, typed, error=sentence(problem), status=422)
    return _page(visit, _BLANK, secret=(typed["token"], secret))


@router.post(f"{PATH}/{{number}}/revoke")
def revoke(number: int, visit: SignedIn, form: Form) -> Response:
    """Make a token useless."""
    back = ALL if form.get("back") == "all" else PATH
    try:
        visit.workspace.token_revoke(number)
    except MetesError as error:
        return visit.go(back, ("warn", sentence(error)))
    return visit.go(back, ("good", "The token is useless now."))


@router.get(ALL)
def show_all(visit: SignedIn) -> Response:
    """Everybody's tokens."""
    if not visit.may("admin"):
        raise NotFound("there is nothing here")
    found = visit.workspace.token_list()
    address = visit.address
    start = min(address.start(), len(found))
    marks = marks_of(visit)
    return visit.page(
        "tokens-all.html",
        rows=[(token, marks.of(token.territory)) for token in found[start : start + ROWS]],
        now=visit.workspace.clock(),
        pages={
            "first": start + 1,
            "shown": len(found[start : start + ROWS]),
            "total": len(found),
            "noun": ("token", "tokens"),
            "before": address.put(after=max(0, start - ROWS)) if start else None,
            "after": address.put(after=start + ROWS) if start + ROWS < len(found) else None,
        },
    )


def _page(
    visit: Visit, typed: Mapping[str, str], *, secret: tuple[str, str] | None = None, error: str = "", status: int = 200
) -> Response:
    workspace, marks = visit.workspace, marks_of(visit)
    mine = [token for token in workspace.token_list(visit.user.name) if token.user == visit.user.name]
    roles = [("", "All my roles"), *((role.value, ROLE_WORDS[role][0]) for role in workspace.access.roles)]
    return visit.page(
        "tokens.html",
        status=status,
        rows=[(token, marks.of(token.territory)) for token in mine],
        now=workspace.clock(),
        roles=roles,
        days=(*DAYS, ENDLESS) if visit.may("admin") else DAYS,
        typed=typed,
        secret=secret,
        error=error,
        is_admin=visit.may("admin"),
    )
