"""A small company in Parquet with a plan that asks for everything a rule can ask, for tests of assignment without a database."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DAY = date(2026, 3, 14)
ROCKIES = {
    "type": "Polygon",
    "coordinates": [[[-109.05, 37.0], [-102.05, 37.0], [-102.05, 41.0], [-109.05, 41.0], [-109.05, 37.0]]],
}
COUNTRIES = ["US", "CA", "GB", "DE", None]
POSTAL_CODES = ["80202", "80909", "SW1A 1AA", "SW19 5AE", "M1 1AE", "10115", "K1A 0B1", None]

PLAN = """
key: files
name: Plan for files
types:
  - key: geographic
    role: primary
    policy: priority
  - key: specialist
    role: overlay
    policy: share
areas:
  - key: rockies
    geometry: {area}
lists:
  - key: strategic
    values: [A3, A5, A8]
territories:
  - key: company
    type: geographic
    children:
      - key: mountain
        type: geographic
        rules:
          - key: place
            when: in area 'rockies' and employees < 5000
      - key: strategic
        type: geographic
        rules:
          - key: named
            when: id in list 'strategic'
      - key: buyers
        type: geographic
        rules:
          - key: orders
            priority: 5
            when: orders count in last 12 months >= 2
          - key: money
            priority: 6
            when: orders sum of family 'Phones' >= 1000.50
          - key: sleeping
            priority: 900
            when: orders days since last > 300 and month in (1, 2, 3)
      - key: london
        type: geographic
        rules:
          - key: south-west
            priority: 4
            when: postal_code from 'SW1' to 'SW9'
      - key: groups
        type: geographic
        rules:
          - key: german-groups
            priority: 3
            when: family.country = 'DE' and family.employees > 100
      - key: near-denver
        type: geographic
        rules:
          - key: ring
            priority: 50
            when: distance to (39.75, -104.99) <= 200 km
      - key: rest
        type: geographic
        catch_all: true
      - key: scoring
        type: specialist
        rules:
          - key: scored
            when: score > 0.5 and name contains 'inc'
pins:
  - account: A1
    territory: london
    reason: Asked for by the customer.
exclusions:
  - account: A3
    territory: strategic
    reason: Left the programme.
"""


def write_world(folder: Path, *, accounts: int = 400, files: int = 3, seed: int = 5) -> Path:
    """Write accounts (in several files), orders, products and the plan; the folder."""
    r = np.random.default_rng(seed)
    ids = [f"A{i}" for i in range(accounts)]
    places = r.random((accounts, 2)) * (12.0, 14.0) + (33.0, -111.0)
    has_place = r.random(accounts) < 0.8
    table = pa.table(
        {
            "id": pa.array(ids),
            "name": pa.array([f"Company {i} {'inc' if i % 3 else 'ltd'}" for i in range(accounts)]),
            "parent": pa.array([f"A{i // 3}" if i % 4 == 0 and i else None for i in range(accounts)]),
            "country": pa.array([COUNTRIES[k] for k in r.integers(0, len(COUNTRIES), accounts)]),
            "postal_code": pa.array([POSTAL_CODES[k] for k in r.integers(0, len(POSTAL_CODES), accounts)]),
            "latitude": pa.array(places[:, 0], mask=~has_place),
            "longitude": pa.array(places[:, 1], mask=~has_place),
            "employees": pa.array(r.integers(1, 10_000, accounts), mask=r.random(accounts) < 0.1),
            "score": pa.array(r.random(accounts), mask=r.random(accounts) < 0.1),
        }
    )
    (folder / "accounts").mkdir(parents=True)
    for number, part in enumerate(np.array_split(np.arange(accounts), files)):
        pq.write_table(table.take(pa.array(part)), folder / "accounts" / f"part-{number}.parquet")
    count = accounts * 2
    orders = pa.table(
        {
            "account": pa.array([f"A{k}" for k in r.integers(0, accounts + 10, count)]),
            "product": pa.array([["P1", "P2", "p3", None][k] for k in r.integers(0, 4, count)]),
            "ordered_on": pa.array([DAY - timedelta(days=int(k)) for k in r.integers(-30, 900, count)]),
            "amount": pa.array(np.round(r.random(count) * 1000, 2)),
        }
    )
    pq.write_table(orders, folder / "orders.parquet")
    products = pa.table({"id": ["P1", "P2", "P3"], "family": ["Phones", "Desks", "Phones"]})
    pq.write_table(products, folder / "products.parquet")
    (folder / "plan.yaml").write_text(PLAN.replace("{area}", json.dumps(ROCKIES)))
    return folder


def rows_of(path: Path) -> list[dict[str, object]]:
    """The holdings in a file or folder of Parquet, sorted."""
    rows = pq.read_table(path).to_pylist()
    return sorted(rows, key=lambda row: (row["account"], row["territory"]))
