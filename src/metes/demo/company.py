"""One believable company, written as import files and a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from metes.base.progress import SILENT, Progress
from metes.demo.accounts import Accounts, make_accounts
from metes.demo.bases import furnished
from metes.demo.business import FAMILIES, PRODUCTS
from metes.demo.carve import areas
from metes.demo.colours import colours_of_patches
from metes.demo.columns import EPOCH, dollars, stream
from metes.demo.facts import (
    ACTIVITIES_PER_ACCOUNT,
    HISTORY_DAYS,
    OPPORTUNITIES_PER_ACCOUNT,
    Market,
    make_activities,
    make_opportunities,
    make_orders,
    make_paces,
    order_rates,
)
from metes.demo.holding import Holding, halves, hold
from metes.demo.pins import Pinned, make_pins
from metes.demo.places import Counties, Floats, Ints, Places, load_places
from metes.demo.plan import company_plan, make_seats
from metes.demo.prospects import make_contacts, make_leads
from metes.demo.roster import Roster, make_desk, make_roster, people_table, seats_table
from metes.model.plan import Plan, Seat
from metes.plan.writing import write_plan

FILE_ORDER = ("people", "products", "accounts", "contacts", "zones", "seats", "opportunities", "orders", "activities", "leads")

HALF_OPEN = ("people", "seats")


@dataclass(frozen=True)
class CompanyFiles:
    """What was written: one file per kind in the order to import them, with their rows, and the plan to publish, as a value and as text.

    `mappings` holds the mapping files of the kinds that need one: days called `to` are the first that no longer count.
    `publish_on` is the day the plan is to be true from: the first day of the history. Seats need the plan to be active first.
    """

    folder: Path
    files: Mapping[str, Path]
    rows: Mapping[str, int]
    mappings: Mapping[str, Path]
    plan: Plan
    plan_folder: Path
    publish_on: date
    today: date


def make_company(
    out: Path,
    *,
    today: date,
    accounts: int = 20_000,
    seed: int = 7,
    facts_cap: int = 3_000_000,
    progress: Progress = SILENT,
) -> CompanyFiles:
    """Write the company's import files and its plan into the folder `out` and return them.

    Equal arguments give equal bytes. Orders, opportunities and activities together have at most `facts_cap` rows.
    """
    if accounts < 100:
        raise ValueError(f"a company needs at least 100 accounts, got {accounts}")
    writer = _Writer(out, progress)
    places, counties = load_places()
    book = make_accounts(stream(seed, 1), places, accounts, today)
    writer.write("accounts", book.table)
    holding = hold(book, places)
    seats = make_seats()
    today_day = int((np.datetime64(today) - EPOCH).astype(np.int64))
    roster = make_roster(stream(seed, 2), seats, today_day - HISTORY_DAYS, today_day)
    people = people_table(stream(seed, 3), roster, seats)
    writer.write("people", people)
    writer.write("seats", seats_table(roster, seats))
    writer.write("products", _products())
    writer.write("zones", _zones(counties, book))
    pinned = make_pins(stream(seed, 4), book, holding, _area_of_holder(), _leaders(people), today)
    contacts, first_contact = make_contacts(stream(seed, 5), book, places)
    writer.write("contacts", contacts)
    writer.write("leads", make_leads(stream(seed, 6), book, places, max(20, accounts * 6 // 100), today_day))
    _write_facts(writer, seed, _market(seed, book, places, holding, pinned, seats, roster, today_day), first_contact, facts_cap)
    named = {key: book.id.take(pa.array(members)).to_pylist() for key, members in holding.named.items()}
    plan = company_plan(furnished(seats, places, roster, today_day), named, pinned.pins, _colours(places))
    write_plan(plan, out / "plan")
    first_day = (EPOCH + (today_day - HISTORY_DAYS)).astype(object)
    files = {kind: writer.paths[kind] for kind in FILE_ORDER}
    mappings = {kind: writer.write_half_open(kind) for kind in HALF_OPEN}
    return CompanyFiles(
        out,
        MappingProxyType(files),
        MappingProxyType(writer.rows),
        MappingProxyType(mappings),
        plan,
        out / "plan",
        first_day,
        today,
    )


class _Writer:
    """Writes tables as CSV files of a folder and remembers what it wrote."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.progress = progress
        self.paths: dict[str, Path] = {}
        self.rows: dict[str, int] = {}

    def write(self, kind: str, table: pa.Table) -> None:
        """Write the import file of a kind."""
        path = self.folder / f"{kind}.csv"
        pacsv.write_csv(table, path, pacsv.WriteOptions(quoting_style="needed"))
        self.paths[kind] = path
        self.rows[kind] = table.num_rows
        self.progress.report("demo", len(self.paths), len(FILE_ORDER))

    def write_half_open(self, kind: str) -> Path:
        """Write the mapping of a kind whose periods end on the first day that no longer counts."""
        path = self.folder / f"{kind}.map.yaml"
        path.write_text("last_day: excluded\n", encoding="utf-8")
        return path


