"""The territories that do not take an account: of each the rule that came nearest and its first literal that fails, all at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from metes.model.condition import And, Condition, Not, Or
from metes.model.plan import Plan, Territory
from metes.rules.compile import CompiledRules, is_named
from metes.rules.forest import NO_LEAF, Bools, Floats, Forest, Ints

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Failures:
    """Territories that do not take an account, the nearest first; arrays of shape (n_territories,).

    `territory` and `stopper` are places in the plan's preorder: the stopper's rules keep the account out, be it the territory itself
    or the nearest above it. `rule` numbers the stopper's rule that came nearest, by the share `held_share` of its literals that hold,
    and `leaf` its first literal that failed, counted from the left, NO_LEAF where none decides.
    """

    territory: Ints
    stopper: Ints
    rule: Ints
    leaf: Ints
    held_share: Floats

    def __len__(self) -> int:
        return len(self.territory)

    def at(self, places: Any) -> Failures:
        """Those at some places."""
        return Failures(*(a[places] for a in (self.territory, self.stopper, self.rule, self.leaf, self.held_share)))


class FailingRules:
    """A plan made ready for saying of every territory why it does not take an account. O(territories + literals) an account."""

    def __init__(self, plan: Plan, compiled: CompiledRules, forest: Forest) -> None:
        self.forest = forest
        territories = plan.preorder
        position = {territory.key: i for i, territory in enumerate(territories)}
        self._parent = np.array([NOBODY if t.parent is None else position[t.parent] for t in territories], np.int64)
        self._by_depth = _by_depth(self._parent)
        self._has_rules = np.array([bool(t.rules) for t in territories], bool)
        self._could_claim = self._has_rules | np.array([t.is_catch_all for t in territories], bool)
        self._territory_of_rule = np.array([position[plan.territories[r.territory].key] for r in compiled.rules], np.int64)
        counts = np.array([len(t.rules) for t in territories], np.int64)
        self._first_rule = np.cumsum(counts) - counts
        # Rules are numbered as they speak; of several that came equally near, the first as written is named.
        self._written = np.array([place for t in territories for place in _as_numbered(t)], np.int64)
        self._number_as_written = np.empty(len(self._written), np.int64)
        self._number_as_written[self._first_rule[self._territory_of_rule] + self._written] = np.arange(len(self._written))

    def failures(self, literal_truth: Bools, claiming: Collection[int]) -> Failures:
        """The territories that could take the account and do not, from the truth of literals; `claiming` are places that do."""
        leaf_truth = self.forest.leaf_truth(literal_truth)
        node_truth = self.forest.node_truth(leaf_truth)
        is_ruled = np.zeros(len(self._parent), bool)
        is_ruled[self._territory_of_rule[node_truth[self.forest.roots]]] = True
        stopper = self._stoppers(is_ruled)
        is_out = self._could_claim & (stopper != NOBODY)
        is_out[list(claiming)] = False
        found = np.flatnonzero(is_out)
        shares = self.forest.held_share(leaf_truth)
        rule = self._nearest_rule(shares)[stopper[found]]
        leaf = self.forest.deciding_leaf(node_truth)[rule]
        leaf = np.where(leaf == NO_LEAF, NO_LEAF, leaf - self.forest.first_leaf[rule])
        failures = Failures(found, stopper[found], rule, leaf, shares[rule])
        return failures.at(np.argsort(-failures.held_share, kind="stable"))

    def _stoppers(self, is_ruled: Bools) -> Ints:
        """The nearest territory in each one's line, itself first, that has rules of which none holds; NOBODY where there is none."""
        stopper = np.where(self._has_rules & ~is_ruled, np.arange(len(self._parent)), NOBODY)
        for level in self._by_depth[1:]:
            stopper[level] = np.where(stopper[level] == NOBODY, stopper[self._parent[level]], stopper[level])
        return stopper

    def _nearest_rule(self, shares: Floats) -> Ints:
        """For each territory with rules the number of the one with the largest share, the first as written; others mean nothing."""
        out = np.full(len(self._parent), NOBODY)
        ruled = np.flatnonzero(self._has_rules)
        if not ruled.size:
            return out
        starts = self._first_rule[ruled]
        best = np.zeros(len(self._parent))
        best[ruled] = np.maximum.reduceat(shares, starts)
        is_best = shares == best[self._territory_of_rule]
        written = np.minimum.reduceat(np.where(is_best, self._written, len(shares)), starts)
        out[ruled] = self._number_as_written[starts + written]
        return out


def _as_numbered(territory: Territory) -> list[int]:
    """The places of a territory's rules as written, in the order in which they are numbered."""
    rules = territory.rules
    return sorted(range(len(rules)), key=lambda i: (not is_named(rules[i].condition), rules[i].priority, rules[i].key))


def _by_depth(parent: Ints) -> list[Ints]:
    """The places of territories by their depth; each parent stands before its children."""
    depth = np.zeros(len(parent), np.int64)
    for i, above in enumerate(parent.tolist()):
        depth[i] = 0 if above == NOBODY else depth[above] + 1
    return [np.flatnonzero(depth == level) for level in range(int(depth.max(initial=-1)) + 1)]


def signed_leaf(condition: Condition, leaf: int) -> Condition | None:
    """The leaf of a condition with the number that `Failures` gives, under a NOT where an odd number stands above it."""
    if leaf == NO_LEAF:
        return None
    return _signed(condition, leaf, True)[0]


def _signed(node: Condition, left: int, positive: bool) -> tuple[Condition | None, int]:
    """The leaf that `left` others stand before, and how many more stand before it than were passed."""
    if isinstance(node, Not):
        return _signed(node.part, left, not positive)
    if isinstance(node, And | Or):
        for part in node.parts:
            found, left = _signed(part, left, positive)
            if found is not None:
                return found, left
        return None, left
    return (node if positive else Not(node), 0) if left == 0 else (None, left - 1)
