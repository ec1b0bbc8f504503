"""What publications told the person I am: from which day I gain and lose which accounts, why, and that I have read it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from metes.web.visits import Form, SignedIn

router = APIRouter()
PATH = "/my/changes"
ROWS = 20


@router.get(PATH)
def show(visit: SignedIn) -> Response:
    """The messages to me, those not read first."""
    messages = sorted(visit.workspace.messages_to_me(), key=lambda m: m.acknowledged_at is not None)
    # Whoever does not read plans reads what it means for them, and nothing of the rest.
    publications = {p.id: p for p in visit.workspace.publications()} if visit.may("plan_read") else {}
    start = min(visit.address.start(), len(messages))
    shown = messages[start : start + ROWS]
    pages = {
        "first": start + 1,
        "shown": len(shown),
        "total": len(messages),
        "noun": ("message", "messages"),
        "before": visit.address.put(after=max(0, start - ROWS)) if start else None,
        "after": visit.address.put(after=start + ROWS) if start + ROWS < len(messages) else None,
    }
    return visit.page("my-changes.html", messages=[(m, publications.get(m.publication_id)) for m in shown], pages=pages)


@router.post(f"{PATH}/read")
def acknowledge(visit: SignedIn, form: Form) -> Response:
    """Note that I have read a message."""
    text = str(form.get("publication", ""))
    visit.workspace.publication_acknowledge(int(text) if text.isdecimal() and len(text) < 19 else 0)
    return visit.go(PATH, ("good", "Noted: you have read it."))