def _write_facts(writer: _Writer, seed: int, market: Market, first_contact: Ints, cap: int) -> None:
    """Orders, opportunities and activities, scaled down together where they would pass the cap."""
    count = len(market.holder)
    expected = {
        "orders": float(order_rates(market).sum()),
        "opportunities": OPPORTUNITIES_PER_ACCOUNT * count,
        "activities": ACTIVITIES_PER_ACCOUNT * count,
    }
    scale = min(1.0, cap / sum(expected.values()))
    rows = {kind: int(number * scale) for kind, number in expected.items()}
    writer.write("orders", make_orders(stream(seed, 7), market, rows["orders"]))
    writer.write("opportunities", make_opportunities(stream(seed, 8), market, rows["opportunities"]))
    writer.write("activities", make_activities(stream(seed, 9), market, rows["activities"], first_contact))


def _market(
    seed: int, book: Accounts, places: Places, holding: Holding, pinned: Pinned, seats: tuple[Seat, ...], roster: Roster, today: int
) -> Market:
    growth: Floats = np.array([*(area.growth for _, area in areas()), 0.0])[places.area[book.place]]
    desk = make_desk(roster, seats, holding.keys)
    pace = make_paces(stream(seed, 10), growth)
    return Market(book, pinned.holder, desk, pace, len(roster.role), today - HISTORY_DAYS, today)


def _products() -> pa.Table:
    return pa.table(
        {
            "id": [p.id for p in PRODUCTS],
            "name": [p.name for p in PRODUCTS],
            "family": [FAMILIES[p.family] for p in PRODUCTS],
            "price": dollars(np.array([p.price * 100 for p in PRODUCTS], dtype=np.int64)),
            "currency": ["USD"] * len(PRODUCTS),
        }
    )


def _zones(counties: Counties, book: Accounts) -> pa.Table:
    """The counties; their potential is the whole market's, of which the accounts' is two fifths."""
    market = float(book.potential.sum()) * 2.5
    count = len(counties.fips)
    return pa.table(
        {
            "id": counties.fips,
            "name": counties.name,
            "kind": ["county"] * count,
            "country": ["US"] * count,
            "region": counties.region,
            "latitude": counties.latitude,
            "longitude": counties.longitude,
            "population": counties.population,
            "potential": np.round(counties.demand * market / 1000).astype(np.int64) * 1000,
            "currency": ["USD"] * count,
        }
    )


def _leaders(people: pa.Table) -> list[str]:
    """Names of those who decide on pins: today's area managers."""
    rows = zip(people["name"].to_pylist(), people["role"].to_pylist(), people["to"].to_pylist(), strict=True)
    return [name for name, role, to in rows if role == "Area manager" and to is None]


def _area_of_holder() -> dict[str, str]:
    """The area of each geographic territory that holds accounts, the areas themselves included."""
    above = {area.key: area.key for _, area in areas()}
    for _, area in areas():
        for patch in area.patches:
            above.update(dict.fromkeys(halves(patch), area.key))
    return above


def _colours(places: Places) -> dict[str, int]:
    """Colours by territory key; the halves of a split territory take its colour, areas and others one of their own."""
    patches = [patch for _, area in areas() for patch in area.patches]
    colours: dict[str, int] = {}
    for patch, colour in zip(patches, colours_of_patches(places, len(patches)), strict=True):
        colours.update(dict.fromkeys((patch.key, *halves(patch)), colour))
    for number, (_, area) in enumerate(areas()):
        colours[area.key] = number % 12
    return colours
