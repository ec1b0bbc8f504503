"""Any two revisions side by side: what differs in their structure, and what the one would change against the other."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.web.addresses import Address
from metes.web.pages.scenarios import choices_of
from metes.web.plan_steps import KINDS, groups_of, in_groups, matching
from metes.web.visits import SignedIn, Visit

router = APIRouter()
PATH = "/plan/compare"
ROWS = 60
VIEWS = ("structure", "territories", "people")


@router.get(PATH)
def show(visit: SignedIn) -> Response:
    """Two revisions: their steps by territory, or the consequences."""
    everything = visit.workspace.plan_list()
    if not everything:
        return visit.page("plan-none.html")
    a, b = _sides(visit, everything)
    chosen = visit.address.get("by")
    by = chosen if chosen in VIEWS else VIEWS[0]
    (one, before), (other, after) = visit.workspace.plan_show(a), visit.workspace.plan_show(b)
    here = Address(PATH, (("a", str(one.id)), ("b", str(other.id))))
    steps = in_groups(visit.workspace.plan_diff(str(one.id), str(other.id)))
    return visit.page(
        "plan-compare.html",
        one=one,
        other=other,
        by=by,
        here=here,
        choices=choices_of(visit, everything),
        steps_total=len(steps),
        **_structure(visit, steps, before, after),
    )


def _sides(visit: Visit, everything: Any) -> tuple[str, str]:
    """The two revisions asked for; else the active one and the newest scenario."""
    active = next((r for r in everything if r.state == "active"), everything[-1])
    newest = next((r for r in everything if r.is_open), active)
    return visit.address.get("a") or str(active.id), visit.address.get("b") or str(newest.id)


def _structure(visit: Visit, steps: list[Any], before: Any, after: Any) -> dict[str, Any]:
    """The steps that match, a page of them, by territory."""
    address = visit.address
    kind = address.get("kind") if address.get("kind") in KINDS else ""
    names = {t.key: t.label for plan in (before, after) for t in plan.territories}
    found = matching(steps, address.get("q")[:200], kind, names)
    start = min(address.start(), len(found))
    shown = found[start : start + ROWS]
    return {
        "groups": groups_of(shown, before, after),
        "kind": kind,
        "kinds": [name for name in KINDS if any(step.kind == name for step in steps)],
        "search": address.get("q"),
        "pages": {
            "first": start + 1,
            "shown": len(shown),
            "total": len(found),
            "noun": ("step", "steps"),
            "before": address.put(after=max(0, start - ROWS)) if start else None,
            "after": address.put(after=start + ROWS) if start + ROWS < len(found) else None,
        },
    }
