"""Taking a publication back: what it changed, undone in the plan as it is by now, as a scenario to be published like any change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from metes.base.errors import Conflict
from metes.model.scope import Principal
from metes.plan.merge import merge, settle
from metes.plan.merge_parts import MergeConflict
from metes.planning.drafts import change_draft, plan_at
from metes.store import plans
from metes.store.engine import Store
from metes.store.plans import Revision
from metes.store.publications import Publication


@dataclass(frozen=True, slots=True)
class Reverted:
    """The scenario that takes a publication back, None where conflicts with later changes are not settled."""

    revision: Revision | None
    conflicts: tuple[MergeConflict, ...]


def revert(
    store: Store,
    publication: Publication,
    *,
    choices: Mapping[str, str],
    note: str,
    today: date,
    now: datetime,
    principal: Principal,
) -> Reverted:
    """Begin a scenario that undoes a publication, whatever came after it.

    The last one gives back exactly the plan before it; of an earlier one what later publications changed again is a conflict, settled by
    `choices` ('ours' keeps the plan as it is, 'theirs' goes back). Conflict where the publication was the first, was cancelled, or
    nothing of it is left.
    """
    if publication.before_root is None:
        raise Conflict(f"publication {publication.id} was the first; there is no plan before it to go back to")
    if publication.cancelled_at is not None:
        raise Conflict(f"publication {publication.id} was cancelled; it changed nothing")
    with store.read() as connection:
        newest = plans.last_published(connection, today)
        if newest is None:
            raise Conflict("no plan is published any more; there is nothing to take back")
        ours, made, before = (plan_at(connection, root) for root in (newest.root_hash, publication.root, publication.before_root))
    merged = settle(merge(made, ours, before), choices)
    if merged.unsettled:
        return Reverted(None, merged.unsettled)
    if merged.plan == ours:
        raise Conflict(f"nothing of publication {publication.id} is left in the plan; there is nothing to take back")
    revision = change_draft(
        store,
        newest,
        merged.plan,
        note=note or f"takes publication {publication.id} of {publication.effective_on} back",
        expected_root=newest.root_hash,
        now=now,
        principal=principal,
        kind="revert",
        other_root=publication.root,
    )
    return Reverted(revision, ())
