"""Explains one account: the rules that hold for it, what precedence made of them, and why each other territory does not take it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from metes.base.money import from_minor
from metes.model.catalogue import Field, FieldType
from metes.model.condition import Condition, literals
from metes.model.plan import Pin, Plan, Rule, Territory
from metes.rules.compile import CompiledRules, compile_plan
from metes.rules.explanation import Above, Explanation, Failed, FlipSaid, Held, LiteralSaid, Lost, PinSaid, RuleSaid, TerritoryName
from metes.rules.failing import FailingRules, Failures, signed_leaf
from metes.rules.flip_text import phrase
from metes.rules.flips import Flip, FlipFinder, Known
from metes.rules.forest import Forest, forest_of
from metes.rules.index import RuleIndex
from metes.rules.literal_bank import LiteralBank
from metes.rules.precedence import Candidate, Holding, Loss, Settlement, Settler, Via, takes
from metes.rules.predicate import deciding, holds
from metes.rules.primaries import PrimaryFinder
from metes.rules.printer import to_text, value_text

LIMIT = 20
_SHOWN_LIST = 200


def explain(
    record: Mapping[str, Any],
    plan: Plan,
    fields: Mapping[str, Field],
    currency: str,
    day: date,
    *,
    limit: int | None = LIMIT,
) -> Explanation:
    """Why the account of a record stands where it does on a day.

    `record` holds the account's values as `predicate` describes them, its key under `id`. Of the territories that do not take the
    account the `limit` nearest are named (None: all): those of whose rule the largest share of comparisons held. Who asks often keeps
    an `Explainer`, which compiles the plan once.
    """
    return Explainer(plan, fields, currency).explain(record, day, limit=limit)


class Explainer:
    """A plan made ready for explaining account after account.

    What every loser's failure is found by is made when it is first asked for. Safe to share between threads.
    """

    def __init__(self, plan: Plan, fields: Mapping[str, Field], currency: str, compiled: CompiledRules | None = None) -> None:
        self.plan = plan
        self.fields = fields
        self.currency = currency
        self.compiled = compiled if compiled is not None else compile_plan(plan, fields, currency)
        self.index = RuleIndex(self.compiled)
        self.settler = Settler(plan, self.compiled)
        self._texts: dict[tuple[str, str], str] = {}

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """What a record should hold: every field, and the terms that some rule asks for."""
        named = {literal.field for rule in self.compiled.rules for literal in literals(rule.condition)}
        return (*self.fields, *sorted(named.difference(self.fields)))

    @cached_property
    def bank(self) -> LiteralBank:
        """Every distinct literal of the plan's rules."""
        found = (literal for rule in self.compiled.rules for literal in literals(rule.condition))
        return LiteralBank(found, self.fields, self.plan.list_by_key)

    @cached_property
    def forest(self) -> Forest:
        """The rules' trees as arrays, in the order of the rules' numbers."""
        return forest_of((rule.condition for rule in self.compiled.rules), self.bank.number)

    @cached_property
    def failing(self) -> FailingRules:
        """What says of every territory why it does not take an account."""
        return FailingRules(self.plan, self.compiled, self.forest)

    @cached_property
    def flipping(self) -> FlipFinder:
        """What finds the changes of one field that would flip an answer."""
        finder = PrimaryFinder(self.plan, self.compiled, self.settler)
        return FlipFinder(self.compiled, self.bank, finder)

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Each territory's place in preorder."""
        return {territory.key: i for i, territory in enumerate(self.plan.preorder)}

    def settled(self, record: Mapping[str, Any], day: date) -> tuple[list[int], Settlement]:
        """The numbers of the rules that hold for a record, and what precedence makes of them on a day."""
        held_rules = self.index.matches(record)
        return held_rules, self.settler.settle(held_rules, str(record.get("id") or ""), day)

    def failures(self, record: Mapping[str, Any], settlement: Settlement) -> Failures:
        """Every territory that could take the account and does not, the nearest first."""
        claiming = [h.candidate for h in settlement.holdings] + [loss.candidate for loss in settlement.losses]
        return self.failing.failures(self.bank.truth(record), [self.position[c.territory.key] for c in claiming])

    def explain(
        self,
        record: Mapping[str, Any],
        day: date,
        *,
        limit: int | None = LIMIT,
        first: int = 0,
        words: Sequence[str] = (),
        known: Known | None = None,
        among: Container[str] | None = None,
    ) -> Explanation:
        """Why the account of a record stands where it does on a day; see the function `explain`.

        Of the territories that fail, those whose name or key has every one of some `words`, from place `first` on. With `known`, which
        gives the values that accounts have in a text field, also what change of one field would flip the answer. With `among`, which
        holds keys of territories, only they fail, and only by rules of theirs.
        """
        held_rules, settlement = self.settled(record, day)
        failures = self._named(self._among(self.failures(record, settlement), among), words)
        teller = _Teller(self, record, held_rules)
        shown = failures.at(slice(first, None if limit is None else first + limit))
        account = str(record.get("id") or "")
        return Explanation(
            account=account,
            day=day,
            held=tuple(map(teller.held, settlement.holdings)),
            lost=tuple(map(teller.lost, settlement.losses)),
            failed=tuple(teller.failed(shown)),
            failed_count=len(failures),
            pins=tuple(_pin(self.plan, pin, day) for pin in self.plan.pins if pin.account == account),
            flips=None if known is None else tuple(map(self._flip, self.flipping.flips(record, held_rules, day, known))),
        )

    def nearest_flips(self, record: Mapping[str, Any], day: date, known: Known) -> tuple[FlipSaid, ...]:
        """Of each field the one smallest change that would give the account to another territory, the smallest first."""
        found = self.flipping.flips(record, self.index.matches(record), day, known, per_field=1)
        return tuple(map(self._flip, found))

    def _flip(self, flip: Flip) -> FlipSaid:
        """A change that flips the answer, in words."""
        change = flip.change
        names = tuple(name_of(self.plan.territory_by_key[key]) for key in flip.territories)
        after = None if change.is_other else change.value
        said = phrase(flip, self.fields, self.currency)
        return FlipSaid(flip.field, flip.before, after, change.is_known, change.is_other, names, said)

    def _among(self, failures: Failures, among: Container[str] | None) -> Failures:
        """Those of some territories that fail by a rule of these."""
        if among is None:
            return failures
        order = self.plan.preorder
        pairs = zip(failures.territory.tolist(), failures.stopper.tolist(), strict=True)
        return failures.at([i for i, (one, above) in enumerate(pairs) if order[one].key in among and order[above].key in among])

    def _named(self, failures: Failures, words: Sequence[str]) -> Failures:
        """Those whose territory has every word in its name or key."""
        if not words:
            return failures
        names = [f"{t.key} {t.name}".lower() for t in (self.plan.preorder[i] for i in failures.territory.tolist())]
        return failures.at([i for i, name in enumerate(names) if all(word.lower() in name for word in words)])

    def rule_text(self, territory: Territory, rule: Rule) -> str:
        """A rule's condition as text, cut to what a line can show; kept, since long lists take long to write."""
        key = (territory.key, rule.key)
        if key not in self._texts:
            self._texts[key] = _cut(to_text(rule.condition))
        return self._texts[key]


