"""Filters as DuckDB expressions, held against the row-wise truth of conditions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.model.catalogue import Field, FieldType, rule_fields
from metes.model.condition import And, Condition, Contains, Equals, In, InList, Missing, Not, Or, Prefix, Range
from metes.model.plan import NamedList
from metes.rules.minor_units import in_minor_units
from metes.rules.predicate import holds
from metes.store.filters import FilterWriter, quote
from tests.rules.strategies import CURRENCY, FIELDS, LISTS, conditions, records

TYPES = {
    FieldType.TEXT: "VARCHAR",
    FieldType.CODE: "VARCHAR",
    FieldType.INTEGER: "BIGINT",
    FieldType.DECIMAL: "DOUBLE",
    FieldType.MONEY: "BIGINT",
    FieldType.DATE: "DATE",
    FieldType.BOOLEAN: "BOOLEAN",
}
WRITER = FilterWriter(FIELDS, LISTS, CURRENCY)


@pytest.fixture(scope="module")
def table() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty table with a column for each field."""
    columns = ", ".join(f"{quote(f.name)} {TYPES[f.type]}" for f in FIELDS.values())
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE accounts (number INTEGER, {columns})")
        yield connection


def taken(connection: duckdb.DuckDBPyConnection, condition: Condition, rows: list[dict[str, Any]]) -> list[int]:
    """Numbers of the rows that the written filter takes."""
    connection.execute("DELETE FROM accounts")
    places = ", ".join("?" * (len(FIELDS) + 1))
    connection.executemany(f"INSERT INTO accounts VALUES ({places})", [[n, *(r[f] for f in FIELDS)] for n, r in enumerate(rows)])
    sql, parameters = WRITER.write(condition)
    return [row[0] for row in connection.execute(f"SELECT number FROM accounts WHERE {sql} ORDER BY number", parameters).fetchall()]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(conditions(), st.lists(records(), min_size=1, max_size=12))
def test_a_filter_takes_the_rows_for_which_the_condition_holds(
    table: duckdb.DuckDBPyConnection, condition: Condition, rows: list[dict[str, Any]]
) -> None:
    exact = in_minor_units(condition, FIELDS, CURRENCY)
    assert taken(table, condition, rows) == [n for n, row in enumerate(rows) if holds(exact, row, LISTS)]


@pytest.mark.parametrize(
    ("condition", "cents"),
    [
        (Equals("revenue", Decimal("10.005")), []),
        (In("revenue", (Decimal("10.005"), Decimal("10.01"))), [1001]),
        (Range("revenue", low=Decimal("10.005")), [1001, 1002]),
        (Range("revenue", low=Decimal("10.005"), includes_low=False), [1001, 1002]),
        (Range("revenue", high=Decimal("10.005")), [-1001, 1000]),
        (Range("revenue", high=Decimal("-10.005"), includes_high=False), [-1001]),
        (Range("revenue", low=10, high=Decimal("10.01")), [1000, 1001]),
    ],
)
def test_an_amount_finer_than_a_cent_is_not_rounded(
    table: duckdb.DuckDBPyConnection, condition: Condition, cents: list[int]
) -> None:
    amounts = [-1001, 1000, 1001, 1002]
    rows = [{**dict.fromkeys(FIELDS), "revenue": amount} for amount in amounts]
    assert [amounts[n] for n in taken(table, condition, rows)] == cents


def test_an_empty_list_takes_nothing(table: duckdb.DuckDBPyConnection) -> None:
    sql, parameters = FilterWriter(FIELDS, {"none": NamedList("none", ())}, CURRENCY).write(InList("name", "none"))
    assert (sql, parameters) == ("FALSE", [])


