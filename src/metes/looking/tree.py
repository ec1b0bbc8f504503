"""The tree of territories with what each adds up to, itself and with all below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metes.model.plan import Plan, Territory
from metes.model.query import Sums

SumsByTerritory = Mapping[tuple[str, str], Sums]


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A territory in the tree: its depth from 0, whether it has children, its own sums and those with all below."""

    territory: Territory
    depth: int
    has_children: bool
    role: str
    own: Sums
    whole: Sums


def tree_with_sums(plan: Plan, sums: SumsByTerritory) -> tuple[TreeNode, ...]:
    """All territories, each parent before its children. O(territories)."""
    whole: dict[str, Sums] = {}
    for territory in reversed(plan.preorder):
        own = own_sums(plan, territory, sums)
        whole[territory.key] = whole.get(territory.key, Sums()) + own
        if territory.parent is not None:
            whole[territory.parent] = whole.get(territory.parent, Sums()) + whole[territory.key]
    depth: dict[str, int] = {}
    nodes = []
    for territory in plan.preorder:
        depth[territory.key] = 0 if territory.parent is None else depth[territory.parent] + 1
        children = plan.children_by_key.get(territory.key, ())
        own = own_sums(plan, territory, sums)
        nodes.append(TreeNode(territory, depth[territory.key], bool(children), role_of(plan, territory), own, whole[territory.key]))
    return tuple(nodes)


def own_sums(plan: Plan, territory: Territory, sums: SumsByTerritory) -> Sums:
    """What the territory itself holds in its type's role."""
    return sums.get((territory.key, role_of(plan, territory)), Sums())


def role_of(plan: Plan, territory: Territory) -> str:
    """The role of the territory's type."""
    kind = plan.type_by_key.get(territory.type)
    return kind.role.value if kind else "primary"


def keys_below(plan: Plan, key: str) -> frozenset[str]:
    """The territory's key and those of all below it."""
    first, last = plan.interval_by_key[key]
    return frozenset(t.key for t in plan.preorder[first:last])
