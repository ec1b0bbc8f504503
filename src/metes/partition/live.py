"""A design while hands are on it: units move between territories, and what the touched territories come to is known at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from metes.partition.links import component_of
from metes.partition.problem import Floats, Ints, Problem

Numbers = npt.NDArray[np.integer]
NOBODY = -1


@dataclass(frozen=True, eq=False)
class Row:
    """What one territory comes to: its units, `loads` (m,), travel, saved hand-overs, units that were elsewhere, and its pieces."""

    territory: int
    units: int
    loads: Floats
    travel: float
    saved: float
    moved: int
    pieces: int


@dataclass(frozen=True, eq=False)
class Change:
    """What one gesture did: the units that moved with the territory each had (-1: none), and the touched territories as they are now."""

    units: Ints
    before: Ints
    after: Ints
    rows: tuple[Row, ...]


class Live:
    """n units of a problem in k territories or in none (-1), with each territory's sums.

    After a change the sums of the touched territories are counted anew from their units, in the order of units, so that they are the
    same bits as a count of the whole. O(n + p) for n units and p neighbours in the worst case, with small constants.

    Parameters
    ----------
    problem
        What is asked; its `current` is what moves are told against, its `locked` are the first locks.
    territory_of_unit
        (n,), -1 for units that are in no territory yet; copied.
    """

    def __init__(self, problem: Problem, territory_of_unit: npt.ArrayLike) -> None:
        self.problem = problem
        n, k = problem.units, problem.territories
        self.territory_of_unit = np.array(territory_of_unit, np.int32)
        if self.territory_of_unit.shape != (n,):
            raise ValueError(f"territory_of_unit must have the shape ({n},), has {self.territory_of_unit.shape}")
        _need_territories(self.territory_of_unit, k)
        self.locked = np.full(n, NOBODY, np.int32) if problem.locked is None else np.array(problem.locked, np.int32)
        self.count = np.zeros(k, np.int64)
        self.loads = np.zeros((k, problem.measures.shape[1]))
        self.centres = np.full((k, 3), np.nan)
        self.weight = np.zeros(k)
        self.travel = np.zeros(k)
        self.saved = np.zeros(k)
        self.moved = np.zeros(k, np.int64)
        self.pieces = np.zeros(k, np.int64)
        self._recount(np.ones(k + 1, bool))

    def move(self, units: npt.ArrayLike, territory: int) -> Change:
        """Give units to a territory (-1: to none) and say what became of all that are touched. Locked units stay where they are."""
        chosen = np.unique(np.asarray(units, np.int64))
        return self.put(chosen, np.full(len(chosen), territory, np.int32))

    def put(self, units: npt.ArrayLike, territories: npt.ArrayLike, *, with_locked: bool = False) -> Change:
        """Give each of some units, named once each, to a territory of its own; those that are there already, or locked, stay."""
        chosen, after = np.asarray(units, np.int64), np.asarray(territories, np.int32)
        if len(chosen) and (chosen.min() < 0 or chosen.max() >= self.problem.units):
            raise ValueError(f"units must be numbers from 0 to {self.problem.units - 1}")
        _need_territories(after, self.problem.territories)
        moves = self.territory_of_unit[chosen] != after
        if not with_locked:
            moves &= (self.locked[chosen] == NOBODY) | (self.locked[chosen] == after)
        chosen, after = chosen[moves], after[moves]
        before = self.territory_of_unit[chosen]
        touched = np.zeros(self.problem.territories + 1, bool)
        touched[before] = touched[after] = True
        self.territory_of_unit[chosen] = after
        self._recount(touched)
        return Change(chosen.astype(np.int32), before, after, self._rows(touched))

    def lock(self, units: npt.ArrayLike) -> Ints:
        """Lock units where they are; those that were free until now. Units in no territory stay free."""
        chosen = np.unique(np.asarray(units, np.int64))
        free = chosen[(self.locked[chosen] == NOBODY) & (self.territory_of_unit[chosen] != NOBODY)]
        self.locked[free] = self.territory_of_unit[free]
        return np.asarray(free, np.int32)

    def unlock(self, units: npt.ArrayLike) -> Ints:
        """Let units move again; those that were locked until now."""
        chosen = np.unique(np.asarray(units, np.int64))
        held = chosen[self.locked[chosen] != NOBODY]
        self.locked[held] = NOBODY
        return np.asarray(held, np.int32)

    def row(self, territory: int) -> Row:
        """What one territory comes to."""
        return Row(
            territory,
            int(self.count[territory]),
            self.loads[territory].copy(),
            float(self.travel[territory]),
            float(self.saved[territory]),
            int(self.moved[territory]),
            int(self.pieces[territory]),
        )

    @property
    def over(self) -> Floats:
        """How far each load is beyond its limits, (k, m), 0 where it keeps them; sums of thousands may differ in their last digits."""
        highest, lowest = self.problem.highest, self.problem.lowest
        beyond = np.maximum(self.loads - highest, lowest - self.loads)
        return np.where(beyond > self._slack, beyond, 0.0)

    def travel_at(self, centres: Floats) -> float:
        """What travel costs from other centres (k, 3), of territories whose own centre is their middle or one of these. O(k).

        A territory costs as much more as its weight at the distance of the two (Huygens and Steiner); an empty one costs nothing.
        """
        away = np.where(self.count > 0, ((np.nan_to_num(self.centres) - centres) ** 2).sum(axis=1), 0.0)
        return float(self.travel.sum() + (self.weight * away).sum())

    @property
    def unassigned(self) -> int:
        """How many units are in no territory."""
        return self.problem.units - int(self.count.sum())

    def breaks_preference(self) -> Ints:
        """Units that are in a territory that is forbidden to them, ascending."""
        preferences = self.problem.preferences
        if preferences is None:
            return np.zeros(0, np.int32)
        unit, _ = self._entries
        chosen = preferences.territory == self.territory_of_unit[unit]
        return np.asarray(unit[chosen & np.isneginf(preferences.saving)], np.int32)

    @cached_property
    def _slack(self) -> Floats:
        """What rounding may make of a sum, by measure."""
        return np.asarray(1e-9 * np.maximum(self.problem.measures.sum(axis=0), 1.0))

    @cached_property
    def _entries(self) -> tuple[Ints, Floats]:
        """The unit of each entry of the preferences, and what it saves; a forbidden pair saves nothing."""
        preferences = self.problem.preferences
        if preferences is None:
            return np.zeros(0, np.int32), np.zeros(0)
        unit = np.repeat(np.arange(self.problem.units, dtype=np.int32), np.diff(preferences.indptr))
        return unit, np.where(np.isfinite(preferences.saving), preferences.saving, 0.0)

    @cached_property
    def _edges(self) -> tuple[Ints, Ints]:
        """Neighbours, each pair once."""
        graph = self.problem.graph
        if graph is None:
            return np.zeros(0, np.int32), np.zeros(0, np.int32)
        first = np.repeat(np.arange(graph.units, dtype=np.int32), np.diff(graph.indptr))
        once = first < graph.indices
        return first[once], np.asarray(graph.indices[once], np.int32)

    def _recount(self, touched: npt.NDArray[np.bool_]) -> None:
        """Count some territories anew; `touched` (k + 1,) ends with that of units in none."""
        problem, k = self.problem, self.problem.territories
        own = touched[:k]
        units = np.flatnonzero(own[self.territory_of_unit] & (self.territory_of_unit >= 0)) if k else np.zeros(0, np.int64)
        at = self.territory_of_unit[units]
        self.count[own] = np.bincount(at, minlength=k)[own]
        for m in range(problem.measures.shape[1]):
            self.loads[own, m] = np.bincount(at, problem.measures[units, m], k)[own]
        self._recentre(units, at, own)
        current = problem.current
        if current is not None:
            gone = (current[units] != NOBODY) & (current[units] != at)
            self.moved[own] = np.bincount(at[gone], minlength=k)[own]
        self._resave(own)
        self._repiece(units, own)

    def _recentre(self, units: npt.NDArray[np.int64], at: Ints, own: npt.NDArray[np.bool_]) -> None:
        """Centres and travel of some territories: a base where there is one, else the mean of its units weighted by travel."""
        problem, k = self.problem, self.problem.territories
        weight, places = problem.travel[units], problem.places[units]
        whole = np.bincount(at, weight, k)
        sums = np.stack([np.bincount(at, weight * places[:, axis], k) for axis in range(3)], axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            centres = sums / whole[:, None]
        if problem.bases is not None:
            centres = np.where(np.isnan(problem.bases), centres, problem.bases)
        distance = ((places - centres[at]) ** 2).sum(axis=1)
        self.weight[own] = whole[own]
        self.centres[own] = centres[own]
        self.travel[own] = np.bincount(at, weight * distance, k)[own]

    def _resave(self, own: npt.NDArray[np.bool_]) -> None:
        """What hand-overs that do not happen save, by territory."""
        if self.problem.preferences is None:
            return
        unit, saving = self._entries
        territory = self.problem.preferences.territory
        counts = own[territory] & (self.territory_of_unit[unit] == territory)
        self.saved[own] = np.bincount(territory[counts], saving[counts], self.problem.territories)[own]

    def _repiece(self, units: npt.NDArray[np.int64], own: npt.NDArray[np.bool_]) -> None:
        """Of how many pieces some territories are; one where contiguity is not asked for."""
        k = self.problem.territories
        if self.problem.graph is None:
            self.pieces[own] = (self.count > 0)[own]
            return
        first, second = self._edges
        at = self.territory_of_unit
        inside = own[at[first]] & (at[first] == at[second]) & (at[first] >= 0)
        place = np.full(self.problem.units, -1, np.int32)
        place[units] = np.arange(len(units), dtype=np.int32)
        ends = (place[first[inside]], place[second[inside]])
        label = component_of(len(units), np.stack(ends, axis=1))
        owner = np.zeros(label.max(initial=-1) + 1, np.int64)
        owner[label] = at[units]
        self.pieces[own] = np.bincount(owner, minlength=k)[own]

    def _rows(self, touched: npt.NDArray[np.bool_]) -> tuple[Row, ...]:
        return tuple(self.row(int(territory)) for territory in np.flatnonzero(touched[: self.problem.territories]))


def _need_territories(numbers: Ints, k: int) -> None:
    if len(numbers) and (numbers.min() < NOBODY or numbers.max() >= k):
        raise ValueError(f"territories must be numbers from 0 to {k - 1}, or -1 for none")
