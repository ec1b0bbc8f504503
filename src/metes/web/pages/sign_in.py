"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from metes.app.admin import SESSION_SECONDS
from metes.app.workspace import Workspace
from metes.base.errors import Refused
from metes.web.rendering import make_environment, render
from metes.web.shell import Shell
from metes.web.visits import CHECKED, COOKIE

router = APIRouter()


@router.get("/sign-in")
def show(request: Request, next: str = "/") -> Response:
    """The sign-in page."""
    workspace: Workspace = request.app.state.workspace
    return _page(safe_target(next), "", "", has_users=bool(workspace.user_list()))


@router.post("/sign-in")
def sign_in(
    request: Request, name: Annotated[str, Form()] = "", password: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "/"
) -> Response:
    """Begin a session; a form from another site is refused by its origin."""
    workspace: Workspace = request.app.state.workspace
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Refused("sign in from the sign-in page of this server")
    address = request.client.host if request.client else ""
    try:
        signed = workspace.sign_in(name.strip()[:100], password, address)
    except Refused as refusal:
        return _page(safe_target(next), name, str(refusal), status=403)
    response = RedirectResponse(safe_target(next), 303)
    response.set_cookie(
        COOKIE,
        signed.secret,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )
    return response


@router.post("/sign-out", dependencies=[CHECKED])
def sign_out(request: Request) -> Response:
    """End the session."""
    workspace: Workspace = request.app.state.workspace
    workspace.sign_out(request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE, path="/")
    return response


def safe_target(target: str) -> str:
    """Where to go after signing in: a path of this server, never another site."""
    is_path = target.startswith("/") and not target.startswith(("//", "/\\")) and "\\" not in target
    return target if is_path and target.isprintable() else "/"


def _page(target: str, name: str, error: str, *, status: int = 200, has_users: bool = True) -> Response:
    shell = Shell(path="/sign-in")
    context = {"target": target, "name": name, "error": error, "has_users": has_users}
    return HTMLResponse(render(make_environment(), "sign-in.html", shell=shell, **context), status)
