"""The demo's plan: the tree with its rules, named lists, pins, exclusions and seats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from metes.demo.business import COMPANY, ENTERPRISE_FROM
from metes.demo.carve import REGIONS as GROUND
from metes.demo.carve import Area, Cover, Patch, areas, home_areas
from metes.demo.holding import HOUSE, KEY_TERRITORIES, halves
from metes.model.condition import And, Condition, Equals, In, InList, Missing, Not, Or, Prefix, Range
from metes.model.plan import NamedList, Pin, Plan, Policy, Role, Rule, Seat, Territory, TerritoryType

ROOT = "united-states"
KEY_ROOT = "key-accounts"
INDUSTRY_ROOT = "industry-specialists"
PRODUCT_ROOT = "product-specialists"

TYPES = (
    TerritoryType("named", "Named accounts", Role.PRIMARY, Policy.PRIORITY, 10, "named"),
    TerritoryType("geographic", "Geographic", Role.PRIMARY, Policy.PRIORITY, 50, "geographic"),
    TerritoryType("house", "House accounts", Role.PRIMARY, Policy.PRIORITY, 900, "house"),
    TerritoryType("industry", "Industry specialists", Role.OVERLAY, Policy.SHARE, 100, "industry"),
    TerritoryType("product", "Product specialists", Role.OVERLAY, Policy.SHARE, 100, "product"),
)

DRY = ("AZ", "CA", "CO", "ID", "NM", "NV", "TX", "UT")
SNOWY = (
    "AK", "CO", "CT", "IA", "ID", "IL", "IN", "MA", "ME", "MI", "MN", "MT", "ND", "NE", "NH", "NJ", "NY", "OH", "PA", "RI", "SD",
    "UT", "VT", "WI", "WY",
)  # fmt: skip
EASTERN = (
    "AL", "CT", "DC", "DE", "FL", "GA", "KY", "MA", "MD", "ME", "MI", "MS", "NC", "NH", "NJ", "NY", "OH", "PA", "RI", "SC", "TN",
    "VA", "VT", "WV",
)  # fmt: skip
PUBLIC = ("Higher education", "Local government", "Primary and secondary schools")


# Sales development seats per region.
DEVELOPERS = {"west": 2, "central": 1, "south": 2, "east": 1}


def _in_states(states: Sequence[str]) -> Condition:
    codes = tuple(sorted(f"US-{s}" for s in states))
    return Equals("region", codes[0]) if len(codes) == 1 else In("region", codes)


def _run(low: int, high: int) -> Condition:
    if low == high:
        return Prefix("postal_code", f"{low:03}")
    return Range("postal_code", f"{low:03}00", f"{high:03}99")


def _ground(cover: Cover) -> Condition:
    state = _in_states([cover.state])
    if not cover.runs:
        return state
    runs = tuple(_run(low, high) for low, high in cover.runs)
    return And((state, runs[0] if len(runs) == 1 else Or(runs)))


def _union(covers: Sequence[Cover]) -> Condition:
    """The ground of several covers, whole states gathered in one literal."""
    whole = [c.state for c in covers if not c.runs]
    parts = [_in_states(whole)] if whole else []
    parts += [_ground(c) for c in covers if c.runs]
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _area_condition(area: Area) -> Condition:
    """The states at home in an area, less the runs that other areas have there, and its own runs in states at home elsewhere."""
    homes = home_areas()
    mine = [c for p in area.patches for c in p.covers]
    others = [c for _, a in areas() if a.key != area.key for p in a.patches for c in p.covers]
    whole, parts = [], []
    for state in dict.fromkeys(c.state for c in mine):
        away = tuple(_run(*run) for c in others if c.state == state for run in c.runs)
        if homes[state] != area.key:
            parts += [_ground(Cover(state, tuple(sorted(r for c in mine if c.state == state for r in c.runs))))]
        elif away:
            parts += [And((_in_states([state]), Not(Or(away) if len(away) > 1 else away[0])))]
        else:
            whole.append(state)
    if whole:
        parts.insert(0, _in_states(whole))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _territory(key: str, kind: str, name: str, parent: str | None, condition: Condition | None = None, **more: Any) -> Territory:
    rules = () if condition is None else (Rule("main", condition),)
    return Territory(key, kind, name, parent, rules, **more)


def _patch_territories(patch: Patch, parent: str) -> Iterator[Territory]:
    yield _territory(patch.key, "geographic", patch.name, parent, _union(patch.covers))
    if patch.is_split:
        mid, enterprise = halves(patch)
        large = Range("employees", ENTERPRISE_FROM)
        # The ground stands in the rule again, so that its joins are narrow: "fewer than 250" alone is most of the market.
        small = Or((Range("employees", high=ENTERPRISE_FROM, includes_high=False), Missing("employees")))
        yield _territory(mid, "geographic", f"{patch.name} mid-market", patch.key, And((_union(patch.covers), small)))
        yield _territory(enterprise, "geographic", f"{patch.name} enterprise", patch.key, large)


def _geographic() -> Iterator[Territory]:
    yield _territory(ROOT, "geographic", "United States", None)
    for region in GROUND:
        yield _territory(region.key, "geographic", region.name, ROOT)
        for area in region.areas:
            yield _territory(area.key, "geographic", area.name, region.key, _area_condition(area))
            for patch in area.patches:
                yield from _patch_territories(patch, area.key)


def _others() -> Iterator[Territory]:
    """Named accounts, overlays and the house."""
    yield _territory(KEY_ROOT, "named", "Key accounts", None)
    for key, name, *_ in KEY_TERRITORIES:
        yield _territory(key, "named", name, KEY_ROOT, InList("id", key))
    yield _territory(INDUSTRY_ROOT, "industry", "Industry specialists", None)
    public = In("industry", PUBLIC)
    east = _in_states(EASTERN)
    for key, name, condition in (
        ("public-sector-east", "Public sector east", And((public, east))),
        ("public-sector-west", "Public sector west", And((public, Not(east)))),
        ("care-campuses", "Care campuses", And((Equals("industry", "Healthcare"), Range("employees", 100)))),
    ):
        yield _territory(key, "industry", name, INDUSTRY_ROOT, condition)
    yield _territory(PRODUCT_ROOT, "product", "Product specialists", None)
    turf = In("industry", ("Agriculture", "Golf and sports", "Landscaping"))
    fleets = In("segment", ("Enterprise", "Large"))
    snow = In("industry", ("Local government", "Logistics", "Property management", "Retail"))
    for key, name, condition in (
        ("irrigation", "Irrigation", And((turf, _in_states(DRY)))),
        (
            "electric-fleets",
            "Electric fleets",
            And((fleets, Or((_in_states(("CA", "CO", "NY", "OR", "WA")), Equals("channel", "Partner"))))),
        ),
        ("snow-and-ice", "Snow and ice", And((snow, _in_states(SNOWY), Range("potential", 25_000)))),
    ):
        yield _territory(key, "product", name, PRODUCT_ROOT, condition)
    yield _territory(
        HOUSE, "house", "House accounts", None, is_catch_all=True, description="Abroad or without a region; credited to nobody."
    )


def make_seats() -> tuple[Seat, ...]:
    """The seats in the order of the tree; area managers own what has no postal code, executives what their territory holds."""
    seats = [Seat(f"{ROOT}-vp", ROOT, "vice president", owns=False)]
    for region in GROUND:
        seats.append(Seat(f"{region.key}-leader", region.key, "regional leader", owns=False))
        developers = range(1, 1 + DEVELOPERS[region.key])
        seats += [Seat(f"{region.key}-development-{n}", region.key, "sales development", owns=False) for n in developers]
        for area in region.areas:
            seats.append(Seat(f"{area.key}-manager", area.key, "area manager"))
            for patch in area.patches:
                for key in halves(patch):
                    seats += [Seat(f"{key}-{n}", key, "account executive", True, 1640) for n in range(1, 2 + patch.second_seat)]
    seats += [Seat(f"{key}-1", key, "key account executive", True, 1640) for key, *_ in KEY_TERRITORIES]
    seats += [Seat(f"{t.key}-1", t.key, "specialist", owns=False) for t in _others() if t.parent in (INDUSTRY_ROOT, PRODUCT_ROOT)]
    return tuple(seats)


def company_plan(
    seats: tuple[Seat, ...], named: Mapping[str, Sequence[str]], pins: tuple[Pin, ...], colours: Mapping[str, int]
) -> Plan:
    """The whole plan; `named` lists the account ids of each named-account territory, `colours` is by territory key."""
    territories = tuple(replace(t, colour=colours.get(t.key)) for t in (*_geographic(), *_others()))
    # A small company may have no key account in some industry: that territory waits without a rule.
    territories = tuple(replace(t, rules=()) if t.key in named and not named[t.key] else t for t in territories)
    names = {key: name for key, name, *_ in KEY_TERRITORIES}
    lists = tuple(NamedList(key, tuple(sorted(ids)), names[key]) for key, ids in named.items() if ids)
    return Plan(
        "tarnwell",
        COMPANY,
        "Geography first, key accounts above it, specialists beside it.",
        TYPES,
        territories,
        lists,
        pins,
        seats,
    )
