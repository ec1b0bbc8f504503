"""The verbs of changing records by hand, and of assigning here and now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metes.app.imports import ImportVerbs
from metes.assigning.report import AssignReport
from metes.base.errors import Busy, Conflict, InputError, NotFound
from metes.base.findings import Finding, Place, Severity
from metes.base.progress import SILENT, Progress
from metes.looking import owners
from metes.model.access import Capability
from metes.store import jobs, profile

if TYPE_CHECKING:
    from metes.importing.report import ImportReport


@dataclass(frozen=True, slots=True)
class Edited:
    """An account changed by hand: its import (None where every value was as it is), and what became of its assignment.

    `assigned` is the run that followed at once, as far as it is of what the editor sees, `job` the one that waits for a worker instead; both are None where the workspace
    assigns by hand.
    """

    account: str
    report: ImportReport
    assigned: AssignReport | None
    job: int | None

    @property
    def is_changed(self) -> bool:
        """Whether anything was written."""
        return self.report.changed > 0


class RecordVerbs(ImportVerbs):
    """What changes single records."""

    def account_edit(self, account: str, values: Mapping[str, str], *, expected: int | None = None) -> Edited:
        """Change fields of an account to what texts say; an empty text clears its field.

        `expected` is the import that last changed the account when it was looked at: Conflict where another one has since. The
        account is assigned at once; what else changed before waits for a worker.
        """
        from metes.importing.by_hand import edit_account

        account, values = self._editable(account), self._with_parent_seen(account, values)
        report = edit_account(
            self.store, account, values, expected=expected, now=self.clock(), principal=self.principal
        )  # fmt: skip
        is_wanted = report.changed > 0 and self.settings().assign_on_change and self.last_run() is not None
        assigned = self._assign_quickly(account) if is_wanted else None
        if assigned is not None and self.scope.territories is not None:
            assigned = assigned.within(self.scope.territories)
        return Edited(account, report, assigned, self.assign_waiting())

    def _editable(self, account: str) -> str:
        """The key of an account that the principal may change; NotFound, as for one that does not exist, of any other."""
        scope = self.access.scope(Capability.DATA_EDIT)
        if scope.is_everything:
            return account
        with self.store.read() as connection:
            number = owners.the_account(connection, account, scope)
            return profile.account_key(connection, number)

    def _with_parent_seen(self, account: str, values: Mapping[str, str]) -> Mapping[str, str]:
        """The values with the parent by its key; of a parent that is hidden InputError says what it says of one that is not there."""
        parent = values.get("parent", "").strip()
        if not parent or self.scope.is_everything:
            return values
        with self.store.read() as connection:
            try:
                number = owners.the_account(connection, parent, self.scope)
            except NotFound:
                what, remedy = "no account of yours has this id", "write the id of one that you see, or leave it as it is"
                found = Finding("edit-parent", Severity.ERROR, what, Place(column="parent"), parent, remedy)
                raise InputError(f"the account {account} was not changed: its parent cannot be taken", [found]) from None
            return {**values, "parent": profile.account_key(connection, number)}

    def assign_now(self, progress: Progress = SILENT, *, is_forced: bool = False) -> AssignReport:
        """Assign here and now; jobs that waited to do the same are done by it."""
        with self.store.read() as connection:
            waiting = jobs.waiting_ids(connection, jobs.ASSIGN_KEY)
        report = self.assign(progress, is_forced=is_forced)
        self._settle(waiting, report)
        return report

    def _assign_quickly(self, account: str) -> AssignReport | None:
        """Assign one account; None where another writer is in the way, so that a worker does it. What waited is done where it was all."""
        with self.store.read() as connection:
            waiting = jobs.waiting_ids(connection, jobs.ASSIGN_KEY)
        try:
            report = self.assign_accounts([account])
        except (Busy, Conflict, NotFound):
            return None
        if self.is_assigned():
            self._settle(waiting, report)
        return report

    def _settle(self, waiting: tuple[int, ...], report: AssignReport) -> None:
        """End assignments that waited and are done."""
        if waiting:
            with self.store.write() as connection:
                why = f"{self.principal.name} assigned beside the workers; nothing is left to do here"
                jobs.settle(connection, waiting, report.as_dict(), self.clock(), why)
