"""The verbs of scenarios: branch, rename, what happened to one, and who may do what with which part of the plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from metes.app.desk import require_number
from metes.app.previews import PreviewVerbs
from metes.base.errors import InputError, NotFound
from metes.model.plan import Plan
from metes.planning import drafts, reviewing
from metes.store import audit, plan_life, plan_reviews, plan_rights, publications, users
from metes.store.plan_rights import RIGHTS, Right
from metes.store.plans import Revision


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One thing that happened to a plan: a change of content (`root` is what it came to), a decision, a publication."""

    at: datetime
    author: str
    kind: str
    note: str
    revision: int
    root: str


class ScenarioVerbs(PreviewVerbs):
    """What can be done with scenarios."""

    def plan_branch(self, title: str, *, reference: str = "active", note: str = "") -> Revision:
        """Begin a scenario with the content of a revision."""
        origin = self.plan_find(reference)
        return drafts.branch(
            self.store, origin, title, note=note or f"branched from {origin.label}", now=self.clock(), principal=self.principal
        )

    def plan_rename(self, title: str, reference: str = "draft") -> Revision:
        """Give a scenario another name."""
        return drafts.rename(self.store, self.plan_find(reference), title, now=self.clock(), principal=self.principal)

    def plan_base(self, revision: Revision) -> Plan:
        """The plan that a revision was branched from or last merged with, as far as the principal sees it; an empty one where it began from nothing."""
        return Plan(revision.plan_key) if revision.base_root is None else self.plan_seen(revision.base_root)

    def _whole_base(self, revision: Revision) -> Plan:
        return Plan(revision.plan_key) if revision.base_root is None else self.plan_at(revision.base_root)

    def plan_log(self, reference: str = "active") -> tuple[LogEntry, ...]:
        """What happened to a revision and to those it was branched from, newest first."""
        revision = self.plan_find(reference)
        with self.store.read() as connection:
            line = plan_life.line_of(connection, revision.id)
            entries = [
                LogEntry(c.at, c.author, c.kind, c.note, c.revision_id, c.root_after)
                for c in plan_life.changes_of(connection, line)
            ]
            for number in line:
                review = plan_reviews.review_of(connection, number)
                if review is not None:
                    entries.append(LogEntry(review.proposed_at, review.proposed_by, "propose", review.rationale, number, ""))
                    entries += [
                        LogEntry(d.at, d.author, d.decision, f"{d.part or 'the whole plan'} {d.comment}".strip(), number, "")
                        for d in plan_reviews.decisions_of(connection, [review.id])
                    ]
            for p in publications.all_publications(connection):
                if p.revision_id in line:
                    why = f"from {p.effective_on}" + (f": {p.rationale}" if p.rationale else "")
                    entries.append(LogEntry(p.recorded_at, p.publisher, p.kind, why, p.revision_id, p.root))
                    if p.cancelled_at is not None and p.cancelled_by is not None:
                        entries.append(LogEntry(p.cancelled_at, p.cancelled_by, "cancel", p.cancel_reason, p.revision_id, p.root))
        entries.sort(key=lambda entry: entry.at)
        return tuple(reversed(entries))

    def rights_list(self) -> tuple[Right, ...]:
        """All rights in force."""
        with self.store.read() as connection:
            return plan_rights.rights(connection).rows

    def right_grant(self, user: str, right: str, territory: str = "") -> int:
        """Let a user propose, review, approve or publish changes at and below a territory (empty: everywhere); the right's number."""
        if right not in RIGHTS:
            raise InputError(f"expected one of {', '.join(RIGHTS)}, got {right[:40]!r}")
        active = self.active()
        if territory and (active is None or territory not in active[1].territory_by_key):
            raise NotFound(f"the plan in force has no territory '{territory}'; 'metes territories' lists those it has")
        with self.store.write() as connection:
            found = users.find_user(connection, user)
            if found is None:
                raise NotFound(f"there is no user '{user}'; 'metes user list' shows those there are")
            number = plan_rights.grant(connection, found[0].id, right, territory, self.principal.name, self.clock())
            after = {"user": found[0].id, "right": right, "territory": territory}
            audit.add_entry(connection, self.principal, "right grant", f"right {number}", {}, self.clock(), after=after)
            return number

    def right_revoke(self, right_id: int) -> None:
        """Take a right back."""
        require_number(right_id, "right")
        with self.store.write() as connection:
            was = next((row for row in plan_rights.rights(connection).rows if row.id == right_id), None)
            plan_rights.revoke(connection, right_id, self.principal.name, self.clock())
            before = {"user": was.user_id, "right": was.right, "territory": was.territory} if was else None
            audit.add_entry(connection, self.principal, "right revoke", f"right {right_id}", {}, self.clock(), before=before)

    def may(self, right: str, territory: str = "") -> bool:
        """Whether the principal may do something at a territory of the plan in force."""
        active = self.active()
        above = active[1].ancestors(territory) if active and territory in active[1].territory_by_key else ()
        with self.store.read() as connection:
            rights = plan_rights.rights(connection)
        return reviewing.is_allowed(rights, right, (territory, *(t.key for t in above)), self.principal)
