"""Signing in and out."""

from __future__ import annotations

from collections.abc import Mapping

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from metes.app.signing import SESSION_SECONDS
from metes.app.workspace import Workspace
from metes.base.errors import Refused
from metes.web.rendering import make_environment, render
from metes.web.shell import Shell
from metes.web.visits import CHECKED, COOKIE, read_form

router = APIRouter()


@router.get("/sign-in")
def show(request: Request, next: str = "/") -> Response:
    """The sign-in page."""
    workspace: Workspace = request.app.state.workspace
    return _page(safe_target(next), "", "", has_users=bool(workspace.user_list()))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Begin a session; a form from another site is refused by its origin."""
    if not _is_from_here(request):
        raise Refused("sign in from the sign-in page of this server")
    limiter: CapacityLimiter = request.app.state.sign_ins
    try:
        form = {name: value for name, value in (await read_form(request)).items() if isinstance(value, str)}
    finally:
        await request.close()
    return await run_sync(_begin, request, form, limiter=limiter)


def _begin(request: Request, form: Mapping[str, str]) -> Response:
    workspace: Workspace = request.app.state.workspace
    name, target = form.get("name", ""), safe_target(form.get("next", "/"))
    address = request.client.host if request.client else ""
    try:
        signed = workspace.sign_in(name.strip()[:100], form.get("password", ""), address)
    except Refused as refusal:
        return _page(target, name[:100], str(refusal), status=403)
    # Who signs in anew leaves no session behind.
    workspace.sign_out(request.cookies.get(COOKIE, ""))
    response = RedirectResponse(target, 303)
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


def _is_from_here(request: Request) -> bool:
    """Whether the browser says that the form stood on a page of this server; the second header is for http, where it sends no first."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host", "")


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
