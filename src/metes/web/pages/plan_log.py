"""The log of a scenario: every change of what it says, the last first."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.web.plan_view import view_of
from metes.web.visits import SignedIn

router = APIRouter()
ROWS = 50
KINDS = {
    "branch": "began it",
    "import": "took in text files",
    "edit": "changed it",
    "merge": "merged another plan in",
    "revert": "took a publication back",
    "apply": "applied text files",
    "design": "put a design in",
    "propose": "proposed it for review",
    "approve": "approved",
    "ask": "asked for changes of",
    "publish": "published it",
    "correction": "published it as a correction",
    "cancel": "cancelled the publication",
}


@router.get("/plan/{reference}/log")
def show(reference: str, visit: SignedIn) -> Response:
    """What was done to a revision, and to those it was branched from."""
    view = view_of(visit, reference)
    entries = visit.workspace.plan_log(str(view.revision.id))
    start = min(visit.address.start(), len(entries))
    shown = entries[start : start + ROWS]
    titles = {r.id: r for r in visit.workspace.plan_list()}
    pages: dict[str, Any] = {
        "first": start + 1,
        "shown": len(shown),
        "total": len(entries),
        "noun": ("change", "changes"),
        "before": visit.address.put(after=max(0, start - ROWS)) if start else None,
        "after": visit.address.put(after=start + ROWS) if start + ROWS < len(entries) else None,
    }
    lines = [{"entry": e, "did": KINDS.get(e.kind, e.kind), "of": titles.get(e.revision)} for e in shown]
    return visit.page("plan-log.html", view=view, lines=lines, pages=pages)
