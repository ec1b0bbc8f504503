"""Signing in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from metes.app.signing import SESSION_SECONDS
from metes.app.workspace import Workspace
from metes.base.errors import Refused
from metes.web.arrival import go_on, patient, status_of, step_address
from metes.web.rendering import make_environment, render
from metes.web.shell import Shell, theme_of
from metes.web.visits import CHECKED, COOKIE, read_form

router = APIRouter()


@router.get("/sign-in")
def show(request: Request, next: str = "/", left: str = "") -> Response:
    """The sign-in page; `left` is `provider` after signing out of a session that began at the company's provider."""
    workspace: Workspace = request.app.state.workspace
    state = workspace.sign_in_state(request.cookies.get(COOKIE, ""))
    if state is not None and state.step is not None:
        return go_on(step_address(state, safe_target(next)))
    return sign_in_page(request, safe_target(next), has_users=workspace.has_users(), has_left=left == "provider")


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Begin a session; a form from another site is refused by its origin."""
    return await answered(request, _begin)


async def answered(request: Request, answer: Callable[[Request, dict[str, str]], Response]) -> Response:
    """Read a form that has no session, and answer it as one of few that check passwords at once."""
    require_from_here(request)
    limiter: CapacityLimiter = request.app.state.sign_ins
    try:
        form = {name: value for name, value in (await read_form(request)).items() if isinstance(value, str)}
    finally:
        await request.close()
    return await run_sync(answer, request, form, limiter=limiter)


def _begin(request: Request, form: Mapping[str, str]) -> Response:
    workspace: Workspace = request.app.state.workspace
    name, target = form.get("name", ""), safe_target(form.get("next", "/"))
    address = request.client.host if request.client else ""
    try:
        signed = workspace.sign_in(name.strip()[:100], form.get("password", ""), address, request.headers.get("user-agent", ""))
    except Refused as refusal:
        return patient(sign_in_page(request, target, name=name[:100], error=str(refusal), status=status_of(refusal)), refusal)
    # Who signs in anew leaves no session behind.
    workspace.sign_out(request.cookies.get(COOKIE, ""))
    return session_cookie(RedirectResponse(target, 303), request, signed.secret)


def session_cookie(response: Response, request: Request, secret: str) -> Response:
    """The response with the cookie of a session that has begun."""
    is_secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, secret, max_age=SESSION_SECONDS, httponly=True, samesite="lax", secure=is_secure, path="/")
    return response


def require_from_here(request: Request) -> None:
    """Refused where a form without a session was sent from another site."""
    if not _is_from_here(request):
        raise Refused("sign in from the sign-in page of this server")


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
    secret = request.cookies.get(COOKIE, "")
    session = workspace.session(secret)
    workspace.sign_out(secret)
    response = RedirectResponse("/sign-in?left=provider" if session and session.method == "provider" else "/sign-in", 303)
    response.delete_cookie(COOKIE, path="/")
    return response


def safe_target(target: str) -> str:
    """Where to go after signing in: a path of this server, never another site."""
    is_path = target.startswith("/") and not target.startswith(("//", "/\\")) and "\\" not in target
    return target if is_path and target.isprintable() else "/"


def sign_in_page(
    request: Request,
    target: str,
    *,
    name: str = "",
    error: str = "",
    status: int = 200,
    has_users: bool = True,
    has_left: bool = False,
) -> Response:
    """The sign-in page: the button of the company's sign-in where there is one, and the form for name and password."""
    workspace: Workspace = request.app.state.workspace
    provider = workspace.provider_name()
    context = {
        "target": target,
        "name": name,
        "error": error,
        "has_users": has_users,
        "provider": provider,
        "has_left": bool(provider) and has_left,
        "takes_passwords": not provider or workspace.settings().local_passwords,
    }
    shell = Shell(path="/sign-in", theme=theme_of(request.cookies))
    return HTMLResponse(render(make_environment(), "sign-in.html", shell=shell, **context), status)
