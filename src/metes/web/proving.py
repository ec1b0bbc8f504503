"""Prove that it is you: pages that change who gets in ask for the password again where it was typed a while ago."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request

from metes.web.visits import COOKIE, SAFE_METHODS, NotSignedIn, Visit, signed_in

# What the address says after a form that was sent and not kept.
UNSENT = "&unsent=yes"


def prove_address(target: str) -> str:
    """The page that asks for the password, and goes on to the target."""
    return f"/prove?next={quote(target)}"


class ProofNeeded(NotSignedIn):
    """The page needs somebody who has proved a short while ago who they are."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        is_form = request.method not in SAFE_METHODS
        self.address = prove_address(_asked(request)) + (UNSENT if is_form else "")


def proved(request: Request, visit: Annotated[Visit, Depends(signed_in)]) -> Visit:
    """The visit of somebody who proved a short while ago who they are; others are asked to, and come back to the page with the form."""
    state = visit.workspace.sign_in_state(request.cookies.get(COOKIE, ""))
    if state is None:
        raise NotSignedIn
    if not state.is_proved(visit.workspace.clock()):
        raise ProofNeeded(request)
    return visit


def proved_forms(request: Request, visit: Annotated[Visit, Depends(signed_in)]) -> None:
    """Proof before whatever changes something, and before the pages that only ask for it; looking takes none."""
    path = str(request.scope["path"])
    if path not in _WITHOUT and (request.method not in SAFE_METHODS or path.endswith(_ASKING)):
        proved(request, visit)


Proved = Annotated[Visit, Depends(proved)]
PROVED_FORMS = Depends(proved_forms)
# Settings on which hangs who gets in: what is asked of whom, and where links to new passwords lead.
WHO_GETS_IN = frozenset({"base_url", "local_passwords", "second_factor", "session_idle_minutes"})
# So end the addresses of pages whose one purpose is a form.
_ASKING = ("/new", "/password", "/email", "/person", "/disable", "/revoke", "/remove", "/view-as", "/erase")
# Giving up what one was given takes no proof.
_WITHOUT = frozenset({"/view-as/stop"})


def _asked(request: Request) -> str:
    """The page asked for; of a form that was sent, the page it stood on, for what was sent is not kept."""
    if request.method in SAFE_METHODS:
        query = request.scope["query_string"].decode("latin-1")
        return str(request.scope["path"]) + (f"?{query}" if query else "")
    came = urlsplit(request.headers.get("referer", ""))
    is_ours = came.netloc == request.headers.get("host", "") and came.path.startswith("/") and not came.path.startswith("//")
    return came.path + (f"?{came.query}" if came.query else "") if is_ours else "/"
