"""Scenarios under review: those that wait for me first."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.model.access import Capability
from metes.web.visits import SignedIn

router = APIRouter()
PATH = "/reviews"
SHOWN = 100


@router.get(PATH)
def show(visit: SignedIn) -> Response:
    """Open reviews, the most urgent first: what waits for me, what I proposed, and the others."""
    me, today = visit.user.name, visit.workspace.today()
    mine: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for review in visit.workspace.reviews_open()[:SHOWN]:
        due_on = review.proposal.due_on if review.proposal is not None else None
        waiting = [p for p in review.parts if waits_for(p, me)]
        row = {
            "review": review,
            "waiting": waiting,
            "settled": sum(1 for p in review.parts if p.is_settled),
            "steps": sum(len(p.part.steps) for p in review.parts),
            "days": (due_on - today).days if due_on else None,
            "comments": sum(1 for c in review.comments if c.resolved_at is None and c.reply_to is None),
        }
        (mine if waiting else others).append(row)
    return visit.page("reviews.html", mine=mine, others=others, me=me, may_plan=visit.workspace.access.may(Capability.PLAN_READ))


def waits_for(part: Any, name: str) -> bool:
    """Whether a part waits for what somebody, who may, says of it."""
    decided = any(d.author == name for d in (*part.approvals, *part.asks))
    return part.may_decide and not part.is_settled and not decided
