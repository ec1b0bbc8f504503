"""Names of territories by place: the region they are, else the place that weighs most near their middle, with a part where two would clash."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metes.designing.given import Given
from metes.partition.problem import Floats, Ints, on_earth

# What a territory is called before it has a place.
_NUMBERED = re.compile(r"(Territory|New) \d+")
# So much of a region's load, and of its own, makes a territory that region.
_MOST = 2 / 3
# A name stays as long as its place has so much of what the best one has.
_STAYS = 0.5
_COMPASS = ("East", "Northeast", "North", "Northwest", "West", "Southwest", "South", "Southeast")
_CENTRAL_SHARE = 0.25
# Of shares of the whole load: what differs by less is alike, whatever the order of units.
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Place:
    """What a territory may be called: a name with its region, and how much speaks for it."""

    name: str
    region: str
    score: float


def is_numbered(name: str) -> bool:
    """Whether a name is only a number, which a place may take the place of."""
    return _NUMBERED.fullmatch(name) is not None


def named_by_place(given: Given, territory_of_unit: Ints, names: Sequence[str], is_free: Sequence[bool]) -> list[str]:
    """The names of k territories, the free ones by place, all different; a free one without units or places keeps its own.

    A free name that is of a place already stays while that place has at least half of what the best one has. O(n log n).
    """
    found = list(names)
    places = _places(given, territory_of_unit, len(names))
    chosen: dict[int, Place] = {}
    for j, known in enumerate(places):
        if not is_free[j] or not known:
            continue
        if is_numbered(names[j]) or not any(_is_of(names[j], one) and one.score >= _STAYS * known[0].score for one in known):
            chosen[j] = known[0]
    taken = {name.casefold(): j for j, name in enumerate(names) if j not in chosen}
    middles = _middles(given, territory_of_unit, len(names))
    groups: dict[str, list[int]] = {}
    for j, place in chosen.items():
        groups.setdefault(place.name.casefold(), []).append(j)
    for plain, members in groups.items():
        beside = [*members, *([taken[plain]] if plain in taken else [])]
        for j in members:
            name = chosen[j].name if len(beside) == 1 else _told_apart(j, beside, chosen, middles)
            found[j] = _free(name, taken)
            taken[found[j].casefold()] = j
    return found


def _is_of(name: str, place: Place) -> bool:
    """Whether a name is that of a place, with or without a part."""
    return name == place.name or name.startswith((f"{place.name} ", f"{place.name}, "))


def _told_apart(j: int, beside: Sequence[int], chosen: Mapping[int, Place], middles: Floats) -> str:
    """The name of one of several territories of the same place: with its region where regions differ, else with its side."""
    place = chosen[j]
    regions = [chosen[other].region for other in beside if other in chosen]
    if place.region and len(regions) == len(beside) and len(set(regions)) == len(regions):
        return f"{place.name}, {place.region}"
    away = middles[beside] - middles[beside].mean(axis=0)
    north, east = middles[j] - middles[beside].mean(axis=0)
    if math.hypot(north, east) < _CENTRAL_SHARE * float(np.hypot(away[:, 0], away[:, 1]).max()):
        return f"{place.name} Central"
    return f"{place.name} {_COMPASS[round(math.degrees(math.atan2(north, east)) / 45) % 8]}"


def _free(name: str, taken: Mapping[str, int]) -> str:
    """The name, numbered where another territory has it."""
    made, number = name, 2
    while made.casefold() in taken:
        made, number = f"{name} {number}", number + 1
    return made


def _places(given: Given, territory_of_unit: Ints, k: int) -> list[list[Place]]:
    """What each territory may be called, what speaks most for first; those of no more than half of that are left out but for the first."""
    units = np.flatnonzero(territory_of_unit >= 0)
    at = territory_of_unit[units]
    weight = _weights(given)[units]
    place_of_unit, title_of_region = _places_of_units(given)
    texts, place = _counted_off([(place_of_unit[i], given.regions[i]) for i in units.tolist()])
    where = on_earth(given.latitude, given.longitude)[units]
    codes, row = np.unique(at.astype(np.int64) * max(len(texts), 1) + place, return_inverse=True)
    sums = np.bincount(row, weight, len(codes))
    middle = _weighted(where, weight, row, len(codes))
    owner = codes // max(len(texts), 1)
    centre = _weighted(where, weight, at, k)
    spread = np.bincount(at, weight * ((where - centre[at]) ** 2).sum(axis=1), k) / np.maximum(np.bincount(at, weight, k), 1e-300)
    away = ((middle - centre[owner]) ** 2).sum(axis=1) / np.maximum(spread[owner], 1e-9)
    score = (sums / (1 + away)).round(_DIGITS)
    found: list[list[Place]] = [[] for _ in range(k)]
    for at_row in np.lexsort((codes, -score)).tolist():
        name, region = texts[codes[at_row] % len(texts)]
        known = found[int(owner[at_row])]
        if name and (not known or score[at_row] >= _STAYS * known[0].score):
            known.append(Place(name, title_of_region.get(region, region.rpartition("-")[2]), float(score[at_row])))
    for j, title in _regions(given, territory_of_unit, title_of_region, k).items():
        found[j].insert(0, Place(title, "", math.inf))
    return found


def _counted_off(texts: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], npt.NDArray[np.int64]]:
    """Distinct texts in their order, and the number of each one's among them, (n,). Far faster than sorting all n of them."""
    distinct = sorted(set(texts))
    number = {text: at for at, text in enumerate(distinct)}
    return distinct, np.array([number[text] for text in texts], np.int64)


