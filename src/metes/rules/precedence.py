"""Precedence for one account, slow and obvious: who takes it, who holds it, and by which step each other one lost.

This is the truth that `resolve` is held against, and what `explain` speaks from.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from metes.model.plan import Pin, Plan, Policy, Role, Territory, TerritoryType

# Slow to load, and words about precedence do without.
if TYPE_CHECKING:
    from metes.rules.compile import CompiledRules


class Via(StrEnum):
    """Why a territory is a candidate, the first beating the later ones."""

    PIN = "pin"
    NAMED = "named"
    RULE = "rule"
    CATCH_ALL = "catch-all"


class Step(StrEnum):
    """The step of precedence that decided against a territory."""

    EXCLUSION = "exclusion"
    PIN = "pin"
    NAMED = "named account"
    CATCH_ALL = "catch-all"
    TYPE_PRIORITY = "type priority"
    DEPTH = "deeper territory"
    RULE_PRIORITY = "rule priority"
    TERRITORY_KEY = "territory key"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A territory that claims the account; `rule` numbers the rule that speaks for it, -1 where none does."""

    territory: Territory
    via: Via
    rule: int = -1


@dataclass(frozen=True, slots=True)
class Loss:
    """A candidate that does not hold the account, and the step that decided; `winner` is the first of those that hold instead."""

    candidate: Candidate
    step: Step
    winner: Candidate | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """A territory that holds the account, in its role and with its share."""

    candidate: Candidate
    role: Role
    share: float


@dataclass(frozen=True, slots=True)
class Settlement:
    """All that one account's precedence decided."""

    holdings: tuple[Holding, ...]
    losses: tuple[Loss, ...]

    @property
    def primaries(self) -> tuple[Holding, ...]:
        """The primary territories that hold the account: one, several under split or share, or none."""
        return tuple(h for h in self.holdings if h.role is Role.PRIMARY)


def type_of(plan: Plan, territory: Territory) -> TerritoryType:
    """The territory's type; one of default values where the plan lacks it, which `plan check` reports."""
    return plan.type_by_key.get(territory.type) or TerritoryType(territory.type)


def settle(plan: Plan, compiled: CompiledRules, held_rules: Collection[int], account: str, day: date) -> Settlement:
    """What precedence makes of the rules that hold for one account, its pins and its exclusions.

    `held_rules` are rule numbers of `compiled`; `account` is the account's key, as pins name it. Time grows with the number of
    territories: who settles often keeps a `Settler`.
    """
    return Settler(plan, compiled).settle(held_rules, account, day)


class Settler:
    """A plan made ready for settling account after account, in time that grows with the rules that hold and the catch-alls."""

    def __init__(self, plan: Plan, compiled: CompiledRules) -> None:
        self.plan = plan
        self.compiled = compiled
        self._groups = _groups(plan)
        self._position = {territory.key: i for i, territory in enumerate(plan.preorder)}
        self._catch_alls = frozenset(self._position[t.key] for t in plan.preorder if t.is_catch_all)
        self._pins: dict[str, list[Pin]] = {}
        for pin in plan.pins:
            self._pins.setdefault(pin.account, []).append(pin)

    def settle(self, held_rules: Collection[int], account: str, day: date) -> Settlement:
        """What precedence makes of the rules that hold for one account; see the function `settle`."""
        plan, compiled = self.plan, self.compiled
        pins = [pin for pin in self._pins.get(account, ()) if pin.holds_on(day)]
        pinned = {pin.territory for pin in pins if not pin.is_exclusion}
        shut = {pin.territory for pin in pins if pin.is_exclusion}
        best_rule = {plan.territories[compiled.rules[n].territory].key: n for n in sorted(held_rules, reverse=True)}
        claimed: list[Candidate] = []
        fallback: list[Candidate] = []
        losses: list[Loss] = []
        for territory in self._possible({*best_rule, *pinned}):
            candidate = _candidate(plan, compiled, territory, best_rule, pinned)
            if candidate is None:
                continue
            if territory.key in shut or any(above.key in shut for above in plan.ancestors(territory.key)):
                losses.append(Loss(candidate, Step.EXCLUSION))
            elif candidate.via is Via.CATCH_ALL:
                fallback.append(candidate)
            else:
                claimed.append(candidate)
        holdings: list[Holding] = []
        for group in self._groups:
            own = [c for c in claimed if c.territory.type in group]
            spare = [c for c in fallback if c.territory.type in group]
            held, lost = _contest(plan, compiled, own or spare)
            if own:
                lost += [Loss(c, Step.CATCH_ALL, held[0].candidate) for c in spare]
            holdings += held
            losses += lost
        return Settlement(tuple(holdings), tuple(losses))

    def _possible(self, keys: Collection[str]) -> list[Territory]:
        """Of all territories in preorder those that can claim an account: with a rule that holds, a pin, or as catch-all."""
        positions = {self._position[key] for key in keys if key in self._position}
        return [self.plan.preorder[i] for i in sorted(positions | self._catch_alls)]


