"""Every way to evaluate a comparison gives the same rows: one value, Ibis, a filter, the rules at once, and the index."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, get_args

import duckdb
import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metes.model.catalogue import Field, FieldType, rule_fields
from metes.model.condition import And, Condition, Contains, Equals, In, InList, Literal, Missing, Not, Or, Prefix, Range
from metes.model.plan import NamedList, Plan, Rule, Territory, TerritoryType
from metes.rules.compile import ARROW_TYPES, compile_plan
from metes.rules.evaluate import evaluate_table
from metes.rules.index import RuleIndex
from metes.rules.minor_units import in_minor_units
from metes.rules.operators import OPERATORS, expression, passes
from metes.rules.predicate import holds
from metes.store.filters import FilterWriter
from tests.rules.strategies import CURRENCY
from tests.rules.strategies import FIELDS as ACCOUNT_FIELDS

Row = dict[str, Any]

TERM_NAMES = [
    "area:the 'odd' one",
    "distance:39.75,-104.99",
    "postal_order",
    "month",
    "orders:count:6:product=GTX",
    "orders:sum::",
    "family.name",
]
FIELDS = {**ACCOUNT_FIELDS, **{name: rule_fields()[name] for name in TERM_NAMES}}

ODD = [
    "", " ", "'", "''", '"', '""', "%", "_", "\\", "\\%", "a%b", "a_b", "--", "/*", ";", "?", "$1", "{x}", "a", "A", "ab", "AB", "Z",
    "\t", "\n", "\r\n", "é", "e\u0301", "É", "ß", "SS", "ﬁ", "İ", "ı", "日本語", "日", "😀", "😀a", "👩‍👩‍👧", "שלום", "مرحبا", "\u202eabc",
    "\ufeff", "\u200b", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff", "x" * 5_000, "x" * 4_999 + "y", "O'Neill", "NULL", "true",
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6))
NUMBERS = st.one_of(st.integers(-3, 3), st.integers(-(10**15) + 1, 10**15 - 1))
DECIMALS = st.one_of(
    st.sampled_from([Decimal(text) for text in ("0", "-0.1", "0.1", "0.3", "0.5", "1", "1.000000001", "1E+2", "999999999999999")]),
    st.decimals(-(10**15) + 1, 10**15 - 1, places=3),
    st.decimals(-1, 1, places=9),
)
ASKED: dict[FieldType, st.SearchStrategy[Any]] = {
    FieldType.TEXT: TEXTS,
    FieldType.CODE: TEXTS,
    FieldType.INTEGER: NUMBERS,
    FieldType.DECIMAL: DECIMALS,
    FieldType.MONEY: DECIMALS,
    FieldType.DATE: st.one_of(st.sampled_from([date(1, 1, 1), date(2024, 2, 29), date(9999, 12, 31)]), st.dates()),
    FieldType.BOOLEAN: st.booleans(),
}
MONTHS = st.integers(1, 12)
LISTS = {"odd": NamedList("odd", tuple(ODD)), "one": NamedList("one", ("é",))}


@st.composite
def literals(draw: st.DrawFn, field: Field, values: Sequence[Any]) -> Condition:
    """A comparison with some of the values, or with parts of them."""
    value = st.sampled_from(values)
    kinds: list[Callable[[], Condition]] = [
        lambda: Equals(field.name, draw(value)),
        lambda: In(field.name, tuple(draw(st.lists(value, min_size=1, max_size=4, unique=True)))),
        lambda: Missing(field.name),
    ]
    if field.type is not FieldType.BOOLEAN:
        kinds += [
            lambda: Range(field.name, draw(value), None, draw(st.booleans())),
            lambda: Range(field.name, None, draw(value), includes_high=draw(st.booleans())),
            lambda: Range(field.name, draw(value), draw(value), draw(st.booleans()), draw(st.booleans())),
        ]
    if field.type.is_text:
        kinds += [
            lambda: Prefix(field.name, draw(value)[: draw(st.integers(0, 3))]),
            lambda: Contains(field.name, draw(value)[draw(st.integers(0, 2)) : draw(st.integers(0, 4))]),
            lambda: InList(field.name, draw(st.sampled_from(sorted(LISTS)))),
        ]
    return draw(st.sampled_from(kinds))()


def kept(field: Field, value: Any) -> Any:
    """A value of a rule as an account may hold it: amounts as whole cents, numbers as doubles."""
    if field.type is FieldType.MONEY:
        return int((value * 100).to_integral_value())
    return float(value) if field.type is FieldType.DECIMAL else value


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Condition], list[Row]]:
    """Conditions and accounts over the same few values of a few fields, so that they meet."""
    fields = draw(st.lists(st.sampled_from(sorted(FIELDS.values(), key=lambda f: f.name)), min_size=1, max_size=3, unique=True))
    values = {f.name: draw(st.lists(MONTHS if f.name == "month" else ASKED[f.type], min_size=1, max_size=4)) for f in fields}
    literal = st.one_of([literals(f, values[f.name]) for f in fields])
    condition = st.recursive(
        literal,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(tuple).map(And),
            st.lists(inner, min_size=2, max_size=3).map(tuple).map(Or),
            inner.map(Not),
        ),
        max_leaves=4,
    )
    held = {f.name: st.one_of(st.none(), *[st.sampled_from([kept(f, v) for v in values[f.name]])] * 3) for f in fields}
    return draw(st.lists(condition, min_size=1, max_size=5)), draw(st.lists(st.fixed_dictionaries(held), min_size=1, max_size=8))


def accounts_table(rows: Sequence[Row]) -> pa.Table:
    """The accounts, numbered 10, 13, 16, …, in the types that the evaluator asks for."""
    columns = {name: pa.array([row.get(name) for row in rows], ARROW_TYPES[field.type]) for name, field in FIELDS.items()}
    return pa.table({"account": pa.array([10 + 3 * i for i in range(len(rows))], pa.int64()), **columns})


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as open_connection:
        yield open_connection


def plan_of(conditions: Sequence[Condition]) -> Plan:
    territories = tuple(Territory(f"t{i:03d}", "geo", rules=(Rule("r", condition),)) for i, condition in enumerate(conditions))
    return Plan("p", types=(TerritoryType("geo"),), territories=territories, lists=tuple(LISTS.values()))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(worlds())
def test_all_ways_of_evaluation_take_the_same_rows(
    connection: duckdb.DuckDBPyConnection, world: tuple[list[Condition], list[Row]]
) -> None:
    conditions, rows = world
    exact = [in_minor_units(condition, FIELDS, CURRENCY) for condition in conditions]
    truth = [[holds(condition, row, LISTS) for row in rows] for condition in exact]
    table = accounts_table(rows)
    connection.register("accounts", table)
    by_ibis = ibis.duckdb.from_connection(connection).table("accounts")
    taken = by_ibis.select("account", **{f"rule{i}": expression(by_ibis, c, FIELDS, LISTS) for i, c in enumerate(exact)})
    answer = taken.order_by("account").to_pyarrow()
    assert [answer[f"rule{i}"].to_pylist() for i in range(len(exact))] == truth

    numbers = table["account"].to_pylist()
    writer = FilterWriter(FIELDS, LISTS, CURRENCY)
    for condition, true in zip(conditions, truth, strict=True):
        sql, parameters = writer.write(condition)
        found = connection.execute(f"SELECT account FROM accounts WHERE {sql} ORDER BY account", parameters).fetchall()
        assert [number for (number,) in found] == [number for number, is_true in zip(numbers, true, strict=True) if is_true]

    compiled = compile_plan(plan_of(conditions), FIELDS, CURRENCY)
    pairs = evaluate_table(table, compiled, threads=1)
    expected = [(n, i) for j, n in enumerate(numbers) for i in range(len(exact)) if truth[i][j]]
    assert list(zip(pairs["account"].to_pylist(), pairs["rule"].to_pylist(), strict=True)) == expected
    index = RuleIndex(compiled)
    assert [(n, i) for row, n in zip(rows, numbers, strict=True) for i in index.matches(row)] == expected


def test_a_double_is_compared_to_its_last_bit() -> None:
    value = -0.001521039
    table = ibis.memtable(pa.table({"score": [value]}))
    for condition in (
        Range("score", high=Decimal(repr(value))),
        Range("score", low=Decimal(repr(value))),
        Equals("score", Decimal(repr(value))),
    ):
        assert table.filter(expression(table, condition, FIELDS, LISTS)).count().to_pyarrow().as_py() == 1


@pytest.mark.parametrize("literal", [Prefix("name", ""), Contains("name", "")])
def test_an_empty_text_is_in_every_value(literal: Condition) -> None:
    rows: list[Row] = [{"name": ""}, {"name": None}, {"name": "a"}]
    compiled = compile_plan(plan_of([literal, Not(literal)]), FIELDS, CURRENCY)
    pairs = evaluate_table(accounts_table(rows), compiled, threads=1)
    assert pairs["rule"].to_pylist() == [0, 1, 0]
    assert [RuleIndex(compiled).matches(row) for row in rows] == [[0], [1], [0]]


def test_every_kind_of_comparison_has_its_operator() -> None:
    assert set(OPERATORS) == set(get_args(Literal))


@pytest.mark.parametrize("value", [None, "", "é"])
def test_a_missing_value_passes_only_the_question_for_it(value: str | None) -> None:
    found: list[Literal] = [
        Equals("name", "é"),
        In("name", ("é", "")),
        InList("name", "odd"),
        Prefix("name", ""),
        Contains("name", ""),
        Range("name", ""),
    ]
    assert passes(Missing("name"), value, LISTS) is (value is None)
    if value is None:
        assert not any(passes(literal, value, LISTS) for literal in found)


@lru_cache(maxsize=1)
def names() -> Any:
    return ibis.memtable(pa.table({"name": pa.array(["a", "b", None], pa.string())}))


def test_hundreds_of_parts_of_several_kinds_are_one_expression() -> None:
    parts = [Prefix("name", f"x{i}") if i % 2 else Contains("name", f"y{i}") for i in range(300)]
    either = expression(names(), Or((*parts, Equals("name", "a"))), FIELDS, LISTS)
    assert names().filter(either).to_pyarrow()["name"].to_pylist() == ["a"]
    neither = expression(names(), And(tuple(Not(part) for part in parts)), FIELDS, LISTS)
    assert names().filter(neither).to_pyarrow()["name"].to_pylist() == ["a", "b", None]


def test_20_000_values_are_one_expression() -> None:
    either = expression(names(), Or(tuple(Equals("name", f"{i}") for i in range(20_000))), FIELDS, LISTS)
    assert names().filter(~either).count().to_pyarrow().as_py() == 3
