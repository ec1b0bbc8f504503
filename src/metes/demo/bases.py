"""What the demo's seats have: a home base in a real city, hours in a year, a ramp while new, licences by state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from metes.demo.carve import REGIONS, areas
from metes.demo.holding import halves
from metes.demo.places import Bools, Floats, Ints, Places
from metes.demo.plan import ROOT
from metes.demo.roster import Roster
from metes.model.plan import Seat

HEAD_OFFICE = ("CO", "Denver")

# Specialists live where their work is.
SPECIALISTS = {
    "public-sector-east": ("MD", "Baltimore"),
    "public-sector-west": ("CA", "Sacramento"),
    "care-campuses": ("TN", "Nashville"),
    "irrigation": ("CA", "Fresno"),
    "electric-fleets": ("CA", "San Jose"),
    "snow-and-ice": ("NY", "Buffalo"),
}

# A city counts half as much when it lies this far from the middle of its territory.
NEAR_KM = 40.0
KM_OF_DEGREE = 111.2

# Hours in a year by role, for those who work accounts beside the executives; managers keep a quarter for theirs.
HOURS = {"area manager": 410, "sales development": 1640, "specialist": 1640}

# Share of the capacity up to so many days after somebody came to the company.
RAMPS = ((90, 0.5), (180, 0.75), (300, 0.9))


@dataclass(frozen=True)
class _Cities:
    """Real cities: `of_place` gives the city of each postal code, the other arrays have one entry per city."""

    name: Sequence[str]
    of_place: Ints
    weight: Floats
    latitude: Floats
    longitude: Floats


def furnished(seats: Sequence[Seat], places: Places, roster: Roster, today: int) -> tuple[Seat, ...]:
    """The seats with all that a design asks for; equal arguments give equal seats.

    Whoever works a ground lives in a large city near its middle, managers and leaders sit in their office, and key account executives live
    in the largest cities of the country. Who came within the last months has a ramp. Executives whose ground lies in
    several states have a licence for each.
    """
    cities = _cities(places)
    offices = _offices(cities)
    grounds = dict(_grounds(places))
    nationwide = iter(np.argsort(-cities.weight, kind="stable").tolist())
    taken: dict[int, int] = {}
    new = _ramps(roster, today)
    out = []
    for number, seat in enumerate(seats):
        ground = grounds.get(seat.territory)
        if seat.territory in offices:
            city = offices[seat.territory]
        elif ground is None:
            city = next(nationwide)
        else:
            place = int(np.argmax(ground))
            city = _near_the_middle(cities, places, ground)[taken.get(place, 0)]
            taken[place] = taken.get(place, 0) + 1
        out.append(
            replace(
                seat,
                capacity_hours=seat.capacity_hours if seat.capacity_hours is not None else HOURS.get(seat.role),
                base_latitude=round(float(cities.latitude[city]), 4),
                base_longitude=round(float(cities.longitude[city]), 4),
                ramp_share=new.get(number, 1.0) if "executive" in seat.role else 1.0,
                licences=_licences(places, ground) if ground is not None and seat.territory not in offices else (),
            )
        )
    return tuple(out)


def _cities(places: Places) -> _Cities:
    """The cities of the United States by state and name, each at the middle of its inhabitants' demand."""
    names = [f"{region}:{city}" for region, city in zip(places.region.to_pylist(), places.city.to_pylist(), strict=True)]
    known, of_place = np.unique(np.array(names), return_inverse=True)
    weight = np.bincount(of_place, places.weight)
    middle = [np.bincount(of_place, places.weight * degrees) / weight for degrees in (places.latitude, places.longitude)]
    is_home = np.char.startswith(known, "US-")
    return _Cities(known.tolist(), of_place.astype(np.int64), np.where(is_home, weight, 0.0), *middle)


def _offices(cities: _Cities) -> Mapping[str, int]:
    """The city of the head office, of each region's and area's, and of each specialist, by the key of the territory."""
    number_of = {name: number for number, name in enumerate(cities.name)}

    def city(name: str, states: Iterable[str]) -> int:
        return max((number_of[at] for state in states if (at := f"US-{state}:{name}") in number_of), key=cities.weight.__getitem__)

    offices = {key: city(name, [state]) for key, (state, name) in SPECIALISTS.items()}
    offices[ROOT] = city(HEAD_OFFICE[1], [HEAD_OFFICE[0]])
    for region in REGIONS:
        states = {area.key: {c.state for p in area.patches for c in p.covers} for area in region.areas}
        offices[region.key] = city(region.office, set().union(*states.values()))
        offices |= {area.key: city(area.office, states[area.key]) for area in region.areas}
    return offices


def _grounds(places: Places) -> Iterator[tuple[str, Bools]]:
    """Which postal codes belong to each territory that executives work."""
    patches = [patch for _, area in areas() for patch in area.patches]
    for number, patch in enumerate(patches):
        ground = places.patch == number
        yield from ((key, ground) for key in halves(patch))


def _near_the_middle(cities: _Cities, places: Places, ground: Bools) -> list[int]:
    """The cities of a ground, those first that are large and near the middle of its demand."""
    weight, latitude, longitude = places.weight[ground], places.latitude[ground], places.longitude[ground]
    north, east = (float(np.average(degrees, weights=weight)) for degrees in (latitude, longitude))
    inside = np.bincount(cities.of_place[ground], weight, minlength=len(cities.name))
    far = KM_OF_DEGREE * np.hypot(cities.latitude - north, (cities.longitude - east) * np.cos(np.radians(north)))
    order = np.argsort(-inside / (1 + (far / NEAR_KM) ** 2), kind="stable")
    return [int(city) for city in order[: np.count_nonzero(inside)]]


def _ramps(roster: Roster, today: int) -> dict[int, float]:
    """The ramp of each seat whose sitter came to the company a short time ago."""
    ramps = {}
    for sitting in roster.sittings:
        days = today - roster.hired[sitting.person]
        if sitting.to is None and (share := next((share for most, share in RAMPS if days < most), None)) is not None:
            ramps[sitting.seat] = share
    return ramps


def _licences(places: Places, ground: Bools) -> tuple[str, ...]:
    """A tag for each state, where a ground lies in several."""
    states = sorted(set(places.region.filter(ground).to_pylist()))
    return tuple(state.lower() for state in states) if len(states) > 1 else ()
