"""Scenarios: a plan taken in or branched, changed, named, put away; each in one transaction, in the log and in the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, InputError, NotFound
from metes.model.plan import Plan
from metes.model.scope import Principal
from metes.plan.nodes import Known, nodes_of, plan_of
from metes.store import audit, plan_life, plans
from metes.store.engine import Store
from metes.store.plans import Revision

LONGEST_TITLE = 80
# What names a revision without a number.
WORDS = frozenset({"active", "draft", "scheduled"})


def load_plan(connection: Connection, revision: Revision, known: Known | None = None) -> Plan:
    """The plan of a revision; what it has in common with those read before is taken from `known`, see `metes.plan.nodes`."""
    return plan_at(connection, revision.root_hash, known)


def plan_at(connection: Connection, root: str, known: Known | None = None) -> Plan:
    """The plan of a content's root; NotFound where the store lacks it."""
    return plan_of(root, plans.node_reader(connection, known or ()), known)


def find_revision(connection: Connection, reference: str, day: date) -> Revision:
    """The revision that a user means: a number, 'active', 'draft' (the newest scenario), a scenario's title or a plan's key (its newest revision)."""
    everything = plans.revisions(connection, day)
    if reference.isdecimal() and len(reference) < 19:
        return plans.revision(connection, int(reference), day)
    by_word = {
        "active": [r for r in everything if r.state == "active"],
        "draft": [r for r in everything if r.is_open],
        "scheduled": [r for r in everything if r.state == "scheduled"],
    }
    found = by_word[reference] if reference in by_word else _named(everything, reference)
    if not found and reference in by_word:
        remedy = "'metes plan publish' makes a draft one" if reference != "draft" else "'metes plan import FOLDER' makes one"
        raise NotFound(f"there is no plan that is {'a ' * (reference == 'draft')}{reference}; {remedy}")
    if not found:
        known = ", ".join(sorted({r.plan_key for r in everything})) or "none yet; 'metes plan import FOLDER' makes one"
        raise NotFound(f"there is no plan '{reference}'; say active, draft, a number, a scenario's name, or one of: {known}")
    return found[0]


def _named(everything: Sequence[Revision], reference: str) -> list[Revision]:
    """The revisions of a title, scenarios first, else those of a plan's key, newest first."""
    titled = [r for r in everything if r.title == reference]
    return sorted(titled, key=lambda r: not r.is_open) or [r for r in everything if r.plan_key == reference]


def import_draft(
    store: Store,
    plan: Plan,
    *,
    note: str,
    parent: Revision | None,
    now: datetime,
    principal: Principal,
    other_root: str | None = None,
) -> tuple[int, bool]:
    """Keep a plan as a draft; its revision and whether it is new (the same content as an open draft makes none).

    `other_root` is the text that was merged into the parent's content to give this plan.
    """
    root, nodes = nodes_of(plan)
    with store.write() as connection:
        for revision in plans.revisions(connection, now.date()):
            if revision.root_hash == root and revision.is_open:
                return revision.id, False
        plans.put_nodes(connection, nodes)
        revision_id = _begin(
            connection, parent, plan.key, root, plan.name or plan.key, "", "import", note, now, principal, other_root
        )
        detail = {"plan": plan.key, "root": root, "territories": len(plan.territories)}
        audit.add_entry(connection, principal, "plan import", f"revision {revision_id}", detail, now)
        return revision_id, True


def branch(store: Store, origin: Revision, title: str, *, note: str, now: datetime, principal: Principal) -> Revision:
    """Begin a scenario with the content of another revision; InputError where it has no name, Conflict where another has the same."""
    cleaned = checked_title(title)
    with store.write() as connection:
        _require_free(connection, cleaned, now)
        current = plans.revision(connection, origin.id, now.date())
        number = _begin(
            connection, current, current.plan_key, current.root_hash, current.name, cleaned, "branch", note, now, principal
        )
        detail = {"from": current.id, "root": current.root_hash}
        audit.add_entry(connection, principal, "plan branch", f"revision {number}", detail, now)
        return plans.revision(connection, number, now.date())


