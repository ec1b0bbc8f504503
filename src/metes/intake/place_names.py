"""One place by its name, as people write it: a city with its region or country, a US postal code, a region, a country."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from metes.intake.atlas import atlas
from metes.intake.gazetteer import locate
from metes.records.countries import country_names, plain_name, regions_of

US = "US"
_ZIP = re.compile(r"(\d{5})(?:-?\d{4})?")
_REGION_CODE = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A place with its degrees, how it is called, and how near that is: `postal`, `city`, `region` or `country`."""

    latitude: float
    longitude: float
    name: str
    precision: str


def place_named(text: str) -> NamedPlace | None:
    """The place that a text such as 'Denver, CO', 'Lyon, France', '80202', 'US-CO' or 'Portugal' means; None where it is none.

    Without a country the United States are tried first. A city alone is taken where only one country has one of its name.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for postal, city, region, country in _readings(parts):
        found = _located(postal, city, region, country)
        if found is not None:
            return found
    return None


def _readings(parts: list[str]) -> Iterator[tuple[str, str, str, str]]:
    """What the parts may mean, the likeliest first: postal code, city, region and country, empty where there is none."""
    if not 1 <= len(parts) <= 3:
        return
    first, last = parts[0], parts[-1]
    postal = _ZIP.fullmatch(first)
    if postal and len(parts) <= 2:
        yield postal[1], "", "", US
        return
    code = _REGION_CODE.fullmatch(last.upper())
    country = country_names().get(plain_name(last), "")
    if len(parts) == 3:
        yield "", first, regions_of(country).get(plain_name(parts[1]), "") if country else "", country
    elif len(parts) == 2:
        if code:
            yield "", first, last.upper(), code[1]
        if region := regions_of(US).get(plain_name(last), ""):
            yield "", first, region, US
        if country:
            if region := regions_of(country).get(plain_name(first), ""):
                yield "", "", region, country
            yield "", first, "", country
    elif code:
        yield "", "", last.upper(), code[1]
    elif country:
        yield "", "", "", country
    elif region := regions_of(US).get(plain_name(last), ""):
        yield "", "", region, US
    else:
        lands = {land for land, name in atlas().cities if name == plain_name(last)}
        if len(lands) == 1:
            yield "", first, "", lands.pop()


def _located(postal: str, city: str, region: str, country: str) -> NamedPlace | None:
    """The place, where all that was named is known: a city that is unknown is no region, and a region no country."""
    if not country:
        return None
    wanted = "postal" if postal else "city" if city else "region" if region else "country"
    columns = {"country": country, "region": region or None, "city": city or None, "postal_code": postal or None}
    row = locate(pa.table({name: pa.array([value], pa.string()) for name, value in columns.items()})).to_pylist()[0]
    if row["place_precision"] != wanted:
        return None
    name = ", ".join(part for part in (postal or city, region or country) if part)
    return NamedPlace(round(row["latitude"], 4), round(row["longitude"], 4), name, wanted)
