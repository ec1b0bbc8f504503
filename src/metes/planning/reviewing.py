"""Reviews: a scenario is proposed, talked about, and approved part by part by people who did not write it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, InputError, Refused
from metes.model.plan import Plan
from metes.model.scope import Principal, Scope
from metes.model.workspace import WorkspaceSettings
from metes.plan.diff import Step, diff
from metes.plan.parts import Part, parts_of, paths_of
from metes.planning import notifying
from metes.planning.notifying import Where
from metes.store import audit, plan_life, plan_reviews, plan_rights, plans
from metes.store.engine import Store
from metes.store.plan_reviews import APPROVE, ASK, Comment, Decision, ReviewRow
from metes.store.plan_rights import Rights
from metes.store.plans import Revision

LONGEST_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class PartReview:
    """A part of a scenario with what was decided of it as it is now; `approvers` is None where everybody may approve."""

    part: Part
    approvals: tuple[Decision, ...]
    asks: tuple[Decision, ...]
    lapsed: tuple[Decision, ...]
    approvers: tuple[str, ...] | None
    needed: int
    may_decide: bool
    why_not: str

    @property
    def is_settled(self) -> bool:
        """Whether enough people approve, and nobody asks for changes."""
        return len(self.approvals) >= self.needed and not self.asks


@dataclass(frozen=True, slots=True)
class Review:
    """A scenario under review: its proposal (None before one), parts, comments and who wrote it."""

    revision: Revision
    proposal: ReviewRow | None
    parts: tuple[PartReview, ...]
    comments: tuple[Comment, ...]
    editors: tuple[str, ...]

    @property
    def is_proposed(self) -> bool:
        """Whether somebody asked for a review of it and did not take that back."""
        return self.proposal is not None and self.proposal.state != "withdrawn"

    @property
    def is_settled(self) -> bool:
        """Whether it is proposed and every part is approved."""
        return self.proposal is not None and self.proposal.state == "open" and all(part.is_settled for part in self.parts)


def seen(review: Review, scope: Scope) -> Review:
    """What of a review lies in a scope: its parts there, and what was said of their items."""
    if scope.territories is None:
        return review
    parts = tuple(part for part in review.parts if part.part.key in scope.territories)
    subjects = {step.subject for part in parts for step in part.part.steps}
    return replace(review, parts=parts, comments=tuple(c for c in review.comments if c.subject in subjects))


def review_of(
    connection: Connection,
    revision: Revision,
    old: Plan,
    new: Plan,
    settings: WorkspaceSettings,
    principal: Principal,
    steps: Sequence[Step] | None = None,
) -> Review:
    """The review of a scenario as it stands, `old` and `new` being the plan of its base and its own, `steps` what differs where that is known."""
    rights = plan_rights.rights(connection)
    proposal = plan_reviews.review_of(connection, revision.id)
    decisions = plan_reviews.decisions_of(connection, [proposal.id]) if proposal else ()
    editors = editors_of(connection, revision)
    parts = parts_of(diff(old, new) if steps is None else steps, old, new, rights.places("approve"))
    found = tuple(_part(part, decisions, rights, editors, settings, principal, old, new) for part in parts)
    return Review(revision, proposal, found, plan_reviews.comments_of(connection, revision.id), editors)


def editors_of(connection: Connection, revision: Revision) -> tuple[str, ...]:
    """Who changed a scenario's content."""
    changes = plan_life.changes_of(connection, [revision.id])
    return tuple(sorted({change.author for change in changes if change.root_before != change.root_after}))


