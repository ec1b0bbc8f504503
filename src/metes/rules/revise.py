"""Compiles a changed plan from the compiled one before it: only rules whose condition changed are compiled anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from metes.base.findings import Finding
from metes.model.catalogue import Field
from metes.model.condition import Condition, InList, literals
from metes.model.plan import Plan, Rule, Territory
from metes.rules.compile import (
    CompiledRule,
    CompiledRules,
    compile_plan,
    compiled_rule,
    findings_of,
    in_turn,
    pack_of,
    refuse,
)
from metes.rules.packs import Pack

# Packs are evaluated one after the other, so they are put together where they are many or the added ones large.
MAX_PACKS = 4
_MAX_ADDED_SHARE = 0.1
# A pack of which fewer rules are left costs more than it is worth keeping.
_MIN_KEPT_SHARE = 0.5


def revised(
    before: CompiledRules, plan_before: Plan, plan_after: Plan, fields: Mapping[str, Field], currency: str
) -> CompiledRules:
    """The rules of `plan_after`, equal in effect to `compile_plan(plan_after, fields, currency)`.

    Parameters
    ----------
    before, plan_before
        A plan and its compiled rules, themselves perhaps revised.

    Notes
    -----
    Source: ours. A rule is as before where its territory, its key, its condition and the lists that this names are; its number may be
    another. All others go into a pack of their own. O(rules) comparisons, and what the changed ones take to compile.

    Raises
    ------
    InputError
        Where a changed rule asks for an unknown field or list, or compares a field with what it cannot hold.
    """
    if currency != before.currency or any(fields.get(name) != before.fields.get(name) for name in before.used_fields):
        return compile_plan(plan_after, fields, currency)
    revision = _Revision(before, plan_before, plan_after, fields, currency)
    return CompiledRules(plan_after, tuple(revision.rules), fields, currency, _packs(before.packs, revision, fields, plan_after))


class _Revision:
    """The rules of a plan, most of them taken over: `number_now` gives the number of each rule of before, -1 where it is gone.

    `changed` are those that no pack holds yet.
    """

    def __init__(
        self, before: CompiledRules, plan_before: Plan, plan_after: Plan, fields: Mapping[str, Field], currency: str
    ) -> None:
        self.before, self.plan, self.fields, self.currency = before, plan_after, fields, currency
        self.lists = _changed_lists(plan_before, plan_after)
        self.rules: list[CompiledRule] = []
        self.changed: list[CompiledRule] = []
        self.number_now = np.full(len(before.rules), -1, np.int32)
        known = _numbers_before(before, plan_before)
        index = {territory.key: i for i, territory in enumerate(plan_after.territories)}
        findings: list[Finding] = []
        for territory in plan_after.preorder:
            if territory.rules:
                old = plan_before.territory_by_key[territory.key].rules if territory.key in known else ()
                findings += self._add(territory, index[territory.key], old, known.get(territory.key, {}))
        refuse(findings)

    def _add(self, territory: Territory, index: int, old: Sequence[Rule], numbers: Mapping[str, int]) -> list[Finding]:
        """Add the rules of one territory, which had those old ones; the errors of what is new."""
        condition_before = {rule.key: rule.condition for rule in old}
        findings: list[Finding] = []
        for rule in in_turn(territory.rules):
            number = len(self.rules)
            if rule.key in numbers and self._is_same(rule.condition, condition_before[rule.key]):
                self.number_now[numbers[rule.key]] = number
                self.rules.append(_renumbered(self.before.rules[numbers[rule.key]], number, index, rule.priority))
                continue
            found = findings_of(rule, territory, self.plan, self.fields)
            findings += found
            if not found:
                self.rules.append(compiled_rule(number, index, rule, self.fields, self.currency))
                self.changed.append(self.rules[-1])
        return findings

    def _is_same(self, condition: Condition, before: Condition) -> bool:
        """Whether a condition takes what it took."""
        if condition is not before and condition != before:
            return False
        return not self.lists or self.lists.isdisjoint(_lists_of(condition))


def _renumbered(rule: CompiledRule, number: int, territory: int, priority: int) -> CompiledRule:
    if (rule.number, rule.territory, rule.priority) == (number, territory, priority):
        return rule
    return replace(rule, number=number, territory=territory, priority=priority)


def _numbers_before(before: CompiledRules, plan: Plan) -> dict[str, dict[str, int]]:
    """The number of each compiled rule, by territory and rule."""
    numbers: dict[str, dict[str, int]] = {}
    for rule in before.rules:
        numbers.setdefault(plan.territories[rule.territory].key, {})[rule.key] = rule.number
    return numbers


def _changed_lists(before: Plan, after: Plan) -> frozenset[str]:
    """The lists that do not hold the same, or that only one of the plans has."""
    if before.lists is after.lists:
        return frozenset()
    keys = before.list_by_key.keys() | after.list_by_key.keys()
    both = before.list_by_key.keys() & after.list_by_key.keys()
    same = (key for key in both if _has_same_values(before.list_by_key[key].values, after.list_by_key[key].values))
    return frozenset(keys - set(same))


def _has_same_values(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return one is other or one == other or set(one) == set(other)


def _lists_of(condition: Condition) -> Iterator[str]:
    return (literal.list for literal in literals(condition) if isinstance(literal, InList))


def _packs(old: Sequence[Pack], revision: _Revision, fields: Mapping[str, Field], plan: Plan) -> tuple[Pack, ...]:
    """The packs of before with their rules' new numbers, those that hold no rule left out, and one of what changed."""
    kept = [replace(pack, number_of_rule=_now(pack.number_of_rule, revision.number_now)) for pack in old]
    kept = [pack for pack in kept if (pack.number_of_rule >= 0).any()]
    added = revision.changed
    if len(kept) + bool(added) > MAX_PACKS:
        # The first pack is that of the whole plan; what was added to it since becomes one.
        added = [*added, *(revision.rules[number] for pack in kept[1:] for number in pack.number_of_rule.tolist() if number >= 0)]
        kept = kept[:1]
    is_thin = any((pack.number_of_rule >= 0).mean() < _MIN_KEPT_SHARE for pack in kept)
    if is_thin or len(added) > _MAX_ADDED_SHARE * len(revision.rules) or not kept:
        return (pack_of(revision.rules, fields, plan.list_by_key),)
    return (*kept, pack_of(added, fields, plan.list_by_key)) if added else tuple(kept)


def _now(numbers: NDArray[np.int32], number_now: NDArray[np.int32]) -> NDArray[np.int32]:
    """New numbers of rules in place of old ones, -1 staying -1."""
    return np.where(numbers >= 0, np.append(number_now, np.int32(-1))[numbers], np.int32(-1))
