"""Guessed mappings: by header, by content, with reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from metes.intake.files import read_source
from metes.model.catalogue import KINDS
from metes.records.guess import custom_name, guess_mapping, words
from tests.records.worlds import text_table


def guessed(kind: str, **columns: list[str | None]) -> dict[str, str]:
    table = text_table(**columns)
    return {c.column: c.target for c in guess_mapping(KINDS[kind], list(columns), table).columns}


def test_headers_are_known_by_name_synonym_and_spelling() -> None:
    columns = {h: ["x"] for h in ("CustomerID", "Company Name", "Billing_Country", "State/Province", "ZIP Code", "Industri")}
    assert list(guessed("accounts", **columns).values()) == ["id", "name", "country", "region", "postal_code", "industry"]


def test_cells_that_do_not_look_like_the_field_speak_against_the_header() -> None:
    assert guessed("accounts", name=["a"], revenue=["high", "low"][:1])["revenue"].startswith("custom:revenue:text")


def test_cells_give_a_field_away_whatever_the_header_says() -> None:
    found = guessed("contacts", a=["x@y.de", "z@y.de", "q@w.com"], name=["A", "B", "C"])
    assert found == {"a": "email", "name": "name"}
    found = guessed(
        "accounts", name=list("ABCDEF"), where=["US", "DE"] * 3, z=["80301", "00501", "10001", "94105", "60601", "02134"]
    )
    assert found == {"name": "name", "where": "country", "z": "postal_code"}


def test_columns_full_of_known_ids_refer_to_their_kind() -> None:
    table = text_table(opp=["1", "2", "3"], stage=["a", "b", "c"], who=["K1", "K2", "K1"])
    mapping = guess_mapping(KINDS["opportunities"], ["opp", "stage", "who"], table, known_ids={"accounts": {"K1", "K2"}})
    assert mapping.columns[2].target == "account"
    assert "known accounts" in mapping.columns[2].reason


def test_unknown_columns_of_accounts_become_custom_fields_of_a_guessed_type() -> None:
    columns: dict[str, list[str | None]] = {
        "name": ["a", "b"],
        "Year Opened": ["1996", "2001"],
        "Score": ["1.5", "2"],
        "Is VIP": ["yes", "no"],
        "Renewal": ["2024-01-01", "2024-02-01"],
        "Notes": ["calls", "late"],
        "Month": ["3", "4"],
        "Blank": [None, None],
    }
    assert list(guessed("accounts", **columns).values())[1:] == [
        "custom:year_opened:integer",
        "custom:score:decimal",
        "custom:is_vip:boolean",
        "custom:renewal:date",
        "custom:notes:text",
        "custom:month_2:integer",
        "ignore",
    ]
    assert guessed("orders", whatever=["1"]) == {"whatever": "ignore"}


def test_every_guess_has_a_reason_and_a_confidence() -> None:
    table = text_table(Company=["a"], xyz=["1"])
    for column in guess_mapping(KINDS["accounts"], ["Company", "xyz"], table).columns:
        assert column.reason
        assert 0 < column.confidence <= 1


def test_no_field_is_given_twice() -> None:
    found = guessed("accounts", **{h: ["x"] for h in ("Account Name", "Company", "Name", "Customer Name")})
    assert sorted(t for t in found.values() if not t.startswith("custom")) == ["name"]


def test_words_and_custom_names() -> None:
    assert words("BillingPostalCode") == words("billing_postal code") == ["billing", "postal", "code"]
    assert custom_name("Größe in m²", set()) == "grosse_in_m2"
    assert custom_name("2024", set()) == "x_2024"
    assert custom_name("Name", {"name"}) == "name_2"


@pytest.mark.data
def test_the_maven_files_are_guessed_right(real_data: Path) -> None:
    folder = real_data / "maven_crm_opportunities"
    source = read_source(folder / "sales_pipeline.csv")
    mapping = guess_mapping(KINDS["opportunities"], source.headers, source.table)
    assert [c.target for c in mapping.columns] == [
        "id",
        "person",
        "product",
        "account",
        "stage",
        "opened_on",
        "closed_on",
        "amount",
    ]
    source = read_source(folder / "accounts.csv")
    mapping = guess_mapping(KINDS["accounts"], source.headers, source.table)
    assert [c.target for c in mapping.columns] == [
        "name",
        "industry",
        "custom:year_established:integer",
        "annual_revenue",
        "employees",
        "country",
        "parent",
    ]
