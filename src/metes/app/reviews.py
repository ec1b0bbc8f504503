"""The verbs of reviews: propose a scenario, talk about it, approve its parts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from metes.app.access import access_at
from metes.app.desk import require_number
from metes.app.scenarios import ScenarioVerbs
from metes.base.errors import Conflict, NotFound
from metes.model.access import HIDDEN, Capability
from metes.model.plan import Plan
from metes.model.scope import Principal, Scope
from metes.plan.diff import Step, diff
from metes.plan.parts import Part
from metes.planning import reviewing
from metes.planning.reviewing import Review
from metes.store import plan_reviews, plans
from metes.store.plan_reviews import Comment
from metes.store.plans import Revision

# Slow to load: the evaluator, which most of what is done with a review does without.
if TYPE_CHECKING:
    from metes.assigning.consequences import Balance

WORKED_OUT_AT_ONCE = 50_000
# A step takes some half a kilobyte.
STEPS_KEPT = 100_000


class ReviewVerbs(ScenarioVerbs):
    """What can be done with a scenario under review."""

    def plan_review(self, reference: str = "draft") -> Review:
        """A scenario's changes by the parts that are approved one by one, with what was decided and said.

        Whoever sees a part of the tree sees the parts of the scenario that lie in it, from when it is proposed; where none does, there
        is no scenario.
        """
        return self._review_seen(self._reviewed(reference), Capability.REVIEW)

    def _reviewed(self, reference: str) -> Revision:
        """The revision of a reference; for who does not see the whole plan, nothing tells why there is none."""
        if self.access.may(Capability.PLAN_READ):
            return self.plan_find(reference)
        try:
            return self.plan_find(reference)
        except (NotFound, Conflict):
            raise NotFound(HIDDEN) from None

    def _review_seen(self, revision: Revision, capability: Capability) -> Review:
        """The review of a revision as far as the principal has a capability in it."""
        whole, scope = self._whole_review(revision), self.access.scope(capability)
        found = reviewing.seen(whole, scope)
        if not scope.is_everything and not found.parts:
            raise NotFound(HIDDEN)
        # What nobody has put up for review yet is for those who read plans.
        if not whole.is_proposed and not self.access.may(Capability.PLAN_READ):
            raise NotFound(HIDDEN)
        return found

    def _whole_review(self, revision: Revision) -> Review:
        """The review of a revision: for working with, never to be shown as it is."""
        old, new, settings = self._whole_base(revision), self.plan_at(revision.root_hash), self.settings()
        steps = self._steps_of(revision, old, new)
        with self.store.read() as connection:
            return reviewing.review_of(connection, revision, old, new, settings, self.principal, steps)

    def _parts_of(self, revision: Revision, subject: str) -> tuple[Part, ...]:
        """The parts of a scenario to which an item belongs; none for the whole."""
        parts = (found.part for found in self._whole_review(revision).parts)
        return tuple(part for part in parts if any(step.subject == subject for step in part.steps))

    def _where_read(self, user_id: int) -> Scope:
        """Where a user may read of scenarios today."""
        found = access_at(self.store, self.shelf, Principal("", user_id), self.clock(), self._load_plan)
        return found.scope(Capability.REVIEW)

    def _steps_of(self, revision: Revision, old: Plan, new: Plan) -> tuple[Step, ...]:
        """What differs between a scenario and its base, kept on the shelf: it hangs on the content of both alone."""
        key, kept = (revision.base_root, revision.root_hash), self.shelf.diffs
        with self.shelf.lock:
            found = kept.get(key)
        if found is None:
            found = diff(old, new)
        with self.shelf.lock:
            kept[key] = found
            kept.move_to_end(key)
            while len(kept) > 1 and sum(map(len, kept.values())) > STEPS_KEPT:
                kept.popitem(last=False)
        return found

    def plan_propose(self, reference: str = "draft", *, rationale: str, due_on: date | None = None) -> Review:
        """Put a scenario into review, with the reason and a deadline."""
        revision = self.plan_find(reference)
        reviewing.propose(
            self.store,
            revision,
            self.plan_base(revision),
            self.plan_of(revision),
            rationale=rationale,
            due_on=due_on,
            today=self.today(),
            now=self.clock(),
            principal=self.principal,
            where=self._where_read,
        )
        return self.plan_review(str(revision.id))

    def plan_withdraw(self, reference: str = "draft") -> Review:
        """Take a scenario out of review."""
        revision = self.plan_find(reference)
        reviewing.withdraw(self.store, revision, today=self.today(), now=self.clock(), principal=self.principal)
        return self.plan_review(str(revision.id))

    def plan_decide(self, reference: str, part: str, decision: str, comment: str = "") -> Review:
        """Approve a part of a scenario ('approve'), or ask for changes of it ('ask')."""
        revision = self._reviewed(reference)
        scope = self.access.scope(Capability.APPROVE)
        if not scope.is_everything and part not in {p.part.key for p in self._review_seen(revision, Capability.APPROVE).parts}:
            raise NotFound(HIDDEN)
        after = reviewing.decide(
            self.store,
            revision,
            self._whole_base(revision),
            self.plan_at(revision.root_hash),
            part=part,
            decision=decision,
            comment=comment,
            settings=self.settings(),
            today=self.today(),
            now=self.clock(),
            principal=self.principal,
            where=self._where_read,
        )
        return reviewing.seen(after, scope)

    def plan_comment(self, reference: str, subject: str, text: str, *, reply_to: int | None = None) -> int:
        """Comment on an item of a scenario, named as its steps name it (empty: the whole); the comment's number."""
        if reply_to is not None:
            require_number(reply_to, "comment")
        revision = self._reviewed(reference)
        if not self.access.scope(Capability.APPROVE).is_everything:
            self._require_seen(revision, subject.strip(), reply_to)
        return reviewing.say(
            self.store,
            revision,
            subject=subject,
            text=text,
            reply_to=reply_to,
            parts=self._parts_of(revision, subject.strip()),
            now=self.clock(),
            principal=self.principal,
            where=self._where_read,
        )

    def plan_comment_resolve(self, comment_id: int) -> Comment:
        """Settle a comment."""
        require_number(comment_id, "comment")
        if not self.access.scope(Capability.APPROVE).is_everything:
            try:
                with self.store.read() as connection:
                    found = plan_reviews.comment(connection, comment_id)
            except NotFound:
                raise NotFound(HIDDEN) from None
            self._require_seen(self._reviewed(str(found.revision_id)), found.subject, comment_id)
        return reviewing.resolve(self.store, comment_id, now=self.clock(), principal=self.principal)

    def review_balances(self, reference: str = "draft") -> tuple[Balance, ...] | None:
        """What the territories that the principal sees would win and lose by a scenario, in sums; None where nobody has worked that out.

        A small company's is worked out at once. What is won may be somebody else's today: it shows in sums alone.
        """
        revision = self._reviewed(reference)
        self._review_seen(revision, Capability.REVIEW)
        found = self._consequences_at_hand(revision)
        if found is None:
            if self.book().accounts > WORKED_OUT_AT_ONCE:
                return None
            found = self._consequences(revision)
        plan, scope = self.plan_at(revision.root_hash), self.access.scope(Capability.REVIEW)
        names = {t.key: t.label for t in plan.territories}
        active = self._whole_active()
        known = active[1].territory_by_key if active else {}
        # What would be new below one's own is one's own.
        new = {key for key in names if key not in known and any(scope.has(t.key) for t in plan.ancestors(key))}
        return tuple(b for b in found.territories(names) if b.key and (scope.has(b.key) or b.key in new))

    def _require_seen(self, revision: Revision, subject: str, comment: int | None) -> None:
        """NotFound unless an item, and a comment where one is named, lie in what the principal may speak of."""
        review = self._review_seen(revision, Capability.APPROVE)
        subjects = {step.subject for part in review.parts for step in part.part.steps}
        if subject not in subjects or (comment is not None and comment not in {c.id for c in review.comments}):
            raise NotFound(HIDDEN)

    def reviews_open(self) -> tuple[Review, ...]:
        """The scenarios in review of which the principal sees a part, the most urgent first."""
        today = self.today()
        with self.store.read() as connection:
            waiting = [plans.revision(connection, row.revision_id, today) for row in plan_reviews.open_reviews(connection)]
        found = []
        for revision in waiting:
            if revision.is_open:
                try:
                    found.append(self._review_seen(revision, Capability.REVIEW))
                except NotFound:  # nothing of it is the principal's
                    continue
        return tuple(found)
