"""Merging: what another revision changed is brought into a scenario, with the conflicts settled, in one transaction."""

from __future__ import annotations

from datetime import datetime

from metes.base.errors import Conflict
from metes.model.scope import Principal
from metes.plan.merge import Merged
from metes.planning import drafts
from metes.store import plan_life
from metes.store.engine import Store
from metes.store.plans import Revision


def base_root(store: Store, ours: Revision, theirs: Revision) -> str | None:
    """The root of the content that two revisions both came from; None where they have nothing in common."""
    with store.read() as connection:
        return plan_life.common_base(connection, ours.id, theirs.id)


def require_open(revision: Revision) -> None:
    """Conflict unless a revision may be merged into."""
    if not revision.is_open:
        raise Conflict(
            f"revision {revision.id} is {revision.state} and never changes; branch a scenario from it ('metes plan branch'), then merge into that"
        )


def take(
    store: Store,
    ours: Revision,
    theirs: Revision,
    merged: Merged,
    *,
    note: str,
    expected_root: str,
    now: datetime,
    principal: Principal,
) -> Revision:
    """Write a settled merge into the scenario; Conflict where somebody changed it since it was merged.

    Where the other revision was published, the scenario stands on it from now on; a scenario merged in leaves it on what it stood on,
    so that a review shows what both of them change.
    """
    if not merged.is_settled:
        raise Conflict(f"{len(merged.unsettled)} conflicts are not settled; settle them, then merge again")
    stands_on = theirs.root_hash if theirs.effective_on is not None else None

    return drafts.change_draft(
        store,
        ours,
        merged.plan,
        note=note,
        expected_root=expected_root,
        now=now,
        principal=principal,
        kind="merge",
        base_root=stands_on,
        other_root=theirs.root_hash,
    )
