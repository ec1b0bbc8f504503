"""The history of the plan: what was, is and will be in force from which day, who published it, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.web.revisions import STATE_TONES
from metes.web.visits import SignedIn

router = APIRouter()
PATH = "/plan/revisions"
ROWS = 25


@dataclass(frozen=True, slots=True)
class Moment:
    """One place on the line: a revision in force from a day on, and the one that was in force before it."""

    revision: Any
    before: Any
    tone: str


@router.get(PATH)
def show(visit: SignedIn) -> Response:
    """The line of publications, those ahead first, then back to the first plan."""
    everything = visit.workspace.plan_list()
    if not everything:
        return visit.page("plan-none.html")
    line = _line(everything)
    start = min(visit.address.start(), len(line))
    shown = line[start : start + ROWS]
    pages = {
        "first": start + 1,
        "shown": len(shown),
        "total": len(line),
        "noun": ("publication", "publications"),
        "before": visit.address.put(after=max(0, start - ROWS)) if start else None,
        "after": visit.address.put(after=start + ROWS) if start + ROWS < len(line) else None,
    }
    scenarios = sum(1 for r in everything if r.is_open)
    return visit.page("plan-history.html", line=shown, pages=pages, scenarios=scenarios)


def _line(everything: Sequence[Any]) -> list[Moment]:
    """Published revisions, the latest day first."""
    published = sorted((r for r in everything if r.effective_on), key=lambda r: (r.effective_on, r.id), reverse=True)
    befores = [*published[1:], None]
    return [Moment(r, before, STATE_TONES.get(r.state, "")) for r, before in zip(published, befores, strict=True)]
