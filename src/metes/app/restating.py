"""The verbs of restated figures: a past day as first known, beside the same day as known now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self, cast

from metes.app.reading import ReadingVerbs
from metes.base.errors import InputError
from metes.looking import restated as restating
from metes.looking.restated import Moved, Restated, RestatedRow
from metes.looking.tree import TreeNode, own_sums
from metes.model.moment import instant_in
from metes.model.query import Sums
from metes.store import ledger, ledger_causes, profile
from metes.store.columns import to_micros
from metes.store.ledger_causes import Writer

if TYPE_CHECKING:
    from metes.store.book_past import PastBook

_Changes = Sequence[Mapping[str, Any]]


class RestatingVerbs(ReadingVerbs):
    """What was told of a past day, and what is known of it now."""

    def restated(self, at: date, known: datetime | None = None) -> Restated:
        """The territories' figures of a day as known first (at `known`, else when the day ended) and as known now, and what changed them.

        Values of accounts are those of now in both, so that what differs is who held what. InputError for a day that is not over.
        """
        since, then, now = self._first_and_now(at, known)
        changes, writers = self._recorded_since(now, at, since)
        rows = restating.restated_rows(_tree(then), _tree(now), changes, writers)
        return Restated(at, since, rows)

    def restated_territory(self, key: str, at: date, known: datetime | None = None) -> tuple[Restated, RestatedRow | None]:
        """The same of one territory with all below it; None where neither plan has it."""
        found = self.restated(at, known)
        return found, next((row for row in found.rows if row.key == key), None)

    def restated_person(self, number: int, at: date, known: datetime | None = None) -> tuple[Restated, RestatedRow]:
        """The same of a person: what the territories hold on whose owning seats they sat that day; seats that changed count as causes."""
        since, then, now = self._first_and_now(at, known)
        changes, writers = self._recorded_since(now, at, since)
        with self.store.read() as connection:
            person = profile.person(connection, number, self.scope)
            before, after = (_owned(view, number) for view in (then, now))
            moved = restating.moved_of(before[0] & after[0], changes, writers)
            seats = self._seats_recorded_since(number, at, since)
        row = RestatedRow(str(person["external_id"]), person["name"], 0, before[1], after[1], (*seats, *moved))
        return Restated(at, since, (row,)), row

    def _first_and_now(self, at: date, known: datetime | None) -> tuple[datetime, Self, Self]:
        """The instant at which the day was first known, and the workspace of the day as known then and as known now."""
        if at >= self.today():
            raise InputError(f"expected a day that is over, got {at}; figures of today are not restated yet")
        since = known or instant_in(at.isoformat(), self.settings().time_zone)
        return since, self.as_of(at, since), self.as_of(at)

    def _recorded_since(self, now: ReadingVerbs, at: date, since: datetime) -> tuple[_Changes, Mapping[tuple[Any, ...], Writer]]:
        """What was recorded since changed of the day, per territory and cause."""
        from metes.store import ledger_reading  # loads Arrow, which most commands do without

        told = ledger_reading.told_of(self.store, at, since)
        changes = cast("PastBook", now.book()).changes(told, self.scope)
        with self.store.read() as connection:
            writers = restating.writers_of(connection, changes)
        return changes, {cause: self._as_told(writer) for cause, writer in writers.items()}

    def _as_told(self, writer: Writer) -> Writer:
        """What wrote facts, as the principal may know it: who did and from what file is for those who see everything."""
        return writer if self.scope.is_everything else replace(writer, id=0, author="", text="")

    def _seats_recorded_since(self, number: int, at: date, since: datetime) -> tuple[Moved, ...]:
        """What was recorded since of the person's seats that day; it moves no account, so it counts none."""
        with self.store.read() as connection:
            facts = ledger.sittings(connection, self.scope, person_ids=[number], at=at, whole_history=True)
            instants = {f.recorded_at for f in facts if f.recorded_until is None} | {
                f.recorded_until for f in facts if f.recorded_until
            }
            later = sorted(instant for instant in instants if instant > since)
            return tuple(
                Moved(self._as_told(ledger_causes.writer_at(connection, to_micros(instant))), 0, 0, 0, 0) for instant in later
            )


def _tree(view: ReadingVerbs) -> tuple[TreeNode, ...]:
    """The tree with sums; empty where no plan was active, as far as was known."""
    return view.tree() if view.active() else ()


def _owned(view: ReadingVerbs, number: int) -> tuple[frozenset[str], Sums]:
    """The territories on whose owning seats a person sits, and what they hold together."""
    active = view.active()
    if active is None:
        return frozenset(), Sums()
    plan, sat = active[1], {fact.seat for fact in view.sitting_now([number])}
    keys = frozenset(seat.territory for seat in plan.seats if seat.owns and seat.key in sat)
    sums = view.book().territory_sums(view.scope)
    return keys, sum((own_sums(plan, plan.territory_by_key[key], sums) for key in sorted(keys)), Sums())
