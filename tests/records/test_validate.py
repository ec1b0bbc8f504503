"""Columns of text become typed columns; every problem is a finding with its line, every doubt a question."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from metes.model.catalogue import KINDS
from metes.records.findings import count_by_code, to_findings
from metes.records.mapping import ColumnMap, Mapping
from metes.records.places import Boxes
from metes.records.validate import Options, first_rows, validate
from tests.records.worlds import findings, text_table, validated


def test_a_good_row_is_typed_whole() -> None:
    result = validated(
        "accounts",
        id=["a1"],
        name=[" Acme "],
        country=["United States"],
        region=["Colorado"],
        postal_code=["00501"],
        employees=["1,200,000"],
        annual_revenue=["$10.50"],
        customer_since=["2024-03-14"],
    )
    assert result.table.drop_columns(["_line"]).to_pylist() == [
        {
            "id": "A1",
            "name": "Acme",
            "country": "US",
            "region": "US-CO",
            "postal_code": "00501",
            "employees": 1_200_000,
            "annual_revenue": 1050,
            "currency": "USD",
            "customer_since": date(2024, 3, 14),
        }
    ]
    assert result.findings.num_rows == 0
    assert result.sums == {"employees": {"": Decimal(1_200_000)}, "annual_revenue": {"USD": Decimal(1050)}}


def test_a_warning_leaves_the_field_empty_and_the_row_in() -> None:
    result = validated("accounts", name=["a", "b"], country=["Korea", "US"], employees=["many", "-3"])
    assert findings(result) == [
        ("not-a-number", "warning", 2, "many"),
        ("ambiguous-country", "warning", 2, "Korea"),
        ("out-of-bounds", "warning", 3, "-3"),
    ]
    assert result.table["country"].to_pylist() == [None, "US"]
    assert result.table["employees"].to_pylist() == [None, None]


def test_a_row_without_a_required_field_is_refused() -> None:
    result = validated("accounts", id=["1", "2"], name=["a", None], annual_revenue=["1.25", "2.50"])
    assert findings(result) == [("missing-name", "error", 3, None)]
    assert result.table["id"].to_pylist() == ["1"]
    assert (result.rows_read, result.refused, result.refused_ids.to_pylist()) == (2, 1, ["2"])
    assert (result.sums["annual_revenue"], result.refused_sums["annual_revenue"]) == ({"USD": Decimal(125)}, {"USD": Decimal(250)})


def test_a_doubtful_value_in_a_required_field_is_one_error() -> None:
    result = validated("orders", id=["1", "2"], account=["a", "a"], ordered_on=["2024-02-30", "2024-02-29"], amount=["1.0", "1.0"])
    assert findings(result) == [("impossible-date", "error", 2, "2024-02-30")]
    assert result.refused == 1


def test_the_second_row_of_an_id_is_refused_and_names_the_first() -> None:
    result = validated("accounts", id=["a", "b", "A", None], name=["1", "2", "3", "4"])
    assert [(f.code, f.place.line, f.message) for f in to_findings(result.findings)] == [
        ("duplicate-id", 4, "the id stands on line 2 already; the first one is kept"),
        ("missing-id", 5, "the row has no id"),
    ]


def test_an_account_without_an_id_column_has_its_name_as_id() -> None:
    assert validated("accounts", name=["Acme Inc", "acme inc"]).table["id"].to_pylist() == ["ACME INC"]


def test_columns_that_must_be_there_are_asked_for() -> None:
    questions = validated("opportunities", name=["x"]).questions
    assert [q.message for q in questions] == [
        "no column of the file is the stage, which every row needs",
        "no column of the file is the id",
    ]


def test_ambiguous_days_and_marks_are_questions_about_their_columns() -> None:
    result = validated("accounts", name=["a"], customer_since=["03/04/2024"], annual_revenue=["1,234"])
    assert {(q.code, q.place.column) for q in result.questions} == {
        ("date-ambiguous", "customer_since"),
        ("number-ambiguous", "annual_revenue"),
    }
    settled = validated(
        "accounts",
        None,
        {"date_format": "dmy", "decimal_mark": ","},
        name=["a"],
        customer_since=["03/04/2024"],
        annual_revenue=["1,234"],
    )
    assert settled.questions == ()
    assert settled.table["customer_since"].to_pylist() == [date(2024, 4, 3)]
    assert settled.table["annual_revenue"].to_pylist() == [123]


def test_numbers_that_came_as_numbers_are_not_asked_about() -> None:
    result = validated("accounts", Options("in.xlsx", typed=frozenset({"annual_revenue"})), name=["a"], annual_revenue=["1.234"])
    assert result.questions == ()


def test_money_is_in_minor_units_of_the_rows_currency() -> None:
    result = validated(
        "products", name=["a", "b", "c", "d"], price=["10.50", "10.50", "10.50", "10.50"], currency=["USD", "jpy", None, "XXQ"]
    )
    assert result.table["price"].to_pylist() == [1050, 10, 1050]
    assert result.table["currency"].to_pylist() == ["USD", "JPY", "USD"]
    assert findings(result) == [("unknown-currency", "error", 5, "XXQ")]


def test_the_default_country_fills_what_is_missing_but_not_what_is_wrong() -> None:
    result = validated(
        "accounts", None, {"default_country": "US"}, name=["a", "b", "c"], country=[None, "Korea", "CA"], region=["CO", None, "ON"]
    )
    assert result.table["country"].to_pylist() == ["US", None, "CA"]
    assert result.table["region"].to_pylist() == ["US-CO", None, "CA-ON"]


def test_the_last_day_becomes_the_day_after_it() -> None:
    columns = {"seat": ["s", "t"], "person": ["1", "1"], "from": ["2024-01-01", "2024-05-01"], "to": ["2024-01-31", "2024-04-01"]}
    result = validated("seats", **columns)
    assert result.table["to"].to_pylist() == [date(2024, 2, 1)]
    assert findings(result) == [("empty-period", "error", 3, "2024-04-01")]
    assert validated("seats", None, {"last_day": "excluded"}, **columns).table["to"].to_pylist() == [date(2024, 1, 31)]


def test_a_missing_account_of_an_opportunity_is_a_warning() -> None:
    result = validated("opportunities", id=["1"], stage=["Won"], account=[None])
    assert findings(result) == [("missing-account", "warning", 2, None)]
    assert result.table.num_rows == 1


def test_control_characters_in_findings_are_made_visible() -> None:
    result = validated("accounts", name=["a\0b"])
    assert findings(result) == [("control-character", "warning", 2, "a\N{REPLACEMENT CHARACTER}b")]
    assert result.table["name"].to_pylist() == ["ab"]


def test_coordinates_are_checked_against_the_country() -> None:
    boxes = Boxes(pa.array(["US"]), np.array([[19.0, -176.0, 71.0, -67.0]]))
    result = validated(
        "accounts",
        Options("in.csv", boxes=boxes),
        name=["a", "b"],
        country=["US", "US"],
        latitude=["40.5", "0.0"],
        longitude=["-105.1", "0.0"],
    )
    assert findings(result) == [("zero-coordinates", "warning", 3, "0.0, 0.0")]
    assert result.table["latitude"].to_pylist() == [40.5, None]


def test_custom_fields_are_typed_as_the_mapping_says() -> None:
    mapping = Mapping((ColumnMap("name", "name"), ColumnMap("Opened", "custom:opened:integer"), ColumnMap("x", "ignore")))
    result = validate(KINDS["accounts"], text_table(name=["a"], Opened=["1996"], x=["1"]), mapping)
    assert result.table["opened"].to_pylist() == [1996]
    assert "x" not in result.table.column_names
    assert [f.name for f in result.kind.fields if f.is_custom] == ["opened"]


def test_a_hundred_thousand_findings_are_one_table() -> None:
    count = 100_000
    result = validated("accounts", id=[str(i) for i in range(count)], name=["a"] * count, employees=["x"] * count)
    assert count_by_code(result.findings) == {("not-a-number", "warning", "employees"): count}
    assert result.findings["line"].to_pylist() == list(range(2, count + 2))


@given(
    st.lists(st.sampled_from(["a", "b", "A", " a", "", None]), max_size=12), st.lists(st.sampled_from(["x", "", None]), max_size=12)
)
def test_refused_rows_agree_with_reading_row_by_row(ids: list[str | None], names: list[str | None]) -> None:
    count = min(len(ids), len(names))
    result = validated("accounts", id=ids[:count], name=names[:count])
    seen: set[str] = set()
    expected = []
    for line, (id_, name) in enumerate(zip(ids, names, strict=False), start=2):
        key = (id_ or "").strip().upper()
        if not name or not key or key in seen:
            continue
        seen.add(key)
        expected.append((key, name, line))
    assert [(r["id"], r["name"], r["_line"]) for r in result.table.to_pylist()] == expected
    assert result.rows_read == count == result.table.num_rows + result.refused


@given(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=15), st.data())
def test_first_rows_agree_with_a_search(ids: list[str | None], data: st.DataObject) -> None:
    counted = data.draw(st.lists(st.booleans(), min_size=len(ids), max_size=len(ids)))
    expected = [next((j for j, other in enumerate(ids) if counted[j] and other == i), -1) if i else -1 for i in ids]
    assert first_rows(pa.array(ids, pa.string()), np.array(counted, bool)).tolist() == expected
