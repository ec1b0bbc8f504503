"""The verbs of merging: bring what another revision changed into a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metes.app.publications import PublicationVerbs
from metes.base.errors import Conflict
from metes.model.plan import Plan
from metes.plan.diff import Step, diff
from metes.plan.merge import MergeConflict, Merged, merge, settle, settle_all
from metes.planning import merging
from metes.store.plans import Revision


@dataclass(frozen=True)
class MergeOutcome:
    """What merging `theirs` into `ours` came to.

    `revision` is the scenario as it is then, None where conflicts are not settled or nothing was to be written; `steps` are what the merge
    changes of `ours`, with unsettled conflicts as `ours` has them; `conflicts` are those unsettled, `settled` those chosen for.
    """

    ours: Revision
    theirs: Revision
    revision: Revision | None
    conflicts: tuple[MergeConflict, ...]
    settled: tuple[MergeConflict, ...]
    steps: tuple[Step, ...]

    @property
    def is_settled(self) -> bool:
        """Whether no conflict is left."""
        return not self.conflicts


class MergeVerbs(PublicationVerbs):
    """What can be done with two revisions that came from one."""

    def plan_merge(
        self,
        source: str = "active",
        into: str = "draft",
        *,
        choices: Mapping[str, str] | None = None,
        rest: str | None = None,
        dry_run: bool = False,
        note: str = "",
        expected_root: str | None = None,
        expected_source_root: str | None = None,
    ) -> MergeOutcome:
        """Bring what a revision changed into a scenario, per part and field.

        Conflicts are settled by `choices` (ours, theirs or base by a conflict's key), all others by `rest` where it is given; with one left, or
        with `dry_run`, nothing is written. Conflict where either side changed since whoever chose looked at it.
        """
        theirs, ours = self.plan_find(source), self.plan_find(into)
        merging.require_open(ours)
        if ours.id == theirs.id:
            raise Conflict(f"revision {ours.id} cannot be merged into itself; name another with --into")
        for revision, expected in ((ours, expected_root), (theirs, expected_source_root)):
            if expected is not None and revision.root_hash != expected:
                raise Conflict(f"somebody changed revision {revision.id} meanwhile; look at the conflicts again, then merge")
        merged = self._merged(ours, theirs, choices or {}, rest)
        steps = diff(self.plan_of(ours), merged.plan)
        taken = None
        if merged.is_settled and not dry_run and (steps or self._stands_elsewhere(ours, theirs)):
            taken = merging.take(
                self.store,
                ours,
                theirs,
                merged,
                note=note or f"merged {theirs.label} into it",
                expected_root=ours.root_hash,
                now=self.clock(),
                principal=self.principal,
            )
        settled = tuple(c for c in merged.conflicts if c not in merged.unsettled)
        return MergeOutcome(ours, theirs, taken, merged.unsettled, settled, steps)

    def _merged(self, ours: Revision, theirs: Revision, choices: Mapping[str, str], rest: str | None) -> Merged:
        root = merging.base_root(self.store, ours, theirs)
        base = Plan(ours.plan_key) if root is None else self.plan_at(root)
        merged = merge(base, self.plan_of(ours), self.plan_of(theirs))
        if rest is not None:
            return settle_all(merged, rest, choices)
        return settle(merged, choices) if choices else merged

    def _stands_elsewhere(self, ours: Revision, theirs: Revision) -> bool:
        """Whether a scenario stands on another plan than the published one it is merged with."""
        return theirs.effective_on is not None and ours.base_root != theirs.root_hash
