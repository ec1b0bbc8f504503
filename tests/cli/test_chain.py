"""The chain by command line: from files to owners that can be explained."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from metes.cli.main import run
from tests.cli.conftest import Command

ACCOUNTS = """id,name,country,state,zip,employees,potential
A1,Harlan Outdoor Supply,US,CO,80302,240,1100000
A2,Mesa Cycle Works,US,AZ,85001,12,90000
A3,Front Street Sports,US,WY,82001,60,250000
A4,Alpine Gear Depot,DE,,80331,900,4000000
A5,Nowhere Goods,,,,,
"""
PLAN = """key: fy27
name: FY27
types:
  - key: geo
territories:
  - key: west
    name: West
    type: geo
    rules:
      - key: states
        when: country = 'US' and region in ('US-AZ', 'US-CO', 'US-WY')
    seats:
      - key: west-1
    children:
      - key: front-range
        name: Front Range
        type: geo
        rules:
          - key: mid-market
            name: Colorado mid-market
            when: region in ('US-CO', 'US-WY') and employees between 50 and 999
        seats:
          - key: front-range-1
  - key: house
    type: geo
    catch_all: true
"""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with five accounts, a plan of three territories published and assigned: made once by the commands."""
    folder = tmp_path_factory.mktemp("chain")
    (folder / "accounts.csv").write_text(ACCOUNTS)
    (folder / "plan.yaml").write_text(PLAN)
    (folder / "people.csv").write_text("id,name\nP1,Ines Duarte\nP2,Tom Novak\n")
    (folder / "seats.csv").write_text("seat,person,from,to\nfront-range-1,P1,2020-01-01,2026-06-30\nfront-range-1,P2,2026-07-01,\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("METES_DB", raising=False)
        assert run(["import", "accounts", "accounts.csv"]) == 0
        assert run(["import", "people", "people.csv"]) == 0
        assert run(["plan", "import", "plan.yaml"]) in (0, 1)
        assert run(["plan", "publish", "draft", "--on", "2025-01-01"]) == 0
        assert run(["import", "seats", "seats.csv"]) == 0
        assert run(["assign"]) == 0
    return folder


@pytest.fixture
def company(metes: Command, made: Path, tmp_path: Path) -> Command:
    """A copy of that folder, to work in."""
    copytree(made, tmp_path, dirs_exist_ok=True)
    return metes


def test_every_account_has_the_owner_the_plan_says(company: Command) -> None:
    held = {row["id"]: row["territory"] for row in company("--json", "accounts", "--columns", "id,territory").json["rows"]}
    assert held == {"A1": "front-range", "A2": "west", "A3": "front-range", "A4": "house", "A5": "house"}


def test_the_owner_of_a_day_is_who_sat_there_that_day(company: Command) -> None:
    def owners(day: str) -> list[str]:
        return [seat["person"] for seat in company("--json", "owner", "A1", "--at", day).json["owners"]]

    assert owners("2026-06-30") == ["Ines Duarte"]
    assert owners("2026-07-01") == ["Tom Novak"]
    assert company("--json", "owner", "A1", "--at", "2024-12-31").json["territory"] is None
    assert company("--json", "owner", "A1", "--at", "2026-07-01", "--known", "2020-01-01").json["holdings"] == []


def test_explain_names_the_rule_that_won_and_why_others_lost(company: Command) -> None:
    told = company("explain", "A1").out
    assert "Front Range" in told
    assert "employees between 50 and 999" in told
    assert "240" in told
    assert "West" in told


def test_assigning_again_changes_nothing_and_says_so(company: Command) -> None:
    assert "nothing changed since run" in company("assign").err
    forced = company("--json", "assign", "--force").json
    assert (forced["moved"], forced["opened"], forced["closed"], forced["unchanged"]) == (0, 0, 0, 5)


def test_a_changed_account_moves_and_the_ledger_keeps_what_was(company: Command, tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text(ACCOUNTS.replace("80302,240", "80302,2400"))
    assert company("--json", "import", "accounts", "accounts.csv").json["changed"] == 1
    report = company("--json", "assign").json
    assert (report["moved"], report["opened"]) == (1, 1)
    territories = [(fact["territory"], fact["true_until"] is None) for fact in company("--json", "history", "A1").json]
    assert ("west", True) in territories
    assert company("--json", "owner", "A1", "--at", "2026-01-01").json["territory"] == "front-range"


def test_a_dry_run_of_assign_writes_nothing(company: Command, tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text(ACCOUNTS.replace("80302,240", "80302,2400"))
    company("import", "accounts", "accounts.csv")
    assert company("--json", "assign", "--dry-run").json["moved"] == 1
    assert len(company("--json", "history", "A1").json) == 1


def test_an_import_can_be_previewed_and_undone_as_a_whole(company: Command, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text("id,name\nB1,One More\n")
    assert company("--json", "import", "accounts", "more.csv", "--dry-run").json["created"] == 1
    assert company("--json", "accounts").json["total"] == 5
    number = company("--json", "import", "accounts", "more.csv").json["import"]
    assert company("--json", "accounts").json["total"] == 6
    assert company("import-undo", str(number), "--yes").code == 0
    assert company("--json", "accounts").json["total"] == 5


def test_a_full_import_closes_what_the_file_lacks_and_reopens_what_comes_back(company: Command, tmp_path: Path) -> None:
    (tmp_path / "fewer.csv").write_text("".join(ACCOUNTS.splitlines(keepends=True)[:5]))
    assert company("--json", "import", "accounts", "fewer.csv", "--full", "--yes").json["closed"] == 1
    assert company("--json", "assign").json["closed"] == 1
    assert company("--json", "owner", "A5", "--at", "2026-01-01").json["territory"] == "house"
    assert company("--json", "import", "accounts", "accounts.csv", "--full", "--yes").json["reopened"] == 1


def test_text_search_finds_accounts_territories_and_people(company: Command) -> None:
    found = company("--json", "search", "front").json
    assert [a["id"] for a in found["accounts"]] == ["A3"]
    assert [t["key"] for t in found["territories"]] == ["front-range"]
    assert [p["name"] for p in company("--json", "search", "ines").json["people"]] == ["Ines Duarte"]


def test_exports_hold_no_cell_that_a_spreadsheet_would_run(metes: Command, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,name\n1,=cmd|' /C calc'!A0\n2,+1+2\n3,@SUM(A1)\n4,Plain\n")
    metes("import", "accounts", "a.csv")
    metes("accounts", "--columns", "name", "--out", "out.csv")
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()
    assert sorted(lines[1:]) == ["'+1+2", "'=cmd|' /C calc'!A0", "'@SUM(A1)", "Plain"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import", "acounts", "x.csv"], "kinds are"),
        (["import", "accounts", "missing.csv"], "missing.csv"),
        (["owner", "A1", "--at", "yesterday"], "2026-03-14"),
        (["assign"], "no active plan"),
        (["explain", "A1"], "no active plan"),
        (["plan", "publish", "draft"], "there is no plan"),
        (["plan", "check", "nothing-here"], "nothing-here"),
        (["config", "set", "time_zone", "Mars/Phobos"], "Europe/Berlin"),
        (["config", "set", "colour", "red"], "reporting_currency"),
        (["--db", "mysql://x/y", "accounts"], "sqlite:///"),
        (["--db", "sqlite:////nowhere/at/all.db", "accounts"], "/nowhere/at"),
        (["accounts", "--where", "employes > 3"], "employees"),
        (["accounts", "--sort", "colour"], "columns are"),
    ],
)
def test_bad_input_ends_with_two_and_says_what_to_do(metes: Command, arguments: list[str], words: str) -> None:
    ran = metes(*arguments)
    assert ran.code == 2
    assert words in ran.err
    assert "Traceback" not in ran.err
