"""The verbs of publications: from which day a scenario is the plan, what that promised, whom it told; cancelled, and taken back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Self

from metes.app.desk import require_number
from metes.app.reviews import ReviewVerbs
from metes.base.errors import Conflict, InputError
from metes.plan.check import check_plan
from metes.planning import messages, publishing, reverting
from metes.planning.messages import Change
from metes.planning.publishing import Wanted
from metes.planning.reverting import Reverted
from metes.store import audit, ledger, plans, publications
from metes.store.plans import Revision
from metes.store.publications import Message, Publication

if TYPE_CHECKING:
    from metes.assigning.consequences import Consequences


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """A publication, what it told whom, and what is true now of what it promised."""

    publication: Publication
    messages: tuple[Message, ...]
    actual: Mapping[str, Any]


class PublicationVerbs(ReviewVerbs):
    """What can be done with publications."""

    def plan_publish(
        self,
        reference: str = "draft",
        *,
        on: date | None = None,
        rationale: str = "",
        correction: str = "",
        expected_root: str | None = None,
    ) -> Revision:
        """Make a scenario the plan from a day on (None: today), and keep what the preview promised and what it means for each person.

        `rationale` is sent to them; `correction` is the reason for a day that has passed.
        """
        revision, plan = self.plan_show(reference)
        if not revision.is_open:
            raise Conflict(f"revision {revision.id} is {revision.state} already; publish a draft, or change it first")
        today = self.today()
        day = on or today
        findings = check_plan(plan, self.fields(), self._known_accounts(plan))
        settings = self.settings()
        found = self._foreseen(revision)
        wanted = Wanted(day, rationale, correction, expected_root or revision.root_hash)
        if found is not None:
            told = messages.messages_of(
                self._won_and_lost(found), on=day, rationale=wanted.why, currency=settings.reporting_currency
            )
            wanted = replace(wanted, promised=self._promised(found), messages=told)
        return publishing.publish(
            self.store,
            revision,
            wanted,
            today=today,
            findings=findings,
            settings=settings,
            now=self.clock(),
            principal=self.principal,
        )

    def publish_preview(
        self, reference: str = "draft", *, on: date | None = None, rationale: str = ""
    ) -> Sequence[Mapping[str, Any]]:
        """What each person would be told if a scenario were published: rows with person_id, person, gained, lost and text."""
        found = self._foreseen(self.plan_find(reference))
        if found is None:
            return ()
        changes = self._won_and_lost(found)
        told = messages.messages_of(
            changes, on=on or self.today(), rationale=rationale, currency=self.settings().reporting_currency
        )
        names = {number: name for name, number in self._seated_people().values()}
        return [{**row, "person": names[row["person_id"]]} for row in told]

    def _foreseen(self, revision: Revision) -> Consequences | None:
        """The preview of a revision; None while there are no accounts, or its rules are wrong."""
        with self.store.read() as connection:
            if plans.known_accounts(connection, ()) is None:
                return None
        try:
            return self.preview(str(revision.id))
        except InputError:
            return None  # publishing tells what is wrong with the rules

    def _promised(self, found: Consequences) -> dict[str, Any]:
        """What a preview says, in short: what moves, what hand-overs cost, how even potential would be spread."""
        from metes.looking.hand_overs import cost_of  # loads NumPy and Arrow

        before = self._potential_by_territory()
        after: dict[str, int] = defaultdict(int, before)
        for balance in found.territories({}):
            after[balance.key] += balance.net.potential
        after.pop("", None)
        return {
            **found.in_short(),
            "disruption": cost_of(sum(p.revenue_12m for p in found.pairs if p.before and _is_handed_over(found, p))),
            "balance_before": spread(before),
            "balance": spread(after),
        }

    def _potential_by_territory(self) -> dict[str, int]:
        return {
            key: sums.potential for (key, role), sums in self.book().territory_sums(self.scope).items() if role == "primary" and key
        }

    def _won_and_lost(self, found: Consequences) -> list[Change]:
        """What each person wins and loses, with the other side of each move by name."""
        people = self._seated_people()
        won_from: dict[str, Counter[str]] = defaultdict(Counter)
        lost_to: dict[str, Counter[str]] = defaultdict(Counter)
        for pair in found.pairs:
            before, after = found.owners_of(pair)
            for key in after.keys() - before.keys():
                won_from[key][", ".join(sorted(before.values())) or "nobody"] += pair.accounts
            for key in before.keys() - after.keys():
                lost_to[key][", ".join(sorted(after.values())) or "nobody"] += pair.accounts
        return [
            Change(people[b.key][1], asdict(b.won), asdict(b.lost), won_from[b.key].most_common(), lost_to[b.key].most_common())
            for b in found.people()
            if b.key in people
        ]

    def _seated_people(self) -> dict[str, tuple[str, int]]:
        """Name and number of the people on seats, by the key that a preview calls them."""
        with self.store.read() as connection:
            sitting = ledger.sittings(connection, self.scope, at=self.today())
        return {s.person_key: (s.person, s.person_id) for s in sitting}

    def plan_cancel(self, publication_id: int, reason: str) -> Revision:
        """Cancel a publication before its day; its revision is a scenario again."""
        require_number(publication_id, "publication")
        return publishing.cancel(
            self.store, publication_id, reason=reason, today=self.today(), now=self.clock(), principal=self.principal
        )

    def plan_revert(self, publication_id: int, *, choices: Mapping[str, str] | None = None, note: str = "") -> Reverted:
        """Begin a scenario that takes a publication back; `choices` settle conflicts with what later ones changed."""
        require_number(publication_id, "publication")
        with self.store.read() as connection:
            found = publications.publication(connection, publication_id)
        return reverting.revert(
            self.store,
            found,
            choices=choices or {},
            note=note,
            today=self.today(),
            now=self.clock(),
            principal=self.principal,
        )

    def publications(self) -> tuple[Publication, ...]:
        """Every publication, cancelled ones among them, the last recorded first."""
        with self.store.read() as connection:
            return publications.all_publications(connection)

    def publication(self, publication_id: int, *, at: date | None = None) -> ChangeRecord:
        """One publication with its messages, and what it promised against what is true.

        True today, with the accounts that its first assignment moved; or on a day (`at`) since it took effect, with the accounts that
        another territory then holds than on the day before it, and what their hand-overs cost at revenues of now.
        """
        require_number(publication_id, "publication")
        with self.store.read() as connection:
            found = publications.publication(connection, publication_id)
            told = publications.messages(connection, publication_id=publication_id)
            moved = publications.moved_by(connection, found.revision_id)
        view = self if at is None else self._on(at, found.effective_on)
        actual: dict[str, Any] = {"day": view.seen_on.isoformat(), "moved": moved}
        sums, total = view.book().territory_sums(self.scope), view.book().total(self.scope)
        if total.accounts:
            gaps = sums[("", "primary")].accounts if ("", "primary") in sums else 0
            actual |= {"balance": spread(view._potential_by_territory()), "gaps": gaps, "accounts": total.accounts}
        if at is not None:
            actual |= self._handed_over(view, found.effective_on - timedelta(days=1))
        return ChangeRecord(found, told, actual)

    def _on(self, at: date, effective_on: date) -> Self:
        if not effective_on <= at <= self.today():
            raise InputError(f"expected a day from {effective_on} up to today, got {at}")
        return self.as_of(at)

    def _handed_over(self, view: Self, eve: date) -> dict[str, int]:
        """What changed hands from one day to the day of a view."""
        from metes.looking import hand_overs  # loads NumPy and Arrow

        before = self.as_of(eve)
        tables = [one.book().details(hand_overs.COLUMNS, self.scope) for one in (before, view)]
        people = [one._owners(active[1] if (active := one.active()) else None, one.seen_on) for one in (before, view)]
        found = hand_overs.handed_over(*tables, *people)
        return {"moved": found.moved, "disruption": found.disruption}

    def messages_to_me(self) -> tuple[Message, ...]:
        """What publications told the person whom the principal is linked to, the newest first."""
        person = self._my_person()
        if person is None:
            return ()
        with self.store.read() as connection:
            return publications.messages(connection, person_id=person)

    def publication_acknowledge(self, publication_id: int) -> None:
        """Note that the person whom the principal is linked to has read what a publication told them."""
        require_number(publication_id, "publication")
        person = self._my_person()
        if person is None:
            raise InputError("you are linked to no person; an administrator links you with 'metes user link NAME PERSON'")
        with self.store.write() as connection:
            publications.acknowledge(connection, publication_id, person, self.principal.name, self.clock())
            audit.add_entry(connection, self.principal, "plan acknowledge", f"publication {publication_id}", {}, self.clock())

    def _my_person(self) -> int | None:
        return self.access.person_id


def _is_handed_over(found: Consequences, pair: Any) -> bool:
    """Whether accounts that move leave everybody who owned them."""
    before, after = found.owners_of(pair)
    return bool(before.keys() - after.keys())


def spread(amounts: Mapping[str, int]) -> dict[str, Any] | None:
    """How evenly territories share a sum: how many there are, the largest against the average, and the Gini index; None without any."""
    values = [value for value in amounts.values() if value > 0]
    if not values:
        return None
    from metes.partition.fairness import evenness  # loads NumPy

    found = evenness(values)
    return {"territories": len(values), "largest": round(found.highest / found.mean, 4), "gini": round(found.gini, 4)}
