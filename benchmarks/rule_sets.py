"""Benchmark sets for rules: accounts as Arrow, and conditions of ten shapes over them, deterministic by seed.

Eleven columns with 1-40 % missing values; 20 countries of skewed size; five-digit postal codes; lognormal sizes. Matches per
account grow with the number of rules (about 0.14 at 100, 1.7 at 1,000).
"""

from __future__ import annotations

import random
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metes.base.dates import Period
from metes.model.catalogue import Field, FieldType
from metes.model.condition import And, Condition, Contains, Equals, In, Missing, Not, Or, Prefix, Range
from metes.model.plan import Pin, Plan, Rule, Territory, TerritoryType

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

FIELDS = {
    field.name: field
    for field in (
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
    )
}
DAY = date(2026, 1, 1)
BATCH_ROWS = 122_880  # as a Parquet file's row groups come


def accounts(count: int, seed: int = 1) -> pa.Table:
    """Accounts as the evaluator takes them, text as dictionaries; `id` is left out, a rule of these sets never asks for it."""
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
        }
    )
    return pa.Table.from_batches(table.to_batches(BATCH_ROWS), table.schema)


def conditions(count: int, seed: int = 7) -> list[Condition]:
    """Conditions of ten shapes, in the shares that real rule books have."""
    q = random.Random(seed)
    return [_condition(q) for _ in range(count)]


def _up_to(field: str, low: int, high: int | None = None) -> Range:
    return Range(field, low, high, includes_high=False) if high is not None else Range(field, low=low)


def _condition(q: random.Random) -> Condition:
    """One condition; the shapes' shares are the differences between the bounds on `u`."""
    u, c = q.random() * 0.96, q.choices(range(20), weights=COUNTRY_SHARES)[0]

    def state_number() -> int:
        return min(int(q.betavariate(1, 2) * STATES_OF[c]), STATES_OF[c] - 1)

    def size(field: str, mean: float, deviation: float, width: float) -> Range:
        a = q.gauss(mean, deviation)
        low, high = int(np.exp(a)), int(np.exp(a + width))
        return _up_to(field, low, max(high, low + 1))

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
        return And(
            (In("postal_code", tuple(sorted({f"{p2}{q.randint(0, 299) * 3:03d}" for _ in range(q.randint(20, 100))}))), segment)
        )
    if u < 0.73:
        owners = In("owner", tuple(sorted({q.choice(OWNERS) for _ in range(q.randint(1, 3))})))
        return And((owners, Not(segment), size("revenue", 14, 2, 2)))
    if u < 0.81:
        large = And((in_country, industry, _up_to("revenue", int(np.exp(q.gauss(17, 1))))))
        return Or((large, And((in_country, Contains("products", q.choice(PRODUCTS)), in_state))))
    if u < 0.86:
        return And((Missing("tier"), in_country, in_state, industry))
    if u < 0.90:
        elsewhere = Not(In("country", tuple(sorted(q.sample(COUNTRIES, 3)))))
        return And((elsewhere, industry, _up_to("employees", int(np.exp(q.gauss(6, 1))))))
    if u < 0.92:
        return And((Contains("name", q.choice(WORDS)), in_country))
    if u < 0.93:
        return _up_to("revenue", int(np.exp(q.gauss(21.5, 0.5))))
    either = Or((Prefix("postal_code", p3), Prefix("postal_code", p2 + str(q.randint(0, 8)) + str(q.randint(0, 9)))))
    return And((either, some(3), Not(And((Missing("tier"), segment)))))


def plan(rules: list[Condition], accounts_count: int, pins: int = 1_000, seed: int = 3) -> Plan:
    """Rule i claims territory i with priority i, under parents of 32 without rules; pins and exclusions at random."""
    q = random.Random(seed)
    parents = [Territory(f"p{i:05d}", "geo") for i in range((len(rules) + 31) // 32)]
    leaves = [
        Territory(f"t{i:05d}", "geo", parent=f"p{i // 32:05d}", rules=(Rule("r", c, priority=i),)) for i, c in enumerate(rules)
    ]
    fixed = [
        Pin(account_key(q.randrange(accounts_count)), q.choice(leaves).key, "by hand", "ops", Period(), is_exclusion=bool(k % 2))
        for k in range(2 * pins)
    ]
    return Plan("bench", types=(TerritoryType("geo"),), territories=(*parents, *leaves), pins=tuple(fixed))


def account_key(account: int) -> str:
    """The key that pins use for an account."""
    return f"A{account:08d}"


def account_keys(count: int) -> pa.Table:
    """Key and number of every account."""
    return pa.table({"account": [account_key(i) for i in range(count)], "id": np.arange(count, dtype=np.int64)})
