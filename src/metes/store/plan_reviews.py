"""Reviews of scenarios: who proposed them, what was decided of which part, and what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import NotFound
from metes.store.plan_life_tables import plan_comments, plan_decisions, plan_reviews

APPROVE, ASK = "approve", "ask"


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One proposal of a scenario; `state` is open, withdrawn or published."""

    id: int
    revision_id: int
    proposed_by: str
    proposed_at: datetime
    due_on: date | None
    rationale: str
    state: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided of a part, whose hash it was then."""

    id: int
    review_id: int
    part: str
    part_hash: str
    decision: str
    author: str
    at: datetime
    comment: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A word on an item of a scenario (the subject of a step; empty: on the whole)."""

    id: int
    revision_id: int
    subject: str
    text: str
    author: str
    at: datetime
    reply_to: int | None
    resolved_by: str | None
    resolved_at: datetime | None


def add_review(connection: Connection, revision_id: int, by: str, due_on: date | None, rationale: str, now: datetime) -> int:
    """Begin a review; its number."""
    row = dict(revision_id=revision_id, proposed_by=by, proposed_at=now, due_on=due_on, rationale=rationale, state="open")
    return int(connection.execute(sa.insert(plan_reviews).values(**row).returning(plan_reviews.c.id)).scalar_one())


def review_of(connection: Connection, revision_id: int) -> ReviewRow | None:
    """The newest review of a revision; None where it was never proposed."""
    t = plan_reviews
    row = connection.execute(sa.select(t).where(t.c.revision_id == revision_id).order_by(t.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else ReviewRow(**row)


def open_reviews(connection: Connection) -> tuple[ReviewRow, ...]:
    """The reviews that are open, the most urgent first; those without a deadline last."""
    t = plan_reviews.c
    query = sa.select(plan_reviews).where(t.state == "open").order_by(t.due_on.is_(None), t.due_on, t.id)
    return tuple(ReviewRow(**row) for row in connection.execute(query).mappings())


def close_review(connection: Connection, review_id: int, state: str, now: datetime) -> None:
    """End a review as withdrawn or published."""
    connection.execute(sa.update(plan_reviews).where(plan_reviews.c.id == review_id).values(state=state, closed_at=now))


def add_decision(
    connection: Connection, review_id: int, part: str, part_hash: str, decision: str, author: str, comment: str, now: datetime
) -> None:
    """Note a decision on a part."""
    row = dict(review_id=review_id, part=part, part_hash=part_hash, decision=decision, author=author, at=now, comment=comment)
    connection.execute(sa.insert(plan_decisions).values(**row))


def decisions_of(connection: Connection, review_ids: Sequence[int]) -> tuple[Decision, ...]:
    """The decisions of some reviews, oldest first."""
    t = plan_decisions
    query = sa.select(t).where(t.c.review_id.in_(list(review_ids))).order_by(t.c.id)
    return tuple(Decision(**row) for row in connection.execute(query).mappings())


def add_comment(
    connection: Connection, revision_id: int, subject: str, text: str, author: str, reply_to: int | None, now: datetime
) -> int:
    """Note a comment; its number. NotFound where it answers one of another revision."""
    if reply_to is not None and comment(connection, reply_to).revision_id != revision_id:
        raise NotFound(f"there is no comment {reply_to} on this scenario")
    row = dict(revision_id=revision_id, subject=subject, text=text, author=author, at=now, reply_to=reply_to)
    return int(connection.execute(sa.insert(plan_comments).values(**row).returning(plan_comments.c.id)).scalar_one())


def comment(connection: Connection, comment_id: int) -> Comment:
    """One comment; NotFound where there is none."""
    row = connection.execute(sa.select(plan_comments).where(plan_comments.c.id == comment_id)).mappings().first()
    if row is None:
        raise NotFound(f"there is no comment {comment_id}")
    return Comment(**row)


def comments_of(connection: Connection, revision_id: int) -> tuple[Comment, ...]:
    """The comments on a revision, oldest first."""
    t = plan_comments
    query = sa.select(t).where(t.c.revision_id == revision_id).order_by(t.c.id)
    return tuple(Comment(**row) for row in connection.execute(query).mappings())


def resolve_comment(connection: Connection, comment_id: int, by: str, now: datetime) -> None:
    """Note that a comment is settled; once is enough."""
    t = plan_comments.c
    connection.execute(
        sa.update(plan_comments).where(t.id == comment_id, t.resolved_at.is_(None)).values(resolved_by=by, resolved_at=now)
    )
