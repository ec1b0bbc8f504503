"""Conditions as arrays: the trees of many rules, evaluated together level by level, for one record after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from metes.model.condition import And, Condition, Everything, Literal, Not, Or

Bools: TypeAlias = NDArray[np.bool_]
Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
NO_LEAF = -1


@dataclass(frozen=True, slots=True)
class Level:
    """ANDs, or ORs, whose parts all lie on lower levels: the parts of `nodes[i]` are `parts[starts[i]:starts[i] + counts[i]]`.

    NOTs have been moved down into the leaves, so an AND under a NOT stands here as an OR.
    """

    is_and: bool
    nodes: Ints
    starts: Ints
    counts: Ints
    parts: Ints


@dataclass(frozen=True, slots=True)
class Forest:
    """The trees of conditions as arrays over nodes: first the leaves, tree by tree from left to right, then what stands above them.

    `literal_of_leaf` numbers the literal of each leaf, one past the last standing for EVERYTHING; `is_negated` says whether an odd
    number of NOTs stands above it. `is_counted` marks the ANDs and ORs that stand directly in another one, without a NOT between:
    how near they came is measured by their own parts. `roots` are the trees' tops; `first_leaf` says where each tree's leaves begin.
    """

    literals: int
    literal_of_leaf: Ints
    is_negated: Bools
    is_counted: Bools
    levels: tuple[Level, ...]
    roots: Ints
    first_leaf: Ints

    def leaf_truth(self, literal_truth: Bools) -> Bools:
        """Whether each leaf holds, the NOTs above it counted in; shape (..., n_leaves) from literals of shape (..., n_literals)."""
        everything = np.ones((*literal_truth.shape[:-1], 1), bool)
        truth = np.concatenate([literal_truth, everything], axis=-1)[..., self.literal_of_leaf]
        return np.asarray(truth != self.is_negated)

    def node_truth(self, leaf_truth: Bools) -> Bools:
        """Whether each node holds; shape (..., n_nodes) from leaves of shape (..., n_leaves). O(parts)."""
        out = np.zeros((*leaf_truth.shape[:-1], len(self.is_counted)), bool)
        out[..., : leaf_truth.shape[-1]] = leaf_truth
        for level in self.levels:
            reduce = np.logical_and if level.is_and else np.logical_or
            out[..., level.nodes] = reduce.reduceat(out[..., level.parts], level.starts, axis=-1)
        return out

    def held_share(self, leaf_truth: Bools) -> Floats:
        """The share of each tree's literals that hold, the NOTs above them counted in; 0 where it has none."""
        if not self.roots.size:
            return np.zeros(0)
        is_literal = self.literal_of_leaf < self.literals
        held = np.add.reduceat(leaf_truth & is_literal, self.first_leaf, dtype=np.int64)
        count = np.add.reduceat(is_literal, self.first_leaf, dtype=np.int64)
        return np.divide(held, count, out=np.zeros(len(held)), where=count > 0)

    def deciding_leaf(self, node_truth: Bools) -> Ints:
        """For each tree that fails the leaf that `predicate.deciding` names, NO_LEAF where none decides; others mean nothing.

        Of an AND its first part that failed decides, of an OR the part that came nearest: the one with the largest share of parts
        of its own that hold, the first of such.
        """
        leaves = len(self.literal_of_leaf)
        decider = np.full(len(self.is_counted), NO_LEAF)
        decider[:leaves] = np.where(self.literal_of_leaf < self.literals, np.arange(leaves), NO_LEAF)
        share = node_truth.astype(np.float64)
        for level in self.levels:
            truth = node_truth[level.parts]
            first = _first_failed(level, truth) if level.is_and else _nearest(level, share[level.parts])
            decider[level.nodes] = decider[level.parts[first]]
            own_share = np.add.reduceat(truth, level.starts, dtype=np.int64) / level.counts
            share[level.nodes] = np.where(self.is_counted[level.nodes], own_share, share[level.nodes])
        return decider[self.roots]


