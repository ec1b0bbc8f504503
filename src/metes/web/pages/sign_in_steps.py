"""The steps of signing in after the password: the second factor, a password of one's own, setting a second factor up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from metes.app.sign_in_state import Step
from metes.base.errors import Conflict, InputError, Refused
from metes.web.arrival import Arrival, ArrivalForm, Arriving, go_on, patient, status_of, step_address
from metes.web.pages.sign_in import safe_target, session_cookie
from metes.web.proving import prove_address
from metes.web.visits import COOKIE

SET_UP = "/sign-in/set-up"
router = APIRouter(prefix="/sign-in")


def _target(form: ArrivalForm) -> str:
    """Where a form says that its reader goes on to when all is done."""
    return safe_target(str(form.get("next", "/")))


Target = Annotated[str, Depends(_target)]


@router.get("/factor")
def ask_factor(arrival: Arriving, next: str = "/") -> Response:
    """Ask for a code of the second factor."""
    return _elsewhere(arrival, Step.FACTOR, next) or _factor_page(arrival, next)


@router.post("/factor")
def answer_factor(arrival: Arriving, form: ArrivalForm, target: Target) -> Response:
    """Complete the session with a code."""
    if moved := _elsewhere(arrival, Step.FACTOR, target):
        return moved
    try:
        signed = arrival.workspace.factor_answer(arrival.secret, str(form.get("code", "")))
    except Refused as refusal:
        return patient(_factor_page(arrival, target, str(refusal), status_of(refusal)), refusal)
    return session_cookie(go_on(target), arrival.request, signed.secret)


@router.get("/password")
def ask_password(arrival: Arriving, next: str = "/") -> Response:
    """Ask for a password in place of one that somebody else made."""
    return _elsewhere(arrival, Step.PASSWORD, next) or _password_page(arrival, next)


@router.post("/password")
def choose_password(arrival: Arriving, form: ArrivalForm, target: Target) -> Response:
    """Keep the password chosen."""
    if moved := _elsewhere(arrival, Step.PASSWORD, target):
        return moved
    try:
        signed = arrival.workspace.password_choose(arrival.secret, str(form.get("password", "")))
    except InputError as error:
        return _password_page(arrival, target, str(error), 422)
    return session_cookie(go_on(target), arrival.request, signed.secret)


@router.get("/set-up")
def ask_set_up(arrival: Arriving, next: str = "/") -> Response:
    """Say what a second factor is, before one is made."""
    return _not_here(arrival) or _set_up_page(arrival, next, "ask")


@router.post("/set-up")
def begin_set_up(arrival: Arriving, target: Target) -> Response:
    """Make a secret for a telephone and show it, this once."""
    if moved := _not_here(arrival):
        return moved
    try:
        begun = arrival.workspace.factor_begin(arrival.secret)
    except (Conflict, InputError) as error:
        return _set_up_page(arrival, target, "ask", error=str(error), status=409 if isinstance(error, Conflict) else 422)
    return _set_up_page(arrival, target, "show", begun=begun)


@router.post("/set-up/confirm")
def confirm_set_up(arrival: Arriving, form: ArrivalForm, target: Target) -> Response:
    """Let the second factor count, and show the recovery codes, this once."""
    if moved := _not_here(arrival):
        return moved
    try:
        signed, codes = arrival.workspace.factor_confirm(arrival.secret, str(form.get("code", "")))
    except Refused as refusal:
        return patient(_set_up_page(arrival, target, "again", error=str(refusal), status=status_of(refusal)), refusal)
    except (Conflict, InputError) as error:
        return _set_up_page(arrival, target, "ask", error=str(error), status=409)
    return session_cookie(_set_up_page(arrival, target, "codes", codes=codes), arrival.request, signed.secret)


@router.post("/leave")
def leave(arrival: Arriving, form: ArrivalForm) -> Response:
    """End a session that was not completed."""
    del form
    arrival.workspace.sign_out(arrival.secret)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE, path="/")
    return response


def _elsewhere(arrival: Arrival, step: Step, target: str) -> Response | None:
    """Where to go on, where this step is not the one to be done."""
    return None if arrival.state.step is step else go_on(step_address(arrival.state, safe_target(target)))


def _not_here(arrival: Arrival) -> Response | None:
    """Where to go before a second factor can be set up: whoever is in proves again that it is them."""
    if arrival.state.step not in (None, Step.SET_UP):
        return go_on(step_address(arrival.state, SET_UP))
    is_proved = arrival.state.is_proved(arrival.workspace.clock())
    return None if is_proved else go_on(prove_address(SET_UP))


def _factor_page(arrival: Arrival, target: str, error: str = "", status: int = 200) -> Response:
    return arrival.page("sign-in-factor.html", status=status, target=safe_target(target), error=error)


def _password_page(arrival: Arrival, target: str, error: str = "", status: int = 200) -> Response:
    return arrival.page("sign-in-password.html", status=status, target=safe_target(target), error=error)


def _set_up_page(arrival: Arrival, target: str, stage: str, *, status: int = 200, error: str = "", **more: object) -> Response:
    context = {"begun": None, "codes": (), "must": arrival.state.step is Step.SET_UP, **more}
    return arrival.page("sign-in-set-up.html", status=status, target=safe_target(target), stage=stage, error=error, **context)
