"""The verbs of reviews: propose a scenario, talk about it, approve its parts."""

from __future__ import annotations

from datetime import date

from metes.app.desk import require_number
from metes.app.scenarios import ScenarioVerbs
from metes.planning import reviewing
from metes.planning.reviewing import Review
from metes.store import plan_reviews, plans
from metes.store.plan_reviews import Comment


class ReviewVerbs(ScenarioVerbs):
    """What can be done with a scenario under review."""

    def plan_review(self, reference: str = "draft") -> Review:
        """A scenario's changes by the parts that are approved one by one, with what was decided and said."""
        revision = self.plan_find(reference)
        old, new = self.plan_base(revision), self.plan_of(revision)
        settings = self.settings()
        with self.store.read() as connection:
            return reviewing.review_of(connection, revision, old, new, settings, self.principal)

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
        )
        return self.plan_review(str(revision.id))

    def plan_withdraw(self, reference: str = "draft") -> Review:
        """Take a scenario out of review."""
        revision = self.plan_find(reference)
        reviewing.withdraw(self.store, revision, today=self.today(), now=self.clock(), principal=self.principal)
        return self.plan_review(str(revision.id))

    def plan_decide(self, reference: str, part: str, decision: str, comment: str = "") -> Review:
        """Approve a part of a scenario ('approve'), or ask for changes of it ('ask')."""
        revision = self.plan_find(reference)
        return reviewing.decide(
            self.store,
            revision,
            self.plan_base(revision),
            self.plan_of(revision),
            part=part,
            decision=decision,
            comment=comment,
            settings=self.settings(),
            today=self.today(),
            now=self.clock(),
            principal=self.principal,
        )

    def plan_comment(self, reference: str, subject: str, text: str, *, reply_to: int | None = None) -> int:
        """Comment on an item of a scenario, named as its steps name it (empty: the whole); the comment's number."""
        if reply_to is not None:
            require_number(reply_to, "comment")
        revision = self.plan_find(reference)
        return reviewing.say(
            self.store, revision, subject=subject, text=text, reply_to=reply_to, now=self.clock(), principal=self.principal
        )

    def plan_comment_resolve(self, comment_id: int) -> Comment:
        """Settle a comment."""
        require_number(comment_id, "comment")
        return reviewing.resolve(self.store, comment_id, now=self.clock(), principal=self.principal)

    def reviews_open(self) -> tuple[Review, ...]:
        """The scenarios in review, the most urgent first."""
        today = self.today()
        with self.store.read() as connection:
            waiting = [plans.revision(connection, row.revision_id, today) for row in plan_reviews.open_reviews(connection)]
        return tuple(self.plan_review(str(revision.id)) for revision in waiting if revision.is_open)
