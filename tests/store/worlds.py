"""A believable small workspace, written straight into the tables, with its slow truth in plain Python."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from metes.model.catalogue import Field, FieldType
from metes.store import counters, ledger
from metes.store.engine import Store
from metes.store.tables import accounts, ledger_ownership, opportunities, orders, products
from tests.conftest import NOW
from tests.store.rows import row_of

TODAY = date(2026, 3, 14)
RATES = {"EUR": Decimal("1.1"), "JPY": Decimal("0.0067"), "KWD": Decimal("3.25")}
# What one minor unit of a currency is in cents.
CENTS = {"USD": 1.0, None: 1.0, "EUR": 1.1, "JPY": 0.67, "KWD": 0.325}
NAMES = [
    "Acme",
    "acme 100 %",
    "Ünïcode GmbH",
    "日本商事",
    'O\'Brien "Bros"',
    "back\\slash_",
    "Łódź İstanbul",
    "a?b;c--",
    "한국전력",
    "zeta zeta",
]
TERRITORIES = ["north", "south", "west", "küste"]
CUSTOM = (
    Field("score", FieldType.INTEGER, is_custom=True),
    Field("margin", FieldType.DECIMAL, is_custom=True),
    Field('tier\'s "best" $.x', FieldType.TEXT, is_custom=True),
    Field("renews", FieldType.DATE, is_custom=True),
    Field("vip", FieldType.BOOLEAN, is_custom=True),
)


# Number, id and family; two have the same id, from two sources, and one is closed.
PRODUCTS = [(1, "P1", "Suites"), (2, "P2", None), (3, "P1", "Böxes"), (4, "P4", "Suites")]


class World:
    """Every open account as the Book should tell it, by number, its open orders, in cents, and the helping holdings."""

    def __init__(self, records: dict[int, dict[str, Any]]) -> None:
        self.records = records
        self.orders: list[dict[str, Any]] = []
        self.overlays: list[tuple[int, str, int, float]] = []


def make_world(store: Store, count: int = 240, seed: int = 7) -> World:
    """Fill the tables with accounts, families, holdings, orders and opportunities."""
    random_ = random.Random(seed)
    rows = [_account(random_, number, count) for number in range(1, count + 1)]
    world = World({row["id"]: _told(row) for row in rows if row["closed_on"] is None})
    _tell_families(world, rows)
    with store.write() as connection:
        numbers = ledger.ids_of_territories(connection, TERRITORIES)
        connection.execute(sa.insert(accounts), rows)
        for number, key, family in PRODUCTS:
            row = row_of(products, number, source_id=number, external_id=key, name=key, family=family)
            connection.execute(sa.insert(products).values({**row, "closed_on": TODAY if number == 4 else None}))
        connection.execute(sa.insert(orders), list(_orders(random_, world, count)))
        connection.execute(sa.insert(opportunities), list(_opportunities(random_, world, count)))
        connection.execute(sa.insert(ledger_ownership), list(_holdings(random_, world, count, numbers)))
        counters.bump(connection, counters.DATA)
        counters.bump(connection, counters.LEDGER)
    for record in world.records.values():
        for name in ("revenue_12m", "pipeline"):
            if record[name] is not None:
                record[name] = round(record[name])
    return world


def _maybe(random_: random.Random, value: Any, missing_share: float = 0.2) -> Any:
    return None if random_.random() < missing_share else value


def _account(random_: random.Random, number: int, count: int) -> dict[str, Any]:
    custom = {
        "score": _maybe(random_, random_.choice([-3, 0, 7, 10**12])),
        "margin": _maybe(random_, random_.choice([0.1, -2.5, 1e-9, 3.0])),
        CUSTOM[2].name: _maybe(random_, random_.choice(["gold", "it's", '"', "日本"])),
        "renews": _maybe(random_, random_.choice(["2026-02-28", "2027-12-31"])),
        "vip": _maybe(random_, random_.random() < 0.5),
    }
    place = random_.random() < 0.8
    return row_of(
        accounts,
        number,
        key=f"K{number:04}",
        name=f"{random_.choice(NAMES)} {random_.randint(1, 30)}",
        parent_id=_maybe(random_, random_.randint(1, number - 1), 0.6) if number > 1 else None,
        country=_maybe(random_, "US"),
        region=_maybe(random_, random_.choice(["US-CO", "US-TX", "US-WA"])),
        city=_maybe(random_, random_.choice(["Denver", "Köln", "O'Fallon"])),
        postal_code=_maybe(random_, random_.choice(["00501", "80202"])),
        latitude=random_.uniform(25, 48) if place else None,
        longitude=random_.uniform(-124, -67) if place else None,
        place_precision="postal" if place else None,
        zone=_maybe(random_, random_.choice(["08031", "48201", "53033", "36061"])),
        industry=_maybe(random_, random_.choice(["Retail", "retail", "Energy"])),
        employees=_maybe(random_, random_.choice([0, 1, 50, 50, 10**6])),
        annual_revenue_minor=_maybe(random_, random_.randint(0, 10**9)),
        potential_minor=_maybe(random_, random_.choice([0, 5, random_.randint(0, 10**9)])),
        currency=random_.choice([None, "USD", "EUR", "JPY", "KWD", "XTS"]),
        customer_since=_maybe(random_, TODAY - timedelta(days=random_.randint(0, 3000))),
        custom=_maybe(random_, json.dumps({k: v for k, v in custom.items() if v is not None})),
        closed_on=TODAY if number % 17 == 0 and number < count else None,
    )


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """The account as the Book tells it, before families, money facts and holdings."""
    told = {
        name: row[name]
        for name in [
            "name",
            "country",
            "region",
            "city",
            "postal_code",
            "latitude",
            "longitude",
            "place_precision",
            "zone",
            "industry",
            "segment",
            "channel",
            "language",
            "referral_source",
            "employees",
            "customer_since",
        ]
    }
    custom = json.loads(row["custom"]) if row["custom"] else {}
    for f in CUSTOM:
        value = custom.get(f.name)
        told[f.name] = date.fromisoformat(value) if value is not None and f.type is FieldType.DATE else value
    factor = CENTS.get(row["currency"])
    for name in ("annual_revenue", "potential"):
        minor = row[f"{name}_minor"]
        told[name] = None if minor is None or factor is None else round(minor * factor)
    facts = {
        "revenue_12m": None,
        "pipeline": None,
        "open_opportunities": 0,
        "territory": None,
        "via": None,
        "parent": None,
        "family": None,
    }
    return {"account": row["id"], "id": row["key"], **told, **facts}


def _tell_families(world: World, rows: list[dict[str, Any]]) -> None:
    parents = {row["id"]: row["parent_id"] for row in rows if row["id"] in world.records and row["parent_id"] in world.records}
    for number, record in world.records.items():
        top = number
        while top in parents:
            top = parents[top]
        if number in parents:
            record["parent"] = world.records[parents[number]]["id"]
        if number in parents or number in parents.values():
            record["family"] = world.records[top]["id"]


def _orders(random_: random.Random, world: World, count: int) -> Any:
    for number in range(1, 2 * count):
        on = random_.choice([TODAY, TODAY - timedelta(days=364), date(2025, 3, 15), date(2025, 3, 14), TODAY + timedelta(days=1)])
        minor, currency, account = (
            random_.randint(-500, 10**7),
            random_.choice([None, "USD", "EUR", "XTS"]),
            random_.randint(1, count),
        )
        is_closed = random_.random() < 0.1
        product = number % 6 or None
        facts = {"account_id": account, "ordered_on": on, "amount_minor": minor, "currency": currency, "product_id": product}
        yield {**row_of(orders, number, **facts), "closed_on": TODAY if is_closed else None}
        if not is_closed:
            told = {"account": account, "ordered_on": on, "minor": minor * CENTS[currency] if currency in CENTS else None}
            known = {place: {"product": key, "family": family} for place, key, family in PRODUCTS[:3]}
            world.orders.append({**told, **known.get(product or 0, {"product": None, "family": None})})
        if account in world.records and not is_closed and date(2025, 3, 14) < on <= TODAY and currency in CENTS:
            world.records[account]["revenue_12m"] = (world.records[account]["revenue_12m"] or 0) + minor * CENTS[currency]


def _opportunities(random_: random.Random, world: World, count: int) -> Any:
    for number in range(1, count):
        minor, currency = _maybe(random_, random_.randint(0, 10**7)), random_.choice([None, "USD", "JPY", "XTS"])
        account, status = random_.randint(1, count), random_.choice(["open", "won", "lost"])
        yield row_of(
            opportunities,
            number,
            account_id=account,
            status=status,
            amount_minor=minor,
            currency=currency,
            closed_on=None,
            person_id=number % 3,
        )
        if account in world.records and status == "open":
            record = world.records[account]
            record["open_opportunities"] += 1
            if minor is not None and currency in CENTS:
                record["pipeline"] = (record["pipeline"] or 0) + minor * CENTS[currency]


def _holdings(random_: random.Random, world: World, count: int, numbers: Any) -> Any:
    number = 0
    facts = {"share": 1.0, "true_from": date(2026, 1, 1), "true_until": None, "recorded_at": NOW, "recorded_until": None}
    for account in range(1, count + 1):
        territory, via = random_.choice(TERRITORIES), random_.randrange(len(ledger.VIAS))
        state = random_.choice(["held", "held", "held", "none", "ended", "later", "superseded"])
        more = {
            "ended": {"true_until": TODAY},
            "later": {"true_from": TODAY + timedelta(days=1)},
            "superseded": {"recorded_until": NOW + timedelta(days=1)},
        }.get(state, {})
        if state != "none":
            number += 1
            yield row_of(
                ledger_ownership, number, account_id=account, territory_id=numbers[territory], role=0, via=via, **{**facts, **more}
            )
        if state == "held" and account in world.records:
            world.records[account].update(territory=territory, via=ledger.VIAS[via])
        if random_.random() < 0.3:
            number += 1
            role, share, helper = random_.choice([1, 2]), random_.choice([0.25, 1.0]), random_.choice(TERRITORIES)
            given = {**facts, "share": share}
            yield row_of(ledger_ownership, number, account_id=account, territory_id=numbers[helper], role=role, via=2, **given)
            if account in world.records:
                world.overlays.append((account, helper, role, share))
