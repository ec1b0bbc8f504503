"""`metes explain` for one account, a selection and a territory."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.cli.conftest import Command
from tests.cli.test_chain import company, made

__all__ = ["company", "made"]


def test_one_account_is_told_with_what_would_change_it(company: Command) -> None:
    told = company("explain", "A1").out.splitlines()
    assert told[0].startswith("Front Range (front-range) holds account A1")
    assert (
        "West (west) above it takes it by rule states (priority 100): country = 'US' and region in ('US-AZ', 'US-CO', 'US-WY')"
        in told
    )
    assert "It would go to West (west) with employees 49 instead of 240." in told


def test_all_losers_are_named_or_those_that_words_find(company: Command) -> None:
    found = company("--json", "explain", "A4", "--all").json
    assert {f["territory"]["key"] for f in found["failed"]} == {"west", "front-range"}
    assert found["failed_count"] == 2
    named = company("--json", "explain", "A4", "--search", "front ra").json
    assert [f["territory"]["key"] for f in named["failed"]] == ["front-range"]


def test_a_selection_is_a_table_and_a_file(company: Command, tmp_path: Path) -> None:
    found = company("--json", "explain", "--where", "country = 'US'").json
    assert found["total"] == 3
    rows = {row["id"]: row for row in found["rows"]}
    assert (rows["A1"]["territory"], rows["A1"]["rule"], rows["A1"]["via"]) == ("front-range", "mid-market", "rule")
    assert (rows["A1"]["would_go_to"], rows["A1"]["change"]) == (["west"], "with employees 49 instead of 240")
    told = company("explain", "--where", "country = 'US'", "--rows", "2")
    assert "front-range" in told.out
    assert "2 of 3 accounts" in told.err
    assert company("explain", "--where", "employees > 0", "--out", "why.xlsx").code == 0
    sheet = openpyxl.load_workbook(tmp_path / "why.xlsx").active
    assert sheet is not None
    lines = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert lines[0][:3] == ["id", "name", "territory"]
    assert lines[0][-2:] == ["would_go_to", "change"]
    assert {line[0]: line[2] for line in lines[1:]} == {"A1": "front-range", "A2": "west", "A3": "front-range", "A4": "house"}
    assert company("explain", "--where", "employees > 5000", "--out", "none.csv").err.startswith("0 rows written")


def test_a_territory_says_what_brings_how_much(company: Command) -> None:
    found = company("--json", "explain", "--territory", "west").json
    assert found["total"]["accounts"] == 3
    assert [(t, rule, tally["accounts"]) for t, rule, tally in found["by_rule"]] == [
        ("front-range", "mid-market", 2),
        ("west", "states", 1),
    ]
    told = company("explain", "--territory", "front-range")
    assert "by rule" in told.out
    assert "near an end" not in told.out
    assert "front-range: 2 accounts" in told.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "expected one of an account"),
        (("A1", "--where", "employees > 1"), "expected one of an account"),
        (("A1", "--out", "x.csv"), "--out writes a selection"),
        (("--territory", "nowhere"), "the active plan has no territory 'nowhere'"),
        (("--where", "employes > 1"), "Did you mean"),
        (("--where", "employees > 1", "--out", "x.doc"), "expected a file that ends in"),
        (("nobody",), "there is no account 'nobody'"),
    ],
)
def test_what_cannot_be_explained_is_said_in_words(company: Command, arguments: tuple[str, ...], said: str) -> None:
    ran = company("explain", *arguments)
    assert ran.code == 2
    assert said.lower() in ran.err.lower()
