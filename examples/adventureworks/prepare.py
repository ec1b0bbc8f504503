"""Joins the files of Microsoft's AdventureWorks sample into import files and a plan for Metes.

    python prepare.py DATA_FOLDER OUT_FOLDER

DATA_FOLDER holds the tables as CSV with a header: Address, AddressType, BusinessEntityAddress, Customer, Employee, SalesPerson,
SalesTerritory, SalesTerritoryHistory, StateProvince and Store. OUT_FOLDER receives accounts.csv, people.csv, seats.csv with
its mapping seats.map.yaml, and plan.yaml. Only the standard library is needed.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

Row = Mapping[str, str]

# Where a business or person is met: the main office before the home; where goods are shipped comes last.
ADDRESS_ORDER = {"Main Office": 0, "Primary": 1, "Home": 2, "Billing": 3, "Shipping": 4, "Archive": 5}
BUSINESS_TYPES = {"BM": "Bicycle manufacturer", "BS": "Bicycle store", "OS": "Online store"}


def read(folder: Path, table: str) -> list[Row]:
    """The rows of a table, with the blanks around values removed (state codes carry one)."""
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return [{name: value.strip() for name, value in row.items()} for row in csv.DictReader(file)]


def write(folder: Path, name: str, rows: Sequence[Row]) -> None:
    """An import file with the columns of the first row."""
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def key_of(name: str) -> str:
    """The stable key of a territory or group: 'United Kingdom' gives 'united-kingdom'."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def day_of(moment: str) -> date:
    """The day of '2022-05-30 00:00:00.000'."""
    return date.fromisoformat(moment[:10])


def addresses(data: Path) -> dict[str, Row]:
    """The one address of each business entity, joined with its state."""
    kinds = {row["AddressTypeID"]: row["Name"] for row in read(data, "AddressType")}
    places = {row["AddressID"]: row for row in read(data, "Address")}
    states = {row["StateProvinceID"]: row for row in read(data, "StateProvince")}
    uses = sorted(read(data, "BusinessEntityAddress"), key=lambda row: -ADDRESS_ORDER[kinds[row["AddressTypeID"]]])
    found = {use["BusinessEntityID"]: places[use["AddressID"]] for use in uses}
    return {entity: {**place, **states[place["StateProvinceID"]]} for entity, place in found.items()}


def account_rows(data: Path) -> list[Row]:
    """One account per customer: a store under its name, a person under the account number, for no file names people."""
    at = addresses(data)
    stores = {row["BusinessEntityID"]: row for row in read(data, "Store")}
    rows: list[Row] = []
    for customer in read(data, "Customer"):
        place = at[customer["StoreID"] or customer["PersonID"]]
        store = stores.get(customer["StoreID"], {})
        has_point = float(place["latitude"]) != 0.0 or float(place["longitude"]) != 0.0
        rows.append(
            {
                "id": customer["AccountNumber"],
                "name": store.get("Name") or customer["AccountNumber"],
                "country": place["CountryRegionCode"],
                "region": f"{place['CountryRegionCode']}-{place['StateProvinceCode']}",
                "city": place["City"],
                "postal_code": place["PostalCode"],
                "street": place["AddressLine1"],
                "latitude": place["latitude"] if has_point else "",
                "longitude": place["longitude"] if has_point else "",
                "segment": BUSINESS_TYPES[store["BusinessType"]] if store else "Individual",
                "employees": store.get("NumberEmployees", ""),
                "annual_revenue": store.get("AnnualRevenue", ""),
                "currency": "USD" if store else "",
                "store_sales": store.get("AnnualSales", ""),
                "specialty": store.get("Specialty", ""),
                "square_feet": store.get("SquareFeet", ""),
                "brands": store.get("Brands", ""),
                "year_opened": store.get("YearOpened", ""),
            }
        )
    return rows


def people_rows(data: Path) -> list[Row]:
    """The roster; a person is called by the login name, for no file names people. Sales figures where there are some."""
    sellers = {row["BusinessEntityID"]: row for row in read(data, "SalesPerson")}
    return [
        {
            "id": employee["BusinessEntityID"],
            "name": employee["LoginID"].rpartition("\\")[2],
            "role": employee["JobTitle"],
            "from": employee["HireDate"],
            "sales_quota": sellers.get(employee["BusinessEntityID"], {}).get("SalesQuota", ""),
            "commission_share": sellers.get(employee["BusinessEntityID"], {}).get("CommissionPct", ""),
        }
        for employee in read(data, "Employee")
    ]


