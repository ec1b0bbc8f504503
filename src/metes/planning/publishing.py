"""Publication: a checked draft becomes the plan from a day on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, InputError
from metes.base.findings import Finding, Severity
from metes.model.plan import Pin, Plan
from metes.model.scope import Principal
from metes.planning.drafts import load_plan
from metes.store import assign_trigger, audit, ledger, plans
from metes.store.engine import Store
from metes.store.plans import Revision
from metes.store.tables import ledger_pins

BEGINNING = date(1, 1, 1)


def publish(
    store: Store,
    revision: Revision,
    *,
    on: date,
    today: date,
    findings: Sequence[Finding],
    expected_root: str | None,
    now: datetime,
    principal: Principal,
) -> Revision:
    """Make a draft the plan from day `on`, record its pins in the ledger, and queue its assignment where that day has come.

    The first plan of a workspace may begin in the past (true from then, recorded now), later ones today or later. InputError
    where the check found errors, Conflict where the draft changed since it was looked at or is no draft.
    """
    errors = [f for f in findings if f.severity is Severity.ERROR]
    if errors:
        raise InputError(f"the plan has {len(errors)} errors and cannot be published; mend them, then publish again", errors)
    with store.write() as connection:
        current = plans.revision(connection, revision.id, today)
        if current.state != "draft":
            raise Conflict(f"revision {revision.id} is {current.state} already; publish a draft, or change it first")
        if expected_root is not None and current.root_hash != expected_root:
            raise Conflict(f"somebody changed revision {revision.id} since you looked at it; look again, then publish")
        earlier = plans.publications(connection)
        if earlier and on < today:
            raise InputError(f"expected a day from {today} on, got {on}; only a workspace's first plan may begin in the past")
        if earlier and on < earlier[-1].effective_on:
            raise Conflict(f"a plan is scheduled for {earlier[-1].effective_on} already; publish on that day or later")
        before = plans.revision(connection, earlier[-1].revision_id, today) if earlier else None
        publication = plans.publish(connection, current.id, on, principal.name, now)
        old = load_plan(connection, before) if before else None
        _record_pins(connection, old, load_plan(connection, current), on, now, ledger.Cause("publish", publication))
        detail = {"plan": current.plan_key, "root": current.root_hash, "on": on.isoformat()}
        audit.add_entry(connection, principal, "plan publish", f"revision {current.id}", detail, now)
        assign_trigger.plan_became_active(connection, principal.name, now, today)
        return plans.revision(connection, current.id, today)


def _record_pins(connection: Connection, old: Plan | None, new: Plan, on: date, now: datetime, cause: ledger.Cause) -> None:
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
