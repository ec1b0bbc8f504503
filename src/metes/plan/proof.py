"""Proves a plan and says it in findings: gaps, doubles, rules without effect, codes nobody knows, each with its place and an example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from metes.base.findings import Finding, Place, Severity
from metes.base.money import exponent
from metes.base.progress import SILENT, Progress
from metes.model.catalogue import Field, FieldType
from metes.model.plan import Plan
from metes.plan import subjects
from metes.rules import analyse
from metes.rules.analyse import KnownCodes
from metes.rules.compile import compile_plan
from metes.rules.printer import to_text
from metes.rules.prove import Double, Open, Proof, Shadowed, Unreachable, prove
from metes.rules.prove_boxes import NO_RULE, Boxes
from metes.rules.prove_domain import is_area
from metes.rules.prove_samples import FAR_KM, Accounts, Record

_NAMES_SHOWN: Final = 3
_CODES_SHOWN: Final = 5
_EXAMPLE_FIELDS: Final = 12
_TEXT_SHOWN: Final = 120


class Verdict(StrEnum):
    """What a proof came to: shown for every account, refuted by an example, or left open."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class PlanProof:
    """What was proved of a plan, and all that there is to say of its rules. `questions` went to the solver."""

    verdict: Verdict
    gaps: int
    doubles: int
    undecided: int
    findings: tuple[Finding, ...] = ()
    rules: int = 0
    samples: int = 0
    questions: int = 0
    attributes: Mapping[str, int] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        if self.verdict is Verdict.PROVED:
            return "Proved: every possible account has exactly one primary territory."
        if self.verdict is Verdict.UNDECIDED:
            return f"Undecided: no gap and no double was found, and {_counted(self.undecided, 'question')} stayed open."
        first = next(f for f in self.findings if f.code in ("plan-gap", "plan-double"))
        shown = [f"{name} = {text}" for name, text in first.example[:_NAMES_SHOWN]]
        shown += ["…"] * (len(first.example) > _NAMES_SHOWN)
        example = ", ".join(shown) or "nothing known of it"
        parts = [_counted(n, word) for n, word in ((self.gaps, "gap"), (self.doubles, "double")) if n]
        verb = "is" if self.gaps + self.doubles == 1 else "are"
        return f"Not proved: {' and '.join(parts)} {verb} possible; for example an account with {example}."


def prove_plan(
    plan: Plan,
    fields: Mapping[str, Field],
    currency: str,
    day: date,
    *,
    known: KnownCodes = KnownCodes(),
    accounts: int | None = None,
    prefer: Mapping[str, Sequence[Any]] | None = None,
    progress: Progress = SILENT,
) -> PlanProof:
    """Proves a plan without errors and analyses its rules; needs no data.

    Parameters
    ----------
    known
        Which codes there are; what it lacks is not checked.
    accounts
        How many accounts there are, for the figure of `plan-many-attributes`.
    prefer
        Known values by field, which examples use where any will do.

    Raises
    ------
    InputError
        Where a rule has no truth: an unknown field or list, a wrong type.
    """
    compiled = compile_plan(plan, fields, currency)
    proof = prove(plan, compiled, day, prefer=prefer, progress=progress)
    progress.report("looking at each rule")
    writer = _Writer(plan, proof, currency)
    findings = list(writer.findings(known, accounts))
    verdict = Verdict.PROVED if proof.is_proved else Verdict.REFUTED if proof.gaps or proof.doubles else Verdict.UNDECIDED
    return PlanProof(
        verdict,
        len(proof.gaps),
        len(proof.doubles),
        len(proof.open),
        tuple(findings),
        len(compiled.rules),
        proof.samples,
        proof.questions,
        analyse.attributes(proof.boxes, accounts).ways,
    )


