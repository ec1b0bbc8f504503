"""A design on the table: its sums, its locks, its territories' names, and the operations that lead there and back again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from metes.base.errors import InputError
from metes.designing.given import DesignTerritory, Given
from metes.designing.labelling import relabelled
from metes.designing.naming import is_numbered
from metes.designing.packing import numbers_of_text, text_of_numbers
from metes.designing.spec import DesignSpec
from metes.partition.live import NOBODY, Change, Live
from metes.partition.problem import Ints, most_saved

MOVE, LOCK, UNLOCK, RENAME, RECOLOUR, SOLVE = "move", "lock", "unlock", "rename", "recolour", "solve"
MOST_COLOURS: Final = 12
Load = Callable[[str], Ints]


@dataclass(frozen=True, slots=True)
class Operation:
    """One gesture, with all that doing it again and taking it back need."""

    kind: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Solved:
    """What an engine's answer is remembered by: cost and bound for its centres, the seed, whether it was stopped,
    its notes, centres and prices, packed, to go on from, and under which parent each territory stands."""

    cost: float
    bound: float
    seed: int
    is_stopped: bool
    notes: tuple[str, ...]
    centres: str = ""
    prices: str = ""
    parents: tuple[int, ...] = ()

    @property
    def gap(self) -> float | None:
        """Cost over bound, minus one; None where the bound says nothing."""
        return self.cost / self.bound - 1 if self.bound > 0 else 0.0 if self.cost <= 0 else None

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Solved:
        """What `as_dict` gave."""
        return cls(**{**plain, "notes": tuple(plain["notes"]), "parents": tuple(plain.get("parents", ()))})


@dataclass(eq=False)
class DesignState:
    """A design as it is now. `people` sit on its seats, None until they were looked up. `solved` is the engine's last answer in force, None while there is none or hands moved units since.

    `placed` (k,) are the names that were given by number or place and not by hands, None where there was none.
    """

    spec: DesignSpec
    given: Given
    live: Live
    territories: list[DesignTerritory]
    version: int = 0
    position: int = 0
    operations: int = 0
    solved: list[Solved] = field(default_factory=list)
    moves_since: list[int] = field(default_factory=list)
    people: Mapping[str, str] | None = None
    placed: list[str | None] = field(default_factory=list)

    @classmethod
    def begin(cls, spec: DesignSpec, given: Given, territory_of_unit: Ints) -> DesignState:
        """A design nobody has touched."""
        placed = [t.name if is_numbered(t.name) else None for t in given.territories]
        return cls(spec, given, Live(given.problem, territory_of_unit), list(given.territories), placed=placed)

    @cached_property
    def most_saved(self) -> float:
        """What would be saved if each unit went where it saves most."""
        return most_saved(self.given.preferences)

    @property
    def answer(self) -> Solved | None:
        """The engine's last answer in force."""
        return self.solved[-1] if self.solved else None

    @property
    def parents(self) -> tuple[int, ...]:
        """Under which parent each territory stands, by the last answer; empty where none were asked for."""
        return self.answer.parents if self.answer else ()

    @property
    def is_moved_since(self) -> bool:
        """Whether hands moved units since the engine's last answer."""
        return bool(self.moves_since and self.moves_since[-1])


def move(state: DesignState, units: npt.ArrayLike, territory: int) -> tuple[Operation, Change]:
    """Give units, with those they are kept together with, to a territory."""
    change = state.live.move(with_groups(state.given, units), territory)
    payload = {"units": text_of_numbers(change.units), "before": text_of_numbers(change.before), "after": territory}
    if len(change.units):
        _count_move(state, 1)
    return Operation(MOVE, payload), change


def lock(state: DesignState, units: npt.ArrayLike) -> tuple[Operation, int]:
    """Lock units where they are; how many were free."""
    locked = state.live.lock(with_groups(state.given, units))
    return Operation(LOCK, {"units": text_of_numbers(locked)}), len(locked)


def unlock(state: DesignState, units: npt.ArrayLike) -> tuple[Operation, int]:
    """Let units move again; how many were locked."""
    chosen = with_groups(state.given, units)
    before = state.live.locked[chosen]
    freed = state.live.unlock(chosen)
    payload = {"units": text_of_numbers(freed), "before": text_of_numbers(before[before != NOBODY])}
    return Operation(UNLOCK, payload), len(freed)


def rename(state: DesignState, territory: int, name: str) -> Operation:
    """Give a territory another name."""
    _need_territory(state, territory)
    if not name.strip() or len(name) > 200:
        raise InputError("a territory's name has 1 to 200 characters")
    before = state.territories[territory].name
    state.territories[territory] = replace(state.territories[territory], name=name.strip())
    return Operation(RENAME, {"territory": territory, "before": before, "after": name.strip()})


