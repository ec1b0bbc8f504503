"""What a design is asked for, as arrays: units with places and measures, limits, bases, preferences, locks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from metes.partition.graph import Graph

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
EARTH_RADIUS_KM = 6371.0


@dataclass(frozen=True, eq=False)
class Preferences:
    """What is saved where a unit goes to a territory: entries of unit i stand in `indptr[i]:indptr[i + 1]`.

    `saving` is money that this pair costs less than any other territory would (a hand-over avoided, a person who fits); -inf forbids it.
    """

    indptr: npt.NDArray[np.int64]
    territory: Ints
    saving: Floats

    @cached_property
    def unit_of_entry(self) -> npt.NDArray[np.int64]:
        """The unit of each entry."""
        return np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr))

    @cached_property
    def most_saved(self) -> float:
        """What would be saved if each unit went where it saves most."""
        most = np.zeros(len(self.indptr) - 1)
        np.maximum.at(most, self.unit_of_entry, np.where(np.isfinite(self.saving), self.saving, 0.0))
        return float(most.sum())

    def saved(self, territory_of_unit: Ints) -> float:
        """What a partition saves; forbidden pairs save nothing. O(entries)."""
        chosen = self.territory == territory_of_unit[self.unit_of_entry]
        return float(np.where(np.isfinite(self.saving), self.saving, 0.0)[chosen].sum())


def most_saved(preferences: Preferences | None) -> float:
    """What would be saved if each unit went where it saves most; nothing where nobody prefers anything."""
    return 0.0 if preferences is None else preferences.most_saved


def no_preferences(n_units: int) -> Preferences:
    """Preferences of nobody for nothing."""
    return Preferences(np.zeros(n_units + 1, np.int64), np.zeros(0, np.int32), np.zeros(0))


@dataclass(frozen=True, eq=False)
class Problem:
    """n units to be parted into k territories.

    `places` (n, 3) in km, straight through the Earth (`on_earth`) or on a plane with a third coordinate of zero. `travel` (n,) > 0 is what a
    squared kilometre between unit and centre costs. `measures` (n, m) >= 0. `lowest` and `highest` (k, m) are what a territory may hold of
    each. `bases` (k, 3) are the places of seats, NaN where the centre is free. `graph` asks for territories in one piece each.
    `current` (n,) is today's territory (-1: none), where a search begins; `locked` (n,) the territory a unit must stay in (-1: free).
    With `centres_at_units` a free centre stands at a unit of its territory, else anywhere.
    """

    places: Floats
    travel: Floats
    measures: Floats
    lowest: Floats
    highest: Floats
    graph: Graph | None = None
    bases: Floats | None = None
    preferences: Preferences | None = None
    current: Ints | None = None
    locked: Ints | None = None
    measure_names: tuple[str, ...] = ()
    centres_at_units: bool = False

    @property
    def units(self) -> int:
        """How many units there are."""
        return len(self.places)

    @property
    def is_free(self) -> npt.NDArray[np.bool_]:
        """Whether the centre of each territory is free, (k,)."""
        return np.ones(self.territories, np.bool_) if self.bases is None else np.isnan(self.bases[:, 0])

    @property
    def territories(self) -> int:
        """How many territories are asked for."""
        return len(self.lowest)


@dataclass(frozen=True, eq=False)
class Costs:
    """What a design costs, in the unit of its `travel` and `preferences`: `travel` Σ t d², `handover` what was not saved, `total` both."""

    travel: float
    handover: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.travel + self.handover


@dataclass(frozen=True, eq=False)
class Design:
    """A partition of units into territories and how good it is.

    `territory_of_unit` (n,); `centres` (k, 3) in km; `loads` (k, m); `prices` (k, m), what one more of a measure costs a territory, for a
    warm start and for the bound; `bound` what no design with these centres and limits costs less than, in one piece each where this one is;
    `over` (k, m), how far each load is beyond its limits, 0 where it keeps them; `pieces` (k,), of how many pieces each is (1 is whole).
    """

    territory_of_unit: Ints
    centres: Floats
    loads: Floats
    prices: Floats
    costs: Costs
    bound: float
    over: Floats
    pieces: npt.NDArray[np.int64]
    seed: int
    is_stopped: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def gap(self) -> float:
        """Cost over bound, minus one; 0 is proven best for these centres."""
        if self.bound <= 0:
            return 0.0 if self.costs.total <= 0 else np.inf
        return self.costs.total / self.bound - 1

    @property
    def keeps_limits(self) -> bool:
        """Whether every load is within its limits."""
        return not bool(self.over.any())


def on_earth(latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> Floats:
    """Places (n, 3) in km from the Earth's centre, of degrees; no date line and no pole is in the way.

    Straight distances are shorter than those over ground by 0.04 % at 500 km and by 1.6 % at 4,000 km.
    """
    lat, lon = np.radians(np.asarray(latitude, float)), np.radians(np.asarray(longitude, float))
    return EARTH_RADIUS_KM * np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def degrees_of(places: Floats) -> tuple[Floats, Floats]:
    """Latitude and longitude of places (n, 3) as `on_earth` gives them; a centre under the ground stands at the point above it."""
    x, y, z = places.T
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def on_plane(xy: npt.ArrayLike) -> Floats:
    """Places (n, 3) of points (n, 2) in km on a plane."""
    flat = np.asarray(xy, float)
    return np.concatenate([flat, np.zeros((len(flat), 1))], axis=1)


def equal_limits(measures: Floats, territories: int, band: npt.ArrayLike, shares: Floats | None = None) -> tuple[Floats, Floats]:
    """`lowest` and `highest` (k, m) of a share of each measure's sum (equal where none are given), give or take a band (m,) of it."""
    part = np.full((territories, 1), 1 / territories) if shares is None else shares
    target = part * measures.sum(axis=0)[None, :]
    width = np.broadcast_to(np.asarray(band, float), (measures.shape[1],))
    return target * (1 - width), target * (1 + width)
