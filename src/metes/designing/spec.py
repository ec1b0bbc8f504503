"""What somebody asks of a design: a frozen value, and the plain form in which it is kept, sent and written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from metes.base.ids import content_hash
from metes.model.hand_over import HAND_OVER_SHARE

ACCOUNTS: Final = "accounts"
TODAY: Final = "today"
SCRATCH: Final = "scratch"
AS_CAPACITY_ASKS: Final = "capacity"
NO_WALLS: Final = "none"
REGION_WALLS: Final = "region"
MOST_TERRITORIES: Final = 10_000
MOST_PARENTS: Final = 1_000
DEFAULT_BAND: Final = 0.05


@dataclass(frozen=True, slots=True)
class MeasureAsked:
    """A measure to be balanced: within `band` of each territory's target (None: no band), and between absolute limits where given.

    Limits are in the measure's own unit, money in the reporting currency. `weight` is its part in the index that regions are shared
    out by and deviations are told in.
    """

    name: str
    band: float | None = DEFAULT_BAND
    weight: float = 1.0
    lowest: float | None = None
    highest: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        limits = {k: v for k, v in (("lowest", self.lowest), ("highest", self.highest)) if v is not None}
        return {"measure": self.name, "band": self.band, "weight": self.weight, **limits}


@dataclass(frozen=True, slots=True)
class Rates:
    """What things cost and take: money per km, visits a year, hours of a visit and of the way to it, and what a hand-over loses.

    `handover_share` is the part of an account's yearly revenue that is expected to be lost when its owner changes: 0.15, the middle of
    the 13-18 % that a published study found. `likeness_share` of that is saved where the new seat has the role and a licence of
    the old one. `revenue` is the field that holds the yearly revenue.
    """

    travel_per_km: float = 0.5
    visits_per_year: float = 12.0
    visit_hours: float = 1.0
    travel_hours: float = 0.5
    handover_share: float = HAND_OVER_SHARE
    likeness_share: float = 0.0
    revenue: str = "revenue_12m"

    @property
    def hours_per_account(self) -> float:
        """Workload of an account in a year: visits times their duration with the way."""
        return self.visits_per_year * (self.visit_hours + self.travel_hours)


@dataclass(frozen=True, slots=True)
class DesignSpec:
    """A design asked for.

    `units` is 'accounts' or the key of a set of zones; `within` a territory, so that only what stands below it takes part; `regions` keep
    those zones or accounts alone. `territories` is their number, None for as many as capacity asks for. `seats` are keys of seats that
    the territories carry, with base, capacity and licences. `walls` is 'none', 'region', or the key of a type of territories that none
    of the new ones may cross. `parents` is how many parents are designed first, each in one piece, for the territories to stand under; 0 for none.
    `locks` are units with their territory, `together` groups of units, `forbidden` units with a
    territory or seat, `licences` regions with the licence a seat needs there. `start` is 'today', 'scratch' or 'design:7'.
    """

    name: str
    units: str = ACCOUNTS
    measures: tuple[MeasureAsked, ...] = (MeasureAsked("potential"),)
    territories: int | None = 8
    seats: tuple[str, ...] = ()
    targets: str = "equal"
    within: str = ""
    regions: tuple[str, ...] = ()
    is_contiguous: bool = True
    uses_bases: bool = True
    walls: str = NO_WALLS
    parents: int = 0
    locks: tuple[tuple[str, str], ...] = ()
    families: bool = False
    together: tuple[tuple[str, ...], ...] = ()
    forbidden: tuple[tuple[str, str], ...] = ()
    licences: tuple[tuple[str, str], ...] = ()
    start: str = TODAY
    rates: Rates = field(default_factory=Rates)
    seed: int = 0
    seconds: float | None = None

    @property
    def is_of_accounts(self) -> bool:
        """Whether accounts are assigned one by one, and not zone by zone."""
        return self.units == ACCOUNTS

    @property
    def starts_from(self) -> int | None:
        """The number of the design it starts from; None where it starts from today or from scratch."""
        return int(self.start.removeprefix("design:")) if self.start.startswith("design:") else None

    @property
    def hash(self) -> str:
        """The digest of all that is asked."""
        return content_hash(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON and YAML, in the order in which people read them; what `metes.designing.reading` reads again."""
        return {
            "name": self.name,
            "units": self.units,
            "within": self.within,
            "regions": list(self.regions),
            "territories": AS_CAPACITY_ASKS if self.territories is None else self.territories,
            "seats": list(self.seats),
            "measures": [measure.as_dict() for measure in self.measures],
            "targets": self.targets,
            "contiguous": self.is_contiguous,
            "bases": self.uses_bases,
            "walls": self.walls,
            "parents": self.parents,
            "locks": dict(self.locks),
            "families": self.families,
            "together": [list(group) for group in self.together],
            "forbidden": [list(pair) for pair in self.forbidden],
            "licences": dict(self.licences),
            "start": self.start,
            "rates": {name: getattr(self.rates, name) for name in Rates.__slots__},
            "seed": self.seed,
            "seconds": self.seconds,
        }


def parent_name(parent: int) -> str:
    """The name of a parent that a design found, by its number from 0."""
    return f"Area {parent + 1}"


def summary(spec: DesignSpec) -> Mapping[str, Any]:
    """The few values of a spec that a list or a page's head shows."""
    return {
        "units": spec.units,
        "within": spec.within,
        "territories": spec.territories,
        "measures": [measure.name for measure in spec.measures],
        "contiguous": spec.is_contiguous,
        "walls": spec.walls,
        "parents": spec.parents,
        "start": spec.start,
        "locks": len(spec.locks),
        "seats": len(spec.seats),
    }