def _groups(plan: Plan) -> list[set[str]]:
    """The types whose candidates contend with each other: all primary ones together, each other one alone."""
    types = {territory.type: type_of(plan, territory) for territory in plan.territories}
    order = {key: i for i, key in enumerate(sorted(types))}
    primary = {key for key, type in types.items() if type.role is Role.PRIMARY}
    return [
        primary,
        *({key} for key in sorted(types, key=lambda k: (types[k].role is Role.SHARED, order[k])) if key not in primary),
    ]


def _candidate(
    plan: Plan, compiled: CompiledRules, territory: Territory, best_rule: dict[str, int], pinned: set[str]
) -> Candidate | None:
    """The territory's claim to the account, if it has one."""
    if territory.key in pinned:
        return Candidate(territory, Via.PIN)
    if not (territory.rules or territory.is_catch_all) or not takes(plan, territory, best_rule):
        return None
    rule = best_rule.get(territory.key, -1)
    if territory.is_catch_all:
        return Candidate(territory, Via.CATCH_ALL, rule)
    return Candidate(territory, Via.NAMED if compiled.rules[rule].is_named else Via.RULE, rule)


def takes(plan: Plan, territory: Territory, ruled: Collection[str]) -> bool:
    """Whether a territory takes the account: it and all above it have no rules, or one that holds (they are in `ruled`)."""
    return all(not t.rules or t.key in ruled for t in (territory, *plan.ancestors(territory.key)))


def _contest(plan: Plan, compiled: CompiledRules, candidates: Sequence[Candidate]) -> tuple[list[Holding], list[Loss]]:
    """Who of some candidates holds, and by which step the others lost."""
    if not candidates:
        return [], []
    left = list(candidates)
    losses: list[Loss] = []

    def keep(step: Step, kept: Sequence[Candidate]) -> None:
        nonlocal left
        remaining = set(map(id, kept))  # the candidates are distinct, and long to compare
        losses.extend(Loss(c, step) for c in left if id(c) not in remaining)
        left = list(kept)

    if pins := [c for c in left if c.via is Via.PIN]:
        keep(Step.PIN, pins)
    else:
        keep(Step.NAMED, [c for c in left if c.via is Via.NAMED] or left)
        first = min(type_of(plan, c.territory).priority for c in left)
        keep(Step.TYPE_PRIORITY, [c for c in left if type_of(plan, c.territory).priority == first])
        keep(Step.DEPTH, _deepest(plan, left))
    left.sort(key=lambda c: (_priority(compiled, c), c.territory.key))
    winner, type = left[0], type_of(plan, left[0].territory)
    holders = [winner] if type.policy is Policy.PRIORITY else [c for c in left if c.territory.type == winner.territory.type]
    tied = [c for c in left if _priority(compiled, c) == _priority(compiled, winner)]
    losses += [Loss(c, Step.TERRITORY_KEY if c in tied else Step.RULE_PRIORITY) for c in left if c not in holders]
    shares = _shares(type.policy, [c.territory for c in holders])
    held = [Holding(c, type.role, share) for c, share in zip(holders, shares, strict=True)]
    return held, [replace(loss, winner=winner) for loss in losses]


def _deepest(plan: Plan, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Of the candidates within one tree the deepest; all of different trees."""
    lines = [[c.territory, *plan.ancestors(c.territory.key)] for c in candidates]
    deepest: dict[str, int] = {}
    for line in lines:
        deepest[line[-1].key] = max(deepest.get(line[-1].key, 0), len(line))
    return [c for c, line in zip(candidates, lines, strict=True) if len(line) == deepest[line[-1].key]]


def _priority(compiled: CompiledRules, candidate: Candidate) -> int:
    """The priority of the rule that speaks for a candidate; 0 where none does."""
    return compiled.rules[candidate.rule].priority if candidate.rule >= 0 else 0


def _shares(policy: Policy, territories: Sequence[Territory]) -> list[float]:
    """The holders' shares: 1 each, or under split their own or equal ones, scaled to sum to 1."""
    if policy is not Policy.SPLIT:
        return [1.0] * len(territories)
    equal = 1.0 / len(territories)
    weights = [equal if t.share is None else t.share for t in territories]
    total = sum(weights)
    return [weight / total for weight in weights] if total > 0 else [equal] * len(territories)
