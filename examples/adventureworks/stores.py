"""Makes of AdventureWorks' 701 stores a company to realign: accounts with revenue, and a territory for each person who serves them today.

    python stores.py DATA_FOLDER OUT_FOLDER

DATA_FOLDER holds the tables as for prepare.py. OUT_FOLDER receives accounts.csv, people.csv, seats.csv and plan.yaml, in which a territory lists
the stores whose SalesPersonID names its person. Only the standard library is needed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from prepare import addresses, people_rows, read, write

Row = Mapping[str, str]
FIRST_DAY = "2022-05-30"


def store_rows(data: Path) -> list[dict[str, str]]:
    """One account per store, with the person who serves it."""
    at = addresses(data)
    rows = []
    for store in read(data, "Store"):
        place = at[store["BusinessEntityID"]]
        has_point = float(place["latitude"]) != 0.0 or float(place["longitude"]) != 0.0
        rows.append(
            {
                "id": store["BusinessEntityID"],
                "name": store["Name"],
                "country": place["CountryRegionCode"],
                "region": f"{place['CountryRegionCode']}-{place['StateProvinceCode']}",
                "city": place["City"],
                "postal_code": place["PostalCode"],
                "latitude": place["latitude"] if has_point else "",
                "longitude": place["longitude"] if has_point else "",
                "annual_revenue": store["AnnualRevenue"],
                "currency": "USD",
                "served_by": store["SalesPersonID"],
            }
        )
    return rows


def seat_rows(people: Sequence[str]) -> list[dict[str, str]]:
    """A seat for each person, from the first day of the history."""
    return [{"seat": f"seat-{person}", "person": person, "from": FIRST_DAY} for person in people]


def plan_text(stores: Sequence[Row], people: Sequence[str]) -> str:
    """The plan as text: a territory for each person with the stores that are served today."""
    lines = ["key: stores", "name: Stores by person", "types:", "  - key: served", "    name: Served by", "territories:"]
    lines += ["  - key: all", "    name: All stores", "    type: served", "    children:"]
    for person in people:
        ids = ", ".join(f"'{store['id']}'" for store in stores if store["served_by"] == person)
        lines += [f"      - key: person-{person}", f"        name: Stores of {person}", "        type: served"]
        lines += ["        rules:", "          - key: stores", f'            when: "id in ({ids})"']
        lines += ["        seats:", f"          - key: seat-{person}", "            role: sales representative"]
    return "\n".join(lines) + "\n"


def main(data: Path, out: Path) -> None:
    """Write all files."""
    out.mkdir(parents=True, exist_ok=True)
    stores = store_rows(data)
    people = sorted({store["served_by"] for store in stores})
    write(out, "accounts.csv", [{name: value for name, value in store.items() if name != "served_by"} for store in stores])
    write(out, "people.csv", [row for row in people_rows(data) if row["id"] in people])
    write(out, "seats.csv", seat_rows(people))
    (out / "plan.yaml").write_text(plan_text(stores, people), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"expected DATA_FOLDER and OUT_FOLDER, got {len(sys.argv) - 1} arguments")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
