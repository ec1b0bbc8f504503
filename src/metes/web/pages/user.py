"""One user: who they are since when, their roles, what they see and why; roles given and taken back, and the link to a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError, NotFound, Refused
from metes.web.drawing import Span
from metes.web.pages.users import user_page
from metes.web.user_forms import (
    day_of,
    marks_of,
    may_words,
    person_named,
    place_named,
    reason_rows,
    require_admin,
    roles_offered,
    sentence,
    state_on,
)
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
PROBLEMS = (InputError, Conflict, NotFound, Refused)
COLOURS, SPARE = 12, timedelta(days=90)
_GIVEN = ("role", "territory", "territory_text", "since", "until")


@router.get("/settings/access")
def show_own(visit: SignedIn) -> Response:
    """What one may and sees oneself, and why."""
    seen = visit.workspace.what_sees()
    return visit.page("own-access.html", seen=seen, reasons=reason_rows(visit, seen), may=may_words(seen.may))


@router.get("/users/{name:path}/roles/new")
def ask_role(name: str, visit: SignedIn) -> Response:
    """The form that gives a role."""
    return _role_page(visit, name, {"role": "rep", "territory": "", "territory_text": "", "since": "", "until": ""})


@router.post("/users/{name:path}/roles/new")
def give_role(name: str, visit: SignedIn, form: Form) -> Response:
    """Tell what a role would let somebody see; with `sure`, give it."""
    typed = {field: str(form.get(field, "")).strip() for field in _GIVEN}
    try:
        place = place_named(visit, typed["territory"], typed["territory_text"])
        since, until = day_of(form, "since"), day_of(form, "until")
        _require_order(visit, "role", since, until)
        change = visit.workspace.role_preview(name, add=[(typed["role"], place)])
        if form.get("sure"):
            visit.workspace.role_grant(typed["role"], user=name, territory=place, since=since, until=until)
            return visit.go(user_page(name), ("good", f"{name} was given the role {typed['role']}."))
    except PROBLEMS as problem:
        return _role_page(visit, name, typed, error=sentence(problem), status=422)
    return _role_page(visit, name, {**typed, "territory": place}, change=change)


@router.get("/users/{name:path}/roles/{number}/revoke")
def ask_revoke(name: str, number: int, visit: SignedIn) -> Response:
    """Tell what somebody no longer sees without a role."""
    grant = _grant(visit, name, number)
    change = visit.workspace.role_preview(name, without=[number])
    mark = marks_of(visit).of(grant.territory)
    return visit.page("user-role-revoke.html", name=name, grant=grant, change=change, mark=mark, href=user_page(name))


@router.post("/users/{name:path}/roles/{number}/revoke")
def revoke(name: str, number: int, visit: SignedIn) -> Response:
    """Take a role back."""
    require_admin(visit)
    try:
        grant = _grant(visit, name, number)
        visit.workspace.role_revoke(number)
    except (NotFound, Refused) as problem:
        return visit.go(user_page(name), ("bad", sentence(problem)))
    return visit.go(user_page(name), ("good", f"{name} no longer has the role {grant.role}."))


@router.get("/users/{name:path}/person")
def ask_person(name: str, visit: SignedIn) -> Response:
    """The form that says which person a user is."""
    return _person_page(visit, name, {})


@router.post("/users/{name:path}/person")
def link_person(name: str, visit: SignedIn, form: Form) -> Response:
    """Tell what somebody would see as a person; with `sure`, say that they are that person. Nobody where the field was left empty."""
    typed = {field: str(form.get(field, "")).strip() for field in ("person", "person_text", "since", "until")}
    try:
        person = person_named(visit, typed["person"], typed["person_text"])
        since, until = day_of(form, "since"), day_of(form, "until")
        _require_order(visit, "link", since, until)
        change = visit.workspace.role_preview(name, person=person or "")
        if form.get("sure"):
            visit.workspace.user_link(name, person, since=since, until=until)
            return visit.go(user_page(name), ("good", f"{name} is linked to {'a person' if person else 'nobody now'}."))
    except PROBLEMS as problem:
        return _person_page(visit, name, typed, error=sentence(problem), status=422)
    return _person_page(visit, name, {**typed, "person": person or ""}, change=change)


@router.get("/users/{name:path}/email")
def ask_email(name: str, visit: SignedIn) -> Response:
    """The form that says where a link to a new password goes."""
    user = visit.workspace.user_show(name).row.user
    return visit.page("user-email.html", name=user.name, typed=user.email or "", error="", href=user_page(name))


@router.post("/users/{name:path}/email")
def set_email(name: str, visit: SignedIn, form: Form) -> Response:
    """Keep the address."""
    typed = str(form.get("email", "")).strip()
    try:
        visit.workspace.user_email(name, typed or None)
    except InputError as problem:
        return visit.page("user-email.html", status=422, name=name, typed=typed, error=sentence(problem), href=user_page(name))
    return visit.go(user_page(name), ("good", "The address was kept."))


@router.get("/users/{name:path}")
def show(name: str, visit: SignedIn) -> Response:
    """A user."""
    workspace = visit.workspace
    found, seen = workspace.user_show(name), workspace.what_sees(name)
    marks, today = marks_of(visit), workspace.today()
    grants = [
        {"grant": g, "mark": marks.of(g.territory), "state": state_on(today, g.true_from, g.true_until)} for g in found.grants
    ]
    return visit.page(
        "user.html",
        found=found,
        user=found.row.user,
        href=user_page(name),
        me=visit.user.name,
        seen=seen,
        reasons=reason_rows(visit, seen),
        may=may_words(seen.may),
        grants=grants,
        links=[{"link": link, "state": state_on(today, link.true_from, link.true_until)} for link in found.links],
        lane=_lane(found.links, today),
        now=workspace.clock(),
        today=today,
        can_view=name != visit.user.name and "administrator" not in seen.roles and not seen.is_shut_out,
    )


def _require_order(visit: Visit, what: str, since: date | None, until: date | None) -> None:
    """InputError where something would end before it begins: said before its consequence is shown."""
    first = since or visit.workspace.today()
    if until is not None and until <= first:
        raise InputError(f"a {what} that begins on {first} cannot end on {until}; say a later day")


def _lane(links: Any, today: date) -> dict[str, Any] | None:
    """Who the user was when, as a drawing; None where they were nobody yet."""
    if not links:
        return None
    spans = [
        Span(link.person, link.true_from, link.true_until, colour=index % COLOURS, href=f"/people/{link.person_id}")
        for index, link in enumerate(links)
    ]
    last = max(today, *(link.true_until or link.true_from for link in links))
    return {"spans": spans, "start": min(link.true_from for link in links), "end": last + SPARE}


def _grant(visit: Visit, name: str, number: int) -> Any:
    for grant in visit.workspace.role_list(name):
        if grant.id == number and grant.user is not None:
            return grant
    raise NotFound("this role is not in force; the user's page shows those that are")


def _role_page(
    visit: Visit, name: str, typed: Mapping[str, str], *, change: Any = None, error: str = "", status: int = 200
) -> Response:
    require_admin(visit)
    user = visit.workspace.user_show(name).row.user
    mark = marks_of(visit).of(typed["territory"])
    text = mark["name"] if mark and not typed["territory_text"] else typed["territory_text"]
    return visit.page(
        "user-role-new.html",
        status=status,
        name=user.name,
        action=f"{user_page(name)}/roles/new",
        back=user_page(name),
        typed={**typed, "territory_text": text},
        roles=roles_offered(),
        change=change,
        error=error,
    )


def _person_page(
    visit: Visit, name: str, typed: Mapping[str, str], *, change: Any = None, error: str = "", status: int = 200
) -> Response:
    user = visit.workspace.user_show(name).row.user
    person = visit.workspace.person(user.person_id).record if user.person_id and not typed else None
    shown = {
        "person": person["external_id"] if person else "",
        "person_text": person["name"] if person else "",
        "since": "",
        "until": "",
    }
    return visit.page(
        "users-person.html", status=status, user=user, typed={**shown, **typed}, change=change, error=error, href=user_page(name)
    )
