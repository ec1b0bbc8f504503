"""Explains one account: the rules that hold for it, what precedence made of them, and why the nearest others failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from metes.base.money import from_minor
from metes.model.catalogue import Field, FieldType
from metes.model.condition import Condition, Not, literals
from metes.model.plan import Pin, Plan, Rule, Territory
from metes.rules.compile import CompiledRules, compile_plan
from metes.rules.explanation import Explanation, Failed, Held, LiteralSaid, Lost, PinSaid, RuleSaid, TerritoryName
from metes.rules.index import RuleIndex
from metes.rules.precedence import Candidate, Holding, Loss, Settlement, Via, settle, takes
from metes.rules.predicate import deciding, holds
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
    limit: int = LIMIT,
) -> Explanation:
    """Why the account of a record stands where it does on a day.

    `record` holds the account's values as `predicate` describes them, its key under `id`. Of the territories that do not take the
    account the `limit` nearest are named: those of whose rule the largest share of comparisons held. Who asks often keeps an
    `Explainer`, which compiles the plan once.
    """
    return Explainer(plan, fields, currency).explain(record, day, limit=limit)


class Explainer:
    """A plan made ready for explaining account after account."""

    def __init__(self, plan: Plan, fields: Mapping[str, Field], currency: str, compiled: CompiledRules | None = None) -> None:
        self.plan = plan
        self.fields = fields
        self.currency = currency
        self.compiled = compiled if compiled is not None else compile_plan(plan, fields, currency)
        self.index = RuleIndex(self.compiled)

    def explain(self, record: Mapping[str, Any], day: date, *, limit: int = LIMIT) -> Explanation:
        """Why the account of a record stands where it does on a day; see the function `explain`."""
        account = str(record.get("id") or "")
        held_rules = self.index.matches(record)
        settlement = settle(self.plan, self.compiled, held_rules, account, day)
        teller = _Teller(self, record, held_rules)
        failed, failed_count = teller.failed(settlement, limit)
        return Explanation(
            account=account,
            day=day,
            held=tuple(map(teller.held, settlement.holdings)),
            lost=tuple(map(teller.lost, settlement.losses)),
            failed=tuple(failed),
            failed_count=failed_count,
            pins=tuple(_pin(self.plan, pin, day) for pin in self.plan.pins if pin.account == account),
        )


class _Teller:
    """Puts into words what was decided about one record."""

    def __init__(self, explainer: Explainer, record: Mapping[str, Any], held_rules: list[int]) -> None:
        self.plan = explainer.plan
        self.compiled = explainer.compiled
        self.fields = explainer.fields
        self.currency = explainer.currency
        self.record = {name: self._as_written(name, value) for name, value in record.items()}
        self.ruled = {self.plan.territories[self.compiled.rules[n].territory].key for n in held_rules}

    def _as_written(self, name: str, value: Any) -> Any:
        """A value as rules are written: money as a decimal amount."""
        field = self.fields.get(name)
        if value is not None and field is not None and field.type is FieldType.MONEY:
            return from_minor(value, self.currency)
        return value

    def held(self, holding: Holding) -> Held:
        """A territory that holds."""
        territory = holding.candidate.territory
        return Held(
            territory=_name(territory),
            role=holding.role.value,
            share=holding.share,
            via=holding.candidate.via.value,
            path=tuple(_name(above) for above in reversed(tuple(self.plan.ancestors(territory.key)))),
            rule=self.rule_of(holding.candidate),
            overrides_parent=holding.candidate.via is Via.PIN and not takes(self.plan, territory, self.ruled),
        )

    def lost(self, loss: Loss) -> Lost:
        """A territory that claims and does not hold."""
        return Lost(
            territory=_name(loss.candidate.territory),
            via=loss.candidate.via.value,
            step=loss.step.value,
            winner=_name(loss.winner.territory) if loss.winner is not None else None,
            rule=self.rule_of(loss.candidate),
        )

    def rule_of(self, candidate: Candidate) -> RuleSaid | None:
        """The rule that speaks for a candidate."""
        if candidate.rule < 0:
            return None
        key = self.compiled.rules[candidate.rule].key
        return self.rule(next(rule for rule in candidate.territory.rules if rule.key == key))

    def rule(self, rule: Rule) -> RuleSaid:
        """A rule with the comparisons that decided it."""
        decided = deciding(rule.condition, self.record, self.plan.list_by_key)
        said = tuple(self.literal(literal) for literal in decided)
        return RuleSaid(rule.key, rule.name, rule.priority, _cut(to_text(rule.condition)), said)

    def literal(self, literal: Condition) -> LiteralSaid:
        """A comparison, plain or under a NOT, beside the account's value."""
        name = next(literals(literal)).field
        return LiteralSaid(
            _cut(to_text(literal)), holds(literal, self.record, self.plan.list_by_key), _value(self.record.get(name))
        )

    def failed(self, settlement: Settlement, limit: int) -> tuple[list[Failed], int]:
        """The nearest of the territories that do not take the account and could, and how many there are of them."""
        claiming = {h.candidate.territory.key for h in settlement.holdings} | {x.candidate.territory.key for x in settlement.losses}
        near: list[tuple[float, Territory, Territory, Rule]] = []
        for territory in self.plan.preorder:
            if territory.key not in claiming and (territory.rules or territory.is_catch_all):
                stopper = self.stopper(territory)
                share, rule = self.nearest(stopper)
                near.append((share, territory, stopper, rule))
        nearest = sorted(near, key=lambda found: -found[0])[:limit]
        return [Failed(_name(t), _name(stopper), self.rule(rule), share) for share, t, stopper, rule in nearest], len(near)

    def stopper(self, territory: Territory) -> Territory:
        """The territory whose rules keep the account out: this one, else the nearest above it."""
        line = (territory, *self.plan.ancestors(territory.key))
        return next(t for t in line if t.rules and t.key not in self.ruled)

    def nearest(self, territory: Territory) -> tuple[float, Rule]:
        """Of a territory's rules the one with the largest share of comparisons that held, and that share."""
        shares = [self.held_share(rule.condition) for rule in territory.rules]
        best = shares.index(max(shares))
        return shares[best], territory.rules[best]

    def held_share(self, condition: Condition) -> float:
        """The share of a condition's comparisons that hold, each with the NOTs above it."""
        found = [holds(literal, self.record, self.plan.list_by_key) is positive for literal, positive in _signed(condition)]
        return sum(found) / len(found) if found else 0.0


