"""How one signs in oneself: password, second factor, sessions; and proving that it is oneself."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from metes.app.passwords import SECURITY_PAGE
from metes.base.errors import Conflict, InputError, NotFound, Refused
from metes.web.agents import told_agent
from metes.web.arrival import patient, status_of
from metes.web.pages.sign_in import safe_target, session_cookie
from metes.web.proving import Proved
from metes.web.user_forms import sentence
from metes.web.visits import COOKIE, Form, SignedIn, Visit

router = APIRouter()


@router.get(SECURITY_PAGE)
def show(visit: SignedIn) -> Response:
    """Password, second factor, sessions."""
    return _page(visit)


@router.post(f"{SECURITY_PAGE}/password")
def change_password(visit: SignedIn, form: Form) -> Response:
    """Change the password; this session goes on under another secret, all others end."""
    try:
        signed = visit.workspace.password_change(_secret(visit), str(form.get("present", "")), str(form.get("password", "")))
    except InputError as error:
        return _page(visit, status=422, errors={"password": str(error)})
    except Refused as refusal:
        return patient(_page(visit, status=status_of(refusal), errors={"present": str(refusal)}), refusal)
    begun = visit.workspace.sign_in_state(signed.secret)
    if begun is not None:  # a notice is sealed for the session that shows it
        visit.csrf = begun.session.csrf
    answer = visit.go(SECURITY_PAGE, ("good", "Your password was changed. Your other sessions have ended."))
    return session_cookie(answer, visit.request, signed.secret)


@router.post(f"{SECURITY_PAGE}/factor/off")
def turn_factor_off(visit: SignedIn, form: Form) -> Response:
    """Turn the second factor off, with password and code."""
    try:
        visit.workspace.factor_off(_secret(visit), str(form.get("password", "")), str(form.get("code", "")))
    except Refused as refusal:
        return patient(_page(visit, status=status_of(refusal), errors={"factor": str(refusal)}), refusal)
    return visit.go(SECURITY_PAGE, ("good", "Your second factor is off."))


@router.get(f"{SECURITY_PAGE}/codes")
def ask_codes(visit: Proved) -> Response:
    """Say what new recovery codes mean."""
    return visit.page("recovery-codes.html", codes=())


@router.post(f"{SECURITY_PAGE}/codes")
def make_codes(visit: Proved, form: Form) -> Response:
    """Make new recovery codes, shown this once."""
    del form
    try:
        codes = visit.workspace.recovery_renew(_secret(visit))
    except Conflict as error:
        return visit.go(SECURITY_PAGE, ("warn", sentence(error)))
    return visit.page("recovery-codes.html", codes=codes)


@router.post(f"{SECURITY_PAGE}/sessions/{{number}}/end")
def end_session(number: int, visit: SignedIn, form: Form) -> Response:
    """End one of one's own sessions."""
    del form
    try:
        visit.workspace.session_end(number)
    except NotFound as error:
        return visit.go(SECURITY_PAGE, ("warn", sentence(error)))
    return visit.go(SECURITY_PAGE, ("good", "The session has ended."))


@router.post(f"{SECURITY_PAGE}/sessions/end")
def end_other_sessions(visit: SignedIn, form: Form) -> Response:
    """End all of one's own sessions but this one."""
    del form
    count = visit.workspace.sessions_end_others(_secret(visit))
    text = "There was no other session." if not count else f"{count} other session{'s have' if count > 1 else ' has'} ended."
    return visit.go(SECURITY_PAGE, ("good", text))


@router.get("/prove")
def ask_proof(visit: SignedIn, next: str = "/", unsent: str = "") -> Response:
    """Ask for the password again; `unsent` says that a form was sent and not kept."""
    return _prove_page(visit, next, is_unsent=bool(unsent))


@router.post("/prove")
def prove(visit: SignedIn, form: Form) -> Response:
    """Go on, now that it is known who asks."""
    target = safe_target(str(form.get("next", "/")))
    try:
        visit.workspace.prove(_secret(visit), str(form.get("answer", "")))
    except Refused as refusal:
        return patient(_prove_page(visit, target, str(refusal), status_of(refusal)), refusal)
    return visit.go(target)


def _secret(visit: Visit) -> str:
    return visit.request.cookies.get(COOKIE, "")


def _prove_page(visit: Visit, target: str, error: str = "", status: int = 200, *, is_unsent: bool = False) -> Response:
    state, provider = visit.workspace.sign_in_state(_secret(visit)), visit.workspace.provider_name()
    how = "password" if visit.user.has_password else "code" if visit.workspace.own_security().factor_since else ""
    if provider and state is not None and state.session.method == "provider":
        how = "provider"
    told = {"error": error, "how": how, "provider": provider, "is_unsent": is_unsent}
    return visit.page("prove.html", status=status, target=safe_target(target), **told)


def _page(visit: Visit, *, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    if visit.viewer is not None:
        raise Refused("how somebody signs in is their own; stop looking as somebody else first")
    state = visit.workspace.sign_in_state(_secret(visit))
    here = state.session.number if state else 0
    own = visit.workspace.own_security()
    return visit.page(
        "security.html",
        status=status,
        own=own,
        here=here,
        sessions=[(session, told_agent(session.agent)) for session in own.sessions],
        errors=errors or {},
    )
