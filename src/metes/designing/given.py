"""What a design works with, taken once from book, plan and zones and kept with it: units, measures, limits, holders of today, territories."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from metes.base.money import exponent
from metes.partition.graph import Graph, graph_of_pairs
from metes.partition.problem import Floats, Ints, Preferences, Problem, on_earth

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of a unit that a territory outside the design holds.
ELSEWHERE = -2
# Measures of accounts that are money, in minor units.
MONEY_MEASURES = frozenset({"potential", "revenue", "revenue_12m", "annual_revenue", "pipeline"})
# Columns of `Given.book`.
BOOK_SUMS = ("accounts", "potential", "revenue", "pipeline")


@dataclass(frozen=True, slots=True)
class DesignTerritory:
    """A territory that a design fills: an existing one keeps its key, `is_new` tells the others.

    `seat` is the key of the seat it carries; `latitude`, `longitude` its base, None where the centre is free.
    """

    key: str
    name: str
    colour: int | None = None
    seat: str = ""
    role: str = ""
    capacity_hours: float | None = None
    ramp_share: float = 1.0
    latitude: float | None = None
    longitude: float | None = None
    licences: tuple[str, ...] = ()
    is_new: bool = False

    @property
    def hours(self) -> float | None:
        """What the seat can do now: its capacity times its ramp."""
        return None if self.capacity_hours is None else self.capacity_hours * self.ramp_share


@dataclass(frozen=True, eq=False)
class Given:
    """n units, k territories, m measures; all that a design depends on, so that it can be worked out again from this alone.

    `book` (n, 4) are `BOOK_SUMS` of each unit's accounts, money in minor units of `currency`. `stakes` (n,) is what is lost where all of
    a unit changes hands; `preferences` hold what of that is saved by a territory. `today` (n,) is the number in `today_keys` of who
    holds most of it, -1 for nobody; `current` (n,) the same as a territory of the design. `targets`, `lowest`, `highest` are (k, m).
    `groups` (n,) and `walls` (n,) number the units kept whole and the walled parts, -1 for none. `off_map` are sums of accounts that
    belong to no unit, with the first of their ids. `places` are the accounts' cities where units
    are accounts.
    """

    currency: str
    zone_set: str
    ids: tuple[str, ...]
    names: tuple[str, ...]
    regions: tuple[str, ...]
    latitude: Floats
    longitude: Floats
    travel: Floats
    measure_names: tuple[str, ...]
    weights: Floats
    measures: Floats
    targets: Floats
    lowest: Floats
    highest: Floats
    book: Floats
    stakes: Floats
    preferences: Preferences
    today_keys: tuple[str, ...]
    today: Ints
    current: Ints
    locked: Ints
    groups: Ints
    walls: Ints
    wall_names: tuple[str, ...]
    pairs: Ints
    is_contiguous: bool
    territories: tuple[DesignTerritory, ...]
    off_map: tuple[float, ...]
    off_map_ids: tuple[str, ...]
    places: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many units there are."""
        return len(self.ids)

    @cached_property
    def unit_of_id(self) -> Mapping[str, int]:
        """The number of each unit by its id."""
        return MappingProxyType({one: at for at, one in enumerate(self.ids)})

    @cached_property
    def graph(self) -> Graph | None:
        """Who is next to whom; None where territories need not be in one piece."""
        return graph_of_pairs(len(self), self.pairs[:, 0], self.pairs[:, 1]) if self.is_contiguous else None

    @cached_property
    def bases(self) -> Floats | None:
        """Places of the seats' bases (k, 3), NaN where a centre is free; None where all are."""
        degrees = np.array([[_nan(t.latitude), _nan(t.longitude)] for t in self.territories]).reshape(-1, 2)
        if np.isnan(degrees).all():
            return None
        return on_earth(degrees[:, 0], degrees[:, 1])

    @cached_property
    def holder(self) -> Ints:
        """Who holds most of each unit today, (n,), as a territory of the design; -2 for one that is none of its, -1 for nobody."""
        number = {territory.key: at for at, territory in enumerate(self.territories)}
        return np.array([*(number.get(key, ELSEWHERE) for key in self.today_keys), -1], np.int32)[self.today]

    @cached_property
    def problem(self) -> Problem:
        """The same as arrays: `current` is the holder of today, that moves are told against, `locked` the locks asked for."""
        return Problem(
            places=on_earth(self.latitude, self.longitude),
            travel=self.travel,
            measures=self.measures,
            lowest=self.lowest,
            highest=self.highest,
            graph=self.graph,
            bases=self.bases,
            preferences=self.preferences,
            current=self.holder,
            locked=self.locked,
            measure_names=self.measure_names,
        )


def amount_text(value: float, unit: str) -> str:
    """An amount for people: money of a currency without its minor unit, all else rounded."""
    return f"{value / 10 ** exponent(unit):,.0f} {unit}" if unit else f"{value:,.0f}"


def _nan(value: float | None) -> float:
    return np.nan if value is None else value
