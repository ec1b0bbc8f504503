"""Benchmark sets for rules: accounts as Arrow, and conditions of eleven shapes over them, deterministic by seed.

Thirteen columns with up to 40 % missing values; 20 countries of skewed size; five-digit postal codes; lognormal sizes. Matches per
account grow with the number of rules (0.14, 1.7 and 15.6 at 100, 1,000 and 10,000); narrowed to a share of the owners
(`is_steady`) they stay near 0.14.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from metes.base.dates import Period
from metes.model.catalogue import Field, FieldType, RuleFields
from metes.model.condition import And, Condition, Contains, Equals, In, Missing, Not, Or, Prefix, Range
from metes.model.plan import Area, Pin, Plan, Rule, Territory, TerritoryType
from metes.model.terms import InArea

COUNTRIES = ["US", "GB", "DE", "FR", "CA", "IN", "BR", "JP", "AU", "ES", "IT", "NL", "SE", "MX", "SG", "PL", "CH", "ZA", "KR", "AE"]
_WEIGHTS = np.array([45, 9, 8, 6, 5, 4, 3, 3, 3, 2, 2, 2, 1.5, 1.5, 1, 1, 1, 1, 0.5, 0.5])
COUNTRY_SHARES = _WEIGHTS / _WEIGHTS.sum()
STATES_OF = [50] + [10] * 19
STATES = [[f"{country}-{i:02d}" for i in range(n)] for country, n in zip(COUNTRIES, STATES_OF, strict=True)]
FIRST_STATE = [sum(STATES_OF[:i]) for i in range(20)]
INDUSTRIES = [f"ind_{i:02d}" for i in range(24)]
SEGMENTS, SEGMENT_SHARES = ["SMB", "Mid", "Enterprise", "Strategic"], [0.6, 0.28, 0.11, 0.01]
PRODUCTS = ["crm", "erp", "hr", "bi", "ads", "cdn", "iot", "vpn", "pos", "lms", "cms", "etl"]
TIERS = list("ABCDE")
WORDS = [f"w{i:03d}" for i in range(300)]
OWNERS = [f"o{i:03d}" for i in range(400)]

FIELDS = RuleFields(
    [
        Field("id", FieldType.CODE),
        Field("country", FieldType.CODE),
        Field("state", FieldType.CODE),
        Field("postal_code", FieldType.CODE),
        Field("industry"),
        Field("segment"),
        Field("employees", FieldType.INTEGER),
        Field("revenue", FieldType.DECIMAL),
        Field("owner"),
        Field("tier"),
        Field("products"),
        Field("name"),
    ]
)
DAY = date(2026, 1, 1)
BATCH_ROWS = 122_880  # as a Parquet file's row groups come

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class RuleSet:
    """Conditions, and the rings (longitude, latitude) of the areas that they ask for, by name."""

    conditions: list[Condition]
    rings: Mapping[str, Ring]


def accounts(count: int, rings: Mapping[str, Ring] | None = None, seed: int = 1) -> pa.Table:
    """Accounts as the evaluator takes them, text as dictionaries, with a column for each area; `id` is left out, no rule asks for it."""
    r = np.random.default_rng(seed)

    def text(codes: NDArray[np.integer], values: list[str], missing_share: float = 0.0) -> pa.DictionaryArray:
        mask = r.random(count) < missing_share if missing_share else None
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=mask), pa.array(values))

    country = r.choice(20, count, p=COUNTRY_SHARES).astype(np.int32)
    within = (r.beta(1, 2, count) * np.array(STATES_OF)[country]).astype(np.int32)
    state = np.array(FIRST_STATE)[country] + within
    postal = ((state * 7) % 90 + 10) * 1000 + r.integers(0, 300, count) * 3
    postal_codes = np.unique(postal)
    employees = np.exp(r.normal(4, 2, count)).astype(np.int64) + 1
    revenue = np.round(np.exp(r.normal(15, 2.2, count)), 0)
    latitude = (state % 17) * 3.0 - 25 + r.random(count) * 3
    longitude = (state % 37) * 6.0 - 110 + r.random(count) * 6
    basket = r.integers(0, 4096, count) & r.integers(0, 4096, count)
    baskets = [";".join(p for j, p in enumerate(PRODUCTS) if k >> j & 1) for k in range(4096)]
    name = r.integers(0, 300, count) * 300 + r.integers(0, 300, count)
    table = pa.table(
        {
            "account": np.arange(count, dtype=np.int64),
            "country": text(country, COUNTRIES, 0.01),
            "state": text(state, [s for group in STATES for s in group], 0.03),
            "postal_code": text(np.searchsorted(postal_codes, postal), [f"{v:05d}" for v in postal_codes], 0.05),
            "industry": text(r.integers(0, 24, count), INDUSTRIES, 0.04),
            "segment": text(r.choice(4, count, p=SEGMENT_SHARES), SEGMENTS, 0.02),
            "employees": pa.array(employees, mask=r.random(count) < 0.05),
            "revenue": pa.array(revenue, mask=r.random(count) < 0.05),
            "owner": text(r.integers(0, len(OWNERS), count), OWNERS, 0.02),
            "tier": text(r.integers(0, 5, count), TIERS, 0.4),
            "products": text(basket, baskets),
            "name": text(name, [f"{a} {b} inc" for a in WORDS for b in WORDS]),
            "latitude": latitude,
            "longitude": longitude,
        }
    )
    batches = [_with_areas(batch, rings or {}) for batch in table.to_batches(BATCH_ROWS)]
    return pa.Table.from_batches(batches) if batches else table


def _with_areas(batch: pa.RecordBatch, rings: Mapping[str, Ring]) -> pa.RecordBatch:
    """The accounts with a truth value for each area."""
    if not rings:
        return batch
    import shapely

    points = shapely.points(batch["longitude"].to_numpy(), batch["latitude"].to_numpy())
    row, area = shapely.STRtree([shapely.Polygon(ring) for ring in rings.values()]).query(points, predicate="within")
    columns = []
    for number in range(len(rings)):
        is_in = np.zeros(batch.num_rows, bool)
        is_in[row[area == number]] = True
        columns.append(pa.array(is_in))
    names = [InArea(name).name for name in rings]
    return pa.RecordBatch.from_arrays([*batch.columns, *columns], names=[*batch.schema.names, *names])


def conditions(count: int, *, is_steady: bool = False, seed: int = 7) -> RuleSet:
    """Conditions of eleven shapes, in the shares that real rule books have."""
    q = random.Random(seed)
    rings: dict[str, Ring] = {}
    found = [_condition(q, rings) for _ in range(count)]
    if is_steady and count > 100:
        owners = random.Random(11)
        few = max(1, len(OWNERS) * 100 // count)
        found = [And((c, In("owner", tuple(sorted(OWNERS[i] for i in owners.sample(range(len(OWNERS)), few)))))) for c in found]
    return RuleSet(found, rings)


def _condition(q: random.Random, rings: dict[str, Ring]) -> Condition:
    """One condition, and the ring of its area; the shapes' shares are the differences between the bounds on `u`."""
    u, c = q.random(), q.choices(range(20), weights=COUNTRY_SHARES)[0]

    def state_number() -> int:
        return min(int(q.betavariate(1, 2) * STATES_OF[c]), STATES_OF[c] - 1)

    def size(field: str, mean: float, deviation: float, width: float) -> Range:
        a = q.gauss(mean, deviation)
        return Range(field, int(np.exp(a)), int(np.exp(a + width)), includes_high=False)

    def at_least(field: str, mean: float, deviation: float) -> Range:
        return Range(field, low=int(np.exp(q.gauss(mean, deviation))))

    def some(k: int) -> In:
        return In("industry", tuple(sorted(q.sample(INDUSTRIES, k))))

    s = state_number()
    in_country, in_state = Equals("country", COUNTRIES[c]), Equals("state", STATES[c][s])
    industry, segment = Equals("industry", q.choice(INDUSTRIES)), Equals("segment", q.choices(SEGMENTS, weights=SEGMENT_SHARES)[0])
    p2 = f"{((FIRST_STATE[c] + s) * 7) % 90 + 10:02d}"
    p3 = p2 + str(q.randint(0, 8))
    if u < 0.25:
        states = In("state", tuple(sorted({STATES[c][state_number()] for _ in range(q.randint(1, 4))})))
        segments = In("segment", tuple(sorted(set(q.choices(SEGMENTS, weights=SEGMENT_SHARES, k=2)))))
        return And((in_country, states, segments, size("employees", 3, 2, 1.5)))
    if u < 0.50:
        return And((in_country, Prefix("postal_code", p3), some(q.randint(2, 6))))
    if u < 0.65:
        codes = sorted({f"{p2}{q.randint(0, 299) * 3:03d}" for _ in range(q.randint(20, 100))})
        return And((In("postal_code", tuple(codes)), segment))
    if u < 0.73:
        owners = In("owner", tuple(sorted({OWNERS[q.randint(0, len(OWNERS) - 1)] for _ in range(q.randint(1, 3))})))
        return And((owners, Not(segment), size("revenue", 14, 2, 2)))
    if u < 0.81:
        large = And((in_country, industry, at_least("revenue", 17, 1)))
        return Or((large, And((in_country, Contains("products", q.choice(PRODUCTS)), in_state))))
    if u < 0.86:
        return And((Missing("tier"), in_country, in_state, industry))
    if u < 0.90:
        name = f"a{len(rings):04d}"
        rings[name] = _ring(q, FIRST_STATE[c] + s)
        return And((Equals(InArea(name).name, True), segment))
    if u < 0.94:
        elsewhere = Not(In("country", tuple(sorted(q.sample(COUNTRIES, 3)))))
        return And((elsewhere, industry, at_least("employees", 6, 1)))
    if u < 0.96:
        return And((Contains("name", q.choice(WORDS)), in_country))
    if u < 0.97:
        return at_least("revenue", 21.5, 0.5)
    either = Or((Prefix("postal_code", p3), Prefix("postal_code", p2 + str(q.randint(0, 8)) + str(q.randint(0, 9)))))
    return And((either, some(3), Not(And((Missing("tier"), segment)))))


