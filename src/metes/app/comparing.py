"""The verbs of comparing: what one revision would change against another, on the Book."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from metes.app.merging import MergeVerbs
from metes.base.ids import content_hash
from metes.base.progress import SILENT, Progress
from metes.store.plans import Revision

# Slow to load: Arrow and the evaluator.
if TYPE_CHECKING:
    from metes.assigning.comparing import Compared
    from metes.assigning.consequences import Consequences


class CompareVerbs(MergeVerbs):
    """What can be asked about two revisions."""

    def plan_compare(self, before: str = "active", after: str = "draft", progress: Progress = SILENT) -> Consequences:
        """What one revision would change against another, both run over the accounts of now; kept until data, plans or seats change.

        `pairs`, `territories`, `people` and the accounts that move are those of a preview; `standings` tell what each territory holds
        under both. Nothing is written to the ledger.
        """
        from metes.assigning import comparing, consequences

        one, other = self.plan_find(before), self.plan_find(after)
        book = self.book(progress)
        path = self._compare_path(one, other)
        if not path.exists():
            found, moves = comparing.compare(
                book, self._compared(one), self._compared(other), day=self.today(), scope=self.scope, progress=progress
            )
            consequences.write(found, moves, path)
        return consequences.read(path)[0]

    def compared_at_hand(self, before: str = "active", after: str = "draft") -> Consequences | None:
        """The comparison of two revisions where it has been worked out for the data, the seats and the day of now."""
        path = self._compare_path(self.plan_find(before), self.plan_find(after))
        if not path.exists():
            return None
        from metes.assigning import consequences

        return consequences.read(path)[0]

    def _compared(self, revision: Revision) -> Compared:
        from metes.assigning.comparing import Compared

        plan = self.plan_of(revision)
        return Compared(revision.id, plan, self.compiled_of(revision), self._owners(plan, self.today()))

    def _compare_path(self, before: Revision, after: Revision) -> Path:
        key = self._book_key()
        roots = [before.root_hash, after.root_hash]
        digest = content_hash([*roots, key.data, key.ledger, key.day.isoformat(), key.shape])[:16]
        return self.shelf.books / "previews" / f"preview-{digest}.arrow"
