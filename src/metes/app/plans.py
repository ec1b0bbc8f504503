"""The verbs of plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from metes.app.assigning import AssignVerbs
from metes.assigning.picking import Move, moves_of
from metes.assigning.report import AssignReport
from metes.base.errors import Conflict, InputError, NotFound
from metes.base.findings import Finding, Severity
from metes.base.progress import SILENT, Progress
from metes.model.condition import Condition
from metes.model.plan import Pin, Plan, Rule
from metes.plan import edit
from metes.plan.check import check_plan
from metes.plan.diff import Step
from metes.plan.draft import empty_plan, plan_from_rows
from metes.plan.schema import schema
from metes.plan.text import PlanText, read_text, read_texts
from metes.plan.writing import render, write_plan
from metes.planning import drafts
from metes.rules.syntax import parse, to_text
from metes.store import plans
from metes.store.plans import Revision


@dataclass(frozen=True, slots=True)
class Imported:
    """A plan taken in: its draft, whether the draft is new, and what the check says.

    `is_changed` says whether a draft there was took it in; `beyond` is what the plan has and the text lacks, since it came after the
    text was written from an earlier revision.
    """

    revision: int | None
    is_new: bool
    plan: Plan
    findings: tuple[Finding, ...]
    beyond: tuple[Step, ...] = ()
    is_changed: bool = False


class PlanVerbs(AssignVerbs):
    """What can be done with plans."""

    def plan_list(self) -> tuple[Revision, ...]:
        """All revisions, newest first."""
        with self.store.read() as connection:
            return plans.revisions(connection, self.today())

    def plan_find(self, reference: str = "active") -> Revision:
        """The revision of a number, a plan's key, 'active', 'scheduled' or 'draft'."""
        with self.store.read() as connection:
            return drafts.find_revision(connection, reference, self.today())

    def plan_show(self, reference: str = "active") -> tuple[Revision, Plan]:
        """A revision with its plan."""
        revision = self.plan_find(reference)
        return revision, self.plan_of(revision)

    def plan_init(self, folder: Path, key: str, name: str) -> list[Path]:
        """Write a commented starter plan into a folder that holds none yet; the files."""
        if (folder / "plan.yaml").exists():
            raise Conflict(f"{folder} holds a plan already; name another folder, or change the plan that is there")
        return write_plan(empty_plan(key, name), folder)

    def plan_schema(self) -> dict[str, Any]:
        """The JSON schema of plan files, for editors."""
        return schema()

    def plan_check(self, source: Path | Mapping[str, str] | str) -> tuple[Plan | None, tuple[Finding, ...]]:
        """What the check says of a plan folder, of texts by their path in one, or of a revision in the store; the plan too.

        None stands for a plan whose text could not be read at all.
        """
        if isinstance(source, str):
            plan = self.plan_show(source)[1]
            return plan, tuple(check_plan(plan, self.fields(), self._known_accounts(plan)))
        text, findings = self._read_and_check(source)
        return (None if text is None else text.plan), findings

    def _read_and_check(self, source: Path | Mapping[str, str]) -> tuple[PlanText | None, tuple[Finding, ...]]:
        """A plan's text, None where it could not be read at all, and what reading and checking it say."""
        fields = self.fields()
        try:
            text = read_text(source, fields) if isinstance(source, Path) else read_texts(source, fields)
        except InputError as error:
            return None, error.findings
        checked = check_plan(text.plan, fields, self._known_accounts(text.plan))
        return text, (*text.findings, *(text.locate(finding) for finding in checked))

    def plan_text(self, reference: str = "active") -> dict[str, str]:
        """A plan as text: each file by its path in the folder."""
        return render(self.plan_show(reference)[1])

    def plan_from_rows(self, rows: Sequence[dict[str, Any]], key: str, name: str) -> Imported:
        """Make a draft plan of imported territories."""
        plan, findings = plan_from_rows(rows, self.fields(), key, name)
        errors = [f for f in findings if f.severity is Severity.ERROR]
        if errors:
            raise InputError(f"the territories make no plan: {len(errors)} errors; mend the file and import again", findings)
        return self._keep(plan, (*findings, *check_plan(plan, self.fields(), None)), "made from imported territories")

    def plan_discard(self, reference: str = "draft") -> Revision:
        """Put a draft away."""
        revision = self.plan_find(reference)
        drafts.discard_draft(self.store, revision, now=self.clock(), principal=self.principal)
        return revision

    def plan_preview(self, reference: str = "draft", progress: Progress = SILENT) -> AssignReport:
        """Who would win and lose what if a revision were the plan today; nothing is written."""
        from metes.assigning import running

        today = self.today()
        return running.preview(self._task(self.plan_find(reference), today, today, progress))

    def plan_change(
        self, change: Callable[[Plan], Plan], note: str, *, reference: str | None = None, expected_root: str | None = None
    ) -> Revision:
        """Apply a change to a draft: the one named, else the open draft of the active plan, else a new one."""
        revision = self.draft_or_active() if reference is None else self.plan_find(reference)
        return drafts.change_draft(
            self.store, revision, change, note=note, expected_root=expected_root, now=self.clock(), principal=self.principal
        )

    def draft_or_active(self) -> Revision:
        """The newest draft of the active plan without a name of its own, else the active plan itself; before a first plan the newest draft."""
        active = self.active()
        for revision in self.plan_list():
            if revision.is_open if active is None else revision.is_draft_of(active[0]):
                return revision
        return self.require_active()[0]

    def rule_parse(self, text: str) -> Condition:
        """The condition that a rule's text means; InputError with every finding where it means none."""
        return parse(text, self.fields())

    def rule_text(self, condition: Condition) -> str:
        """A condition as text."""
        return to_text(condition)

    def rule_count(self, condition: Condition, reference: str = "active") -> int:
        """How many accounts a condition takes, by itself."""
        active = self.active() if reference == "active" else self.plan_show(reference)
        return self.book().count(condition, self.scope, plan=active[1] if active else None)

    def rule_set(self, territory: str, rule: Rule, *, reference: str | None = None, expected_root: str | None = None) -> Revision:
        """Put a rule on a territory of a draft, in the place of the one with its key."""
        note = f"rule {rule.key} of {territory}"
        return self.plan_change(
            lambda plan: edit.with_rule(plan, territory, rule), note, reference=reference, expected_root=expected_root
        )

    def rule_remove(self, territory: str, key: str, *, reference: str | None = None, expected_root: str | None = None) -> Revision:
        """Take a rule off a territory of a draft."""
        note = f"rule {key} of {territory} removed"
        return self.plan_change(
            lambda plan: edit.without_rule(plan, territory, key), note, reference=reference, expected_root=expected_root
        )

    def pin(self, pins: Sequence[Pin], *, reference: str | None = None) -> Revision:
        """Put pins or exclusions into a draft."""
        note = f"{len(pins)} pins" if len(pins) != 1 else f"pin of {pins[0].account}"
        return self.plan_change(lambda plan: edit.with_pins(plan, pins), note, reference=reference)

    def pin_preview(self, pins: Sequence[Pin], *, day: date | None = None, reference: str | None = None) -> tuple[Move, ...]:
        """Where the accounts of some pins would go if these stood in the draft and it were the plan on a day; nothing is written."""
        revision = self.draft_or_active() if reference is None else self.plan_find(reference)
        plan = edit.with_pins(self.plan_of(revision), pins)
        compiled = self.compiled_of(revision)
        return moves_of(plan, compiled, self.book(), sorted({pin.account for pin in pins}), day or self.today())

    def unpin_alike(self, like: Pin, *, reference: str) -> Revision:
        """Take those pins out of a draft that it has beyond the plan it was made from and that differ from `like` in the account alone."""
        revision = self.plan_find(reference)
        before = set(self.plan_show(str(revision.parent_id))[1].pins) if revision.parent_id else set()

        def change(plan: Plan) -> Plan:
            gone = {pin for pin in plan.pins if replace(pin, account=like.account) == like and pin not in before}
            return replace(plan, pins=tuple(pin for pin in plan.pins if pin not in gone))

        return self.plan_change(change, f"pins to {like.territory} taken back", reference=str(revision.id))

    def unpin(self, account: str, territory: str, *, is_exclusion: bool = False, reference: str | None = None) -> Revision:
        """Take the pins (or exclusions) of an account on a territory out of a draft."""

        def change(plan: Plan) -> Plan:
            named = [p for p in plan.pins if (p.account, p.territory, p.is_exclusion) == (account, territory, is_exclusion)]
            if not named:
                raise NotFound(f"the plan has no pin of {account} on {territory}")
            for pin in named:
                plan = edit.without_pin(plan, pin)
            return plan

        return self.plan_change(change, f"pin of {account} removed", reference=reference)

    def _keep(self, plan: Plan, findings: Sequence[Finding], note: str) -> Imported:
        active = self.active()
        revision, is_new = drafts.import_draft(
            self.store,
            plan,
            note=note,
            parent=active[0] if active else None,
            now=self.clock(),
            principal=self.principal,
        )
        return Imported(revision, is_new, plan, tuple(findings))

    def _known_accounts(self, plan: Plan) -> frozenset[str] | None:
        """Which of the plan's pinned accounts exist; None while the workspace holds no accounts."""
        with self.store.read() as connection:
            return plans.known_accounts(connection, sorted({pin.account for pin in plan.pins}))