class _Writer:
    """Writes what was found as findings."""

    def __init__(self, plan: Plan, proof: Proof, currency: str) -> None:
        self.plan = plan
        self.proof = proof
        self.boxes: Boxes = proof.boxes
        self.compiled = proof.boxes.compiled
        self.order = plan.preorder
        self.scale = 10 ** exponent(currency)

    def findings(self, known: KnownCodes, accounts: int | None) -> Iterator[Finding]:
        """All of them: first what refutes the plan, then rule by rule."""
        yield from map(self._gap, self.proof.gaps)
        yield from map(self._double, self.proof.doubles)
        yield from map(self._unreachable, self.proof.unreachable)
        yield from map(self._shadowed, self.proof.shadowed)
        silent = {u.rule for u in self.proof.unreachable} | {s.rule for s in self.proof.shadowed}
        yield from self._rule_by_rule(silent)
        yield from self._codes(known)
        yield from self._many_attributes(accounts)
        yield from map(self._open, self.proof.open)

    def _rule_by_rule(self, silent: set[int]) -> Iterator[Finding]:
        helper = Accounts(self.compiled, (), {})
        for found in analyse.redundant_rules(self.boxes, helper):
            if found.rule not in silent:
                others = _and([f"'{self.compiled.rules[n].key}'" for n in found.by])
                message = f"all that it takes is taken by {others} of the same territory already"
                yield _note("rule-redundant", self._place(found.rule), message, "Take it out, or change what it asks.")
        for rule in self.compiled.rules:
            for part in analyse.redundant_parts(self.boxes, rule):
                what = "a comparison says nothing beyond the others" if part.is_literal else "a part is taken whole by another part"
                text = to_text(part.part)[:_TEXT_SHOWN]
                yield _note("rule-redundant-part", self._place(rule.number), what, "Take it out.", text)
            for outside in analyse.outside_parents(self.boxes, rule):
                yield self._outside(outside)

    def _outside(self, found: analyse.Outside) -> Finding:
        above = self.order[found.above]
        shown = ", ".join(self._text(found.field, value) for value in found.values[:_CODES_SHOWN])
        more = f" and {len(found.values) - _CODES_SHOWN:,} more" if len(found.values) > _CODES_SHOWN else ""
        message = (
            f"it asks for {found.field} {shown}{more}, which '{above.label}' above never takes ({self._rules_of(found.above)})"
        )
        remedy = "Take these values out here, or let the territory above take them."
        return _warning("rule-outside-parent", self._place(found.rule), message, remedy)

    def _gap(self, example: Record) -> Finding:
        message = "an account can be held by no primary territory"
        if not self._pairs(example):
            message += ": one of which nothing is known"
        remedy = "Give one primary territory 'catch_all: true', or add a rule that takes such accounts."
        return _warning("plan-gap", Place(subject=f"plan {self.plan.key}"), message, remedy, example=self._pairs(example))

    def _double(self, found: Double) -> Finding:
        winner = self.order[found.winner]
        rival = f"'{winner.label}'" if found.winner_rule == NO_RULE else self._named(found.winner_rule)
        message = f"it stands level with {rival} for an account that both claim, so that only the order of their keys decides"
        remedy = "Give one of the two a lower priority, or part what they ask for."
        return _warning(
            "plan-double", self._place(found.loser_rule, found.loser), message, remedy, example=self._pairs(found.example)
        )

    def _unreachable(self, found: Unreachable) -> Finding:
        if found.above is None:
            message = "the rule can never hold: no account passes all that it asks"
            return _warning("rule-never-holds", self._place(found.rule), message, "Take one of its comparisons out.")
        if found.above == NO_RULE:
            message = "it takes nothing: the territories above never take together what it asks for"
        else:
            above = self.order[found.above]
            message = f"it takes nothing: '{above.label}' above never takes what it asks for ({self._rules_of(found.above)})"
        return _warning("rule-unreachable", self._place(found.rule), message, "Move the territory, or change one of the rules.")

    def _rules_of(self, territory: int) -> str:
        """The rules of a territory by name."""
        keys = [f"'{self.compiled.rules[n].key}'" for n in self.boxes.rules_of_territory[territory]]
        return f"rule{'s' * (len(keys) > 1)} {_and(keys)}"

    def _shadowed(self, found: Shadowed) -> Finding:
        names = _and([f"'{self.order[place].label}'" for place in found.holders])
        message = f"every account that it takes is held by others: {names}" if names else "every account that it takes is pinned"
        remedy = "Give it a lower priority number, or take it out."
        return _warning("rule-shadowed", self._place(found.rule), message, remedy, example=self._pairs(found.example))

    def _open(self, left: Open) -> Finding:
        what = {
            "gap": "whether an account can be held by no primary territory",
            "double": "whether two rules stand level on some account",
            "reach": "whether the rule takes any account",
            "hold": "whether the rule holds any account",
        }[left.what]
        rules = [self._named(rule) for rule in left.rules if rule != NO_RULE]
        about = f" ({_and(rules)})" if len(rules) > 1 else ""
        message = f"it was not decided {what}{about}: {left.why}"
        severity = Severity.WARNING if left.what in ("gap", "double") else Severity.NOTE
        place = self._place(left.rules[0]) if left.rules else Place(subject=f"plan {self.plan.key}")
        return Finding("plan-undecided", severity, message, place, remedy="Look at what the check of the accounts says of it.")

    def _codes(self, known: KnownCodes) -> Iterator[Finding]:
        lists = {key: named.values for key, named in self.plan.list_by_key.items()}
        told: set[tuple[str, str]] = set()
        for rule in self.compiled.rules:
            for found in analyse.unknown_codes(rule, known, lists):
                if not found.list or (found.list, found.field) not in told:
                    told.add((found.list, found.field))
                    yield self._unknown(found)

    def _unknown(self, found: analyse.UnknownCodes) -> Finding:
        shown = ", ".join(f"'{code}'" for code in found.codes[:_CODES_SHOWN])
        shown += f" and {len(found.codes) - _CODES_SHOWN:,} more" if len(found.codes) > _CODES_SHOWN else ""
        what = "do not exist" if found.is_standard else "stand in no record that was imported"
        if len(found.codes) == 1:
            what = "does not exist" if found.is_standard else "stands in no record that was imported"
        message = f"as {found.field}, {shown} {what}"
        place = Place(subject=subjects.of_list(found.list)) if found.list else self._place(found.rule)
        severity = Severity.WARNING if found.is_standard else Severity.NOTE
        remedy = "Correct the spelling, or take it out." if found.is_standard else "Look whether it is spelt as in the data."
        return Finding("list-unknown-code" if found.list else "rule-unknown-code", severity, message, place, remedy=remedy)

    def _many_attributes(self, accounts: int | None) -> Iterator[Finding]:
        figure = analyse.attributes(self.boxes, accounts)
        if not figure.are_too_many:
            return
        assumed = "" if accounts else " (assumed, for there are none yet)"
        message = (
            f"its rules part accounts by {len(figure.ways)} attributes ({_and(list(figure.ways), 12)}) into "
            f"{_large(figure.combinations)} combinations: of {figure.accounts:,} accounts{assumed} {figure.expected:.2g} in each, "
            "too few to tell what any one attribute does"
        )
        remedy = "Part by fewer attributes; ask for the others in seats, segments or reports."
        yield _note("plan-many-attributes", Place(subject=f"plan {self.plan.key}"), message, remedy)

    def _named(self, rule: int) -> str:
        territory = self.plan.territories[self.compiled.rules[rule].territory]
        return f"rule '{self.compiled.rules[rule].key}' of '{territory.label}'"

    def _place(self, rule: int, territory: int | None = None) -> Place:
        """The rule's place, or the territory's where no rule speaks."""
        if rule == NO_RULE:
            return Place(subject=subjects.of_territory(self.order[territory or 0].key))
        compiled = self.compiled.rules[rule]
        return Place(subject=subjects.of_rule(self.plan.territories[compiled.territory].key, compiled.key))

    def _pairs(self, record: Record) -> tuple[tuple[str, str], ...]:
        """What is known of an example, written as in a rule; a made-up id says nothing and is left out."""
        shown = [
            (name, self._text(name, value))
            for name, value in sorted(record.items())
            if (name != "id" or value in self._ids_of_note) and not (value is False and is_area(name)) and value != FAR_KM
        ]
        return tuple(shown[:_EXAMPLE_FIELDS])

    @cached_property
    def _ids_of_note(self) -> frozenset[str]:
        """The ids that a pin, an exclusion or a rule names."""
        named = [t.among for c in self.compiled.conjunctions for t in c.tests if t.field == "id" and t.among is not None]
        return frozenset().union(*self.boxes.shut.values(), *self.boxes.pinned.values(), *named)

    def _text(self, name: str, value: Any) -> str:
        """A value as it stands in a rule."""
        type = self.compiled.fields[name].type
        if type is FieldType.MONEY:
            return f"{value / self.scale:.10g}"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | date):
            return "'" + str(value).replace("'", "''") + "'"
        return f"{value:.10g}" if isinstance(value, float) else str(value)


def _warning(code: str, place: Place, message: str, remedy: str, example: tuple[tuple[str, str], ...] = ()) -> Finding:
    return Finding(code, Severity.WARNING, message, place, remedy=remedy, example=example)


def _note(code: str, place: Place, message: str, remedy: str, value: str = "") -> Finding:
    return Finding(code, Severity.NOTE, message, place, value, remedy)


def _and(names: Sequence[str], shown: int = _NAMES_SHOWN) -> str:
    """Names as a list for reading, the rest counted."""
    if len(names) > shown:
        return f"{', '.join(names[:shown])} and {len(names) - shown:,} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'s' * (count != 1)}"


def _large(count: int) -> str:
    return f"{count:,}" if count < 10**9 else f"{count:.1e}"
