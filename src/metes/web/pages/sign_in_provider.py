"""Signing in at the company's provider, and leaving it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from metes.app.workspace import Workspace
from metes.base.errors import NotFound, Refused
from metes.model.access import HIDDEN
from metes.web.arrival import patient, status_of
from metes.web.logs import request_id
from metes.web.pages.sign_in import safe_target, session_cookie, sign_in_page
from metes.web.visits import COOKIE, unreadable

# Known again by this when the provider sends the browser back: nobody can end in somebody else's sign-in by an address they were sent.
LEAVING_COOKIE = "metes_leaving"
LEAVING_SECONDS = 600
LONGEST = 4096
router = APIRouter()


@router.get("/sign-in/with-provider")
async def leave(request: Request, next: str = "/", again: str = "") -> Response:
    """Send the browser to the provider; with `again` it asks also those who are signed in there.

    A link, not a form: the page's policy lets forms lead to this server alone, and what it begins is bound to this browser.
    """
    return await _one_of_few(request, _leave, request, next, bool(again))


@router.get("/sign-in/back")
async def back(request: Request, state: str = "", code: str = "", error: str = "", iss: str = "") -> Response:
    """Take the browser back from the provider, signed in or told why not."""
    words = [word if len(word) <= LONGEST and not unreadable(word) else "" for word in (state, code, error, iss)]
    return await _one_of_few(request, _back, request, words)


@router.get("/sign-out/at-provider")
async def leave_provider(request: Request) -> Response:
    """Send the browser on to end its session at the provider too."""
    return await _one_of_few(request, _leave_for_good, request)


async def _one_of_few(request: Request, answer: Callable[..., Response], *arguments: Any) -> Response:
    """Answer in a thread, one of few: a provider that is slow does not keep all of them waiting."""
    limiter: CapacityLimiter = request.app.state.provider_sign_ins
    return await run_sync(answer, *arguments, limiter=limiter)


def _leave(request: Request, target: str, is_fresh: bool) -> Response:
    workspace: Workspace = request.app.state.workspace
    if not workspace.provider_name():
        raise NotFound(HIDDEN)
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        # Another site led here. Whoever sits there says themselves that they want to be signed in.
        return RedirectResponse(f"/sign-in?next={quote(safe_target(target))}", 303)
    try:
        leaving = workspace.provider_leave(safe_target(target), address=_address(request), is_fresh=is_fresh)
    except Refused as refusal:
        return _refused(request, refusal, safe_target(target))
    response = RedirectResponse(leaving.address, 303)
    is_secure = request.url.scheme == "https"
    # Lax: it must come along when the provider sends the browser back.
    response.set_cookie(
        LEAVING_COOKIE, leaving.secret, max_age=LEAVING_SECONDS, httponly=True, samesite="lax", secure=is_secure, path="/"
    )
    return response


def _back(request: Request, words: list[str]) -> Response:
    workspace: Workspace = request.app.state.workspace
    if not workspace.provider_name():
        raise NotFound(HIDDEN)
    state, code, error, issuer = words
    try:
        arrived = workspace.provider_arrive(
            state,
            request.cookies.get(LEAVING_COOKIE, ""),
            code=code,
            error=error,
            issuer=issuer,
            address=_address(request),
            agent=request.headers.get("user-agent", ""),
            request=request_id.get(),
        )
    except Refused as refusal:
        return _refused(request, refusal, "/")
    # Who signs in anew leaves no session behind.
    workspace.sign_out(request.cookies.get(COOKIE, ""))
    response = session_cookie(RedirectResponse(safe_target(arrived.target), 303), request, arrived.secret)
    response.delete_cookie(LEAVING_COOKIE, path="/")
    return response


def _leave_for_good(request: Request) -> Response:
    workspace: Workspace = request.app.state.workspace
    name = workspace.provider_name()
    if not name:
        raise NotFound(HIDDEN)
    address = workspace.provider_end_address()
    if address:
        return RedirectResponse(address, 303)
    return _refused(request, Refused(f"{name} does not say where one signs out; do it there"), "/")


def _refused(request: Request, refusal: Refused, target: str) -> Response:
    """The sign-in page with why it was not to be, and when to try again."""
    return patient(sign_in_page(request, target, error=str(refusal), status=status_of(refusal)), refusal)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