def _ring(q: random.Random, state: int) -> Ring:
    """A quadrilateral where accounts of a state lie."""
    x = state % 37 * 6.0 - 110 + q.random() * 4
    y = state % 17 * 3.0 - 25 + q.random() * 2
    w, h = q.uniform(0.5, 2.5), q.uniform(0.5, 2)
    return (x, y), (x + w, y + 0.1 * h), (x + 0.8 * w, y + h), (x + 0.1 * w, y + 0.9 * h)


def plan(rules: RuleSet, accounts_count: int, pins: int = 1_000, seed: int = 3) -> Plan:
    """Rule i claims territory i with priority i, under parents of 32 without rules; pins and exclusions at random."""
    count = len(rules.conditions)
    parents = [Territory(f"p{i:05d}", "geo") for i in range((count + 31) // 32)]
    leaves = [
        Territory(f"t{i:05d}", "geo", parent=f"p{i // 32:05d}", rules=(Rule("r", c, priority=i),))
        for i, c in enumerate(rules.conditions)
    ]
    return Plan(
        "bench",
        types=(TerritoryType("geo"),),
        territories=(*parents, *leaves),
        pins=tuple(_pins(leaves, accounts_count, pins, seed)),
        areas=tuple(Area(name, _geometry(ring)) for name, ring in rules.rings.items()),
    )


def big_tree(accounts_count: int, *, territories: int = 25_000, children: int = 2_000, levels: int = 15) -> Plan:
    """A root with many children, chains of territories below them down to the last level, and one rule of 50,000 codes.

    A child takes a postal prefix in some industries, or the codes; each one below a little less: more employees, and from the middle
    on fewer segments. What lies below a child is written as narrower than its parent, and is broad by itself.
    """
    q = random.Random(5)
    root = Territory("root", "geo")
    out = [root]
    for i in range(children):
        condition: Condition = And(
            (Prefix("postal_code", f"{q.randint(100, 998)}"), In("industry", tuple(q.sample(INDUSTRIES, 4))))
        )
        if i == 0:
            condition = In("postal_code", tuple(f"{code:05d}" for code in range(50_000)))
        out.append(Territory(f"c{i:05d}", "geo", parent="root", rules=(Rule("r", condition, priority=i),)))
    chain = 0
    while len(out) < territories:
        parent = f"c{chain % children:05d}"
        for level in range(2, levels):
            key = f"d{chain:05d}-{level:02d}"
            size = Range("employees", low=level * level * (1 + chain // children))
            condition = And((size, In("segment", tuple(SEGMENTS[: 1 + level % 4])))) if level > levels // 2 else size
            out.append(Territory(key, "geo", parent=parent, rules=(Rule("r", condition, priority=level),)))
            parent = key
            if len(out) == territories:
                break
        chain += 1
    return Plan("big", types=(TerritoryType("geo"),), territories=tuple(out), pins=tuple(_pins(out, accounts_count, 1_000, 3)))


def _pins(territories: Sequence[Territory], accounts_count: int, pairs: int, seed: int) -> Iterator[Pin]:
    """So many pins and as many exclusions, in turn."""
    q = random.Random(seed)
    for k in range(2 * pairs):
        account = account_key(q.randrange(accounts_count))
        yield Pin(account, q.choice(territories).key, "by hand", "ops", Period(), is_exclusion=bool(k % 2))


def _geometry(ring: Ring) -> str:
    return json.dumps({"type": "Polygon", "coordinates": [[*map(list, ring), list(ring[0])]]}, separators=(",", ":"))


def account_key(account: int) -> str:
    """The key that pins use for an account."""
    return f"A{account:08d}"


def account_keys(count: int) -> pa.Table:
    """Key and number of every account."""
    number = pa.array(np.arange(count, dtype=np.int64))
    return pa.table({"account": pc.binary_join_element_wise("A", pc.utf8_lpad(number.cast(pa.string()), 8, "0"), ""), "id": number})
