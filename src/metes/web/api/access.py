"""Who calls the API, and how values leave it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from metes.app.passwords import PROVE_FIRST
from metes.app.workspace import Workspace
from metes.base.errors import Refused
from metes.base.plain import plain
from metes.model.scope import Narrowing
from metes.web.proving import WHO_GETS_IN
from metes.web.visits import COOKIE, SAFE_METHODS, NotSignedIn, checked, principal_of, require_for_files, signed_in

# Who gets in, and who may what.
_PROVED = (
    "/api/v1/users", "/api/v1/roles", "/api/v1/groups", "/api/v1/tokens", "/api/v1/rights", "/api/v1/privacy",
    *(f"/api/v1/settings/{name}" for name in sorted(WHO_GETS_IN)),
)  # fmt: skip
_bearer = HTTPBearer(auto_error=False, description="A token made by 'metes token add'.")


async def caller(request: Request, _documented: Annotated[Any, Depends(_bearer)] = None) -> AsyncIterator[Workspace]:
    """The workspace in the caller's name: a bearer token, else a signed-in session (whose unsafe requests carry its form token).

    The files that a form sent end with the request, whether it was answered or refused.
    """
    try:
        yield await _workspace_of(request)
    finally:
        await request.close()


async def _workspace_of(request: Request) -> Workspace:
    workspace: Workspace = request.app.state.workspace
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        found = await run_in_threadpool(workspace.token_user, secret.strip())
        if found is None:
            raise HTTPException(401, "this token is unknown, revoked or has run out", {"WWW-Authenticate": "Bearer"})
        token, user = found
        await run_in_threadpool(workspace.token_may_ask, token)
        narrowing = Narrowing(token.role, token.territory)
        own = workspace.acting_as(principal_of(request, user, via=f"token {token.id}", narrowing=narrowing))
        await run_in_threadpool(require_for_files, request, own)
        return own
    try:
        visit = await run_in_threadpool(signed_in, request)
    except NotSignedIn:
        raise HTTPException(401, "send a token: 'Authorization: Bearer TOKEN'", {"WWW-Authenticate": "Bearer"}) from None
    await run_in_threadpool(require_for_files, request, visit.workspace)
    await checked(request)
    if request.method not in SAFE_METHODS and request.scope["path"].startswith(_PROVED):
        await run_in_threadpool(_require_proof, request)
    return visit.workspace


def _require_proof(request: Request) -> None:
    """Refused unless whoever sits at the browser proved a short while ago who they are, as the pages ask for the same changes."""
    workspace: Workspace = request.app.state.workspace
    state = workspace.sign_in_state(request.cookies.get(COOKIE, ""))
    if state is None or not state.is_proved(workspace.clock()):
        raise Refused(f"{PROVE_FIRST}, on the page /prove")


Caller = Annotated[Workspace, Depends(caller)]


def _looking(
    caller: Caller,
    at: Annotated[str, Query(description="The day to look at; else today.", max_length=10)] = "",
    known: Annotated[str, Query(description="As known at the end of this day, or at this instant; else now.", max_length=40)] = "",
) -> Workspace:
    """The workspace in the caller's name, as of the day asked for."""
    moment = caller.when(at, known)
    return caller if moment is None else caller.as_of(moment.at, moment.known)


# What answers of another day as well.
Looking = Annotated[Workspace, Depends(_looking)]

__all__ = ["Caller", "Looking", "caller", "plain"]