def _part(
    part: Part,
    decisions: Sequence[Decision],
    rights: Rights,
    editors: Sequence[str],
    settings: WorkspaceSettings,
    principal: Principal,
    old: Plan,
    new: Plan,
) -> PartReview:
    mine = [d for d in decisions if d.part == part.key]
    newest = {d.author: d for d in mine if d.part_hash == part.hash}
    counted = [d for d in newest.values() if not (settings.four_eyes and d.author in editors)]
    path = (part.key, *(t.key for plan in (new, old) if part.key in plan.territory_by_key for t in plan.ancestors(part.key)))
    holders = rights.holders("approve", path)
    why_not = ""
    if not is_allowed(rights, "approve", path, principal):
        why_not = f"{_names(holders.values() if holders else ())} may approve this part"
    elif settings.four_eyes and principal.name in editors:
        why_not = "whoever changed a scenario does not approve it"
    return PartReview(
        part,
        approvals=tuple(d for d in counted if d.decision == APPROVE),
        asks=tuple(d for d in newest.values() if d.decision == ASK),
        lapsed=tuple(d for d in mine if d.part_hash != part.hash),
        approvers=tuple(sorted(holders.values())) if holders is not None else None,
        needed=max(1, settings.approvals_needed),
        may_decide=not why_not,
        why_not=why_not,
    )


def is_allowed(rights: Rights, right: str, path: Iterable[str], principal: Principal) -> bool:
    """Whether somebody may do something at a place; whoever holds the database itself may everything."""
    holders = rights.holders(right, path)
    return holders is None or principal.user_id is None or principal.user_id in holders


def require_right(connection: Connection, right: str, steps: Sequence[Step], old: Plan, new: Plan, principal: Principal) -> None:
    """Refused unless somebody may do something (propose, publish) with every step."""
    rights = plan_rights.rights(connection)
    paths = dict.fromkeys(path for step in steps for path in paths_of(step, old, new))
    refused = [path for path in paths if not is_allowed(rights, right, path, principal)]
    if refused:
        where = f"territory {refused[0][0]}" if refused[0] else "types, lists and areas of the whole plan"
        more = f" and {len(refused) - 1} more places" if len(refused) > 1 else ""
        holders = rights.holders(right, refused[0]) or {}
        raise Refused(f"you may not {right} changes of {where}{more}; {_names(holders.values())} may")


def propose(
    store: Store,
    revision: Revision,
    old: Plan,
    new: Plan,
    *,
    rationale: str,
    due_on: date | None,
    today: date,
    now: datetime,
    principal: Principal,
    where: Where,
) -> None:
    """Put a scenario into review, with the reason and a deadline; an open review takes both anew. `where` says who hears of it."""
    steps = diff(old, new)
    if not steps:
        raise InputError("this scenario changes nothing; there is nothing to review")
    if due_on is not None and due_on < today:
        raise InputError(f"expected a deadline from {today} on, got {due_on}")
    text = _text(rationale, "the reason for the change")
    with store.write() as connection:
        current = _open(connection, revision, today)
        require_right(connection, "propose", steps, old, new, principal)
        before = plan_reviews.review_of(connection, current.id)
        if before is not None and before.state == "open":
            plan_reviews.close_review(connection, before.id, "withdrawn", now)
        number = plan_reviews.add_review(connection, current.id, principal.name, due_on, text, now)
        plans.set_state(connection, current.id, "in review", now)
        detail = {"review": number, "due_on": due_on.isoformat() if due_on else None, "steps": len(steps)}
        audit.add_entry(connection, principal, "plan propose", f"revision {current.id}", detail, now)
        parts = parts_of(steps, old, new, plan_rights.rights(connection).places("approve"))
        notifying.review_asked(connection, current, parts, (new, old), text, due_on, now, principal, where)


def withdraw(store: Store, revision: Revision, *, today: date, now: datetime, principal: Principal) -> None:
    """Take a scenario out of review."""
    with store.write() as connection:
        current, proposal = _under_review(connection, revision, today)
        plan_reviews.close_review(connection, proposal.id, "withdrawn", now)
        plans.set_state(connection, current.id, "draft", now)
        audit.add_entry(connection, principal, "plan withdraw", f"revision {current.id}", {"review": proposal.id}, now)


