"""Drafts: a plan taken in, changed, put away; each in one transaction, each in the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, NotFound
from metes.model.plan import Plan
from metes.model.scope import Principal
from metes.plan.nodes import Known, nodes_of, plan_of
from metes.store import audit, plans
from metes.store.engine import Store
from metes.store.plans import Revision


def load_plan(connection: Connection, revision: Revision, known: Known | None = None) -> Plan:
    """The plan of a revision; what it has in common with those read before is taken from `known`, see `metes.plan.nodes`."""
    return plan_of(revision.root_hash, plans.node_reader(connection), known)


def find_revision(connection: Connection, reference: str, day: date) -> Revision:
    """The revision that a user means: a number, 'active', 'draft' (the newest one) or a plan's key (its newest revision)."""
    everything = plans.revisions(connection, day)
    if reference.isdecimal() and len(reference) < 19:
        return plans.revision(connection, int(reference), day)
    by_word = {
        "active": [r for r in everything if r.state == "active"],
        "draft": [r for r in everything if r.state == "draft"],
        "scheduled": [r for r in everything if r.state == "scheduled"],
    }
    found = by_word.get(reference, [r for r in everything if r.plan_key == reference])
    if not found and reference in by_word:
        remedy = "'metes plan publish' makes a draft one" if reference != "draft" else "'metes plan import FOLDER' makes one"
        raise NotFound(f"there is no plan that is {'a ' * (reference == 'draft')}{reference}; {remedy}")
    if not found:
        known = ", ".join(sorted({r.plan_key for r in everything})) or "none yet; 'metes plan import FOLDER' makes one"
        raise NotFound(f"there is no plan '{reference}'; say active, draft, a number, or one of: {known}")
    return found[0]


def import_draft(
    store: Store, plan: Plan, *, note: str, parent: Revision | None, now: datetime, principal: Principal
) -> tuple[int, bool]:
    """Keep a plan as a draft; its revision and whether it is new (the same content as an open draft makes none)."""
    root, nodes = nodes_of(plan)
    with store.write() as connection:
        for revision in plans.revisions(connection, now.date()):
            if revision.root_hash == root and revision.state == "draft":
                return revision.id, False
        plans.put_nodes(connection, nodes)
        revision_id = plans.add_draft(
            connection,
            plan_key=plan.key,
            name=plan.name or plan.key,
            root_hash=root,
            parent_id=parent.id if parent else None,
            note=note,
            author=principal.name,
            now=now,
        )
        detail = {"plan": plan.key, "root": root, "territories": len(plan.territories)}
        audit.add_entry(connection, principal, "plan import", f"revision {revision_id}", detail, now)
        return revision_id, True


def change_draft(
    store: Store,
    revision: Revision,
    change: Callable[[Plan], Plan],
    *,
    note: str,
    expected_root: str | None,
    now: datetime,
    principal: Principal,
) -> Revision:
    """Apply a change to a draft, or to a new draft of a published revision; the draft as it is then.

    `expected_root` is what the one who changes has seen; Conflict where somebody else was faster.
    """
    with store.write() as connection:
        current = plans.revision(connection, revision.id, now.date())
        if expected_root is not None and current.root_hash != expected_root:
            raise Conflict(f"somebody changed revision {revision.id} meanwhile; look at it again, then repeat your change")
        plan = change(load_plan(connection, current))
        root, nodes = nodes_of(plan)
        plans.put_nodes(connection, nodes)
        if current.state == "draft":
            plans.change_draft(
                connection, current.id, root_hash=root, name=plan.name or plan.key, note=note or current.note, now=now
            )
            draft_id = current.id
        else:
            draft_id = plans.add_draft(
                connection,
                plan_key=plan.key,
                name=plan.name or plan.key,
                root_hash=root,
                parent_id=current.id,
                note=note,
                author=principal.name,
                now=now,
            )
        audit.add_entry(
            connection, principal, "plan change", f"revision {draft_id}", {"from": current.root_hash, "to": root, "note": note}, now
        )
        return plans.revision(connection, draft_id, now.date())


def discard_draft(store: Store, revision: Revision, *, now: datetime, principal: Principal) -> None:
    """Put a draft away."""
    with store.write() as connection:
        plans.discard_draft(connection, revision.id, now)
        audit.add_entry(connection, principal, "plan discard", f"revision {revision.id}", {"root": revision.root_hash}, now)