def recolour(state: DesignState, territory: int, colour: int) -> Operation:
    """Give a territory another colour."""
    _need_territory(state, territory)
    if not 0 <= colour < MOST_COLOURS:
        raise InputError(f"a colour is a number from 0 to {MOST_COLOURS - 1}, got {colour}")
    before = state.territories[territory].colour
    state.territories[territory] = replace(state.territories[territory], colour=colour)
    return Operation(RECOLOUR, {"territory": territory, "before": before, "after": colour})


def solve(
    state: DesignState, territory_of_unit: Ints, solved: Solved, before_hash: str, after_hash: str
) -> tuple[Operation, Change]:
    """Put an engine's whole answer in force, as one operation; the two hashes are those of the contents before and after."""
    change = _put_all(state, territory_of_unit)
    state.solved.append(solved)
    state.moves_since.append(0)
    is_free = [name == t.name for name, t in zip(state.placed, state.territories, strict=True)]
    labels = [one.as_list() for one in relabelled(state.given, state.live.territory_of_unit, state.territories, is_free)]
    _put_labels(state, labels, 2)
    return Operation(SOLVE, {"before": before_hash, "after": after_hash, "solved": solved.as_dict(), "labels": labels}), change


def apply(state: DesignState, operation: Operation, load: Load) -> Change | None:
    """Do an operation (again); what changed of units, None where it moves none. `load` reads a content's numbers."""
    payload = operation.payload
    match operation.kind:
        case "move":
            units = numbers_of_text(payload["units"])
            _count_move(state, 1)
            return state.live.put(units, np.full(len(units), payload["after"], np.int32), with_locked=True)
        case "solve":
            state.solved.append(Solved.of(payload["solved"]))
            state.moves_since.append(0)
            _put_labels(state, payload.get("labels", ()), 2)
            return _put_all(state, load(payload["after"]))
        case "lock":
            state.live.lock(numbers_of_text(payload["units"]))
        case "unlock":
            state.live.unlock(numbers_of_text(payload["units"]))
        case "rename" | "recolour":
            _relabel(state, operation.kind, payload["territory"], payload["after"])
    return None


def revert(state: DesignState, operation: Operation, load: Load) -> Change | None:
    """Take an operation back; what changed of units, None where it moved none."""
    payload = operation.payload
    match operation.kind:
        case "move":
            _count_move(state, -1)
            return state.live.put(numbers_of_text(payload["units"]), numbers_of_text(payload["before"]), with_locked=True)
        case "solve":
            state.solved.pop()
            state.moves_since.pop()
            _put_labels(state, payload.get("labels", ()), 1)
            return _put_all(state, load(payload["before"]))
        case "lock":
            state.live.unlock(numbers_of_text(payload["units"]))
        case "unlock":
            state.live.locked[numbers_of_text(payload["units"])] = numbers_of_text(payload["before"])
        case "rename" | "recolour":
            _relabel(state, operation.kind, payload["territory"], payload["before"])
    return None


def with_groups(given: Given, units: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Units with those that are kept together with them, once each, ascending."""
    chosen = np.unique(np.asarray(units, np.int64))
    if len(chosen) and (chosen[0] < 0 or chosen[-1] >= len(given)):
        raise InputError(f"a unit is a number from 0 to {len(given) - 1}")
    groups = np.unique(given.groups[chosen])
    groups = groups[groups >= 0]
    return np.union1d(chosen, np.flatnonzero(np.isin(given.groups, groups))) if len(groups) else chosen


def units_of(given: Given, ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """The numbers of units by id; InputError names those that the design lacks."""
    unknown = [one for one in ids if one not in given.unit_of_id]
    if unknown:
        raise InputError(f"{len(unknown)} of the units named are none of this design: {', '.join(unknown[:5])}")
    return np.array([given.unit_of_id[one] for one in ids], np.int64)


def _put_all(state: DesignState, territory_of_unit: Ints) -> Change:
    return state.live.put(np.arange(len(state.given)), territory_of_unit, with_locked=True)


def _put_labels(state: DesignState, labels: Sequence[Any], side: int) -> None:
    """Give territories the names and colours that a working out gave them (side 2), or those before (side 1)."""
    for label in labels:
        at, (name, colour) = label[0], label[side]
        if label[1][0] != label[2][0]:
            state.placed[at] = name
        state.territories[at] = replace(state.territories[at], name=name, colour=colour)


def _count_move(state: DesignState, by: int) -> None:
    if state.moves_since:
        state.moves_since[-1] += by


def _relabel(state: DesignState, kind: str, territory: int, value: Any) -> None:
    change = {"name": value} if kind == RENAME else {"colour": value}
    state.territories[territory] = replace(state.territories[territory], **change)


def _need_territory(state: DesignState, territory: int) -> None:
    if not 0 <= territory < len(state.territories):
        raise InputError(f"a territory is a number from 0 to {len(state.territories) - 1}, got {territory}")
