"""Publication: a checked scenario becomes the plan from a day on; it can be cancelled before that day, and corrected after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, InputError, Refused
from metes.base.findings import Finding, Severity
from metes.model.plan import Pin, Plan
from metes.model.scope import Principal
from metes.model.workspace import WorkspaceSettings
from metes.plan.diff import diff
from metes.planning import notifying
from metes.planning.drafts import load_plan
from metes.planning.reviewing import LONGEST_TEXT, editors_of, require_right, review_of
from metes.store import assign_trigger, audit, ledger, plan_reviews, plans, publications
from metes.store.engine import Store
from metes.store.ledger_clock import recorded_now
from metes.store.plans import Revision
from metes.store.tables import ledger_pins

BEGINNING = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A publication as it is asked for: from which day, why, and what a look at it promised.

    `correction` is the reason for a day that has passed; `messages` are rows with person_id, gained, lost and text.
    """

    on: date
    rationale: str = ""
    correction: str = ""
    expected_root: str | None = None
    promised: Mapping[str, Any] | None = None
    messages: Sequence[Mapping[str, Any]] = ()

    @property
    def why(self) -> str:
        """The reasons given, one below the other."""
        return "\n\n".join(text for text in (self.rationale.strip(), self.correction.strip()) if text)[:LONGEST_TEXT]


def publish(
    store: Store,
    revision: Revision,
    wanted: Wanted,
    *,
    today: date,
    findings: Sequence[Finding],
    settings: WorkspaceSettings,
    now: datetime,
    principal: Principal,
) -> Revision:
    """Make a scenario the plan from a day on, record its pins in the ledger, and queue its assignment where that day has come.

    The first plan of a workspace may begin in the past (true from then, recorded now), later ones today or later; only a correction
    restates days that have passed, back to when the plan in force began. InputError where the check found errors or the day cannot be; Conflict
    where the scenario changed since it was looked at, or was branched from another plan than it would follow; Refused where approvals
    or rights lack.
    """
    errors = [f for f in findings if f.severity is Severity.ERROR]
    if errors:
        raise InputError(f"the plan has {len(errors)} errors and cannot be published; mend them, then publish again", errors)
    with store.write() as connection:
        current = plans.revision(connection, revision.id, today)
        if not current.is_open:
            raise Conflict(f"revision {revision.id} is {current.state} already; publish a draft, or change it first")
        if wanted.expected_root is not None and current.root_hash != wanted.expected_root:
            raise Conflict(f"somebody changed revision {revision.id} since you looked at it; look again, then publish")
        before = _followed(connection, current, wanted, today)
        old = load_plan(connection, before) if before else None
        new = load_plan(connection, current)
        if old is not None:
            _require_approved(connection, current, old, new, settings, principal)
        reverts = publications.reverted_by(connection, current.id)
        number = plans.publish(connection, current.id, wanted.on, principal.name, now)
        publications.add_note(
            connection,
            number,
            kind="correction" if wanted.correction else "publish" if reverts is None else "revert",
            rationale=wanted.why,
            before_root=before.root_hash if before else None,
            promised=wanted.promised,
            reverts=reverts,
        )
        publications.add_messages(connection, wanted.messages, number, now)
        who = _took_part(connection, current)
        notifying.published(connection, current, number, wanted.on, wanted.why, who, wanted.messages, now, principal)
        _record_pins(connection, old, new, wanted.on, now, ledger.Cause("publish", number))
        if (proposal := plan_reviews.review_of(connection, current.id)) is not None and proposal.state == "open":
            plan_reviews.close_review(connection, proposal.id, "published", now)
        detail = {"plan": current.plan_key, "root": current.root_hash, "on": wanted.on.isoformat(), "publication": number}
        was = {"revision": before.id, "root": before.root_hash} if before else None
        will = {"revision": current.id, "root": current.root_hash}
        audit.add_entry(connection, principal, "plan publish", f"revision {current.id}", detail, now, before=was, after=will)
        assign_trigger.plan_became_active(connection, principal.name, now, today)
        return plans.revision(connection, current.id, today)


def _followed(connection: Connection, current: Revision, wanted: Wanted, today: date) -> Revision | None:
    """The revision that a publication would follow, None for the first; the day and the scenario's base must fit it."""
    last = plans.last_published(connection, today)
    if last is None or last.effective_on is None:
        return None
    if wanted.on < today and not wanted.correction.strip():
        raise InputError(
            f"expected a day from {today} on, got {wanted.on}; only a workspace's first plan may begin in the past, "
            "a later one as a correction with its reason"
        )
    if wanted.on < last.effective_on:
        if last.effective_on > today:
            raise Conflict(
                f"a plan is scheduled for {last.effective_on} already; publish on that day or later, or cancel that one first"
            )
        raise InputError(f"expected a day from {last.effective_on} on, when the plan in force began, got {wanted.on}")
    if current.base_root != last.root_hash:
        raise Conflict(
            f"the plan moved on since revision {current.id} was branched: revision {last.id} is {last.state}; "
            f"merge it in first ('metes plan merge {last.id} --into {current.id}'), look at it again, then publish"
        )
    return last


