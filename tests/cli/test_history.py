"""The past by command line: lists as of a day, corrections recorded late, figures restated. Clocks are real here; days are far back."""

from __future__ import annotations

import csv
from pathlib import Path
from shutil import copytree

import pytest

from tests.cli.conftest import Command
from tests.cli.test_chain import made as made


@pytest.fixture
def company(metes: Command, made: Path, tmp_path: Path) -> Command:
    """A copy of the chain's folder, to work in."""
    copytree(made, tmp_path, dirs_exist_ok=True)
    return metes


def held(company: Command, *options: str) -> dict[str, tuple[str | None, str | None]]:
    """Territory and owners of each account."""
    rows = company("--json", "as-of", *options).json["rows"]
    return {row["id"]: (row["territory"], row["owners"]) for row in rows}


def test_all_accounts_are_listed_with_territory_and_owner_of_a_day(company: Command, tmp_path: Path) -> None:
    then = held(company, "--at", "2025-06-01")
    assert then["A1"] == ("front-range", "Ines Duarte")
    assert then["A4"] == ("house", None)
    assert held(company, "--at", "2026-08-01")["A1"] == ("front-range", "Tom Novak")
    assert held(company, "--at", "2024-06-01")["A1"] == (None, None)
    assert held(company, "--at", "2025-06-01", "--known", "2025-06-02") == {}
    assert set(held(company, "--at", "2025-06-01", "--territory", "front-range")) == {"A1", "A3"}
    assert company("as-of", "--at", "2025-06-01", "--export", "out.csv").code == 0
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {row["id"]: row["owners"] for row in rows}["A3"] == "Ines Duarte"


def test_a_day_that_is_none_is_refused(company: Command) -> None:
    for options in (("--at", "soon"), ("--known", "2026-13-01"), ("--at", "9999-12-31")):
        ran = company("as-of", *options)
        assert ran.code == 2
        assert "expected a day" in ran.err


def test_an_owner_is_corrected_looked_at_and_taken_back(company: Command) -> None:
    days = ("--from", "2025-03-01", "--to", "2025-04-01")
    looked = company("--json", "correct", "owner", "A1", "west", *days, "--dry-run").json
    assert looked["steps"] == [{"start": "2025-03-01", "end": "2025-04-01", "before": ["front-range"], "after": ["west"]}]
    assert company("correct", "owner", "A1", "west", *days).code == 2
    assert company("correct", "owner", "A1", "west", *days, "--reason", "agreed then").code == 0
    assert held(company, "--at", "2025-03-15")["A1"][0] == "west"
    assert held(company, "--at", "2025-04-15")["A1"][0] == "front-range"
    assert company("assign").code == 0
    assert held(company, "--at", "2025-03-15")["A1"][0] == "west"
    assert "agreed then" in company("correct", "list", "--account", "A1").out
    restated = company("--json", "territories", "--at", "2025-03-15", "--known", "2025-03-16", "--restated").json
    (west,) = (row for row in restated["rows"] if row["key"] == "west")
    assert (west["then"]["accounts"], west["now"]["accounts"]) == (0, 3)
    assert {m["writer"]["kind"]: (m["gained"], m["lost"]) for m in west["moved"]} == {"correct": (1, 0), "run": (2, 0)}
    assert company("correct", "back", "1", "--reason", "no").code == 0
    assert held(company, "--at", "2025-03-15")["A1"][0] == "front-range"
    assert company("correct", "back", "1", "--reason", "no").code == 2


def test_who_sat_on_a_seat_is_corrected(company: Command) -> None:
    days = ("--from", "2025-03-01", "--to", "2025-04-01")
    assert company("correct", "seat", "front-range-1", "P2", *days, "--reason", "stood in").code == 0
    assert held(company, "--at", "2025-03-15")["A1"][1] == "Tom Novak"
    assert held(company, "--at", "2025-04-15")["A1"][1] == "Ines Duarte"
    more = ("--beside", "--reason", "helped")
    assert company("correct", "seat", "front-range-1", "P1", *days, *more).code == 0
    assert held(company, "--at", "2025-03-15")["A1"][1] in ("Tom Novak; Ines Duarte", "Ines Duarte; Tom Novak")
    assert company("correct", "seat", "front-range-1", "nobody", *days, "--reason", "on leave").code == 0
    assert held(company, "--at", "2025-03-15")["A1"][1] is None
    unknown = company("correct", "seat", "elsewhere", "P9", *days, "--reason", "x")
    assert (unknown.code, "unknown-seat" in unknown.err) == (2, True)


def test_the_tree_of_a_day_is_that_of_its_plan(company: Command) -> None:
    assert company("territories", "--at", "2024-06-01").code == 2
    tree = company("--json", "territories", "--at", "2025-06-01").json
    assert {row["key"]: row["whole"]["accounts"] for row in tree} == {"west": 3, "front-range": 2, "house": 2}
    assert company("territories", "--restated").code == 2
