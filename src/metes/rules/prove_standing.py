"""Settles many sample accounts at once: who holds each, who stands level with the winner, and which are held by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metes.rules.prove_boxes import CATCH_ALL, NAMED, NO_RULE, RULE
from metes.rules.tree import TreeArrays

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Claims:
    """Candidates as columns: the sample, the territory's place in preorder, the kind of claim and the rule that speaks, or -1."""

    sample: Ints
    territory: Ints
    via: Ints
    rule: Ints

    def where(self, mask: Bools) -> Claims:
        """The claims that a mask keeps."""
        return Claims(self.sample[mask], self.territory[mask], self.via[mask], self.rule[mask])


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What precedence makes of samples in one group of types: who holds them, and who lost by the territory's key alone."""

    holding: Claims
    level: Claims
    is_held: Bools


def taking(tree: TreeArrays, sample: Ints, rule: Ints) -> Claims:
    """The claims of territories that take, by pairs of samples and rules that hold, sorted; of several rules the first speaks."""
    territory = tree.territory_of_rule[rule]
    is_first = np.ones(sample.size, bool)
    is_first[1:] = (sample[1:] != sample[:-1]) | (territory[1:] != territory[:-1])
    sample, territory, rule = sample[is_first], territory[is_first], rule[is_first]
    via = np.where(tree.is_catch_all[territory], CATCH_ALL, np.where(tree.is_named_rule[rule], NAMED, RULE))
    claims = Claims(sample, territory, via, rule)
    return claims.where(_takes(tree, claims))


def _takes(tree: TreeArrays, claims: Claims) -> Bools:
    """Whether the territories above take too."""
    level = tree.ruled_level[claims.territory]
    takes: Bools = level == 0
    if takes.all():
        return takes
    key = claims.sample * tree.size + claims.territory
    for depth in range(1, int(level.max()) + 1):
        here = np.flatnonzero(level == depth)
        wanted = claims.sample[here] * tree.size + tree.ruled_parent[claims.territory[here]]
        at = np.minimum(np.searchsorted(key, wanted), key.size - 1)
        takes[here] = (key[at] == wanted) & takes[at]
    return takes


def without_shut(claims: Claims, id_of_sample: Mapping[int, str], shut: Mapping[int, frozenset[str]]) -> Claims:
    """The claims but for those whose sample is kept out of the territory; only samples with an id of their own are looked at."""
    if not id_of_sample or not shut:
        return claims
    kept = np.ones(claims.sample.size, bool)
    for row in np.flatnonzero(np.isin(claims.sample, list(id_of_sample))).tolist():
        kept[row] = id_of_sample[int(claims.sample[row])] not in shut.get(int(claims.territory[row]), ())
    return claims.where(kept)


def with_bare_catch_alls(tree: TreeArrays, claims: Claims, samples: int, territories: Bools) -> Claims:
    """The claims with those of the catch-alls among `territories` that have no rules, sorted by sample and territory."""
    parts = [claims]
    for territory in np.flatnonzero(tree.is_catch_all & ~tree.has_rules & territories):
        source = tree.ruled_parent[territory]
        found = np.arange(samples) if source < 0 else claims.sample[claims.territory == source]
        filled = [np.full(found.size, value, np.int64) for value in (territory, CATCH_ALL, NO_RULE)]
        parts.append(Claims(found, *filled))
    if len(parts) == 1:
        return claims
    joined = [np.concatenate([getattr(part, name) for part in parts]) for name in ("sample", "territory", "via", "rule")]
    order = np.lexsort((joined[1], joined[0]))
    return Claims(*(column[order] for column in joined))


def verdicts(tree: TreeArrays, claims: Claims, samples: int, group: Bools) -> Verdicts:
    """Settles the claims of one group of types, in the order of `precedence.settle`; pins are none of its matter."""
    left = claims.where(group[tree.type[claims.territory]])
    type_rank = tree.type_rank[tree.type[left.territory]]
    left = left.where(_is_lowest(left.sample, left.via * (tree.type_rank.size + 1) + type_rank))
    left = left.where(_is_lowest(_runs(left.sample, tree.root[left.territory]), -tree.depth[left.territory]))
    priority = tree.priority_rank[left.rule + 1]
    is_level = _is_lowest(left.sample, priority)
    key = np.where(is_level, tree.key_rank[left.territory], tree.size)
    wins = is_level & _is_lowest(left.sample, key)
    type = tree.type[left.territory]
    type_of_winner = np.full(samples, -1, np.int64)
    type_of_winner[left.sample[wins]] = type[wins]
    shares = ~tree.is_priority_type[type] & (type == type_of_winner[left.sample])
    is_held = np.zeros(samples, bool)
    is_held[left.sample] = True
    return Verdicts(left.where(wins | shares), left.where(is_level & ~wins & ~shares), is_held)


def are_among(tree: TreeArrays, sample: Ints, territory: Ints, claims: Claims) -> Bools:
    """Whether each pair of a sample and a territory is one of the claims, which are sorted."""
    if not claims.sample.size:
        return np.zeros(sample.size, bool)
    key = claims.sample * tree.size + claims.territory
    wanted = sample * tree.size + territory
    return np.asarray(key[np.minimum(np.searchsorted(key, wanted), key.size - 1)] == wanted)


def _runs(*columns: Ints) -> Ints:
    """The number of the run of equal rows in which each stands; those of one tree stand together, as territories are in preorder."""
    changes = np.zeros(columns[0].size, bool)
    for column in columns:
        changes[1:] |= column[1:] != column[:-1]
    return np.cumsum(changes)


def _is_lowest(group: Ints, value: Ints) -> Bools:
    """Whether a row's value is the lowest of its group."""
    if not group.size:
        return np.zeros(0, bool)
    lowest = np.full(int(group.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(lowest, group, value)
    return np.asarray(value == lowest[group])
