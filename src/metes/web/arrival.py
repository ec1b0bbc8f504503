"""Somebody on the way in: a session that may still need a step of signing in, and what its pages are answered with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from metes.app.sign_in_state import SignInState
from metes.app.workspace import Workspace
from metes.base.errors import Refused, TooMany
from metes.web.formatting import Reader
from metes.web.rendering import make_environment, render
from metes.web.shell import Shell, theme_of
from metes.web.visits import COOKIE, NotSignedIn, checked


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request of somebody whose session may not be complete: it opens the pages of signing in and nothing else."""

    request: Request
    workspace: Workspace
    state: SignInState
    secret: str

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """Answer with a page that stands by itself."""
        return lone_page(self.request, template, status=status, csrf=self.state.session.csrf, user=self.state.user, **context)


def lone_page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """A page without what surrounds the others: for whoever is not in yet."""
    workspace: Workspace = request.app.state.workspace
    settings = workspace.settings()
    environment = make_environment(Reader(settings.locale, settings.reporting_currency, settings.time_zone))
    return HTMLResponse(
        render(environment, template, shell=Shell(path="/sign-in", theme=theme_of(request.cookies)), **context), status
    )


def arriving(request: Request) -> Arrival:
    """Who has a session, complete or not; NotSignedIn sends others to the sign-in page."""
    workspace: Workspace = request.app.state.workspace
    secret = request.cookies.get(COOKIE, "")
    state = workspace.sign_in_state(secret) if secret else None
    if state is None:
        raise NotSignedIn
    request.state.csrf = state.session.csrf
    return Arrival(request, workspace, state, secret)


async def _form(request: Request, arrival: Annotated[Arrival, Depends(arriving)]) -> AsyncIterator[Mapping[str, Any]]:
    """The checked form of somebody on the way in."""
    del arrival
    try:
        yield await checked(request)
    finally:
        await request.close()


Arriving = Annotated[Arrival, Depends(arriving)]
ArrivalForm = Annotated[Mapping[str, Any], Depends(_form)]


def status_of(refusal: Refused) -> int:
    """The status of a refusal on a page of signing in."""
    return 429 if isinstance(refusal, TooMany) else 403


def patient(response: Response, refusal: Refused) -> Response:
    """The response, saying when to come again where somebody came too often."""
    if isinstance(refusal, TooMany):
        response.headers["retry-after"] = str(refusal.seconds)
    return response


def step_address(state: SignInState, target: str) -> str:
    """Where the next step of signing in is done, or the target where none is left."""
    if state.step is None:
        return target
    return f"/sign-in/{state.step}" if target == "/" else f"/sign-in/{state.step}?next={quote(target)}"


def go_on(address: str) -> RedirectResponse:
    """Send the browser on."""
    return RedirectResponse(address, 303)
