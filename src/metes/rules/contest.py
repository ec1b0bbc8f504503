"""Settles, for all accounts at once, which of their candidates hold them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metes.rules.tree import Bools, Ints, TreeArrays

PIN = 0


@dataclass(frozen=True, slots=True)
class Rows:
    """Candidates as columns, sorted by account: territory by its place in preorder, via as a number, rule or -1."""

    account: Ints
    territory: Ints
    via: Ints
    rule: Ints

    @property
    def columns(self) -> tuple[Ints, Ints, Ints, Ints]:
        """The four columns."""
        return self.account, self.territory, self.via, self.rule

    def where(self, mask: Bools) -> Rows:
        """The rows that a mask keeps; the same where it keeps all."""
        return self if mask.all() else Rows(*(column[mask] for column in self.columns))

    def at(self, order: Ints) -> Rows:
        """The rows at some places."""
        return Rows(*(column[order] for column in self.columns))


def contest(tree: TreeArrays, rows: Rows) -> tuple[Rows, NDArray[np.float64]]:
    """The rows that hold their account, with their shares.

    In turn the lowest kind of claim and type priority, the deepest in each tree, and the lowest rule priority and territory key are
    kept; of pins the territory key alone decides. Where the winner's type splits or shares, all of that type that were left hold.
    The rows of one account must stand together, those of one tree within it too (pins apart).
    """
    if not rows.account.size:
        return rows, np.zeros(0)
    type = tree.type[rows.territory]
    is_pin = rows.via == PIN
    priority = np.where(is_pin, 0, tree.type_rank[type])
    rows = rows.where(_is_lowest(rows.account, rows.via * (priority.max() + 1) + priority))
    rows = rows.where(_is_lowest_in(_runs(rows.account, _tree_of(tree, rows)), _height(tree, rows)))
    runs = _runs(rows.account)
    priority = tree.priority_rank[rows.rule + 1]
    wins = _is_lowest_in(runs, priority * tree.size + tree.key_rank[rows.territory])
    return _with_sharers(tree, rows, wins, runs)


def _with_sharers(tree: TreeArrays, rows: Rows, wins: Bools, runs: Ints) -> tuple[Rows, NDArray[np.float64]]:
    """The winners, and with those whose type splits or shares the others of the type."""
    type = tree.type[rows.territory]
    if tree.is_priority_type[type[wins]].all():
        return rows.where(wins), np.ones(int(wins.sum()))
    winning_type = type[wins][runs]  # one winner in each run, in the order of the runs
    holds = wins | (~tree.is_priority_type[winning_type] & (type == winning_type))
    rows, runs, type = rows.where(holds), runs[holds], type[holds]
    count = np.bincount(runs)[runs]
    weight = np.where(np.isnan(tree.share[rows.territory]), 1.0 / count, tree.share[rows.territory])
    total = np.bincount(runs, weight)[runs]
    split = np.divide(weight, total, out=1.0 / count, where=total > 0)
    return rows, np.where(tree.is_split_type[type], split, 1.0)


def _tree_of(tree: TreeArrays, rows: Rows) -> Ints:
    """The tree within which the deepest wins; one for all pins of an account, which depth does not part."""
    return np.where(rows.via == PIN, -1, tree.root[rows.territory])


def _height(tree: TreeArrays, rows: Rows) -> Ints:
    """A number that is lower for deeper territories, and the same for all pins."""
    return np.where(rows.via == PIN, 0, -tree.depth[rows.territory])


def _runs(*columns: Ints) -> Ints:
    """The number of the run of equal values that each row stands in."""
    changes = np.zeros(columns[0].size, bool)
    for column in columns:
        changes[1:] |= column[1:] != column[:-1]
    return np.cumsum(changes)


def _is_lowest(group: Ints, rank: Ints) -> Bools:
    """Whether a row's rank is the lowest of its group; rows of a group stand together."""
    return _is_lowest_in(_runs(group), rank)


def _is_lowest_in(runs: Ints, rank: Ints) -> Bools:
    starts = np.flatnonzero(np.diff(runs, prepend=-1))
    return np.asarray(rank == np.minimum.reduceat(rank, starts)[runs])