HOSTILE = ['name" OR 1=1 --', "name'; DROP TABLE accounts; --", "1=1", "", "NAME"]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    "literal",
    [
        lambda f: Equals(f, "x"),
        lambda f: In(f, ("x", "y")),
        lambda f: InList(f, "small"),
        lambda f: Prefix(f, "x"),
        lambda f: Contains(f, "x"),
        lambda f: Range(f, "a", "b"),
        lambda f: Missing(f),
        lambda f: Not(And((Missing(f), Missing("name")))),
    ],
)
def test_a_field_that_the_catalogue_lacks_never_reaches_the_database(name: str, literal: Any) -> None:
    with pytest.raises(InputError, match="there is no field") as caught:
        WRITER.write(literal(name))
    assert caught.value.findings[0].code == "rule-unknown-field"


@pytest.mark.parametrize("text", ["' OR 1=1 --", "?", "%", "\\", "\0", "$1", "日本"])
def test_values_reach_the_database_as_parameters_alone(table: duckdb.DuckDBPyConnection, text: str) -> None:
    for literal in (
        Equals("name", text),
        In("name", (text, "other")),
        Prefix("name", text),
        Contains("name", text),
        Range("name", text, text),
    ):
        sql, _ = WRITER.write(literal)
        assert text == "?" or text not in sql
        rows = [{**dict.fromkeys(FIELDS), "name": name} for name in (text, "x" + text[1:] + "y")]
        assert 0 in taken(table, literal, rows)


def test_a_custom_field_with_an_odd_name_is_quoted(table: duckdb.DuckDBPyConnection) -> None:
    name = 'a "b" c'
    writer = FilterWriter({name: Field(name)}, {}, CURRENCY)
    sql, parameters = writer.write(Equals(name, "x"))
    row = table.execute(f"SELECT count(*) FROM (SELECT 'x' AS {quote(name)}) WHERE {sql}", parameters).fetchone()
    assert row == (1,)


def test_every_problem_of_a_condition_is_told() -> None:
    bad = Or((Equals("nope", "x"), InList("name", "missing"), Equals("employees", "many"), Prefix("since", "2024")))
    with pytest.raises(InputError) as caught:
        WRITER.write(bad)
    assert [f.code for f in caught.value.findings] == [
        "rule-unknown-field",
        "rule-unknown-list",
        "rule-wrong-type",
        "rule-wrong-type",
    ]


@pytest.mark.parametrize(
    "condition", [Equals("since", 5), Equals("name", date(2024, 1, 1)), Equals("is_partner", "true"), Range("employees", "a", None)]
)
def test_a_value_of_another_type_is_refused_in_words(condition: Condition) -> None:
    with pytest.raises(InputError, match="is compared with"):
        WRITER.write(condition)


def test_prefixes_under_an_or_are_looked_up_together(table: duckdb.DuckDBPyConnection) -> None:
    texts = ["Ünïcode", "Ün", "日本商事", "日", "acme", "Acme", "", None]
    rows = [{**dict.fromkeys(FIELDS), "name": text} for text in texts]
    wanted = tuple(Prefix("name", text) for text in ("Ün", "日本", "ac", "日", "", "Acme Inc"))
    for parts in (wanted, wanted[:4], wanted[1:4]):
        condition = Or((*parts, Missing("since")))
        sql, _ = WRITER.write(condition)
        assert sql.count("?") < len(parts) or len(parts) == 3
        for asked in (Or(parts), Not(Or(parts))):
            assert taken(table, asked, rows) == [n for n, row in enumerate(rows) if holds(asked, row, LISTS)]


def test_thousands_of_values_and_prefixes_are_few_comparisons() -> None:
    values = tuple(Equals("name", f"n{i}") for i in range(20_000))
    prefixes = tuple(Prefix("name", f"p{i:05}") for i in range(5_000))
    assert WRITER.write(Or((*values, *prefixes)))[0].count("?") == 2


def test_an_area_that_the_plan_lacks_is_refused() -> None:
    writer = FilterWriter(rule_fields(), {}, CURRENCY, {"north"})
    assert writer.write(Equals("area:north", True)) == ('("area:north" = ?)', [True])
    with pytest.raises(InputError, match="no area 'south'"):
        writer.write(Equals("area:south", True))
