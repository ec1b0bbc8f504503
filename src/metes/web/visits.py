"""A visit: who is signed in, in whose name the workspace acts, and how pages are answered."""

from __future__ import annotations

import hmac
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import quote, unquote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from metes.app import policy
from metes.app.workspace import Workspace
from metes.base.errors import InputError, NotFound, Refused
from metes.model.access import HIDDEN, Capability, UserRole
from metes.model.scope import NO_NARROWING, Narrowing, Principal
from metes.web.addresses import Address
from metes.web.formatting import Reader
from metes.web.guards import UPLOAD_PATHS
from metes.web.logs import request_id
from metes.web.navigation import sections_for, tabs_for
from metes.web.past import Past, read_past
from metes.web.rendering import make_environment, render, render_block
from metes.web.shell import Shell, theme_of

COOKIE = "metes_session"
NOTICE_COOKIE = "metes_notice"
NOTICE_LENGTH = 300  # written for a cookie, a character can take twelve bytes, and a cookie holds 4,096
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")
BEHIND = ("info", "Lists, sums and the map show the data as they were before the last change; they are being made anew.")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# What whoever sends files there must be allowed, which is looked at before they are taken in.
FILES_ASK = {"/import": Capability.DATA_IMPORT, "/api/v1/imports": Capability.DATA_IMPORT, "/zones/new": Capability.PLAN_EDIT}


class NotSignedIn(Exception):
    """The page needs somebody signed in; `address` is where to go instead, where it is not the sign-in page."""

    address = ""


