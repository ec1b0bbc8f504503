"""The history of the plan: what was, is and will be in force from which day, who published it, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """One place on the line: a publication, its revision, and the publication that it follows."""

    publication: Any
    revision: Any
    before: Any
    state: str

    @property
    def tone(self) -> str:
        """The tone of its state."""
        return STATE_TONES.get(self.state, "warn")


@router.get(PATH)
def show(visit: SignedIn) -> Response:
    """The line of publications, those ahead first, then back to the first plan."""
    everything = visit.workspace.plan_list()
    if not everything:
        return visit.page("plan-none.html")
    line = _line(visit.workspace.publications(), {r.id: r for r in everything}, visit.workspace)
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


def _line(publications: Sequence[Any], revisions: Mapping[int, Any], workspace: Any) -> list[Moment]:
    """Publications, the latest day first; those that were cancelled stand where they would have been."""
    ordered = sorted(publications, key=lambda p: (p.effective_on, p.id), reverse=True)
    line = []
    for place, found in enumerate(ordered):
        revision = revisions.get(found.revision_id) or workspace.plan_find(str(found.revision_id))
        before = next((p for p in ordered[place + 1 :] if p.cancelled_at is None), None)
        state = "cancelled" if found.cancelled_at is not None else revision.state
        line.append(Moment(found, revision, before, state))
    return line
