"""The accounts: places, industries, sizes, families, and how much each buys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.demo.business import CHANNELS, INDUSTRIES, REFERRAL_SOURCES, SEGMENTS
from metes.demo.columns import EPOCH, days, draw, joined, numbered, pick
from metes.demo.places import Bools, Floats, Ints, Places
from metes.demo.words import roots, slug

PARENT_SHARE = 0.016
LARGEST_FAMILY = 40


@dataclass(frozen=True)
class Accounts:
    """The accounts as arrays of length n; missing values of the file stand in the masks, the truth in the arrays.

    Dates are days since 1970. `spend` is dollars a year bought from us while active, from `active_from` up to `active_to`.
    """

    id: pa.Array
    name: pa.Array
    host: pa.Array
    place: Ints
    industry: Ints
    employees: Ints
    segment: Ints
    parent: Ints
    potential: Ints
    spend: Floats
    active_from: Ints
    active_to: Ints
    is_customer: Bools
    lacks_postal: Bools
    lacks_region: Bools
    lacks_employees: Bools
    table: pa.Table


def make_accounts(rng: np.random.Generator, places: Places, count: int, today: date) -> Accounts:
    """`count` accounts with their import table; ids are given in order, parents come before their sites."""
    place = draw(rng, places.weight, count)
    industry = draw(rng, [i.share for i in INDUSTRIES], count)
    parent = _families(rng, count)
    site = parent >= 0
    heads = np.zeros(count, dtype=np.bool_)
    heads[parent[site]] = True
    industry[site] = industry[parent[site]]
    near = site & (rng.random(count) < 0.55)
    place = _near_parent(rng, places, place, parent, near)

    employees = _sizes(rng, industry, heads, site)
    segment = np.searchsorted([s.employees_from for s in SEGMENTS], employees, side="right") - 1
    potential = _potential(rng, industry, employees, places.affluence[place])
    is_customer = rng.random(count) < np.array([s.customer_share for s in SEGMENTS])[segment]
    today_day = (np.datetime64(today) - EPOCH).astype(np.int64)
    since, until = _lives(rng, count, int(today_day))
    spend = potential * rng.beta(1.8, 4.2, count) * is_customer
    lacks = {f: rng.random(count) < share for f, share in (("postal", 0.008), ("region", 0.0015), ("employees", 0.025))}
    lacks["postal"] |= lacks["region"]
    name, host = _names(rng, industry, parent, place, places)
    ids = numbered("A-", np.arange(1, count + 1), 7)
    table = _table(rng, places, ids, name, host, place, industry, employees, segment, parent, potential, since, is_customer, lacks)
    return Accounts(
        ids, name, host, place, industry, employees, segment, parent, potential, spend, since, until, is_customer,
        lacks["postal"], lacks["region"], lacks["employees"], table,
    )  # fmt: skip


def _families(rng: np.random.Generator, count: int) -> Ints:
    """The parent of each account, -1 for none: parents among the oldest quarter, 1 to 40 sites among the rest."""
    parent = np.full(count, -1, dtype=np.int64)
    old = count // 4
    heads = np.sort(rng.choice(old, size=int(count * PARENT_SHARE), replace=False)) if old else np.empty(0, np.int64)
    sites = np.clip(np.ceil(rng.pareto(1.15, len(heads)) * 2.2), 1, LARGEST_FAMILY).astype(np.int64)
    young = rng.permutation(np.arange(old, count))[: int(sites.sum())]
    parent[young] = np.repeat(heads, sites)[: len(young)]
    return parent


def _near_parent(rng: np.random.Generator, places: Places, place: Ints, parent: Ints, near: Bools) -> Ints:
    """Places with the sites that stand near their parent moved to a neighbouring postal code."""
    moved = place.copy()
    shifted = place[parent[near]] + rng.integers(-60, 61, int(near.sum()))
    domestic = len(places.weight) - 1 - int((places.patch < 0).sum())
    moved[near] = np.clip(shifted, 0, domestic)
    empty = near & (places.patch[moved] < 0)
    moved[empty] = place[empty]
    return moved


def _sizes(rng: np.random.Generator, industry: Ints, heads: Bools, site: Bools) -> Ints:
    centre = np.log([i.employees for i in INDUSTRIES])[industry] + 1.1 * heads - 0.25 * site
    sigma = np.array([i.sigma for i in INDUSTRIES])[industry]
    size: Floats = np.exp(centre + sigma * rng.standard_normal(len(industry)))
    return np.minimum(np.maximum(np.round(size), 1), 60_000).astype(np.int64)


def _potential(rng: np.random.Generator, industry: Ints, employees: Ints, affluence: Floats) -> Ints:
    """Dollars a year, to the hundred: spend per employee falls with size."""
    per_head = np.array([i.spend for i in INDUSTRIES])[industry]
    noise = np.exp(0.5 * rng.standard_normal(len(industry)))
    value = per_head * 10 * (employees / 10) ** 0.87 * affluence**0.3 * noise
    return np.maximum(200, np.round(value / 100) * 100).astype(np.int64)


def _lives(rng: np.random.Generator, count: int, today: int) -> tuple[Ints, Ints]:
    """From when to when each account buys: most for years, a fifth won in the last three, a tenth lost in them."""
    age = np.where(rng.random(count) < 0.2, rng.integers(10, 1095, count), rng.integers(1095, 8000, count))
    since = today - age
    lost = rng.random(count) < 0.11
    until = np.where(lost, today - (np.minimum(age, 1095) * rng.random(count)).astype(np.int64), today + 1)
    return since, np.maximum(until, since + 1)


def _names(rng: np.random.Generator, industry: Ints, parent: Ints, place: Ints, places: Places) -> tuple[pa.Array, pa.Array]:
    """Names and host names; a site is called after its parent and its city, and so is whoever comes second with a name."""
    stems = roots()
    tails = [tail for i in INDUSTRIES for tail in i.tails]
    per = len(INDUSTRIES[0].tails)
    root = rng.integers(0, len(stems), len(industry))
    tail = industry * per + rng.integers(0, per, len(industry))
    site = parent >= 0
    root[site], tail[site] = root[parent[site]], tail[parent[site]]
    code = root * len(tails) + tail
    is_first = np.zeros(len(code), dtype=np.bool_)
    is_first[np.unique(code, return_index=True)[1]] = True
    plain = joined(pick(stems, root), " ", pick(tails, tail))
    with_city = joined(plain, " ", pick(places.city, place))
    return pc.if_else(pa.array(is_first), plain, with_city), pick([slug(s) + ".example" for s in stems], root)


AREA_CODES = {
    "AK": "907", "AL": "205", "AR": "501", "AZ": "602", "CA": "213", "CO": "303", "CT": "203", "DC": "202", "DE": "302",
    "FL": "305", "GA": "404", "HI": "808", "IA": "515", "ID": "208", "IL": "312", "IN": "317", "KS": "316", "KY": "502",
    "LA": "504", "MA": "617", "MD": "410", "ME": "207", "MI": "313", "MN": "612", "MO": "314", "MS": "601", "MT": "406",
    "NC": "704", "ND": "701", "NE": "402", "NH": "603", "NJ": "201", "NM": "505", "NV": "702", "NY": "212", "OH": "216",
    "OK": "405", "OR": "503", "PA": "215", "PR": "787", "RI": "401", "SC": "803", "SD": "605", "TN": "615", "TX": "214",
    "UT": "801", "VA": "804", "VT": "802", "WA": "206", "WI": "414", "WV": "304", "WY": "307", "ON": "416", "BC": "604",
    "AB": "403", "MB": "204", "NS": "902",
}  # fmt: skip


def phones(rng: np.random.Generator, regions: list[str], region: Ints) -> pa.Array:
    """Telephone numbers that are reserved for fiction (555-0100 to 555-0199), with the area code of a region."""
    codes = [AREA_CODES[code[3:]] for code in regions]
    line = numbered("", rng.integers(0, 100, len(region)), 2)
    return joined("+1 ", pick(codes, region), " 555 01", line)


def _table(
    rng: np.random.Generator, places: Places, ids: pa.Array, name: pa.Array, host: pa.Array, place: Ints, industry: Ints,
    employees: Ints, segment: Ints, parent: Ints, potential: Ints, since: Ints, is_customer: Bools, lacks: dict[str, Bools],
) -> pa.Table:  # fmt: skip
    """The import table, with the gaps that real exports have."""
    count = len(place)
    located = rng.random(count) < 0.85
    angle, reach = rng.random(count) * 2 * np.pi, np.sqrt(rng.random(count)) * places.spread[place]
    latitude = np.round(places.latitude[place] + reach * np.sin(angle), 5)
    longitude = np.round(places.longitude[place] + reach * np.cos(angle) / np.cos(np.radians(latitude)), 5)
    per_head = np.array([i.revenue_per_employee for i in INDUSTRIES])[industry]
    revenue = np.round(per_head * employees * np.exp(0.4 * rng.standard_normal(count)) / 1000).astype(np.int64) * 1000
    spanish = rng.random(count) < 0.015 + 0.3 * places.hispanic_share[place]
    regions = places.region.dictionary_encode()
    region = np.asarray(regions.indices.to_numpy(), dtype=np.int64)[place]
    return pa.table(
        {
            "id": ids,
            "name": name,
            "parent": pick(ids, np.maximum(parent, 0), parent < 0),
            "country": pick(places.country, place),
            "region": pick(places.region, place, lacks["region"]),
            "city": pick(places.city, place),
            "postal_code": pick(places.postal_code, place, lacks["postal"]),
            "latitude": pa.array(latitude, mask=~located),
            "longitude": pa.array(longitude, mask=~located),
            "industry": pick([i.name for i in INDUSTRIES], industry, rng.random(count) < 0.015),
            "segment": pick([s.name for s in SEGMENTS], segment, lacks["employees"]),
            "channel": pick([c for c, _ in CHANNELS], draw(rng, [w for _, w in CHANNELS], count)),
            "language": pick(["en", "es"], spanish.astype(np.int64)),
            "referral_source": pick(
                [r for r, _ in REFERRAL_SOURCES], draw(rng, [w for _, w in REFERRAL_SOURCES], count), rng.random(count) < 0.12
            ),
            "employees": pa.array(employees, mask=lacks["employees"]),
            "annual_revenue": pa.array(revenue, mask=rng.random(count) < 0.04),
            "potential": pa.array(potential, mask=rng.random(count) < 0.012),
            "currency": pick(["USD"], np.zeros(count, dtype=np.int64)),
            "customer_since": days(since, ~is_customer),
            "website": joined("https://www.", host),
            "phone": phones(rng, regions.dictionary.to_pylist(), region),
        }
    )
