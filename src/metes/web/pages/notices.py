"""What I was told, newest first, and how I want to be told: in the app, by mail at once, in digests, or not at all."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import InputError, MetesError
from metes.model.notices import AT_ONCE, CHOSEN_KINDS, DAILY, MAIL_CHOICES, NEVER, NOTICE_KIND_BY_KEY, NOTICE_KINDS, WEEKLY
from metes.web.pages.sign_in import safe_target
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
PATH = "/notices"
PREFERENCES = "/settings/notices"
ROWS = 30
# Longer texts are opened by whoever wants to read on.
SHORT_TEXT = 400
MAIL_WORDS = {AT_ONCE: "At once", DAILY: "Daily digest", WEEKLY: "Weekly digest", NEVER: "Never"}


@router.get(PATH)
def show(visit: SignedIn) -> Response:
    """My notices, newest first; those of a kind, or unread ones alone, where the address says so."""
    address = visit.address
    kind = address.get("kind") if address.get("kind") in NOTICE_KIND_BY_KEY else ""
    unread = address.get("unread") == "1"
    before = address.get("before")
    older_than = int(before) if before.isdecimal() and 0 < len(before) < 19 and int(before) > 0 else None
    found = visit.workspace.notices(kind=kind or None, unread=unread, before=older_than, limit=ROWS + 1)
    shown = found[:ROWS]
    count = visit.workspace.notices_unread()
    return visit.page(
        "notices.html",
        notices=shown,
        kinds=NOTICE_KIND_BY_KEY,
        options=[("", "All kinds"), *((k.key, k.title) for k in NOTICE_KINDS)],
        kind=kind,
        unread=unread,
        count=count,
        views=[
            {"text": "All", "href": str(address.drop("unread").drop("before")), "current": not unread},
            {"text": "Unread", "href": str(address.put(unread="1").drop("before")), "current": unread, "count": count},
        ],
        is_first=older_than is None,
        first=str(address.drop("before")),
        older=str(address.put(before=shown[-1].id)) if len(found) > ROWS else "",
        short=SHORT_TEXT,
    )


@router.post(f"{PATH}/{{number:int}}/open")
def open_notice(number: int, visit: SignedIn) -> Response:
    """Note that I read a notice, and go where it leads."""
    return visit.go(visit.workspace.notice_read(number).link)


@router.post(f"{PATH}/{{number:int}}/read")
def read(number: int, visit: SignedIn, form: Form) -> Response:
    """Note that I read a notice, and stay where I am."""
    visit.workspace.notice_read(number)
    return visit.go(safe_target(str(form.get("back", PATH))))


@router.post(f"{PATH}/read")
def read_all(visit: SignedIn, form: Form) -> Response:
    """Note that I read all that was there when I looked."""
    up_to, kind = str(form.get("up_to", "")), str(form.get("kind", ""))
    newest = int(up_to) if up_to.isdecimal() and 0 < len(up_to) < 19 else 0
    if newest == 0:
        raise InputError("expected the newest notice that was seen; load the page again")
    count = visit.workspace.notices_read_all(kind=kind or None, up_to=newest)
    noun = "notice is" if count == 1 else "notices are"
    return visit.go(safe_target(str(form.get("back", PATH))), ("good", f"{count:,} {noun} marked as read."))


@router.get(PREFERENCES)
def show_preferences(visit: SignedIn) -> Response:
    """How I am told of each kind, and where mail goes."""
    return _preferences(visit)


@router.post(PREFERENCES)
def save_preferences(visit: SignedIn, form: Form) -> Response:
    """Choose for every kind at once, or for none where one choice cannot be."""
    chosen = {}
    for kind in CHOSEN_KINDS:
        by_mail = str(form.get(f"{kind.key}.mail", ""))
        if by_mail not in MAIL_CHOICES:
            raise InputError(f"expected a choice of mail for {kind.title}; load the page again")
        chosen[kind.key] = (form.get(f"{kind.key}.app") is not None, by_mail)
    before = {c.kind: (c.in_app, c.by_mail) for c in visit.workspace.notice_preferences().choices}
    changed = {key: choice for key, choice in chosen.items() if choice != before[key]}
    for key, (in_app, by_mail) in changed.items():
        visit.workspace.notice_preferences_set(key, in_app=in_app, by_mail=by_mail)
    text = "Saved: it holds for what happens from now on." if changed else "Nothing was changed."
    return visit.go(PREFERENCES, ("good" if changed else "info", text))


@router.post(f"{PREFERENCES}/address")
def save_address(visit: SignedIn, form: Form) -> Response:
    """Choose where mail goes."""
    typed = str(form.get("address", ""))
    try:
        found = visit.workspace.notice_address_set(typed)
    except InputError:
        return _preferences(visit, typed=typed, error="An address such as ann@example.com is expected.", status=422)
    where = f"Mail goes to {found.mail_goes_to}." if found.mail_goes_to else "There is no address; mail goes nowhere."
    return visit.go(PREFERENCES, ("good" if found.mail_goes_to else "info", where))


@router.post(f"{PREFERENCES}/stop")
def stop_mail(visit: SignedIn) -> Response:
    """Be told of nothing by mail."""
    visit.workspace.notice_mail_stop()
    return visit.go(PREFERENCES, ("good", "Nothing is mailed to you any more; notices in the app go on."))


@router.post(f"{PREFERENCES}/test")
def test_mail(visit: SignedIn) -> Response:
    """Send me a mail at once, and show what the mail server answers."""
    visit.require("admin")
    address = visit.workspace.notice_preferences().mail_goes_to
    if address is None:
        return visit.go(PREFERENCES, ("warn", "There is no address yet: give one first."))
    try:
        server = visit.workspace.mail_test(address)
    except MetesError as error:
        return visit.go(PREFERENCES, ("bad", f"It was not sent: {error}"))
    return visit.go(PREFERENCES, ("good", f"{server} took a mail to {address}."))


def _preferences(visit: Visit, *, typed: str | None = None, error: str = "", status: int = 200) -> Response:
    found = visit.workspace.notice_preferences()
    choices = {choice.kind: choice for choice in found.choices}
    rows: list[dict[str, Any]] = [{"kind": kind, "choice": choices[kind.key]} for kind in CHOSEN_KINDS]
    return visit.page(
        "notice-preferences.html",
        status=status,
        rows=rows,
        preferences=found,
        typed=found.address or "" if typed is None else typed,
        error=error,
        mail_options=[(choice, MAIL_WORDS[choice]) for choice in MAIL_CHOICES],
    )
