"""The plan as a value: types, tree, rules, lists, areas, pins, exclusions and seats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any

from metes.base.dates import ALWAYS, Period
from metes.model.condition import Condition


class Role(StrEnum):
    """What a territory is to its accounts: it owns, it helps as a specialist, or several own by share."""

    PRIMARY = "primary"
    OVERLAY = "overlay"
    SHARED = "shared"


class Policy(StrEnum):
    """How overlap within a type is settled: one holds, all hold by shares that sum to 1, or all hold in full."""

    PRIORITY = "priority"
    SPLIT = "split"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class TerritoryType:
    """A class of territories with its role, its policy and its priority (the lower number first)."""

    key: str
    name: str = ""
    role: Role = Role.PRIMARY
    policy: Policy = Policy.PRIORITY
    priority: int = 100
    kind: str = "geographic"
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition that claims accounts for its territory; the lower priority first."""

    key: str
    condition: Condition
    name: str = ""
    priority: int = 100
    note: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Seat:
    """A position on a territory; who sits there, from when to when, is data in the ledger.

    `base_latitude` and `base_longitude` (degrees, both or none) are where whoever sits here sets out from; `ramp_share` is the share
    of the capacity while new, above 0 and at most 1; `licences` are tags, kept lower-case, trimmed, each once and in order.
    """

    key: str
    territory: str
    role: str = "account executive"
    owns: bool = True
    capacity_hours: int | None = None
    name: str = ""
    comment: str = ""
    base_latitude: float | None = None
    base_longitude: float | None = None
    ramp_share: float = 1.0
    licences: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Bring numbers and tags into their one form, so that equal seats are equal values with equal hashes."""
        for name in ("base_latitude", "base_longitude", "ramp_share"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, float(value) + 0.0)  # + 0.0 makes of -0.0 what it equals
        if self.licences:
            object.__setattr__(self, "licences", tuple(sorted({" ".join(tag.lower().split()) for tag in self.licences})))

    @property
    def base(self) -> tuple[float, float] | None:
        """Latitude and longitude of the home base in degrees; None where it is not given whole."""
        return None if self.base_latitude is None or self.base_longitude is None else (self.base_latitude, self.base_longitude)

    @property
    def ramped_hours(self) -> float | None:
        """The hours in a year that count while the ramp holds: capacity times ramp; None where no capacity is given."""
        return None if self.capacity_hours is None else self.capacity_hours * self.ramp_share


@dataclass(frozen=True, slots=True)
class Territory:
    """A node of the tree: takes what its parent takes and one of its rules takes; without rules it passes on and holds nothing."""

    key: str
    type: str
    name: str = ""
    parent: str | None = None
    rules: tuple[Rule, ...] = ()
    is_catch_all: bool = False
    share: float | None = None
    colour: int | None = None
    description: str = ""
    comment: str = ""

    @property
    def label(self) -> str:
        """The name for people; the key where there is none."""
        return self.name or self.key


@dataclass(frozen=True, slots=True)
class NamedList:
    """Codes under one name that many rules can ask for."""

    key: str
    values: tuple[str, ...]
    name: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """A named part of the map that rules can ask for: a GeoJSON Polygon or MultiPolygon in degrees, as canonical JSON text."""

    key: str
    geometry: str
    name: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Pin:
    """An account fixed to a territory by hand (`is_exclusion` False) or kept out of it (True), with reason, author and dates."""

    account: str
    territory: str
    reason: str
    author: str = ""
    period: Period = ALWAYS
    is_exclusion: bool = False
    comment: str = ""

    def holds_on(self, day: date) -> bool:
        """Whether the pin or exclusion is in force that day."""
        return self.period.holds(day)


@dataclass(frozen=True)
class Plan:
    """One complete plan. Sequences keep the order of the text; keys are unique per kind (`plan.check` says where not)."""

    key: str
    name: str = ""
    description: str = ""
    types: tuple[TerritoryType, ...] = ()
    territories: tuple[Territory, ...] = ()
    lists: tuple[NamedList, ...] = ()
    pins: tuple[Pin, ...] = ()
    seats: tuple[Seat, ...] = ()
    comment: str = ""
    areas: tuple[Area, ...] = ()

    @cached_property
    def territory_by_key(self) -> Mapping[str, Territory]:
        """Territories by key."""
        return MappingProxyType({t.key: t for t in self.territories})

    @cached_property
    def type_by_key(self) -> Mapping[str, TerritoryType]:
        """Types by key."""
        return MappingProxyType({t.key: t for t in self.types})

    @cached_property
    def list_by_key(self) -> Mapping[str, NamedList]:
        """Named lists by key."""
        return MappingProxyType({n.key: n for n in self.lists})

    @cached_property
    def area_by_key(self) -> Mapping[str, Area]:
        """Areas by key."""
        return MappingProxyType({a.key: a for a in self.areas})

    @cached_property
    def children_by_key(self) -> Mapping[str | None, tuple[Territory, ...]]:
        """Children of each territory in the order of the text; the roots stand under None."""
        children: dict[str | None, list[Territory]] = {}
        for territory in self.territories:
            children.setdefault(territory.parent, []).append(territory)
        return MappingProxyType({key: tuple(group) for key, group in children.items()})

    @cached_property
    def seats_by_territory(self) -> Mapping[str, tuple[Seat, ...]]:
        """Seats of each territory, in the order of the text."""
        seats: dict[str, list[Seat]] = {}
        for seat in self.seats:
            seats.setdefault(seat.territory, []).append(seat)
        return MappingProxyType({key: tuple(group) for key, group in seats.items()})

    @cached_property
    def preorder(self) -> tuple[Territory, ...]:
        """Territories with each parent before its children; those on a cycle or under no known parent are left out."""
        out: list[Territory] = []
        stack = list(reversed(self.children_by_key.get(None, ())))
        while stack:
            territory = stack.pop()
            out.append(territory)
            stack.extend(reversed(self.children_by_key.get(territory.key, ())))
        return tuple(out)

    @cached_property
    def interval_by_key(self) -> Mapping[str, tuple[int, int]]:
        """Preorder interval [first, last) of each territory: it and all below it."""
        position = {t.key: i for i, t in enumerate(self.preorder)}
        last = {t.key: i + 1 for i, t in enumerate(self.preorder)}
        for territory in reversed(self.preorder):
            if territory.parent is not None:
                last[territory.parent] = max(last[territory.parent], last[territory.key])
        return MappingProxyType({key: (position[key], last[key]) for key in position})

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone: what was worked out from them is worked out anew where a plan is sent to another process."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def ancestors(self, key: str) -> Iterator[Territory]:
        """The territories above one, nearest first; stops at a parent that does not exist or was seen before."""
        seen = {key}
        parent = self.territory_by_key[key].parent
        while parent is not None and parent in self.territory_by_key and parent not in seen:
            seen.add(parent)
            territory = self.territory_by_key[parent]
            yield territory
            parent = territory.parent
