"""Users and API tokens: made, shut out, let in again, revoked. What is secret is shown once."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError, MetesError, NotFound, Refused
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()


@router.get("/users")
def show_users(visit: SignedIn) -> Response:
    """Users and tokens."""
    return _page(visit)


@router.post("/users")
def add_user(visit: SignedIn, form: Form) -> Response:
    """Add a user; the made password is shown in the answer and nowhere else."""
    name = str(form.get("name", "")).strip()
    try:
        password = visit.workspace.user_add(name)
    except (InputError, Conflict) as error:
        return _page(visit, status=422, error=str(error), typed=name)
    return _page(visit, secret=("password", name, password))


@router.get("/users/{name:path}/password")
def ask_password(name: str, visit: SignedIn) -> Response:
    """Tell what another password means before it is made."""
    return visit.page("users-confirm.html", user=_user(visit, name), act="password")


@router.post("/users/{name:path}/password")
def reset_password(name: str, visit: SignedIn) -> Response:
    """Give a user another password, shown once; all their sessions end."""
    _user(visit, name)
    password = visit.workspace.user_password(name)
    if name == visit.user.name:
        # The session of whoever asked has ended with the others, so the page is answered without one.
        return _page(visit, secret=("own password", name, password))
    return _page(visit, secret=("password", name, password))


@router.get("/users/{name:path}/disable")
def ask_disable(name: str, visit: SignedIn) -> Response:
    """Tell what shutting a user out means."""
    return visit.page("users-confirm.html", user=_user(visit, name), act="disable")


@router.post("/users/{name:path}/disable")
def disable_user(name: str, visit: SignedIn) -> Response:
    """Shut a user out."""
    if name == visit.user.name:
        raise Refused("you cannot shut yourself out; ask another administrator")
    visit.workspace.user_disable(_user(visit, name).name)
    return visit.go("/users", ("good", f"{name} can no longer sign in."))


@router.post("/users/{name:path}/enable")
def enable_user(name: str, visit: SignedIn) -> Response:
    """Let a user in again."""
    visit.workspace.user_disable(_user(visit, name).name, is_disabled=False)
    return visit.go("/users", ("good", f"{name} can sign in again."))


@router.post("/users/tokens")
def add_token(visit: SignedIn, form: Form) -> Response:
    """Make a token; its secret is shown in the answer and nowhere else."""
    name, days = str(form.get("token", "")).strip(), str(form.get("days", ""))
    if not 1 <= len(name) <= 100 or not (days == "" or (days.isdecimal() and len(days) < 5 and 1 <= int(days) <= 3650)):
        return _page(visit, status=422, complaint="Expected a name of 1 to 100 characters and 1 to 3,650 days.")
    secret = visit.workspace.token_add(name, visit.user.name, int(days) if days else None)
    return _page(visit, secret=("token", name, secret))


@router.post("/users/tokens/{number}/revoke")
def revoke_token(number: int, visit: SignedIn) -> Response:
    """Make a token useless."""
    try:
        visit.workspace.token_revoke(number)
    except MetesError as error:
        return visit.go("/users", ("warn", str(error)))
    return visit.go("/users", ("good", "The token is useless now."))


def _user(visit: Visit, name: str) -> Any:
    for user in visit.workspace.user_list():
        if user.name == name:
            return user
    raise NotFound(f"there is no user '{name}'; the page of users lists those there are")


def _page(
    visit: Visit,
    *,
    status: int = 200,
    secret: tuple[str, str, str] | None = None,
    error: str = "",
    typed: str = "",
    complaint: str = "",
) -> Response:
    users = visit.workspace.user_list()
    return visit.page(
        "users.html",
        status=status,
        users=users,
        people={u.name: visit.workspace.person(u.person_id).record["name"] if u.person_id else "" for u in users},
        tokens=visit.workspace.token_list(),
        me=visit.user.name,
        now=visit.workspace.clock(),
        secret=secret,
        error=error,
        typed=typed,
        token_error=complaint,
    )
