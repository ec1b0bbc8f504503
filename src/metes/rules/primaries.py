"""Who would hold an account under rules that might hold, asked thousands of times over: the primary territories alone, no reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from metes.model.plan import Pin, Plan, Policy, Role, Territory
from metes.rules.compile import CompiledRules
from metes.rules.forest import Bools
from metes.rules.precedence import Settler, type_of

Keys = frozenset[str]


@dataclass(frozen=True, slots=True)
class _Place:
    """What precedence asks of a primary territory that rules may give an account.

    `line` are its key and those of all above it; `ruled_above` the territories above that have rules, as in `plan.territories`.
    """

    key: str
    line: Keys
    type: str
    is_priority: bool
    type_priority: int
    root: str
    depth: int
    ruled_above: tuple[int, ...]


class PrimaryFinder:
    """A plan made ready for saying which primary territories hold an account under a set of rules; the same as a `Settler` says."""

    def __init__(self, plan: Plan, compiled: CompiledRules, settler: Settler) -> None:
        self._settler = settler
        self._pins: dict[str, list[Pin]] = {}
        for pin in plan.pins:
            self._pins.setdefault(pin.account, []).append(pin)
        self._primary = {t.key: _line(plan, t) for t in plan.preorder if type_of(plan, t).role is Role.PRIMARY}
        index = {territory.key: i for i, territory in enumerate(plan.territories)}
        places = {index[t.key]: place for t in plan.preorder if t.rules and (place := _place(plan, t, index)) is not None}
        self._territory = [rule.territory for rule in compiled.rules]
        self._place = [places.get(territory) for territory in self._territory]
        pairs = list(zip(self._place, compiled.rules, strict=True))
        self._first_rank = _ranks([(not rule.is_named, place.type_priority) if place else None for place, rule in pairs])
        self._last_rank = _ranks([(rule.priority, place.key) if place else None for place, rule in pairs])
        self._first, self._last = np.array(self._first_rank, np.int64), np.array(self._last_rank, np.int64)
        self._is_primary = np.array([place is not None for place in self._place], bool)
        above = {index[upper.key] for t in plan.preorder if t.rules for upper in plan.ancestors(t.key)}
        self._is_above = np.array([territory in above for territory in self._territory], bool)
        self._touches_others = self._that_touch_others()

    def _that_touch_others(self) -> Bools:
        """Whether a rule may change more than its own claim: shut out one less deep in its tree, or share what one of its type wins."""
        least: dict[str, int] = {}
        for place in self._place:
            if place is not None:
                least[place.root] = min(least.get(place.root, place.depth), place.depth)
        return np.array([p is not None and (p.depth > least[p.root] or not p.is_priority) for p in self._place], bool)

    def primaries(self, held_rules: Sequence[int], account: str, day: date) -> Keys:
        """The keys of the primary territories that hold an account on a day if these rules hold; empty for a gap."""
        shut, is_pinned = self._fixed(account, day)
        claims = {} if is_pinned else self._claims(held_rules, shut)
        if not claims:  # a pin or a catch-all decides
            settled = self._settler.settle(held_rules, account, day)
            return frozenset(h.candidate.territory.key for h in settled.primaries)
        left = self._standing(claims)
        winner = claims[min(left, key=self._last_rank.__getitem__)]
        if winner.is_priority:
            return frozenset((winner.key,))
        return frozenset(claims[number].key for number in left if claims[number].type == winner.type)

    def that_matter(self, held_rules: Sequence[int], account: str, day: date) -> Bools:
        """Which rules could change who holds an account if they held beside `held_rules`; the others cannot, in any company.

        One cannot where its territory would lose to the present winner, could shut out nobody who would not, and would not share with
        one that wins; where a pin holds the account, none can. Shape (n_rules,).
        """
        shut, is_pinned = self._fixed(account, day)
        if is_pinned:
            return np.zeros(len(self._territory), bool)
        claims = self._claims(held_rules, shut)
        left = self._standing(claims)
        if not left:
            return np.ones(len(self._territory), bool)
        winner = min(left, key=self._last_rank.__getitem__)
        if not claims[winner].is_priority:
            return np.ones(len(self._territory), bool)
        first, last = self._first[winner], self._last[winner]
        goes_on = (self._first == first) & (self._touches_others | (self._last <= last))
        return np.asarray(self._is_above | (self._is_primary & ((self._first < first) | goes_on)))

    def _fixed(self, account: str, day: date) -> tuple[Keys, bool]:
        """The territories that an account is kept out of on a day, and whether a pin holds it in a primary one."""
        pins = [pin for pin in self._pins.get(account, ()) if pin.holds_on(day)]
        shut = frozenset(pin.territory for pin in pins if pin.is_exclusion)
        lines = [self._primary.get(pin.territory) for pin in pins if not pin.is_exclusion]
        return shut, any(line is not None and not line & shut for line in lines)

    def _claims(self, held_rules: Sequence[int], shut: Keys) -> dict[int, _Place]:
        """The rules by which primary territories take the account, with the territories: none shut to it, nor under one that is."""
        best: dict[int, int] = {}
        for number in sorted(held_rules):
            best.setdefault(self._territory[number], number)
        claims: dict[int, _Place] = {}
        for number in best.values():
            place = self._place[number]
            if place is None or (shut and not shut.isdisjoint(place.line)):
                continue
            if all(above in best for above in place.ruled_above):
                claims[number] = place
        return claims

    def _standing(self, claims: dict[int, _Place]) -> list[int]:
        """The claims that are left when lists by name, type priority and depth have spoken."""
        if not claims:
            return []
        first = min(map(self._first_rank.__getitem__, claims))
        left = [(number, place) for number, place in claims.items() if self._first_rank[number] == first]
        deepest: dict[str, int] = {}
        for _, place in left:
            deepest[place.root] = max(deepest.get(place.root, 0), place.depth)
        return [number for number, place in left if place.depth == deepest[place.root]]


def _ranks(keys: Sequence[Any]) -> list[int]:
    """Each key's rank among the distinct ones, from 0; 0 where there is none."""
    rank = {key: i for i, key in enumerate(sorted({key for key in keys if key is not None}))}
    return [0 if key is None else rank[key] for key in keys]


def _line(plan: Plan, territory: Territory) -> Keys:
    """The keys of a territory and of all above it."""
    return frozenset((territory.key, *(above.key for above in plan.ancestors(territory.key))))


def _place(plan: Plan, territory: Territory, index: dict[str, int]) -> _Place | None:
    """What precedence asks of a territory; None where it is no primary one, or takes only what nothing else does."""
    kind = type_of(plan, territory)
    if kind.role is not Role.PRIMARY or territory.is_catch_all:
        return None
    above = tuple(plan.ancestors(territory.key))
    return _Place(
        key=territory.key,
        line=_line(plan, territory),
        type=territory.type,
        is_priority=kind.policy is Policy.PRIORITY,
        type_priority=kind.priority,
        root=above[-1].key if above else territory.key,
        depth=len(above),
        ruled_above=tuple(index[t.key] for t in above if t.rules),
    )
