"""Places found offline: as given, else by US postal code, else by city, region or country, each with its precision."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pycountry

from metes.intake.atlas import Point, atlas, nearest_of, postal_codes
from metes.records.countries import plain_name
from metes.records.distinct import as_bool, encode
from metes.records.places import Boxes

PRECISIONS = ("given", "postal", "city", "region", "country")
# The states, and the islands that share their postal codes.
_WITH_ZIP = pa.array(["US", "PR", "VI", "GU", "AS", "MP"])
_PLACE_FIELDS = ("country", "region", "city", "postal_code")


def country_boxes() -> Boxes:
    """The box around each country's cities, for checks of coordinates that files bring."""
    return atlas().boxes


def locate(table: pa.Table) -> pa.Table:
    """The table with latitude, longitude, place_precision and zone (the US county) filled as well as its place fields allow.

    Coordinates that the file brought stay as they are. Every distinct place is looked up once, so the cost is that of the distinct
    places plus O(rows).
    """
    count = table.num_rows
    lat, lon = (_floats(table, name) for name in ("latitude", "longitude"))
    precision = np.where(np.isnan(lat) | np.isnan(lon), -1, 0)
    zip_at = _postal_positions(table)
    codes = postal_codes() if (zip_at >= 0).any() or _mentions_us(table) else None
    if codes is not None:
        hits = (zip_at >= 0) & (precision < 0)
        lat[hits], lon[hits], precision[hits] = codes.latitude[zip_at[hits]], codes.longitude[zip_at[hits]], 1
    if (precision < 0).any():
        _by_name(table, lat, lon, precision)
    zone = _zones(table, lat, lon, precision, zip_at)
    columns = {
        "latitude": pa.array(lat, mask=precision < 0),
        "longitude": pa.array(lon, mask=precision < 0),
        "place_precision": pa.DictionaryArray.from_arrays(
            pa.array(np.maximum(precision, 0).astype(np.int32), mask=precision < 0), pa.array(PRECISIONS)
        ).cast(pa.string()),
        "zone": zone if zone is not None else pa.nulls(count, pa.string()),
    }
    for name, column in columns.items():
        at = table.schema.get_field_index(name)
        table = table.append_column(name, column) if at < 0 else table.set_column(at, name, column)
    return table


def _floats(table: pa.Table, name: str) -> np.ndarray:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.array(table[name].fill_null(np.nan).to_numpy(), dtype=np.float64)


def _mentions_us(table: pa.Table) -> bool:
    return "country" in table.column_names and bool(pc.any(pc.is_in(table["country"], _WITH_ZIP)).as_py())


def _postal_positions(table: pa.Table) -> np.ndarray:
    """Per row the position of its US postal code; -1 where the country is another, or the code is none."""
    if "postal_code" not in table.column_names or not _mentions_us(table):
        return np.full(table.num_rows, -1, np.int64)
    encoded = encode(table["postal_code"])
    five = pc.utf8_slice_codeunits(pc.replace_substring_regex(encoded.texts, r"^(\d{5})[- ]?\d{4}$", r"\1"), 0, 10)
    at_of_text = pc.index_in(five, postal_codes().codes).fill_null(-1).to_numpy(zero_copy_only=False)
    at = np.where(encoded.codes >= 0, np.append(at_of_text, -1)[encoded.codes], -1).astype(np.int64)
    return np.where(as_bool(pc.is_in(table["country"], _WITH_ZIP)), at, -1)


def _by_name(table: pa.Table, lat: np.ndarray, lon: np.ndarray, precision: np.ndarray) -> None:
    """Fill the rows without a place, one look-up per distinct (country, region, city)."""
    rows = np.flatnonzero(precision < 0)
    missing = table.take(pa.array(rows))
    names = [encode(missing[n]) if n in missing.column_names else None for n in _PLACE_FIELDS[:3]]
    codes = [e.codes.astype(np.int64) + 1 if e else np.zeros(len(rows), np.int64) for e in names]
    widths = [len(e.texts) + 1 if e else 1 for e in names]
    combined = (codes[0] * widths[1] + codes[1]) * widths[2] + codes[2]
    _, first, place_of_row = np.unique(combined, return_index=True, return_inverse=True)
    texts = [e.texts.to_pylist() if e else [] for e in names]
    found = [_find(*(t[c[i] - 1] if c[i] else "" for t, c in zip(texts, codes, strict=True))) for i in first]
    points = np.array([p for p, _ in found]).reshape(-1, 2)
    levels = np.array([level for _, level in found])
    lat[rows], lon[rows], precision[rows] = points[place_of_row, 0], points[place_of_row, 1], levels[place_of_row]


def _find(country: str, region: str, city: str) -> tuple[Point, int]:
    """The best point for a place's names, and its precision as a position in PRECISIONS; -1 where nothing is known."""
    known = atlas()
    name = plain_name(city) if city else ""
    uppers = [region, *_above(region)] if region else []
    for upper in uppers:
        if name and (upper, name) in known.cities_of_region:
            return known.cities_of_region[upper, name], 2
    # A region that the atlas knows but that has no such city speaks against a namesake elsewhere in the country.
    if name and country and not any(upper in known.regions for upper in uppers) and (country, name) in known.cities:
        return known.cities[country, name], 2
    for upper in uppers:
        if upper in known.regions:
            return known.regions[upper], 3
    if country in known.countries:
        return known.countries[country], 4
    return (np.nan, np.nan), -1


def _above(region: str) -> list[str]:
    """The divisions that hold a region, innermost first: a French department's region."""
    found: list[str] = []
    division = pycountry.subdivisions.get(code=region)  # type: ignore[no-untyped-call]
    while division is not None and division.parent_code and len(found) < 3:
        found.append(division.parent_code)
        division = pycountry.subdivisions.get(code=division.parent_code)  # type: ignore[no-untyped-call]
    return found


def _zones(table: pa.Table, lat: np.ndarray, lon: np.ndarray, precision: np.ndarray, zip_at: np.ndarray) -> pa.Array | None:
    """The US county of each row: its postal code's, else that of the nearest postal code where the place is a city or better."""
    if not _mentions_us(table):
        return None
    codes = postal_codes()
    by_code = codes.county.take(pa.array(zip_at, mask=zip_at < 0))
    in_us = as_bool(pc.is_in(table["country"], _WITH_ZIP))
    rows = np.flatnonzero(in_us & (zip_at < 0) & (precision >= 0) & (precision <= 2))
    if not len(rows):
        return by_code
    places, place_of_row = np.unique(np.stack([lat[rows], lon[rows]]), axis=1, return_inverse=True)
    nearest = nearest_of(places[0], places[1], codes.county_latitude, codes.county_longitude)
    at = np.full(table.num_rows, -1, np.int64)
    at[rows] = nearest[place_of_row]
    return pc.coalesce(by_code, codes.county_codes.take(pa.array(at, mask=at < 0)))