def _regions(given: Given, territory_of_unit: Ints, title_of_region: Mapping[str, str], k: int) -> dict[int, str]:
    """The territories that are a region or two, with their names."""
    if not title_of_region:
        return {}
    known, region = np.unique(np.array(given.regions, np.str_), return_inverse=True)
    held = territory_of_unit >= 0
    weight = _weights(given)
    table = np.zeros((k, len(known)))
    np.add.at(table, (territory_of_unit[held], region[held]), weight[held])
    of_region = table / np.maximum(np.bincount(region, weight, len(known)), 1e-300)
    out = {}
    for j in range(k):
        order = [r for r in np.argsort(-table[j], kind="stable")[:2].tolist() if of_region[j, r] >= _MOST]
        titles = [title_of_region.get(str(known[r]), "") for r in order]
        whole = table[j].sum()
        count = next((n for n in range(1, len(order) + 1) if whole > 0 and table[j, order[:n]].sum() >= _MOST * whole), 0)
        if count and all(titles[:count]):
            out[j] = " and ".join(titles[:count])
    return out


def _places_of_units(given: Given) -> tuple[Sequence[str], dict[str, str]]:
    """The place of each unit: an account's city, or a zone's name without its code and region; and the regions' names where zones tell."""
    if not given.zone_set:
        return given.places or [""] * len(given), {}
    places, titles = [], {}
    for one, name, region in zip(given.ids, given.names, given.regions, strict=True):
        place, _, title = name.removeprefix(one).strip().partition(", ")
        places.append(place)
        if title and region:
            titles[region] = title
    return places, titles


def _weights(given: Given) -> Floats:
    """What each unit counts for: its part of the first measure, and as little as makes a difference where all have none."""
    first = given.measures[:, 0]
    return np.asarray(first / max(float(first.sum()), 1e-300) + 1e-9)


def _middles(given: Given, territory_of_unit: Ints, k: int) -> Floats:
    """The middle of each territory, (k, 2): degrees to the north, and to the east as long as degrees to the north are there."""
    held = territory_of_unit >= 0
    flat = _weighted(on_earth(given.latitude, given.longitude)[held], np.ones(int(held.sum())), territory_of_unit[held], k)
    latitude = np.degrees(np.arctan2(flat[:, 2], np.hypot(flat[:, 0], flat[:, 1])))
    longitude = np.degrees(np.arctan2(flat[:, 1], flat[:, 0]))
    return np.stack([latitude, longitude * np.cos(np.radians(latitude.mean()))], axis=1)


def _weighted(where: Floats, weight: Floats, group: npt.NDArray[np.integer], count: int) -> Floats:
    """Weighted middles (count, 3) of places (n, 3) by group."""
    total = np.maximum(np.bincount(group, weight, count), 1e-300)
    return np.stack([np.bincount(group, weight * where[:, axis], count) / total for axis in range(3)], axis=1)
