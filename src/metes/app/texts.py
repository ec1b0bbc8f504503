"""The verbs of plans as text: written into a folder, taken in from one, compared, and applied in one go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from metes.app.comparing import CompareVerbs
from metes.app.plans import Imported
from metes.app.records import RecordVerbs
from metes.assigning.report import AssignReport
from metes.base.errors import InputError
from metes.base.findings import Finding, Severity
from metes.base.progress import SILENT, Progress
from metes.model.plan import Plan
from metes.plan.check import check_plan
from metes.plan.diff import Step, diff
from metes.plan.lock import LOCK_FILE, Lock, lock_in, lock_of, read_lock
from metes.plan.markdown import markdown_of
from metes.plan.merge import Merged, merge, settle, settle_all
from metes.plan.nodes import nodes_of
from metes.plan.text import PlanText
from metes.plan.writing import render, write_lock, write_locked
from metes.planning import texts
from metes.planning.texts import Origin
from metes.store import plans
from metes.store.plans import Revision

if TYPE_CHECKING:
    from metes.assigning.consequences import Consequences

Source = Path | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What applying a text would do: the steps from the plan that it follows, and what they change account by account."""

    revision: Revision
    steps: tuple[Step, ...]
    consequences: Consequences


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a text did. `revision` is what it became or was already; `steps` are empty where it said nothing new."""

    revision: Revision | None
    steps: tuple[Step, ...]
    is_applied: bool
    findings: tuple[Finding, ...] = ()
    report: AssignReport | None = None
    beyond: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    """A text as read: its plan, where its parts stand (None where nothing was to be read), its lock, and what there is to say."""

    name: str
    plan: Plan
    text: PlanText | None
    lock: Lock | None
    origin: Origin
    findings: tuple[Finding, ...]


class TextVerbs(CompareVerbs, RecordVerbs):
    """What can be done with plans as text."""

    def plan_export(self, folder: Path, reference: str = "active") -> list[Path]:
        """Write a plan as text, with the lock that says what it was written from; files whose content has not changed stay untouched."""
        revision = self.plan_find(reference)
        self._note_export(f"revision {revision.id}", {"form": "text"})
        lock = lock_in(folder)[0]
        if lock is not None and lock.root == revision.root_hash and lock.is_untouched(folder):
            return [folder / LOCK_FILE] if write_lock(folder, replace(lock, revision=revision.id)) else []
        return write_locked(self.plan_of(revision), folder, self.fields(), root=revision.root_hash, revision=revision.id)

    def plan_import(
        self,
        source: Source,
        *,
        note: str = "",
        choices: Mapping[str, str] | None = None,
        rest: str | None = None,
        is_whole: bool = False,
    ) -> Imported:
        """Take a plan folder, or texts by their path in one, in as a draft; with errors or open conflicts nothing is kept.

        A folder that was written from an earlier revision is merged with what came since, into the scenario it was written from while
        that is open; `choices` and `rest` settle conflicts, where the plan as it is is 'ours' and the text 'theirs'. `is_whole` takes the
        text for all there is. The folder's lock then says what was taken in.
        """
        return self._take_in(source, note, choices or {}, rest, is_whole)[0]

    def _take_in(
        self, source: Source, note: str, choices: Mapping[str, str], rest: str | None, is_whole: bool
    ) -> tuple[Imported, Revision | None]:
        """What came of a text, and the revision it was merged with as it was before."""
        read = self._read(source, is_whole)
        merged = self._with_what_came_since(read, choices, rest)
        ours = read.origin.ours
        if ours is not None and (merged.plan == self.plan_of(ours)):
            number, is_new = ours.id, False
        else:
            number, is_new = texts.take(
                self.store,
                read.plan,
                merged.plan,
                read.origin,
                read.lock,
                note=note or f"imported from {read.name}",
                now=self.clock(),
                principal=self.principal,
            )
        self._note_taken(source, read, merged.plan, number)
        is_changed = not is_new and ours is not None and ours.is_open and merged.plan != self.plan_of(ours)
        imported = Imported(number, is_new, merged.plan, read.findings, diff(read.plan, merged.plan), is_changed)
        return imported, ours

    def plan_diff(self, before: str | Path, after: str | Path) -> tuple[Step, ...]:
        """The steps from one revision or plan folder to another."""
        one, other = (self._content(side) for side in (before, after))
        return diff(one, other)

    def plan_names(self, *sides: str | Path) -> dict[str, str]:
        """What people call the territories of some revisions or folders, by key; the last one that has it counts."""
        return {territory.key: territory.label for side in sides for territory in self._content(side).territories}

    def plan_markdown(
        self, before: str | Path, after: str | Path, *, has_consequences: bool = False, progress: Progress = SILENT
    ) -> str:
        """What differs between two revisions or folders as a comment for a review; of revisions also what it changes account by account."""
        names, told = self.plan_names(before, after), ""
        if has_consequences:
            from metes.assigning import telling

            one, other = self._revisions_only(before, after)
            told = telling.markdown(self.plan_compare(one, other, progress), names, self.settings().reporting_currency)
        return markdown_of(self.plan_diff(before, after), names, title=f"{before} → {after}", consequences=told)

    def _revisions_only(self, *sides: str | Path) -> list[str]:
        folders = [side for side in sides if isinstance(side, Path)]
        if folders:
            raise InputError(f"the consequences are those of revisions; 'metes plan import {folders[0]}' makes one of the folder")
        return [str(side) for side in sides]

    def plan_apply(
        self,
        source: Source,
        *,
        on: date | None = None,
        note: str = "",
        choices: Mapping[str, str] | None = None,
        rest: str | None = None,
        is_whole: bool = False,
        confirm: Callable[[Foreseen], bool] | None = None,
        progress: Progress = SILENT,
    ) -> Applied:
        """Take a text in, show what it would change, publish it from a day on and assign; where it says nothing new nothing is done.

        `confirm` is shown the steps and their consequences, and its no leaves everything as it was. Where the plan needs approvals the draft stays and
        the refusal says what to do.
        """
        taken, before = self._take_in(source, note, choices or {}, rest, is_whole)
        revision = self.plan_find(str(taken.revision))
        followed = self._newest_publication()
        steps = diff(self.plan_of(followed) if followed else Plan(revision.plan_key), taken.plan)
        if not revision.is_open or not steps:
            self._take_back(taken, before)
            report = self.assign_now(progress) if followed and followed.state == "active" and not self.is_assigned() else None
            return Applied(followed, (), False, taken.findings, report, taken.beyond)
        if confirm is not None and not confirm(Foreseen(revision, steps, self.preview(str(revision.id), progress))):
            self._take_back(taken, before)
            return Applied(None, steps, False, taken.findings)
        published = self.plan_publish(str(revision.id), on=on, rationale=note, expected_root=revision.root_hash)
        done = self.assign_now(progress) if published.state == "active" else None
        return Applied(published, steps, True, taken.findings, done, taken.beyond)

    def _take_back(self, taken: Imported, before: Revision | None) -> None:
        """Leave the store as it was before a text was taken in."""
        if taken.is_new:
            self.plan_discard(str(taken.revision))
        elif taken.is_changed and before is not None:
            earlier = self.plan_of(before)
            self.plan_change(lambda _: earlier, "text taken back", reference=str(before.id))

    def _read(self, source: Source, is_whole: bool) -> _Read:
        """A text with its lock and what it is merged with; InputError with its errors where it has some."""
        lock, about = self._lock_of(source)
        lock = None if is_whole else lock
        origin = texts.origin_of(self.store, lock, self.today())
        about = (*(about if origin.ours is not None and not is_whole else ()), *origin.findings)
        name = source.name if isinstance(source, Path) else "texts"
        if lock is not None and not origin.findings and isinstance(source, Path) and lock.is_untouched(source):
            with self.store.read() as connection:
                is_known = plans.has_node(connection, lock.root)
            if is_known:
                return _Read(name, self.plan_at(lock.root), None, lock, origin, about)
        given = source if isinstance(source, Path) else {path: text for path, text in source.items() if path != LOCK_FILE}
        text, findings = self._read_and_check(given)
        errors = sum(f.severity is Severity.ERROR for f in findings)
        if text is None or errors:
            raise InputError(f"the plan in {name} has {errors} errors and was not taken in; mend them and import again", findings)
        return _Read(name, text.plan, text, lock, origin, (*about, *findings))

    def _lock_of(self, source: Source) -> tuple[Lock | None, tuple[Finding, ...]]:
        if isinstance(source, Path):
            return lock_in(source) if source.is_dir() else (None, ())
        return read_lock(source[LOCK_FILE]) if LOCK_FILE in source else (None, ())

    def _with_what_came_since(self, read: _Read, choices: Mapping[str, str], rest: str | None) -> Merged:
        """A text merged with the plan as it is by now; InputError where conflicts are left."""
        ours, root = read.origin.ours, read.origin.base_root
        base = read.plan if ours is None else self.plan_of(ours) if root is None else self.plan_at(root)
        merged = merge(base, base if ours is None else self.plan_of(ours), read.plan)
        merged = settle_all(merged, rest, choices) if rest else settle(merged, choices)
        if not merged.is_settled:
            count = len(merged.unsettled)
            raise InputError(
                f"{count} conflict{'s' * (count > 1)} between {read.name} and what changed in the plan since it was written from "
                f"revision {read.lock.revision if read.lock else '?'}; nothing was taken in",
                texts.conflict_findings(merged.unsettled, read.text),
            )
        errors = self._errors_of(merged.plan) if merged.plan is not read.plan and merged.conflicts else []
        if errors:
            raise InputError(
                f"{read.name} and what changed since give a plan with {len(errors)} errors; nothing was taken in", errors
            )
        return merged

    def _errors_of(self, plan: Plan) -> list[Finding]:
        found = check_plan(plan, self.fields(), self._known_accounts(plan))
        return [finding for finding in found if finding.severity is Severity.ERROR]

    def _note_taken(self, source: Source, read: _Read, taken: Plan, revision: int) -> None:
        """Say in a folder what was taken in from it; one that cannot be written goes without."""
        if isinstance(source, Path) and source.is_dir() and read.text is not None:
            root = self.plan_find(str(revision)).root_hash if taken is read.plan else nodes_of(read.plan)[0]
            with suppress(OSError):
                write_lock(source, lock_of(source, root, revision, render(read.plan)))

    def _content(self, side: str | Path) -> Plan:
        """The plan of a revision or of a folder."""
        if isinstance(side, str):
            return self.plan_show(side)[1]
        lock = lock_in(side)[0] if side.is_dir() else None
        if lock is not None and lock.is_untouched(side):
            with self.store.read() as connection:
                is_known = plans.has_node(connection, lock.root)
            if is_known:
                return self.plan_at(lock.root)
        text, findings = self._read_and_check(side)
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        if text is None or errors:
            raise InputError(f"the plan in {side} has {len(errors)} errors and cannot be compared; mend them first", errors)
        return text.plan

    def _newest_publication(self) -> Revision | None:
        """The revision that the next publication would follow."""
        with self.store.read() as connection:
            published = plans.publications(connection)
            return plans.revision(connection, published[-1].revision_id, self.today()) if published else None
