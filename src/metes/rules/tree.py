"""A plan's tree as arrays: territories by their place in preorder, with all that precedence asks of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metes.model.condition import EVERYTHING
from metes.model.plan import Plan, Policy, Role, Territory
from metes.rules.compile import CompiledRules
from metes.rules.precedence import type_of

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TreeArrays:
    """Arrays over territories in preorder, then over types by key, then over rules by number.

    `last` ends the preorder interval of what lies below; `ruled_parent` is the nearest territory above that has rules, or -1;
    `ruled_level` counts those above. Ranks order, the lower first: `key_rank` territories by key, `type_rank` types by priority,
    `priority_rank` at rule + 1 rules by priority, at 0 a claim without a rule, which counts as priority 0.
    """

    position_of_key: Mapping[str, int]
    index: Ints
    last: Ints
    depth: Ints
    root: Ints
    type: Ints
    role: Ints
    has_rules: Bools
    is_catch_all: Bools
    ruled_parent: Ints
    ruled_level: Ints
    key_rank: Ints
    share: NDArray[np.float64]
    type_rank: Ints
    is_priority_type: Bools
    is_split_type: Bools
    role_of_type: Ints
    territory_of_rule: Ints
    is_named_rule: Bools
    priority_rank: Ints

    @property
    def size(self) -> int:
        """How many territories stand in the tree."""
        return len(self.index)

    def groups(self) -> Iterator[Bools]:
        """Masks over types whose territories contend with each other: all primary ones together, then each other one alone."""
        primary = self.role_of_type == _ROLES[Role.PRIMARY]
        yield primary
        others = np.flatnonzero(~primary)
        for number in others[np.argsort(self.role_of_type[others], kind="stable")]:
            yield np.arange(primary.size) == number


_ROLES = {role: i for i, role in enumerate(Role)}


def tree_arrays(plan: Plan, compiled: CompiledRules) -> TreeArrays:
    """The arrays of a plan's tree. O(territories + rules)."""
    territories = plan.preorder
    position = {territory.key: i for i, territory in enumerate(territories)}
    index_of_key = {territory.key: i for i, territory in enumerate(plan.territories)}
    known = {territory.type: type_of(plan, territory) for territory in territories}
    types = {key: known[key] for key in sorted(known)}
    number_of_type = {key: i for i, key in enumerate(types)}
    depth, root, ruled_parent, ruled_level = _lineage(territories, position)
    type = _ints(number_of_type[t.type] for t in territories)
    role_of_type = _ints(_ROLES[t.role] for t in types.values())
    key_rank = np.empty(len(territories), np.int64)
    key_rank[sorted(range(len(territories)), key=lambda i: territories[i].key)] = np.arange(len(territories))
    return TreeArrays(
        position_of_key=position,
        index=_ints(index_of_key[t.key] for t in territories),
        last=_ints(plan.interval_by_key[t.key][1] for t in territories),
        depth=depth,
        root=root,
        type=type,
        role=role_of_type[type],
        has_rules=_bools(bool(t.rules) for t in territories),
        is_catch_all=_bools(t.is_catch_all for t in territories),
        ruled_parent=ruled_parent,
        ruled_level=ruled_level,
        key_rank=key_rank,
        share=np.array([np.nan if t.share is None else t.share for t in territories], np.float64),
        type_rank=_rank(_ints(t.priority for t in types.values())),
        is_priority_type=_bools(t.policy is Policy.PRIORITY for t in types.values()),
        is_split_type=_bools(t.policy is Policy.SPLIT for t in types.values()),
        role_of_type=role_of_type,
        territory_of_rule=_ints(position[plan.territories[rule.territory].key] for rule in compiled.rules),
        **_of_rules(compiled),
    )


def _of_rules(compiled: CompiledRules) -> dict[str, Any]:
    return {
        "is_named_rule": _bools(rule.is_named for rule in compiled.rules),
        "priority_rank": _rank(np.array([0, *(rule.priority for rule in compiled.rules)], np.int64)),
    }


def stands_alike(one: Plan, other: Plan) -> bool:
    """Whether two plans are the same but for what their rules ask, and for pins, lists and the like. O(territories)."""
    if one.types != other.types or len(one.territories) != len(other.territories):
        return False
    return all(a is b or _standing_of(a) == _standing_of(b) for a, b in zip(one.territories, other.territories, strict=True))


def _standing_of(territory: Territory) -> Territory:
    """A territory whose rules ask nothing."""
    return replace(territory, rules=tuple(replace(rule, condition=EVERYTHING) for rule in territory.rules))


def with_conditions(tree: TreeArrays, compiled: CompiledRules) -> TreeArrays:
    """The arrays of a plan that stands alike; which rules of a territory list accounts by name, and so come first, is their own."""
    return replace(tree, **_of_rules(compiled))


def _lineage(territories: tuple[Territory, ...], position: Mapping[str, int]) -> tuple[Ints, Ints, Ints, Ints]:
    """Depth, root, nearest ruled ancestor and number of ruled ancestors of each territory."""
    depth, root, ruled_parent, ruled_level = (np.zeros(len(territories), np.int64) for _ in range(4))
    for i, territory in enumerate(territories):
        if territory.parent is None:
            root[i], ruled_parent[i] = i, -1
            continue
        above = position[territory.parent]
        has_rules = bool(territories[above].rules)
        depth[i], root[i] = depth[above] + 1, root[above]
        ruled_parent[i] = above if has_rules else ruled_parent[above]
        ruled_level[i] = ruled_level[above] + has_rules
    return depth, root, ruled_parent, ruled_level


def _rank(values: Ints) -> Ints:
    """Each value's rank among the distinct ones, from 0."""
    return np.unique(values, return_inverse=True)[1]


def _ints(values: Iterator[int]) -> Ints:
    return np.fromiter(values, np.int64)


def _bools(values: Iterator[bool]) -> Bools:
    return np.fromiter(values, np.bool_)
