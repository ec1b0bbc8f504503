"""How a user signs in, for administrators: a second factor that is lost, and sessions to be ended."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import NotFound, Refused
from metes.web.agents import told_agent
from metes.web.pages.users import user_page
from metes.web.visits import Form, SignedIn

router = APIRouter()


@router.get("/users/{name:path}/second-factor/remove")
def ask_factor_off(name: str, visit: SignedIn) -> Response:
    """Tell what it means to take a user's second factor away."""
    return visit.page("user-sign-in.html", user=visit.workspace.user_show(name).row.user, act="factor", sessions=())


@router.post("/users/{name:path}/second-factor/remove")
def take_factor_off(name: str, visit: SignedIn, form: Form) -> Response:
    """Take a user's second factor away."""
    del form
    visit.require("admin")
    if name == visit.user.name:
        raise Refused("your own second factor is turned off where you set it up, with password and code")
    try:
        visit.workspace.user_second_factor_off(name)
    except NotFound as error:
        return visit.go(user_page(name), ("warn", f"{error}."))
    return visit.go(user_page(name), ("good", f"{name} has no second factor any more."))


@router.get("/users/{name:path}/sessions/remove")
def ask_end(name: str, visit: SignedIn) -> Response:
    """Show where a user is signed in, before it ends."""
    sessions = [(session, told_agent(session.agent)) for session in visit.workspace.user_sessions(name)]
    return visit.page("user-sign-in.html", user=visit.workspace.user_show(name).row.user, act="sessions", sessions=sessions)


@router.post("/users/{name:path}/sessions/remove")
def end_sessions(name: str, visit: SignedIn, form: Form) -> Response:
    """Sign a user out everywhere."""
    del form
    visit.workspace.user_end_sessions(name)
    return visit.go(user_page(name), ("good", f"{name} is signed out everywhere."))
