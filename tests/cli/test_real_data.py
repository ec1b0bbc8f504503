"""The two real inputs, by the commands of their how-tos."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.conftest import Command

PREPARE = Path(__file__).parents[2] / "examples" / "adventureworks" / "prepare.py"

pytestmark = pytest.mark.data


def test_every_adventureworks_customer_lands_in_its_territory_and_owners_are_dated(
    metes: Command, real_data: Path, tmp_path: Path
) -> None:
    tables = real_data / "adventureworks_oltp"
    subprocess.run([sys.executable, str(PREPARE), str(tables), "out"], check=True, cwd=tmp_path, capture_output=True)
    assert metes("import", "accounts", "out/accounts.csv").code in (0, 1)
    assert metes("import", "people", "out/people.csv").code in (0, 1)
    assert metes("plan", "import", "out/plan.yaml").code in (0, 1)
    assert metes("plan", "publish", "draft", "--on", "2022-05-30").code == 0
    assert metes("--json", "import", "seats", "out/seats.csv", "--map", "out/seats.map.yaml").json["created"] == 17
    report = metes("--json", "assign").json
    assert (report["accounts"], report["unassigned"]) == (19_820, 0)

    assert metes("accounts", "--columns", "id,territory", "--out", "held.csv").code == 0
    with (tmp_path / "held.csv").open(encoding="utf-8-sig") as file:
        held = {row["id"]: row["territory"] for row in csv.DictReader(file)}
    with (tables / "SalesTerritory.csv").open() as file:
        name_of = {row["TerritoryID"]: row["Name"].lower().replace(" ", "-") for row in csv.DictReader(file)}
    with (tables / "Customer.csv").open() as file:
        wrong = [row for row in csv.DictReader(file) if held[row["AccountNumber"]] != name_of[row["TerritoryID"]]]
    assert len(held) == 19_820
    assert wrong == []

    northwest = next(key for key, territory in held.items() if territory == "northwest")

    def owners(day: str) -> set[str]:
        return {seat["person_key"] for seat in metes("--json", "owner", northwest, "--at", day).json["owners"]}

    assert owners("2023-10-15") == {"283", "284"}
    assert owners("2023-09-29") == {"280", "283"}


def test_the_maven_crm_comes_in_through_guessed_mappings(metes: Command, real_data: Path) -> None:
    folder = real_data / "maven_crm_opportunities"
    people = metes("--json", "import", "people", folder / "sales_teams.csv", "--source", "maven").json
    assert people["created"] == 35
    assert metes("--json", "import", "products", folder / "products.csv", "--source", "maven").json["created"] == 7
    accounts = metes("--json", "import", "accounts", folder / "accounts.csv", "--source", "maven").json
    assert accounts["created"] == 85
    assert {(f["code"], f["line"], f["value"]) for f in accounts["findings"]} == {
        ("unknown-country", 5, "Philipines"),
        ("ambiguous-country", 37, "Korea"),
    }
    deals = metes(
        "--json", "import", "opportunities", folder / "sales_pipeline.csv", "--source", "maven", "--findings", "all.csv"
    ).json
    assert (deals["rows_read"], deals["created"], deals["refused"]) == (8_800, 8_800, 0)
    assert deals["is_reconciled"]
    assert Counter({g["code"]: g["count"] for g in deals["findings_by_code"]}) == {
        "unknown-product": 1_480,
        "missing-account": 1_425,
    }
    with Path("all.csv").open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 2_905
    again = metes("--json", "import", "opportunities", folder / "sales_pipeline.csv", "--source", "maven").json
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 8_800)
    assert metes("--json", "accounts", "--where", "id = 'BETATECH'").json["total"] == 1