def seat_rows(data: Path) -> list[Row]:
    """Who sat where: a seat for each person on each territory. EndDate is the last day, so a sitting ends the day after."""
    names = {row["TerritoryID"]: row["Name"] for row in read(data, "SalesTerritory")}
    return [
        {
            "seat": f"{key_of(names[sitting['TerritoryID']])}-{sitting['BusinessEntityID']}",
            "person": sitting["BusinessEntityID"],
            "from": day_of(sitting["StartDate"]).isoformat(),
            "to": (day_of(sitting["EndDate"]) + timedelta(days=1)).isoformat() if sitting["EndDate"] else "",
        }
        for sitting in read(data, "SalesTerritoryHistory")
    ]


def quoted(values: Iterable[str]) -> str:
    """Texts as a rule writes them, in order."""
    return ", ".join(f"'{value}'" for value in sorted(values))


def rule_of(territory: str, states: Sequence[Row]) -> str:
    """The rule of a territory: countries it has to itself by country, the others by region.

    So the codes that are no ISO regions any more (French 20 and 75, Newfoundland, Labrador) do not matter.
    """
    shared = {s["CountryRegionCode"] for s in states if s["TerritoryID"] != territory}
    own = [s for s in states if s["TerritoryID"] == territory]
    countries = {s["CountryRegionCode"] for s in own} - shared
    regions = {f"{s['CountryRegionCode']}-{s['StateProvinceCode']}" for s in own if s["CountryRegionCode"] in shared}
    parts = [f"{field} in ({quoted(values)})" for field, values in (("region", regions), ("country", countries)) if values]
    return " or ".join(parts)


def territory_rows(data: Path) -> list[Row]:
    """The groups, then the ten territories below them with their rules."""
    territories = read(data, "SalesTerritory")
    states = read(data, "StateProvince")
    groups = dict.fromkeys(row["Group"] for row in territories)
    rows: list[Row] = [{"key": key_of(g), "name": g, "parent": "", "type": "geographic", "rule": ""} for g in groups]
    rows += [
        {
            "key": key_of(row["Name"]),
            "name": row["Name"],
            "parent": key_of(row["Group"]),
            "type": "geographic",
            "rule": rule_of(row["TerritoryID"], states),
        }
        for row in territories
    ]
    return rows


def plan_text(territories: Sequence[Row], seats: Sequence[Row]) -> str:
    """The plan as text: groups, their territories with rule and seats."""
    lines = ["key: adventureworks", "name: AdventureWorks", "types:", "  - key: geographic", "    name: Geographic", "territories:"]
    for group in (row for row in territories if not row["parent"]):
        lines += [f"  - key: {group['key']}", f"    name: {group['name']}", "    type: geographic", "    children:"]
        for row in (row for row in territories if row["parent"] == group["key"]):
            lines += [f"      - key: {row['key']}", f"        name: {row['name']}", "        type: geographic"]
            lines += ["        rules:", "          - key: states", f'            when: "{row["rule"]}"', "        seats:"]
            own = dict.fromkeys(seat["seat"] for seat in seats if seat["seat"].rpartition("-")[0] == row["key"])
            for seat in own:
                lines += [f"          - key: {seat}", "            role: sales representative"]
    return "\n".join(lines) + "\n"


def main(data: Path, out: Path) -> None:
    """Write all files."""
    out.mkdir(parents=True, exist_ok=True)
    territories, seats = territory_rows(data), seat_rows(data)
    write(out, "accounts.csv", account_rows(data))
    write(out, "people.csv", people_rows(data))
    write(out, "seats.csv", seats)
    (out / "seats.map.yaml").write_text("last_day: excluded\n", encoding="utf-8")
    (out / "plan.yaml").write_text(plan_text(territories, seats), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"expected DATA_FOLDER and OUT_FOLDER, got {len(sys.argv) - 1} arguments")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
