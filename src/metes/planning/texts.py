"""Texts taken in: a plan as somebody wrote it, merged with what the store's plan has become since the text was written from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.engine import Connection

from metes.base.errors import NotFound
from metes.base.findings import Finding, Place, Severity
from metes.model.plan import Plan
from metes.model.scope import Principal
from metes.plan.lock import LOCK_FILE, Lock
from metes.plan.merge import MergeConflict
from metes.plan.nodes import nodes_of
from metes.plan.text import PLAN_FILE, PlanText
from metes.planning import drafts
from metes.store import plan_life, plans
from metes.store.engine import Store
from metes.store.plans import Revision


@dataclass(frozen=True, slots=True)
class Origin:
    """What a text is merged with: the revision that has moved on since, None for none, and the root of what both came from."""

    ours: Revision | None
    base_root: str | None
    findings: tuple[Finding, ...] = ()


def origin_of(store: Store, lock: Lock | None, today: date) -> Origin:
    """What a text with this lock is merged with: the scenario it was written from while that is open, else the newest publication.

    Without a lock, or with one of a content that this workspace has never had, the text stands for the whole plan.
    """
    with store.read() as connection:
        ours = _followed(connection, lock, today)
        if lock is None or ours is None:
            return Origin(ours, None)
        if not plans.has_node(connection, lock.root):
            return Origin(ours, None, (_foreign(lock),))
        return Origin(ours, plan_life.common_origin(connection, ours.root_hash, lock.root))


def _followed(connection: Connection, lock: Lock | None, today: date) -> Revision | None:
    """The open scenario that a lock names, else the revision that the next publication would follow."""
    if lock is not None:
        try:
            named = plans.revision(connection, lock.revision, today)
        except (NotFound, OverflowError):
            named = None
        if named is not None and named.is_open and plan_life.is_origin(connection, lock.root, named.root_hash):
            return named
    return plans.last_published(connection, today)


def _foreign(lock: Lock) -> Finding:
    message = f"it names content {lock.root[:12]}, which this workspace has never had; the folder is compared as a whole"
    remedy = "Export the plan of this workspace into the folder, or go on with --whole."
    return Finding("plan-lock", Severity.WARNING, message, Place(LOCK_FILE), remedy=remedy)


def take(
    store: Store,
    text: Plan,
    plan: Plan,
    origin: Origin,
    lock: Lock | None,
    *,
    note: str,
    now: datetime,
    principal: Principal,
) -> tuple[int, bool]:
    """Keep what a text and the plan as it is by now give: in the scenario that the text was written from, else in a new one.

    The revision's number, and whether it is new. Where the two are not the same, the text is kept beside, as what was merged in.
    """
    ours = origin.ours
    merged_in = None if ours is None or plan == text else _keep_text(store, text, ours, lock, note, now, principal)
    if ours is None or not ours.is_open:
        return drafts.import_draft(store, plan, note=note, parent=ours, now=now, principal=principal, other_root=merged_in)
    changed = drafts.change_draft(
        store,
        ours,
        plan,
        note=note,
        expected_root=ours.root_hash,
        now=now,
        principal=principal,
        kind="import",
        other_root=merged_in,
    )
    return changed.id, False


def _keep_text(store: Store, text: Plan, ours: Revision, lock: Lock | None, note: str, now: datetime, principal: Principal) -> str:
    """Keep a text's content and what it was written from, so that the next text can be merged from there; its root."""
    root, nodes = nodes_of(text)
    with store.write() as connection:
        plans.put_nodes(connection, nodes)
        plan_life.log_change(
            connection,
            ours.id,
            kind="text",
            before=lock.root if lock is not None else ours.root_hash,
            after=root,
            note=note,
            author=principal.name,
            now=now,
        )
    return root


def conflict_findings(conflicts: tuple[MergeConflict, ...], text: PlanText | None) -> list[Finding]:
    """Conflicts of a text as findings, each at the file and line of what it is about, or of the nearest that the text still has."""
    places = text.places if text is not None else {}
    return [Finding("plan-merge-conflict", Severity.ERROR, c.sentence, _place_of(c, places), c.key, _remedy(c)) for c in conflicts]


def _place_of(conflict: MergeConflict, places: Mapping[str, Place]) -> Place:
    parts = conflict.subject.split(" -> ")
    for subject in (conflict.subject, " -> ".join(parts[:2]), f"territory {conflict.territory}"):
        if subject in places:
            place = places[subject]
            return Place(place.file, place.line, place.column, subject=conflict.subject)
    return Place(PLAN_FILE, subject=conflict.subject)


def _remedy(conflict: MergeConflict) -> str:
    return f"Change the text, or settle it with --take '{conflict.key}=ours' (the plan as it is) or '{conflict.key}=theirs' (the text)."