def rename(store: Store, revision: Revision, title: str, *, now: datetime, principal: Principal) -> Revision:
    """Give a scenario another name."""
    cleaned = checked_title(title)
    with store.write() as connection:
        if cleaned != revision.title:
            _require_free(connection, cleaned, now)
            plans.set_title(connection, revision.id, cleaned, now)
            told = audit.change({"title": revision.title}, {"title": cleaned}, ("title",))
            audit.add_entry(connection, principal, "plan rename", f"revision {revision.id}", {}, now, **told)
        return plans.revision(connection, revision.id, now.date())


def checked_title(title: str) -> str:
    """A scenario's name, its blanks put right; InputError says what it may be."""
    cleaned = " ".join(title.split())
    if not 1 <= len(cleaned) <= LONGEST_TITLE or not cleaned.isprintable():
        raise InputError(f"expected a name of 1 to {LONGEST_TITLE} characters for the scenario, got {title[:90]!r}")
    if cleaned.isdecimal() or cleaned in WORDS:
        raise InputError(f"a scenario cannot be called '{cleaned}', which already means a revision; choose other words")
    return cleaned


def _require_free(connection: Connection, title: str, now: datetime) -> None:
    for other in plans.revisions(connection, now.date()):
        if other.is_open and other.title == title:
            raise Conflict(f"there is a scenario '{title}' already, revision {other.id}; choose another name")


def change_draft(
    store: Store,
    revision: Revision,
    change: Callable[[Plan], Plan] | Plan,
    *,
    note: str,
    expected_root: str | None,
    now: datetime,
    principal: Principal,
    kind: str = "edit",
    base_root: str | None = None,
    other_root: str | None = None,
) -> Revision:
    """Apply a change to a scenario, or put a plan in its place, or do so to a new one of a published revision; the scenario as it is then.

    `expected_root` is what the one who changes has seen; Conflict where somebody else was faster. A merge names what it merged in
    (`other_root`) and what the scenario stands on afterwards (`base_root`); a revert names what it takes back.
    """
    with store.write() as connection:
        current = plans.revision(connection, revision.id, now.date())
        if expected_root is not None and current.root_hash != expected_root:
            raise Conflict(f"somebody changed revision {revision.id} meanwhile; look at it again, then repeat your change")
        plan = change if isinstance(change, Plan) else change(load_plan(connection, current))
        root, nodes = nodes_of(plan)
        plans.put_nodes(connection, nodes)
        name = plan.name or plan.key
        if current.is_open:
            draft_id = current.id
            plans.change_draft(
                connection, draft_id, root_hash=root, name=name, note=note or current.note, now=now, base_root=base_root
            )
            plan_life.log_change(
                connection,
                draft_id,
                kind=kind,
                before=current.root_hash,
                after=root,
                note=note,
                author=principal.name,
                now=now,
                other_root=other_root,
            )
        else:
            draft_id = _begin(connection, current, current.plan_key, root, name, "", kind, note, now, principal, other_root)
        detail = {"from": current.root_hash, "to": root, "note": note}
        audit.add_entry(connection, principal, f"plan {'change' if kind == 'edit' else kind}", f"revision {draft_id}", detail, now)
        return plans.revision(connection, draft_id, now.date())


def _begin(
    connection: Connection,
    origin: Revision | None,
    plan_key: str,
    root: str,
    name: str,
    title: str,
    kind: str,
    note: str,
    now: datetime,
    principal: Principal,
    other_root: str | None = None,
) -> int:
    """A new scenario of a revision (None: of nothing), with its first change; its number."""
    base_root = origin.root_hash if origin else None
    number = plans.add_draft(
        connection,
        plan_key=plan_key,
        name=name,
        root_hash=root,
        parent_id=origin.id if origin else None,
        note=note,
        author=principal.name,
        now=now,
        title=title,
        base_root=base_root,
    )
    plan_life.log_change(
        connection,
        number,
        kind=kind,
        before=base_root,
        after=root,
        note=note,
        author=principal.name,
        now=now,
        other_root=other_root,
    )
    return number


def discard_draft(store: Store, revision: Revision, *, now: datetime, principal: Principal) -> None:
    """Put a draft away."""
    with store.write() as connection:
        plans.discard_draft(connection, revision.id, now)
        audit.add_entry(connection, principal, "plan discard", f"revision {revision.id}", {"root": revision.root_hash}, now)
