"""The AdventureWorks trial script: its own files, its rules and its seats, against what the sample itself says."""

from __future__ import annotations

import csv
import importlib.util
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from metes.intake.files import read_source
from metes.model.catalogue import KINDS, rule_fields
from metes.model.plan import Plan
from metes.plan.text import read_plan
from metes.records.mapping import IGNORE, ColumnMap, Mapping
from metes.records.validate import Validated, validate
from metes.rules.predicate import holds

SCRIPT = Path(__file__).parents[2] / "examples" / "adventureworks" / "prepare.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("adventureworks_prepare", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data(real_data: Path) -> Path:
    """The sample's tables."""
    return real_data / "adventureworks_oltp"


@pytest.fixture(scope="module")
def out(script: ModuleType, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the script writes."""
    folder = tmp_path_factory.mktemp("adventureworks")
    script.main(data, folder)
    return folder


@pytest.fixture(scope="module")
def plan(out: Path) -> Plan:
    """The plan as Metes reads it."""
    plan, findings = read_plan(out / "plan.yaml", rule_fields())
    assert findings == ()
    return plan


def imported(out: Path, kind: str, last_day: str = "included") -> Validated:
    """A file as it stands after validation; columns that are no field are left out."""
    source = read_source(out / f"{kind}.csv")
    columns = tuple(ColumnMap(name, name if name in KINDS[kind].by_name else IGNORE) for name in source.headers)
    return validate(KINDS[kind], source.table, Mapping(columns, last_day=last_day))


@pytest.mark.data
def test_all_customers_land_in_the_territory_that_the_sample_names(script: ModuleType, data: Path, out: Path, plan: Plan) -> None:
    names = {row["TerritoryID"]: row["Name"] for row in script.read(data, "SalesTerritory")}
    customers = script.read(data, "Customer")
    truth = {row["AccountNumber"]: names[row["TerritoryID"]] for row in customers}
    accounts = imported(out, "accounts").table.select(["id", "country", "region"]).to_pylist()
    rules = [(t.name, rule.condition) for t in plan.territories for rule in t.rules]
    assert len(rules) == 10
    landed = {a["id"]: [name for name, condition in rules if holds(condition, a, plan.list_by_key)] for a in accounts}
    assert len(landed) == 19_820
    assert landed == {account: [name] for account, name in truth.items()}


@pytest.mark.data
def test_every_file_goes_in_without_a_finding(out: Path) -> None:
    for kind, rows in (("accounts", 19_820), ("people", 290)):
        validated = imported(out, kind)
        assert (validated.table.num_rows, validated.findings.num_rows) == (rows, 0)
    seats = imported(out, "seats", last_day="excluded")
    assert (seats.table.num_rows, seats.findings.num_rows) == (17, 0)


@pytest.mark.data
def test_northwest_belonged_to_283_and_284_in_the_middle_of_october(out: Path, plan: Plan) -> None:
    sittings = imported(out, "seats", last_day="excluded").table.to_pylist()
    keys = {seat.key for seat in plan.seats_by_territory["northwest"] if seat.owns}

    def owners(day: date) -> set[str]:
        return {
            s["person"]
            for s in sittings
            if s["seat"].lower() in keys and s["from"] <= day and (s["to"] is None or day < s["to"])
        }  # fmt: skip

    assert owners(date(2023, 10, 15)) == {"283", "284"}
    assert owners(date(2023, 9, 29)) == {"280", "283"}
    assert owners(date(2023, 9, 30)) == {"283", "284"}


@pytest.mark.data
def test_seats_in_the_file_are_the_seats_of_the_plan(out: Path, plan: Plan) -> None:
    with (out / "seats.csv").open(encoding="utf-8", newline="") as file:
        assert {row["seat"] for row in csv.DictReader(file)} == {seat.key for seat in plan.seats}


@pytest.mark.data
def test_customers_without_a_name_take_their_account_number_and_unknown_points_stay_empty(out: Path) -> None:
    with (out / "accounts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(row["name"] == row["id"] for row in rows) == 18_484
    assert sum(not row["latitude"] for row in rows) == 942
    assert "0.0" not in {row["latitude"] for row in rows}


def test_a_country_that_one_territory_has_alone_is_claimed_whole(script: ModuleType) -> None:
    # One territory has all of France and Utah, the other Ohio.
    states = [
        {"CountryRegionCode": country, "StateProvinceCode": code, "TerritoryID": territory}
        for country, code, territory in (("FR", "75", "7"), ("FR", "01", "7"), ("US", "UT", "7"), ("US", "OH", "2"))
    ]
    assert script.rule_of("7", states) == "region in ('US-UT') or country in ('FR')"
    assert script.rule_of("2", states) == "region in ('US-OH')"