def _first_failed(level: Level, truth: Bools) -> Ints:
    """Where the first part that failed stands; anywhere for a node of which none did."""
    places = np.where(truth, len(truth), np.arange(len(truth)))
    return np.minimum(np.minimum.reduceat(places, level.starts), len(truth) - 1)


def _nearest(level: Level, share: Floats) -> Ints:
    """Where the first part with the largest share stands."""
    is_best = share == np.repeat(np.maximum.reduceat(share, level.starts), level.counts)
    return np.minimum.reduceat(np.where(is_best, np.arange(len(share)), len(share)), level.starts)


def forest_of(conditions: Iterable[Condition], number_of_literal: Mapping[Literal, int]) -> Forest:
    """The trees of conditions; every literal must have a number, from 0 without a gap. O(nodes)."""
    return _Planter(number_of_literal).planted(conditions)


def leaves(condition: Condition) -> Iterator[Literal | Everything]:
    """The leaves of a condition from left to right, as a forest numbers them."""
    match condition:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield condition


class _Planter:
    """Gathers the nodes of one tree after the other; inner nodes are numbered by -1, -2, … until all leaves are known."""

    def __init__(self, number_of_literal: Mapping[Literal, int]) -> None:
        self.number_of_literal = number_of_literal
        self.literal_of_leaf: list[int] = []
        self.is_negated: list[bool] = []
        self.inner: list[tuple[int, bool, bool, list[int]]] = []

    def planted(self, conditions: Iterable[Condition]) -> Forest:
        roots: list[int] = []
        first_leaf: list[int] = []
        for condition in conditions:
            first_leaf.append(len(self.literal_of_leaf))
            roots.append(self.add(condition, True, False)[0])
        leaf_count = len(self.literal_of_leaf)
        counted = [False] * leaf_count + [is_counted for _, _, is_counted, _ in self.inner]
        return Forest(
            literals=len(self.number_of_literal),
            literal_of_leaf=np.array(self.literal_of_leaf, np.int64),
            is_negated=np.array(self.is_negated, bool),
            is_counted=np.array(counted, bool),
            levels=tuple(self.levels(leaf_count)),
            roots=_numbered(roots, leaf_count),
            first_leaf=np.array(first_leaf, np.int64),
        )

    def add(self, node: Condition, positive: bool, is_part: bool) -> tuple[int, int]:
        """The number and the height of a node; `is_part` says whether it stands directly in an AND or OR."""
        match node:
            case Not(part):
                return self.add(part, not positive, False)
            case And(parts) | Or(parts):
                added = [self.add(part, positive, True) for part in parts]
                height = 1 + max(height for _, height in added)
                self.inner.append((height, isinstance(node, And) == positive, is_part, [number for number, _ in added]))
                return -len(self.inner), height
            case Everything():
                self.literal_of_leaf.append(len(self.number_of_literal))
            case _:
                self.literal_of_leaf.append(self.number_of_literal[node])
        self.is_negated.append(not positive)
        return len(self.literal_of_leaf) - 1, 0

    def levels(self, leaf_count: int) -> Iterator[Level]:
        """The inner nodes by height, ANDs and ORs apart."""
        groups: dict[tuple[int, bool], list[int]] = {}
        for i, (height, is_and, _, _) in enumerate(self.inner):
            groups.setdefault((height, is_and), []).append(i)
        for (_, is_and), members in sorted(groups.items()):
            counts = np.array([len(self.inner[i][3]) for i in members], np.int64)
            parts = [number for i in members for number in self.inner[i][3]]
            starts = np.cumsum(counts) - counts
            yield Level(is_and, np.array(members, np.int64) + leaf_count, starts, counts, _numbered(parts, leaf_count))


def _numbered(numbers: list[int], leaf_count: int) -> Ints:
    """Node numbers with those of inner nodes, kept as -1, -2, …, put behind the leaves."""
    found = np.array(numbers, np.int64)
    return np.where(found < 0, leaf_count - 1 - found, found)
