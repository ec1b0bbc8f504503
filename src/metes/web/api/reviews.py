"""Reviews: scenarios proposed, talked about, and approved part by part."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from metes.web.api.access import Caller, plain

router = APIRouter(tags=["plans"])


class Proposal(BaseModel):
    """Why a scenario should be published, and until when it should be decided."""

    rationale: str = Field(min_length=1, max_length=10_000)
    due_on: date | None = None


class DecisionBody(BaseModel):
    """A decision on a part (empty: the whole plan)."""

    part: str = Field(default="", max_length=80)
    decision: Literal["approve", "ask"]
    comment: str = Field(default="", max_length=10_000)


class CommentBody(BaseModel):
    """A word on an item, named as its steps name it (empty: on the whole)."""

    text: str = Field(min_length=1, max_length=10_000)
    subject: str = Field(default="", max_length=300)
    reply_to: int | None = None


@router.get("/reviews")
def list_reviews(caller: Caller) -> list[dict[str, Any]]:
    """The scenarios in review, the most urgent first."""
    return [_told(review) for review in caller.reviews_open()]


@router.get("/plans/{reference}/review")
def get_review(reference: str, caller: Caller) -> dict[str, Any]:
    """A scenario's changes by the parts that are approved one by one, with what was decided and said."""
    return _told(caller.plan_review(reference))


@router.get("/plans/{reference}/review/balances")
def get_balances(reference: str, caller: Caller) -> list[dict[str, Any]] | None:
    """What the territories that the caller sees would win and lose by a scenario; null where nobody has worked that out."""
    found: list[dict[str, Any]] | None = plain(caller.review_balances(reference))
    return found


@router.post("/plans/{reference}/propose")
def propose_plan(reference: str, body: Proposal, caller: Caller) -> dict[str, Any]:
    """Put a scenario into review."""
    return _told(caller.plan_propose(reference, rationale=body.rationale, due_on=body.due_on))


@router.post("/plans/{reference}/withdraw")
def withdraw_plan(reference: str, caller: Caller) -> dict[str, Any]:
    """Take a scenario out of review."""
    return _told(caller.plan_withdraw(reference))


@router.post("/plans/{reference}/decisions")
def decide_plan(reference: str, body: DecisionBody, caller: Caller) -> dict[str, Any]:
    """Approve a part of a scenario, or ask for changes of it."""
    return _told(caller.plan_decide(reference, body.part, body.decision, body.comment))


@router.post("/plans/{reference}/comments", status_code=201)
def comment_plan(reference: str, body: CommentBody, caller: Caller) -> dict[str, Any]:
    """Comment on an item of a scenario."""
    return {"comment": caller.plan_comment(reference, body.subject, body.text, reply_to=body.reply_to)}


@router.post("/comments/{comment}/resolve")
def resolve_comment(comment: int, caller: Caller) -> dict[str, Any]:
    """Settle a comment."""
    settled: dict[str, Any] = plain(caller.plan_comment_resolve(comment))
    return settled


def _told(review: Any) -> dict[str, Any]:
    """A review with what follows from it."""
    told: dict[str, Any] = plain(review)
    told["is_settled"] = review.is_settled
    for part, found in zip(told["parts"], review.parts, strict=True):
        part["is_settled"] = found.is_settled
    return told