def _signed(condition: Condition) -> list[tuple[Condition, bool]]:
    """Every literal, and whether an even number of NOTs stands above it."""
    out: list[tuple[Condition, bool]] = []
    stack = [(condition, True)]
    while stack:
        node, positive = stack.pop()
        if isinstance(node, Not):
            stack.append((node.part, not positive))
        elif parts := getattr(node, "parts", ()):
            stack.extend((part, positive) for part in parts)
        elif next(literals(node), None) is not None:
            out.append((node, positive))
    return out


def _name(territory: Territory) -> TerritoryName:
    return TerritoryName(territory.key, territory.label)


def _pin(plan: Plan, pin: Pin, day: date) -> PinSaid:
    territory = plan.territory_by_key.get(pin.territory)
    name = _name(territory) if territory is not None else TerritoryName(pin.territory, pin.territory)
    return PinSaid(name, pin.is_exclusion, pin.reason, pin.author, pin.period.start, pin.period.end, pin.holds_on(day))


def _value(value: Any) -> str:
    """The account's value as a rule would write it."""
    if value is None:
        return "no value"
    return value_text(Decimal(repr(value)) if isinstance(value, float) else value)


def _cut(text: str) -> str:
    """Text cut to what a line can show."""
    return text if len(text) <= _SHOWN_LIST else text[: _SHOWN_LIST - 1] + "…"
