"""A password forgotten: a link is asked for, comes by mail, and lets somebody choose another, once."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from metes.app.workspace import Workspace
from metes.base.errors import InputError, Refused
from metes.web.arrival import lone_page, patient, status_of
from metes.web.pages.sign_in import answered
from metes.web.visits import COOKIE

LONGEST_LINK = 200
router = APIRouter(prefix="/sign-in")


@router.get("/forgot")
def ask_name(request: Request) -> Response:
    """Ask who forgot the password."""
    return _forgot_page(request)


@router.post("/forgot")
async def send_link(request: Request) -> Response:
    """Send a link, if there is somebody to send it to: the answer is the same."""
    return await answered(request, _send)


@router.get("/reset")
def ask_password(request: Request, link: str = "") -> Response:
    """Ask for another password, where the link holds."""
    workspace: Workspace = request.app.state.workspace
    return _reset_page(request, link, is_open=workspace.reset_is_open(link[:LONGEST_LINK]))


@router.post("/reset")
async def set_password(request: Request) -> Response:
    """Keep another password; whoever has it signs in with it."""
    return await answered(request, _reset)


def _send(request: Request, form: dict[str, str]) -> Response:
    workspace: Workspace = request.app.state.workspace
    try:
        workspace.reset_ask(form.get("name", ""), request.client.host if request.client else "")
    except Refused as refusal:
        return patient(_forgot_page(request, error=str(refusal), status=status_of(refusal)), refusal)
    return _forgot_page(request, is_sent=True)


def _reset(request: Request, form: dict[str, str]) -> Response:
    workspace: Workspace = request.app.state.workspace
    link = form.get("link", "")[:LONGEST_LINK]
    try:
        workspace.reset_use(link, form.get("password", ""), request.client.host if request.client else "")
    except Refused as refusal:
        return patient(_reset_page(request, link, is_open=False, status=status_of(refusal)), refusal)
    except InputError as error:
        return _reset_page(request, link, is_open=True, error=str(error), status=422)
    response = _reset_page(request, "", is_open=False, is_done=True)
    response.delete_cookie(COOKIE, path="/")
    return response


def _forgot_page(request: Request, *, is_sent: bool = False, error: str = "", status: int = 200) -> Response:
    workspace: Workspace = request.app.state.workspace
    context = {"can_send": workspace.can_reset_by_mail, "is_sent": is_sent, "error": error}
    return lone_page(request, "sign-in-forgot.html", status=status, **context)


def _reset_page(
    request: Request, link: str, *, is_open: bool, is_done: bool = False, error: str = "", status: int = 200
) -> Response:
    workspace: Workspace = request.app.state.workspace
    context = {"link": link, "is_open": is_open, "is_done": is_done, "error": error, "can_send": workspace.can_reset_by_mail}
    return lone_page(request, "sign-in-reset.html", status=status, **context)