@dataclass
class Visit:
    """One request of a signed-in user: the workspace acts in the user's name."""

    request: Request
    workspace: Workspace
    user: Any
    csrf: str
    notices: list[tuple[str, str]] = field(default_factory=list)
    # Of a page that can show the past: what its address says of the day.
    past: Past | None = None
    # The administrator who looks at the workspace as `user`.
    viewer: Any = None

    @property
    def is_past(self) -> bool:
        """Whether the page shows another day than today, or what was known on another."""
        return self.past is not None and self.past.is_past

    def may(self, capability: str) -> bool:
        """Whether the user has a capability: what a page asks before it offers something."""
        return policy.may(self.workspace.principal, self.workspace.access, Capability(capability))

    @property
    def sees_everything(self) -> bool:
        """Whether nothing of the tree is hidden from the user."""
        return self.workspace.scope.is_everything

    @property
    def sees_nothing(self) -> bool:
        """Whether the user has no part of the tree yet."""
        return self.workspace.scope.is_nothing

    def require(self, capability: str) -> None:
        """NotFound unless the user has a capability: for pages that call no verb before they answer."""
        if not self.may(capability):
            raise NotFound(HIDDEN)

    def there(self, href: str) -> str:
        """An address on the day one looks at, where its page can show one."""
        return href if self.past is None else self.past.there(href)

    @property
    def address(self) -> Address:
        """The address asked for."""
        return Address.parse(self.request.url.path, self.request.url.query)

    @property
    def is_fragment(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def environment(self) -> Environment:
        """The Jinja environment for this reader."""
        settings = self.workspace.settings()
        return make_environment(Reader(settings.locale, settings.reporting_currency, settings.time_zone))

    def shell(self) -> Shell:
        """What surrounds the page."""
        active = self.workspace.active()
        state = "then" if self.is_past else "active"
        plan = (f"{active[1].name or active[1].key} · {state}", "/plan") if active and self.may("plan_read") else None
        return Shell(
            path=self.request.url.path,
            csrf_token=self.csrf,
            person=self.user.name,
            role=next(iter(self.workspace.access.roles), ""),
            plan=plan,
            sections=sections_for(self.may, is_viewed=bool(self.viewer)),
            tabs=tabs_for(self.may),
            theme=theme_of(self.request.cookies),
            past=self.past,
            unread=0 if self.viewer else self.workspace.notices_unread(),
            viewer=self.viewer.name if self.viewer else "",
            notices=[*self._read_notice(), *self.notices, *([BEHIND] if self.workspace.is_book_behind else [])],
        )

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """Answer with a page."""
        text = render(self.environment, template, shell=self.shell(), visit=self, csrf=self.csrf, **context)
        response = HTMLResponse(self._carried(text), status)
        response.delete_cookie(NOTICE_COOKIE)
        return response

    def fragment(self, template: str, block: str, *, status: int = 200, **context: Any) -> Response:
        """Answer with one block of a page."""
        text = render_block(self.environment, template, block, shell=self.shell(), visit=self, csrf=self.csrf, **context)
        return HTMLResponse(self._carried(text), status)

    def _carried(self, text: str) -> str:
        return text if self.past is None else self.past.carried(text)

    def go(self, address: Address | str, notice: tuple[str, str] | None = None) -> Response:
        """Send the browser on after a form, with a notice (tone, text) for the next page."""
        response = RedirectResponse(str(address), 303)
        if notice is not None:
            tone, text = notice[0], notice[1][:NOTICE_LENGTH]
            value = quote("|".join((self._seal(tone, text), tone, text)))
            secure = self.request.url.scheme == "https"
            response.set_cookie(NOTICE_COOKIE, value, max_age=60, httponly=True, samesite="lax", secure=secure)
        return response

    def _read_notice(self) -> list[tuple[str, str]]:
        """The notice that the page before left; one that somebody else put into the browser does not show."""
        seal, _, rest = unquote(self.request.cookies.get(NOTICE_COOKIE, "")).partition("|")
        tone, _, text = rest.partition("|")
        is_ours = hmac.compare_digest(seal.encode("utf-8", "replace"), self._seal(tone, text).encode())
        return [(tone, text)] if is_ours and text else []

    def _seal(self, tone: str, text: str) -> str:
        return hmac.new(self.csrf.encode(), f"{tone}|{text}".encode("utf-8", "replace"), "sha256").hexdigest()


def require_for_files(request: Request, workspace: Workspace) -> None:
    """NotFound, before the body is read, where somebody sends files who may not."""
    asked = FILES_ASK.get(request.scope["path"])
    if asked is not None and request.method not in SAFE_METHODS and not policy.may(workspace.principal, workspace.access, asked):
        raise NotFound(HIDDEN)


async def checked(request: Request) -> Mapping[str, Any]:
    """The form of an unsafe request, read once; Refused unless it carries the session's own token."""
    if request.method in SAFE_METHODS:
        return {}
    sent = request.headers.get("x-csrf-token", "")
    form: Mapping[str, Any] = {}
    if request.headers.get("content-type", "").startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        form = await read_form(request)
        sent = sent or str(form.get("csrf_token", ""))
    if not hmac.compare_digest(sent.encode("utf-8", "replace"), request.state.csrf.encode()):
        raise Refused("this form is no longer valid; go back, load the page again, then repeat")
    return form


async def read_form(request: Request) -> FormData:
    """The fields of a form; InputError where they cannot be read, or hold what no text of ours may."""
    try:
        fields = 50 if request.scope["path"] in UPLOAD_PATHS else 20_000  # a field of these may hold a megabyte, in memory
        form = await request.form(max_files=50, max_fields=fields)
    except (ValueError, LookupError):  # a character set that does not exist, or text that is not in it
        raise InputError("this form cannot be read; send it as UTF-8") from None
    if any(unreadable(text) for pair in form.multi_items() for text in pair if isinstance(text, str)):
        raise InputError("this form holds a null byte or half a character; take it out, then send it again")
    return form


def unreadable(text: str) -> bool:
    """Whether a text can neither be stored nor sent: a null byte in it, or half a surrogate pair."""
    return _UNREADABLE.search(text) is not None


def signed_in(request: Request) -> Visit:
    """The visit of whoever is signed in; NotSignedIn sends them to the sign-in page."""
    workspace: Workspace = request.app.state.workspace
    secret = request.cookies.get(COOKIE)
    session = workspace.session(secret) if secret else None
    if session is None:
        raise NotSignedIn
    request.state.csrf = session.csrf
    own = workspace.acting_as(principal_of(request, session.user))
    if own.access.roles == (UserRole.INTEGRATION,):
        raise Refused("this user is a program's: it uses the API with a token, and no pages")
    if session.as_user is not None and may_view(own, session.as_user):
        viewed = principal_of(request, session.as_user, via=f"view as {session.user.id}")
        return Visit(request, workspace.acting_as(viewed), session.as_user, session.csrf, viewer=session.user)
    return Visit(request, own, session.user, session.csrf)


def may_view(own: Workspace, target: Any) -> bool:
    """Whether somebody may look at the workspace as a user still: it ends with either's rights."""
    principal = Principal(target.name, target.id)
    is_above = policy.may(principal, own.acting_as(principal).access, Capability.ADMIN)
    return own.access.may(Capability.ADMIN) and not is_above and target.disabled_at is None


def principal_of(request: Request, user: Any, *, via: str = "", narrowing: Narrowing = NO_NARROWING) -> Principal:
    """A user as who asks, with from where and by what."""
    address = request.client.host if request.client else ""
    request.state.caller = f"user {user.id}, {via}" if via else f"user {user.id}"  # for the log
    return Principal(user.name, user.id, address, request_id.get(), via, narrowing)


def looking(visit: Annotated[Visit, Depends(signed_in)]) -> Visit:
    """The visit with its workspace as of the day that the address names: for pages that can show the past."""
    visit.past = read_past(visit.address, visit.workspace)
    if visit.past.moment is not None:
        visit.workspace = visit.workspace.as_of(visit.past.moment.at, visit.past.moment.known)
    return visit


async def _form_after_sign_in(request: Request, visit: Annotated[Visit, Depends(signed_in)]) -> AsyncIterator[Mapping[str, Any]]:
    """The checked form; depends on the visit, so that the session is known before the token is compared. Its files end with it."""
    await run_in_threadpool(require_for_files, request, visit.workspace)
    try:
        yield await checked(request)
    finally:
        await request.close()


SignedIn = Annotated[Visit, Depends(signed_in)]
Looking = Annotated[Visit, Depends(looking)]
Form = Annotated[Mapping[str, Any], Depends(_form_after_sign_in)]
CHECKED = Depends(_form_after_sign_in)
