"""Who would hold an account under rules that might hold, asked thousands of times over: the primary territories alone, no reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from metes.model.plan import Plan, Policy, Role, Territory
from metes.rules.compile import CompiledRules
from metes.rules.precedence import Settler, type_of

Keys = frozenset[str]


@dataclass(frozen=True, slots=True)
class _Place:
    """What precedence asks of a primary territory that rules may give an account; `ruled_above` are the territories above with rules."""

    key: str
    type: str
    is_priority: bool
    type_priority: int
    root: str
    depth: int
    ruled_above: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A territory that takes the account by a rule of a priority; `is_plain` where the rule does not list it by name."""

    place: _Place
    is_plain: bool
    priority: int

    @property
    def first_rank(self) -> tuple[bool, int]:
        """What precedence looks at first, the lower the better."""
        return self.is_plain, self.place.type_priority


def _last_rank(claim: _Claim) -> tuple[int, str]:
    """What precedence looks at last, the lower the better."""
    return claim.priority, claim.place.key


def _standing(claims: Sequence[_Claim]) -> list[_Claim]:
    """The claims that are left when lists by name, type priority and depth have spoken."""
    first = min(claim.first_rank for claim in claims)
    left = [claim for claim in claims if claim.first_rank == first]
    deepest: dict[str, int] = {}
    for claim in left:
        deepest[claim.place.root] = max(deepest.get(claim.place.root, 0), claim.place.depth)
    return [claim for claim in left if claim.place.depth == deepest[claim.place.root]]


class PrimaryFinder:
    """A plan made ready for saying which primary territories hold an account under a set of rules; the same as a `Settler` says."""

    def __init__(self, plan: Plan, compiled: CompiledRules, settler: Settler) -> None:
        self._settler = settler
        self._pinned = frozenset(pin.account for pin in plan.pins)
        index = {territory.key: i for i, territory in enumerate(plan.territories)}
        self._places = {index[t.key]: place for t in plan.preorder if t.rules and (place := _place(plan, t, index)) is not None}
        self._least_depth: dict[str, int] = {}
        for place in self._places.values():
            self._least_depth[place.root] = min(self._least_depth.get(place.root, place.depth), place.depth)
        self._above_rules = frozenset(index[above.key] for t in plan.preorder if t.rules for above in plan.ancestors(t.key))
        self._rules = [(rule.territory, not rule.is_named, rule.priority) for rule in compiled.rules]

    def primaries(self, held_rules: Sequence[int], account: str, day: date) -> Keys:
        """The keys of the primary territories that hold an account on a day if these rules hold; empty for a gap."""
        claims = None if account in self._pinned else self._claims(held_rules)
        if not claims:  # a pin, an exclusion or a catch-all decides
            settled = self._settler.settle(held_rules, account, day)
            return frozenset(h.candidate.territory.key for h in settled.primaries)
        left = _standing(claims)
        winner = min(left, key=_last_rank).place
        if winner.is_priority:
            return frozenset((winner.key,))
        return frozenset(claim.place.key for claim in left if claim.place.type == winner.type)

    def that_matter(self, rules: Sequence[int], held_rules: Sequence[int], account: str) -> list[int]:
        """Of some rules those that could change who holds an account if they held beside `held_rules`; the others cannot, in any company.

        One cannot where its territory would lose to the present winner and could shut out nobody who would not.
        """
        claims = None if account in self._pinned else self._claims(held_rules)
        if not claims:
            return list(rules)
        winner = min(_standing(claims), key=_last_rank)
        if not winner.place.is_priority:
            return list(rules)
        return [number for number in rules if self._may_beat(number, winner)]

    def _may_beat(self, number: int, winner: _Claim) -> bool:
        """Whether a rule, if it held, could take an account from a winner under a priority policy."""
        territory, is_plain, priority = self._rules[number]
        if territory in self._above_rules:
            return True
        place = self._places.get(territory)
        if place is None:
            return False
        claim = _Claim(place, is_plain, priority)
        if claim.first_rank != winner.first_rank:
            return claim.first_rank < winner.first_rank
        # One that lies deeper than another of its tree could shut that one out, be it the winner or who would beat the winner.
        return place.depth > self._least_depth[place.root] or _last_rank(claim) <= _last_rank(winner)

    def _claims(self, held_rules: Sequence[int]) -> list[_Claim]:
        """The primary territories that take the account by a rule."""
        best: dict[int, tuple[bool, int]] = {}
        for number in sorted(held_rules):
            territory, is_plain, priority = self._rules[number]
            best.setdefault(territory, (is_plain, priority))
        claims: list[_Claim] = []
        for territory, (is_plain, priority) in best.items():
            place = self._places.get(territory)
            if place is not None and all(above in best for above in place.ruled_above):
                claims.append(_Claim(place, is_plain, priority))
        return claims


def _place(plan: Plan, territory: Territory, index: dict[str, int]) -> _Place | None:
    """What precedence asks of a territory; None where it is no primary one, or takes only what nothing else does."""
    kind = type_of(plan, territory)
    if kind.role is not Role.PRIMARY or territory.is_catch_all:
        return None
    above = tuple(plan.ancestors(territory.key))
    return _Place(
        key=territory.key,
        type=territory.type,
        is_priority=kind.policy is Policy.PRIORITY,
        type_priority=kind.priority,
        root=above[-1].key if above else territory.key,
        depth=len(above),
        ruled_above=tuple(index[t.key] for t in above if t.rules),
    )
