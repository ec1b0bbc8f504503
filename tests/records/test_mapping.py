"""Mappings as values and as files."""

from __future__ import annotations

import pytest

from metes.base.errors import InputError
from metes.model.catalogue import KINDS
from metes.records.mapping import ColumnMap, Mapping, parse_mapping

ACCOUNTS = KINDS["accounts"]


def test_a_mapping_is_read_back_from_its_text() -> None:
    mapping = Mapping(
        (
            ColumnMap("Company", "name", 1.0, "said in the mapping"),
            ColumnMap("Since", "customer_since", 1.0, "said in the mapping", date_format="dmy"),
            ColumnMap("Opened", "custom:opened:integer", 1.0, "said in the mapping"),
            ColumnMap("Note", "ignore", 1.0, "said in the mapping"),
        ),
        decimal_mark=",",
        default_country="DE",
    )
    assert parse_mapping(mapping.as_text(), ACCOUNTS) == mapping
    assert parse_mapping('{"columns": {"Company": "name"}}', ACCOUNTS).column_of("name") is not None


def test_every_problem_is_reported_with_its_remedy() -> None:
    text = """
columns:
  A: nam
  B: custom:x
  C: custom:name:text
  D: name
  E: name
  F: {to: name, format: x}
  G: custom:month:integer
date_format: american
default_country: USA
colour: red
"""
    with pytest.raises(InputError) as caught:
        parse_mapping(text, ACCOUNTS, file="map.yaml", headers=["A", "B", "C", "D", "E", "G"])
    found = caught.value.findings
    assert {f.place.column for f in found} == {"", "A", "B", "C", "E", "F", "G"}
    assert all(f.place.file == "map.yaml" and f.remedy for f in found)
    assert len(found) == 11


@pytest.mark.parametrize("text", ["[1, 2", "- a\n- b", "columns: 5", "[" * 5000])
def test_what_is_no_mapping_is_an_error(text: str) -> None:
    with pytest.raises(InputError):
        parse_mapping(text, ACCOUNTS)


def test_a_correction_takes_the_field_from_the_guess() -> None:
    guess = Mapping((ColumnMap("A", "name", 0.9), ColumnMap("B", "city", 0.9), ColumnMap("C", "region", 0.9)))
    corrected = guess.corrected(Mapping((ColumnMap("B", "name"), ColumnMap("Elsewhere", "city")), date_format="dmy"))
    assert [(c.column, c.target) for c in corrected.columns] == [("A", "ignore"), ("B", "name"), ("C", "region")]
    assert corrected.date_format == "dmy"


def test_the_digest_does_not_depend_on_how_sure_the_guess_was() -> None:
    assert Mapping((ColumnMap("A", "name", 0.5, "x"),)).digest == Mapping((ColumnMap("A", "name"),)).digest
    assert Mapping((ColumnMap("A", "name"),)).digest != Mapping((ColumnMap("A", "city"),)).digest
