"""The verb of reminders: whom an open review waits for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metes.app.reviews import ReviewVerbs
from metes.collaborating.reminding import Waiting, remind
from metes.model.access import REVIEWERS, UserRole
from metes.planning.notifying import in_sight
from metes.planning.reviewing import PartReview, Review
from metes.store import roles, users


class ReminderVerbs(ReviewVerbs):
    """What reminds people of one another's work."""

    def remind(self) -> Mapping[str, Any]:
        """Remind those who may approve a scenario whose review comes to its day; how many. As often as one likes: each is told once."""
        today = self.today()
        with self.store.read() as connection:
            may_read = roles.holders(connection, REVIEWERS, today)
            numbers = {user.name: user.id for user in users.all_users(connection) if user.id in may_read}
            planners = roles.holders(connection, (UserRole.ADMINISTRATOR, UserRole.PLANNER), today)
        four_eyes = self.settings().four_eyes
        waiting = [
            item for review in self.reviews_open() if (item := self._waiting(review, numbers, planners, four_eyes)) is not None
        ]
        if not waiting:
            return {"reminded": 0}
        with self.store.write() as connection:
            return {"reminded": remind(connection, waiting, today, self.clock())}

    def _waiting(self, review: Review, numbers: Mapping[str, int], planners: frozenset[int], four_eyes: bool) -> Waiting | None:
        """A review with a deadline as people see it who have not decided; None where there is none."""
        proposal = review.proposal
        if proposal is None or proposal.due_on is None:
            return None
        own = set(review.editors) if four_eyes else set()
        parts: dict[int, tuple[str, ...]] = {}
        for part in review.parts:
            wanted = {numbers[name] for name in _wanted(part, numbers, planners) - own}
            for number in sorted(in_sight(wanted, [part.part], self._where_read)):
                parts[number] = (*parts.get(number, ()), part.part.label or "the whole plan")
        asked_on = self.settings().today(proposal.proposed_at)
        link = f"/plan/{review.revision.id}/review"
        return Waiting(proposal.id, review.revision.label, link, proposal.due_on, asked_on, parts)


def _wanted(part: PartReview, numbers: Mapping[str, int], planners: frozenset[int]) -> set[str]:
    """The names of those whose decision on a part is still wanted."""
    if part.is_settled:
        return set()
    if part.approvers is None:
        may = {name for name, number in numbers.items() if number in planners}
    else:
        may = set(numbers) & set(part.approvers)
    return may - {decision.author for decision in (*part.approvals, *part.asks)}