def _require_approved(
    connection: Connection, current: Revision, old: Plan, new: Plan, settings: WorkspaceSettings, principal: Principal
) -> None:
    """Refused where somebody may not publish all of it, or too few people have approved a part."""
    steps = diff(old, new)
    require_right(connection, "publish", steps, old, new, principal)
    if settings.approvals_needed:
        review = review_of(connection, current, old, new, settings, principal, steps)
        lacking = [part for part in review.parts if not part.is_settled]
        if review.proposal is None or review.proposal.state != "open":
            count = f"{settings.approvals_needed} approval{'s' * (settings.approvals_needed > 1)}"
            raise Refused(f"changes need {count} here; propose revision {current.id} for review first")
        if lacking:
            names = ", ".join(part.part.label or "the whole plan" for part in lacking[:3])
            raise Refused(f"{len(lacking)} parts of revision {current.id} lack approval: {names}{' ...' * (len(lacking) > 3)}")


def cancel(store: Store, publication_id: int, *, reason: str, today: date, now: datetime, principal: Principal) -> Revision:
    """Cancel a publication before its day; its revision is a scenario again. Conflict where the day has come, or another follows it."""
    if not reason.strip():
        raise InputError("say why the publication is cancelled: it stands in the ledger")
    with store.write() as connection:
        found = publications.publication(connection, publication_id)
        if found.cancelled_at is not None:
            raise Conflict(f"publication {publication_id} was cancelled already, by {found.cancelled_by}")
        if found.effective_on <= today:
            raise Conflict(f"publication {publication_id} took effect on {found.effective_on}; revert it instead")
        later = [p for p in plans.publications(connection) if (p.effective_on, p.id) > (found.effective_on, found.id)]
        if later:
            raise Conflict(f"publication {later[-1].id} of {later[-1].effective_on} follows this one; cancel that first")
        publications.cancel(connection, publication_id, principal.name, reason.strip()[:LONGEST_TEXT], now)
        plans.reopen(connection, found.revision_id, now)
        current = plans.revision(connection, found.revision_id, today)
        earlier = plans.last_published(connection, today)
        before = load_plan(connection, earlier) if earlier else Plan("")
        cause = ledger.Cause("publish", publication_id)
        _record_pins(connection, load_plan(connection, current), before, found.effective_on, now, cause)
        told = [message.person_id for message in publications.messages(connection, publication_id=publication_id)]
        who = _took_part(connection, current) - {principal.name}
        notifying.cancelled(connection, current, found.effective_on, reason.strip(), told, who, now)
        detail = {"publication": publication_id}
        audit.add_entry(connection, principal, "plan cancel", f"revision {found.revision_id}", detail, now)
        return current


def _took_part(connection: Connection, revision: Revision) -> set[str]:
    """Who wrote a scenario, proposed it, decided on it or wrote about it."""
    names = {revision.author, *editors_of(connection, revision)}
    names |= {comment.author for comment in plan_reviews.comments_of(connection, revision.id)}
    proposal = plan_reviews.review_of(connection, revision.id)
    if proposal is not None:
        names |= {proposal.proposed_by, *(d.author for d in plan_reviews.decisions_of(connection, [proposal.id]))}
    return names


def _record_pins(connection: Connection, old: Plan | None, new: Plan, on: date, now: datetime, cause: ledger.Cause) -> None:
    now = recorded_now(connection, now)
    before, after = set(old.pins if old else ()), set(new.pins)
    if before == after:
        return
    numbers = ledger.ids_of_territories(connection, {pin.territory for pin in before | after})
    t = ledger_pins.c
    for pin in sorted(before - after, key=_pin_order):
        same = sa.and_(
            t.account_key == pin.account,
            t.territory_id == numbers[pin.territory],
            t.is_exclusion == pin.is_exclusion,
            t.recorded_until.is_(None),
            sa.or_(t.true_until.is_(None), t.true_until > on),
        )
        for row in connection.execute(sa.select(ledger_pins).where(same)).all():
            connection.execute(sa.update(ledger_pins).where(t.id == row.id).values(recorded_until=now))
            if row.true_from < on:
                rest = {**row._mapping, "true_until": on, "recorded_at": now, "cause_kind": cause.kind, "cause_id": cause.id}
                rest.pop("id")
                connection.execute(sa.insert(ledger_pins).values(**{**rest, "recorded_until": None}))
    rows = [
        {
            "account_key": pin.account,
            "territory_id": numbers[pin.territory],
            "is_exclusion": pin.is_exclusion,
            "reason": pin.reason,
            "author": pin.author,
            "true_from": max(pin.period.start or BEGINNING, on),
            "true_until": pin.period.end,
            "recorded_at": now,
            "cause_kind": cause.kind,
            "cause_id": cause.id,
        }
        for pin in sorted(after - before, key=_pin_order)
        if pin.period.end is None or pin.period.end > on
    ]
    if rows:
        connection.execute(sa.insert(ledger_pins), rows)


def _pin_order(pin: Pin) -> tuple[str, str, bool, str]:
    return pin.account, pin.territory, pin.is_exclusion, str(pin.period)
