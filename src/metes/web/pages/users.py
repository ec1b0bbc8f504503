"""Users: found by name, role and state; added with roles, a place, a person; given other passwords; shut out and let in again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError, NotFound, Refused
from metes.model.access import ROLE_MAY, WHOLE_ONLY, Capability, UserRole
from metes.web.user_forms import (
    CAPABILITY_WORDS,
    ROLE_WORDS,
    filter_of,
    person_named,
    place_named,
    require_admin,
    roles_offered,
    sentence,
    several,
)
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
PATH = "/users"
ROWS = 50
_FIELDS = ("name", "email", "territory", "territory_text", "person", "person_text")


def user_page(name: str) -> str:
    """The address of a user's page."""
    return f"{PATH}/{quote(name)}"


@router.get(PATH)
def show(visit: SignedIn) -> Response:
    """The users that the address asks for."""
    address = visit.address
    wanted = filter_of(address)
    start = address.start()
    found, total = visit.workspace.users(wanted, limit=ROWS, offset=start)
    states = [("", "All"), ("in", "Can sign in"), ("out", "Shut out")]
    return visit.page(
        "users.html",
        rows=found,
        me=visit.user.name,
        wanted=wanted,
        roles=[("", "All roles"), *((role.value, ROLE_WORDS[role][0]) for role in UserRole), ("none", "Without a role")],
        states=[
            {"text": text, "href": str(address.put(state=key).drop("after")), "current": wanted.state == key}
            for key, text in states
        ],
        pages={
            "first": start + 1,
            "shown": len(found),
            "total": total,
            "noun": ("user", "users"),
            "before": address.put(after=max(0, start - ROWS)) if start else None,
            "after": address.put(after=start + ROWS) if start + ROWS < total else None,
        },
    )


@router.get(f"{PATH}/new")
def ask_new(visit: SignedIn) -> Response:
    """The form that adds a user."""
    return _new_page(visit, dict.fromkeys(_FIELDS, ""), ())


@router.post(PATH)
def add_user(visit: SignedIn, form: Form) -> Response:
    """Add a user; the made password is shown in the answer and nowhere else."""
    typed = {name: str(form.get(name, "")).strip() for name in _FIELDS}
    roles = several(form, "role")
    try:
        place = place_named(visit, typed["territory"], typed["territory_text"])
        person = person_named(visit, typed["person"], typed["person_text"])
        password = visit.workspace.user_add(
            typed["name"], roles=roles, territory=place, person=person, email=typed["email"] or None
        )
    except (InputError, Conflict, NotFound) as problem:
        return _new_page(visit, typed, roles, sentence(problem), 422)
    return _secret_page(visit, typed["name"], password)


@router.get(f"{PATH}/{{name:path}}/password")
def ask_password(name: str, visit: SignedIn) -> Response:
    """Tell what another password means before it is made."""
    return visit.page("users-confirm.html", user=_user(visit, name), act="password")


@router.post(f"{PATH}/{{name:path}}/password")
def reset_password(name: str, visit: SignedIn) -> Response:
    """Give a user another password, shown once; all their sessions end."""
    found = _user(visit, name)
    return _secret_page(visit, found.name, visit.workspace.user_password(found.name), is_own=found.name == visit.user.name)


@router.get(f"{PATH}/{{name:path}}/disable")
def ask_disable(name: str, visit: SignedIn) -> Response:
    """Tell what shutting a user out means."""
    return visit.page("users-confirm.html", user=_user(visit, name), act="disable")


@router.post(f"{PATH}/{{name:path}}/disable")
def disable_user(name: str, visit: SignedIn) -> Response:
    """Shut a user out."""
    if name == visit.user.name:
        raise Refused("you cannot shut yourself out; ask another administrator")
    found = _user(visit, name)
    visit.workspace.user_disable(found.name)
    return visit.go(user_page(found.name), ("good", f"{found.name} can no longer sign in."))


@router.post(f"{PATH}/{{name:path}}/enable")
def enable_user(name: str, visit: SignedIn) -> Response:
    """Let a user in again."""
    found = _user(visit, name)
    visit.workspace.user_disable(found.name, is_disabled=False)
    return visit.go(user_page(found.name), ("good", f"{found.name} can sign in again."))


@router.get("/roles")
def show_roles(visit: SignedIn) -> Response:
    """What each role may and sees, in words."""
    rows = [(CAPABILITY_WORDS[c], [c in ROLE_MAY[role] for role in UserRole], c in WHOLE_ONLY) for c in Capability]
    return visit.page("roles.html", roles=roles_offered(), rows=rows)


def _user(visit: Visit, name: str) -> Any:
    return visit.workspace.user_show(name).row.user


def _secret_page(visit: Visit, name: str, password: str, *, is_own: bool = False) -> Response:
    """A password that was just made; where it was one's own, the session has ended with the others."""
    return visit.page("user-secret.html", name=name, secret=password, is_own=is_own, href=user_page(name))


def _new_page(visit: Visit, typed: dict[str, str], roles: Sequence[str], error: str = "", status: int = 200) -> Response:
    require_admin(visit)
    return visit.page("user-new.html", status=status, typed=typed, chosen=list(roles), roles=roles_offered(), error=error)
