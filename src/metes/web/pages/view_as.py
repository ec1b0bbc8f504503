"""Looking at the workspace as another user: begun with a reason, on every page until it is stopped, and recorded."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from metes.app.workspace import Workspace
from metes.base.errors import InputError, Refused
from metes.web.pages.users import user_page
from metes.web.visits import COOKIE, Form, SignedIn, Visit, principal_of

router = APIRouter()
STOP = "/view-as/stop"


@router.get("/users/{name:path}/view-as")
def ask(name: str, visit: SignedIn) -> Response:
    """The form that asks why."""
    return _page(visit, name)


@router.post("/users/{name:path}/view-as")
def begin(name: str, request: Request, visit: SignedIn, form: Form) -> Response:
    """Begin to look as the user, with their first page."""
    reason = str(form.get("reason", ""))
    try:
        visit.workspace.view_as_begin(request.cookies.get(COOKIE, ""), name, reason)
    except (InputError, Refused) as problem:
        return _page(visit, name, reason, f"{str(problem)[:1].upper()}{str(problem)[1:]}.", 422)
    return visit.go("/")


@router.post(STOP)
def stop(request: Request, visit: SignedIn) -> Response:
    """Look at one's own pages again; where somebody else's were looked at last."""
    if visit.viewer is None:
        return visit.go("/")
    whole: Workspace = request.app.state.workspace
    whole.acting_as(principal_of(request, visit.viewer)).view_as_end(request.cookies.get(COOKIE, ""))
    return visit.go(user_page(visit.user.name), ("info", f"You no longer look at this as {visit.user.name}."))


def _page(visit: Visit, name: str, reason: str = "", error: str = "", status: int = 200) -> Response:
    found = visit.workspace.user_show(name)
    seen = visit.workspace.what_sees(name)
    return visit.page("user-view-as.html", status=status, user=found.row.user, seen=seen, reason=reason, error=error)
