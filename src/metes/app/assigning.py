"""The verbs of assignment: run the active plan over all accounts, over a few, or see what a plan would change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from metes.app.desk import Desk
from metes.assigning import last_run
from metes.assigning.report import AssignReport
from metes.base.errors import Conflict, NotFound
from metes.base.progress import NO_CHECKPOINT, SILENT, Checkpoint, Progress
from metes.model.plan import Plan
from metes.store import plans
from metes.store.plans import Revision

# Slow to load: NumPy, Arrow and DuckDB, which a look whether anything changed does without.
if TYPE_CHECKING:
    from metes.assigning.task import Task
    from metes.rules.assign import Assigner
    from metes.store.book import Book
    from metes.store.book_key import BookKey

ASSIGN_TRIES = 3
T = TypeVar("T")


class AssignVerbs(Desk):
    """What can be done with the ledger's ownership."""

    def last_run(self) -> Mapping[str, Any] | None:
        """The newest run of the rules; None before the first."""
        return last_run.last_row(self.store)

    def is_assigned(self) -> bool:
        """Whether the ledger says what the active plan makes of today's data."""
        active = self.active()
        return active is not None and last_run.up_to_date(self.store, active[0], self.today()) is not None

    def assign(
        self,
        progress: Progress = SILENT,
        *,
        is_forced: bool = False,
        dry_run: bool = False,
        checkpoint: Checkpoint = NO_CHECKPOINT,
    ) -> AssignReport:
        """Run the active plan over the accounts that need it and write what changed into the ledger.

        Only accounts that changes since the last run may touch are evaluated, all of them where that cannot be told or `is_forced`;
        the report says which and why. With nothing changed it answers at once.
        """
        return self._tried(lambda: self._assign_once(progress, is_forced, dry_run, checkpoint), progress)

    def assign_accounts(self, keys: Sequence[str], progress: Progress = SILENT) -> AssignReport:
        """Run the active plan over a few accounts that have just changed, named by their keys, and write what changed.

        Where little else has changed since the last run this brings the ledger up to date, else others wait for the next run.
        """
        return self._tried(lambda: self._assign_named(keys, progress), progress)

    def _assign_once(self, progress: Progress, is_forced: bool, dry_run: bool, checkpoint: Checkpoint) -> AssignReport:
        today = self.today()
        revision = self.active_revision(today)
        if not is_forced:
            run = last_run.up_to_date(self.store, revision, today)
            if run is not None:
                return run.as_before(revision)
        from metes.assigning import running

        task = self._task(revision, last_run.day_of_run(self.store, revision, today), today, progress)
        if dry_run:
            return running.preview(task)
        return running.assign(task, now=self.clock(), principal=self.principal, is_forced=is_forced, checkpoint=checkpoint)

    def _assign_named(self, keys: Sequence[str], progress: Progress) -> AssignReport:
        from metes.assigning import running

        today = self.today()
        revision = self.active_revision(today)
        task = self._task(revision, last_run.day_of_run(self.store, revision, today), today, progress)
        return running.assign_named(task, keys, now=self.clock(), principal=self.principal)

    def _tried(self, assign: Callable[[], T], progress: Progress) -> T:
        """What a run gives, begun again where the data changed under it."""
        for left in reversed(range(ASSIGN_TRIES)):
            try:
                return assign()
            except Conflict:
                if not left:
                    raise
                progress.report("the data changed meanwhile, starting again")
        raise AssertionError("the loop returns or raises")

    def _task(self, revision: Revision, day: date, today: date, progress: Progress) -> Task:
        """What a run of a revision works with."""
        from metes.assigning.task import Task

        shape = self._book_wanted()[1]
        return Task(
            store=self.store,
            revision=revision,
            plan=self.plan_at(revision.root_hash),
            names_of=partial(self._names_of, revision),
            assigner=partial(self._assigner_of, revision, today),
            plan_of=self._plan_numbered,
            fields=self.fields(),
            shape=shape,
            books=_Books(self, progress),
            day=day,
            today=today,
            progress=progress,
        )

    def _names_of(self, revision: Revision) -> frozenset[str]:
        """The fields and terms that a revision's rules ask for; where rules were compiled before, compiling them is quicker than looking."""
        from metes.assigning.task import names_in

        return (
            frozenset(self.compiled_of(revision).used_fields) if self.shelf.compiled else names_in(self.plan_at(revision.root_hash))
        )

    def _assigner_of(self, revision: Revision, day: date) -> Assigner:
        """A revision made ready for a day, kept on the shelf."""
        from metes.rules.assign import Assigner  # loads Numba, which only a real run needs

        compiled = self.compiled_of(revision)
        with self.shelf.lock:
            kept = self.shelf.assigner
        if kept is None or kept.compiled is not compiled or kept.day != day:
            kept = self.shelf.assigner = Assigner(compiled, self.plan_at(revision.root_hash), day)
        return kept

    def _plan_numbered(self, revision: int) -> Plan:
        with self.store.read() as connection:
            found = plans.revision(connection, revision, self.today())
        return self.plan_at(found.root_hash)


class _Books:
    """The Books of a workspace, as runs ask for them."""

    def __init__(self, desk: Desk, progress: Progress) -> None:
        self._desk = desk
        self._progress = progress

    def at_hand(self) -> tuple[BookKey, Book] | None:
        """The newest Book there is of today's currency, rates and fields, however old its data."""
        return self._desk.book_at_hand()

    def of_now(self, *, is_of_today: bool) -> tuple[BookKey, Book]:
        """The Book of the data of now, made where it is not there; one made on an earlier day does unless `is_of_today`."""
        shelf = self._desk.shelf
        with shelf.lock:
            book = self._desk.book(self._progress, any_ledger=True)
            if is_of_today and shelf.book is not None and shelf.book[0].day != self._desk.today():
                book = self._desk.book(self._progress)
            if shelf.book is None:
                raise NotFound("there is no Book")
            return shelf.book[0], book
