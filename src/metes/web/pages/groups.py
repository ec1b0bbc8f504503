"""Groups: users who get their roles together, those whom the company's sign-in puts there among them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError, NotFound, Refused
from metes.model.seeing import UserFilter
from metes.web.user_forms import day_of, marks_of, place_named, require_admin, roles_offered, sentence, state_on
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
PATH = "/groups"
MEMBERS = 200
PROBLEMS = (InputError, Conflict, NotFound, Refused)


@router.get(PATH)
def show(visit: SignedIn) -> Response:
    """All groups, and the form that adds one."""
    return _page(visit)


@router.post(PATH)
def add(visit: SignedIn, form: Form) -> Response:
    """Add a group."""
    typed = {name: str(form.get(name, "")).strip() for name in ("name", "external")}
    try:
        number = visit.workspace.group_add(typed["name"], typed["external"] or None)
    except PROBLEMS as problem:
        return _page(visit, typed, sentence(problem), 422)
    return visit.go(f"{PATH}/{number}", ("good", "The group was added; give it roles and members."))


@router.get(f"{PATH}/{{number}}")
def show_group(number: int, visit: SignedIn) -> Response:
    """One group: its roles and its members."""
    return _group_page(visit, number)


@router.post(f"{PATH}/{{number}}/roles")
def give_role(number: int, visit: SignedIn, form: Form) -> Response:
    """Give the group a role."""
    group = _group(visit, number)
    names = ("role", "territory", "territory_text", "since", "until")
    typed = {name: str(form.get(name, "")).strip() for name in names}
    try:
        place = place_named(visit, typed["territory"], typed["territory_text"])
        since, until = day_of(form, "since"), day_of(form, "until")
        visit.workspace.role_grant(typed["role"], group=group.name, territory=place, since=since, until=until)
    except PROBLEMS as problem:
        return _group_page(visit, number, typed, sentence(problem), 422)
    return visit.go(f"{PATH}/{number}", ("good", f"The group was given the role {typed['role']}."))


@router.get(f"{PATH}/{{number}}/roles/{{grant}}/revoke")
def ask_revoke(number: int, grant: int, visit: SignedIn) -> Response:
    """Tell whose role goes."""
    group, found = _group(visit, number), _grant(visit, number, grant)
    return visit.page(
        "group-confirm.html",
        group=group,
        grant=found,
        mark=marks_of(visit).of(found.territory),
        act="revoke",
        href=f"{PATH}/{number}",
    )


@router.post(f"{PATH}/{{number}}/roles/{{grant}}/revoke")
def revoke(number: int, grant: int, visit: SignedIn) -> Response:
    """Take a role back from the group."""
    found = _grant(visit, number, grant)
    return _done(visit, number, lambda: visit.workspace.role_revoke(found.id), f"The group no longer has the role {found.role}.")


@router.post(f"{PATH}/{{number}}/members")
def join(number: int, visit: SignedIn, form: Form) -> Response:
    """Put a user into the group."""
    group, user = _group(visit, number), str(form.get("user", "")).strip() or str(form.get("user_text", "")).strip()
    return _done(visit, number, lambda: visit.workspace.group_join(group.name, user), f"{user} is in the group.")


@router.post(f"{PATH}/{{number}}/members/leave")
def leave(number: int, visit: SignedIn, form: Form) -> Response:
    """Take a user out of the group."""
    group, user = _group(visit, number), str(form.get("user", ""))
    return _done(visit, number, lambda: visit.workspace.group_leave(group.name, user), f"{user} is no longer in the group.")


@router.get(f"{PATH}/{{number}}/remove")
def ask_remove(number: int, visit: SignedIn) -> Response:
    """Tell what goes with the group."""
    group = _group(visit, number)
    held = [g for g in visit.workspace.role_list() if g.group_id == number]
    return visit.page("group-confirm.html", group=group, held=held, act="remove", href=f"{PATH}/{number}")


@router.post(f"{PATH}/{{number}}/remove")
def remove(number: int, visit: SignedIn) -> Response:
    """Drop the group with the roles it gave."""
    group = _group(visit, number)
    try:
        visit.workspace.group_remove(group.name)
    except Refused as problem:
        return visit.go(f"{PATH}/{number}", ("bad", sentence(problem)))
    return visit.go(PATH, ("good", f"The group {group.name} is gone."))


@router.get("/users/options")
def user_options(visit: SignedIn) -> Response:
    """Users for the type-ahead of a picker."""
    require_admin(visit)
    text = visit.address.get("user_text").strip()[:200]
    rows = visit.workspace.users(UserFilter(text), limit=8)[0] if text else ()
    items = [{"key": row.user.name, "text": row.user.name, "second": row.person or ", ".join(row.roles)} for row in rows]
    groups = [{"group": "", "items": items}] if items else []
    return visit.fragment("territory-options.html", "options", groups=groups, has_text=bool(text))


def _done(visit: Visit, number: int, act: Any, text: str) -> Response:
    try:
        act()
    except PROBLEMS as problem:
        return visit.go(f"{PATH}/{number}", ("bad", sentence(problem)))
    return visit.go(f"{PATH}/{number}", ("good", text))


def _group(visit: Visit, number: int) -> Any:
    for group in visit.workspace.group_list():
        if group.id == number:
            return group
    raise NotFound("there is no such group; the page of groups lists those there are")


def _grant(visit: Visit, number: int, grant: int) -> Any:
    for found in visit.workspace.role_list():
        if found.id == grant and found.group_id == number:
            return found
    raise NotFound("this role is not in force; the group's page shows those that are")


def _page(visit: Visit, typed: dict[str, str] | None = None, error: str = "", status: int = 200) -> Response:
    grants = visit.workspace.role_list()
    marks = marks_of(visit)
    rows = [
        {"group": group, "held": [(g, marks.of(g.territory)) for g in grants if g.group_id == group.id]}
        for group in visit.workspace.group_list()
    ]
    return visit.page("groups.html", status=status, rows=rows, typed=typed or {"name": "", "external": ""}, error=error)


def _group_page(visit: Visit, number: int, typed: dict[str, str] | None = None, error: str = "", status: int = 200) -> Response:
    group, marks, today = _group(visit, number), marks_of(visit), visit.workspace.today()
    found = visit.address.get("q").lower()
    members = [name for name in group.members if found in name.lower()]
    blank = {"role": "rep", "territory": "", "territory_text": "", "since": "", "until": ""}
    return visit.page(
        "group.html",
        status=status,
        group=group,
        href=f"{PATH}/{number}",
        members=members[:MEMBERS],
        more=len(members) - MEMBERS,
        search=visit.address.get("q"),
        grants=[
            (g, marks.of(g.territory), state_on(today, g.true_from, g.true_until))
            for g in visit.workspace.role_list()
            if g.group_id == number
        ],
        roles=roles_offered(),
        typed=typed or blank,
        error=error,
    )