class _Teller:
    """Puts into words what was decided about one record."""

    def __init__(self, explainer: Explainer, record: Mapping[str, Any], held_rules: list[int]) -> None:
        self.explainer = explainer
        self.plan = explainer.plan
        self.compiled = explainer.compiled
        self.record = {name: as_written(value, explainer.fields.get(name), explainer.currency) for name, value in record.items()}
        self.best_rule = {self.plan.territories[self.compiled.rules[n].territory].key: n for n in sorted(held_rules, reverse=True)}

    def held(self, holding: Holding) -> Held:
        """A territory that holds."""
        territory = holding.candidate.territory
        above = [*self.plan.ancestors(territory.key)][::-1]
        return Held(
            territory=name_of(territory),
            role=holding.role.value,
            share=holding.share,
            via=holding.candidate.via.value,
            inherited=tuple(map(self.above, above)),
            rule=self.rule_of(holding.candidate),
            overrides_parent=holding.candidate.via is Via.PIN and not takes(self.plan, territory, self.best_rule),
        )

    def above(self, territory: Territory) -> Above:
        """A territory above a holder, with the rule by which it takes the account."""
        number = self.best_rule.get(territory.key)
        rule = None if number is None else self.numbered(territory, number)
        return Above(name_of(territory), rule, rule is not None or not territory.rules)

    def lost(self, loss: Loss) -> Lost:
        """A territory that claims and does not hold."""
        return Lost(
            territory=name_of(loss.candidate.territory),
            via=loss.candidate.via.value,
            step=loss.step.value,
            winner=name_of(loss.winner.territory) if loss.winner is not None else None,
            rule=self.rule_of(loss.candidate),
        )

    def rule_of(self, candidate: Candidate) -> RuleSaid | None:
        """The rule that speaks for a candidate."""
        return None if candidate.rule < 0 else self.numbered(candidate.territory, candidate.rule)

    def numbered(self, territory: Territory, number: int) -> RuleSaid:
        """A rule that holds, by its number, with the comparisons that decided it."""
        rule = self.written(territory, number)
        return self.rule(territory, rule, deciding(rule.condition, self.record, self.plan.list_by_key))

    def written(self, territory: Territory, number: int) -> Rule:
        """A rule by its number, as written."""
        key = self.compiled.rules[number].key
        return next(rule for rule in territory.rules if rule.key == key)

    def rule(self, territory: Territory, rule: Rule, decided: Sequence[Condition]) -> RuleSaid:
        """A rule with the comparisons that decided it."""
        said = tuple(self.literal(literal) for literal in decided)
        return RuleSaid(rule.key, rule.name, rule.priority, self.explainer.rule_text(territory, rule), said)

    def literal(self, literal: Condition) -> LiteralSaid:
        """A comparison, plain or under a NOT, beside the account's value."""
        name = next(literals(literal)).field
        held = holds(literal, self.record, self.plan.list_by_key)
        return LiteralSaid(_cut(to_text(literal)), held, said_value(self.record.get(name)))

    def failed(self, failures: Failures) -> list[Failed]:
        """Territories that do not take the account, in words."""
        out: list[Failed] = []
        columns = (failures.territory, failures.stopper, failures.rule, failures.leaf, failures.held_share)
        for territory, stopper, number, leaf, share in zip(*(column.tolist() for column in columns), strict=True):
            above = self.plan.preorder[stopper]
            rule = self.written(above, number)
            literal = signed_leaf(rule.condition, leaf)
            said = self.rule(above, rule, () if literal is None else (literal,))
            out.append(Failed(name_of(self.plan.preorder[territory]), name_of(above), said, share))
        return out


def as_written(value: Any, field: Field | None, currency: str) -> Any:
    """A value as rules are written: money as a decimal amount."""
    return from_minor(value, currency) if value is not None and field is not None and field.type is FieldType.MONEY else value


def name_of(territory: Territory) -> TerritoryName:
    """A territory's key and label."""
    return TerritoryName(territory.key, territory.label)


def said_value(value: Any) -> str:
    """The account's value as a rule would write it."""
    if value is None:
        return "no value"
    return value_text(Decimal(repr(value)) if isinstance(value, float) else value)


def _pin(plan: Plan, pin: Pin, day: date) -> PinSaid:
    territory = plan.territory_by_key.get(pin.territory)
    name = name_of(territory) if territory is not None else TerritoryName(pin.territory, pin.territory)
    return PinSaid(name, pin.is_exclusion, pin.reason, pin.author, pin.period.start, pin.period.end, pin.holds_on(day))


def _cut(text: str) -> str:
    """Text cut to what a line can show."""
    return text if len(text) <= _SHOWN_LIST else text[: _SHOWN_LIST - 1] + "…"