def decide(
    store: Store,
    revision: Revision,
    old: Plan,
    new: Plan,
    *,
    part: str,
    decision: str,
    comment: str,
    settings: WorkspaceSettings,
    today: date,
    now: datetime,
    principal: Principal,
    where: Where,
) -> Review:
    """Approve a part, or ask for changes of it; the review as it is then. Refused says who may instead."""
    if decision not in (APPROVE, ASK):
        raise InputError(f"expected {APPROVE} or {ASK}, got {decision[:40]!r}")
    words = _text(comment, "what should change") if decision == ASK else comment.strip()[:LONGEST_TEXT]
    steps = diff(old, new)
    with store.write() as connection:
        current, proposal = _under_review(connection, revision, today)
        if current.root_hash != revision.root_hash:
            raise Conflict(f"somebody changed revision {revision.id} meanwhile; look at it again, then decide")
        before = review_of(connection, current, old, new, settings, principal, steps)
        found = next((p for p in before.parts if p.part.key == part), None)
        if found is None:
            raise InputError(
                f"this scenario changes nothing in '{part[:80]}'; parts: {_names(p.part.key or 'the whole plan' for p in before.parts)}"
            )
        if not found.may_decide:
            raise Refused(found.why_not)
        plan_reviews.add_decision(connection, proposal.id, part, found.part.hash, decision, principal.name, words, now)
        after = review_of(connection, current, old, new, settings, principal, steps)
        plans.set_state(connection, current.id, "approved" if after.is_settled else "in review", now)
        detail = {"review": proposal.id, "part": part, "hash": found.part.hash}
        audit.add_entry(connection, principal, f"plan {decision}", f"revision {current.id}", detail, now)
        name = found.part.label or "all"
        what = f"approved {name}" if decision == APPROVE else f"asks for changes in {name}"
        who = {proposal.proposed_by, *after.editors}
        notifying.review_decided(connection, current, who, found.part, what, words, now, principal, where)
        return replace(after, revision=plans.revision(connection, current.id, today))


def say(
    store: Store,
    revision: Revision,
    *,
    subject: str,
    text: str,
    reply_to: int | None,
    parts: Sequence[Part],
    now: datetime,
    principal: Principal,
    where: Where,
) -> int:
    """Comment on an item of a scenario, which belongs to some parts of it; the comment's number."""
    words = _text(text, "a comment")
    with store.write() as connection:
        number = plan_reviews.add_comment(connection, revision.id, subject.strip()[:300], words, principal.name, reply_to, now)
        audit.add_entry(connection, principal, "plan comment", f"revision {revision.id}", {"comment": number}, now)
        who = {revision.author, *editors_of(connection, revision)}
        who |= {comment.author for comment in plan_reviews.comments_of(connection, revision.id)}
        notifying.commented(connection, revision, who, parts, subject.strip(), words, now, principal, where)
        return number


def resolve(store: Store, comment_id: int, *, now: datetime, principal: Principal) -> Comment:
    """Settle a comment."""
    with store.write() as connection:
        found = plan_reviews.comment(connection, comment_id)
        plan_reviews.resolve_comment(connection, comment_id, principal.name, now)
        audit.add_entry(
            connection, principal, "plan comment resolve", f"revision {found.revision_id}", {"comment": comment_id}, now
        )
        return plan_reviews.comment(connection, comment_id)


def _open(connection: Connection, revision: Revision, today: date) -> Revision:
    current = plans.revision(connection, revision.id, today)
    if not current.is_open:
        raise Conflict(f"revision {current.id} is {current.state}; only a scenario is reviewed")
    return current


def _under_review(connection: Connection, revision: Revision, today: date) -> tuple[Revision, ReviewRow]:
    current = _open(connection, revision, today)
    proposal = plan_reviews.review_of(connection, current.id)
    if proposal is None or proposal.state != "open":
        raise Conflict(f"revision {current.id} is not in review; 'metes plan propose {current.id}' asks for one")
    return current, proposal


def _text(text: str, what: str) -> str:
    cleaned = text.strip()
    if not 1 <= len(cleaned) <= LONGEST_TEXT:
        raise InputError(f"write {what}, in 1 to {LONGEST_TEXT:,} characters")
    return cleaned


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names))) or "nobody"
