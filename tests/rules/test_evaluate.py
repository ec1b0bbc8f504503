"""The kernel gives exactly the pairs that the row-wise truth gives, however the table keeps its columns."""

import pickle
import random
from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.model.catalogue import Field, FieldType
from metes.model.condition import EVERYTHING, And, Condition, Contains, Equals, In, InList, Missing, Not, Or, Prefix, Range
from metes.model.plan import Plan, Rule, Territory, TerritoryType
from metes.rules.compile import ARROW_TYPES, compile_plan
from metes.rules.evaluate import evaluate_table
from metes.rules.index import RuleIndex
from metes.rules.keys import FLAG
from metes.rules.predicate import holds
from tests.rules.strategies import CURRENCY, FIELDS, LISTS, conditions, records

Pairs = list[tuple[int, int]]


def accounts_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """The accounts, numbered 10, 13, 16, …, in the types that the evaluator asks for."""
    columns = {name: pa.array([row.get(name) for row in rows], ARROW_TYPES[field.type]) for name, field in FIELDS.items()}
    return pa.table({"account": pa.array([10 + 3 * i for i in range(len(rows))], pa.int64()), **columns})


def plan_of(rules: Sequence[Condition]) -> Plan:
    territories = tuple(Territory(f"t{i:04d}", "geo", rules=(Rule("r", condition),)) for i, condition in enumerate(rules))
    return Plan("p", types=(TerritoryType("geo"),), territories=territories, lists=tuple(LISTS.values()))


def kept(table: pa.Table, way: str) -> pa.Table:
    """The same table with its columns kept in another way."""
    if way == "dictionaries":
        text = [name for name, type in zip(table.column_names, table.schema.types, strict=True) if pa.types.is_string(type)]
        return pa.table(
            {name: c.dictionary_encode() if name in text else c for name, c in zip(table.column_names, table.columns, strict=True)}
        )
    if way == "pieces":  # each with a dictionary of its own
        parts = [kept(table.slice(i, 7), "dictionaries") for i in range(0, table.num_rows, 7)]
        return pa.concat_tables(parts) if parts else table
    return table


def both(rules: Sequence[Condition], rows: Sequence[dict[str, Any]], way: str = "strings") -> tuple[Pairs, Pairs]:
    """The pairs of the kernel, and those of the row-wise truth."""
    compiled = compile_plan(plan_of(rules), FIELDS, CURRENCY)
    found = evaluate_table(kept(accounts_table(rows), way), compiled)
    assert found.schema == pa.schema([("account", pa.int64()), ("rule", pa.int32())])
    fast = list(zip(found["account"].to_pylist(), found["rule"].to_pylist(), strict=True))
    slow = [(10 + 3 * i, rule.number) for i, row in enumerate(rows) for rule in compiled.rules if holds(rule.condition, row, LISTS)]
    return fast, slow


# So many rules ask for these fields that it pays to join by their atoms, prefixes and buckets.
KEYED: list[Condition] = [
    condition
    for i in range(15)
    for condition in (
        Equals("code", f"C{i}"),
        Prefix("name", f"n{i:02d}"),
        And((Prefix("code", f"{i:03d}"), Equals("employees", i))),
        And((Range("employees", i, i + 1), Equals("is_partner", True), Equals("name", f"n{i}"))),
        And((Range("score", i, i + 1), Prefix("name", f"{i}"), InList("id", "long"))),
        And((Range("revenue", i, i + 1), Range("since", date(2024, 1, i + 1), date(2024, 3, i + 1)), Equals("in", f"{i}"))),
        And((Range("name", f"a{i}", f"b{i}"), Equals("since", date(2024, 2, i + 14)))),
        And((Contains("name", f"ab{i}" if i % 2 else "a" * i + "b"), Contains("name", "c"))),
    )
]


@settings(max_examples=15, deadline=None)
@given(rules=st.lists(conditions(), min_size=1, max_size=20), rows=st.lists(records(), min_size=1, max_size=30))
def test_keys_of_every_kind_agree_with_the_row_wise_truth(rules: list[Condition], rows: list[dict[str, Any]]) -> None:
    compiled = compile_plan(plan_of([*rules, *KEYED]), FIELDS, CURRENCY)
    assert {column.kind for signature in compiled.packs[0].signatures for column in signature} == {
        "atom",
        "prefix",
        "bucket",
        "texts",
    }
    fast, slow = both([*rules, *KEYED], rows)
    assert fast == slow


@settings(max_examples=40, deadline=None)
@given(
    rules=st.lists(conditions(), min_size=1, max_size=25),
    rows=st.lists(records(), min_size=0, max_size=30),
    way=st.sampled_from(["strings", "dictionaries", "pieces"]),
)
def test_the_kernel_agrees_with_the_row_wise_truth(rules: list[Condition], rows: list[dict[str, Any]], way: str) -> None:
    fast, slow = both(rules, rows, way)
    assert fast == slow


def many_rules(condition: Condition, count: int = 12) -> list[Condition]:
    """The condition among others that make keys worth their join."""
    return [condition, *(And((Equals("code", f"C{i}"), Equals("name", f"n{i}"), Prefix("id", f"X{i}"))) for i in range(count))]


@pytest.mark.parametrize(
    "condition",
    [
        EVERYTHING,
        Not(EVERYTHING),
        Equals("name", "it's; drop table accounts; --"),
        In("name", ("it's; drop table accounts; --", '"', "\\")),
        Contains("name", "%"),
        Not(Contains("name", "")),
        Prefix("name", ""),
        Range("name", low="", high="\U0010ffff"),
        InList("code", "long"),
        Not(InList("code", "long")),
        And((Not(InList("code", "long")), Not(Missing("code")), Equals("name", "a"))),
        Or((Equals("name", "a"), Equals("code", "A"), Equals("name", "b"))),
        Not(Range("employees", 1, 5)),
        Not(Range("employees", low=1)),
    ],
)
def test_odd_conditions_agree_with_the_row_wise_truth(condition: Condition) -> None:
    names = ["it's; drop table accounts; --", "", "%", "a", '"', "\\", None, "日本", "n1"]
    rows = [
        {"name": name, "code": code, "employees": size, "id": "X1"}
        for name in names
        for code in ("A", "Z0003", None, "C1")
        for size in (None, 0, 1, 5, 6)
    ]
    fast, slow = both(many_rules(condition), rows)
    assert fast == slow


def test_a_rule_too_wide_to_spell_out_is_settled_over_its_literals() -> None:
    pairs = [Or((Equals("code", f"C{i}"), Equals("name", f"n{i}"), Range("employees", i, i + 1))) for i in range(12)]
    rules: list[Condition] = [Not(And(tuple(pairs))), And((Equals("is_partner", True), *pairs)), Equals("code", "C1")]
    rows: list[dict[str, Any]] = [{"code": f"C{i}", "name": f"n{i}", "employees": i, "is_partner": i % 2 == 0} for i in range(12)]
    fast, slow = both(rules, rows)
    assert fast == slow
    assert {rule for _, rule in fast} == {0, 2}


def test_a_hundred_levels_that_do_not_spell_out_are_evaluated() -> None:
    tree: Condition = Equals("code", "C0")
    for i in range(99):
        kind = (And, Or)[i % 2]
        tree = kind((tree, Range("employees", low=i)))
    fast, slow = both([tree, Not(tree)], [{"code": "C0", "employees": size} for size in (None, 0, 50, 97, 98, 99)])
    assert fast == slow


def test_many_distinct_end_points_fall_into_buckets() -> None:
    rules: list[Condition] = [Range("employees", i * 7, i * 7 + 10) for i in range(200)]
    rules += [And((Equals("code", "A"), Range("score", low=i, high=i + 3, includes_high=False))) for i in range(150)]
    rows: list[dict[str, Any]] = [{"code": "A", "employees": i, "score": i / 7} for i in range(1_500)]
    compiled = compile_plan(plan_of(rules), FIELDS, CURRENCY)
    assert any(column.kind == "bucket" for signature in compiled.packs[0].signatures for column in signature)
    fast, slow = both(rules, rows)
    assert fast == slow


def test_a_list_that_rules_only_name_as_a_whole_is_one_row_per_rule() -> None:
    shared = tuple(f"Z{i:05d}" for i in range(50_000))
    rules: list[Condition] = [And((In("code", shared), Equals("name", f"n{i}"))) for i in range(20)]
    compiled = compile_plan(plan_of(rules), FIELDS, CURRENCY)
    assert len(compiled.packs[0].tables.candidates) == 20


FLAGS = {name: Field(name, FieldType.BOOLEAN) for name in ("name", *(f"area:{i}" for i in range(40)))} | {"name": FIELDS["name"]}


@settings(max_examples=40, deadline=None)
@given(st.lists(conditions(max_leaves=5, fields=FLAGS), min_size=1, max_size=20), st.integers(0, 40), st.integers(0, 2**32))
def test_what_is_true_of_an_account_is_looked_up_like_a_text(rules: list[Condition], count: int, seed: int) -> None:
    rules += [And((Equals(f"area:{i}", True), Equals(f"area:{i + 1}", True), Contains("name", "a"))) for i in range(20)]
    draw = random.Random(seed)
    rows: list[dict[str, Any]] = [
        {name: draw.choice([None, False, True] if name != "name" else [None, "a", "b"]) for name in FLAGS} for _ in range(count + 5)
    ]
    columns = {name: pa.array([row[name] for row in rows], ARROW_TYPES[field.type]) for name, field in FLAGS.items()}
    whole = pa.table({"account": pa.array(range(len(rows)), pa.int64()), **columns})
    table = pa.concat_tables([whole.slice(3, 9), whole.slice(12)])  # pieces that begin within a byte
    compiled = compile_plan(plan_of(rules), FLAGS, CURRENCY)
    assert any(column == FLAG for signature in compiled.packs[0].signatures for column in signature)
    found = evaluate_table(table, compiled)
    slow = [(i, rule.number) for i, row in enumerate(rows) for rule in compiled.rules if holds(rule.condition, row, LISTS)]
    assert list(zip(found["account"].to_pylist(), found["rule"].to_pylist(), strict=True)) == [
        pair for pair in slow if pair[0] >= 3
    ]
    index = RuleIndex(compiled)
    assert [(i, number) for i, row in enumerate(rows) for number in index.matches(row)] == slow


def test_no_rules_and_no_accounts_give_no_pairs() -> None:
    assert both([], [{"code": "A"}]) == ([], [])
    assert both([EVERYTHING], []) == ([], [])


def test_a_plan_with_rules_that_have_no_truth_is_refused_with_all_of_them() -> None:
    with pytest.raises(InputError) as error:
        compile_plan(plan_of([Equals("codes", "A"), Equals("code", 5), InList("code", "none")]), FIELDS, CURRENCY)
    assert [f.code for f in error.value.findings] == ["rule-unknown-field", "rule-wrong-type", "rule-unknown-list"]
    assert str(error.value.findings[0].place) == "territory t0000, rule r"


def test_a_table_without_a_column_that_rules_ask_for_is_refused() -> None:
    narrow = pa.table({"account": pa.array([1], pa.int64()), "name": ["a"]})
    with pytest.raises(InputError, match="lacks the columns code, which"):
        evaluate_table(narrow, compile_plan(plan_of([Equals("code", "A"), Equals("name", "a")]), FIELDS, CURRENCY))


def test_compiled_rules_can_be_sent_to_another_process_used_or_not() -> None:
    table = accounts_table([{"code": "C1", "name": "n01", "employees": 1, "score": 1.5}, {"code": None, "name": "abc"}])
    compiled = compile_plan(plan_of(KEYED), FIELDS, CURRENCY)
    sent = [pickle.loads(pickle.dumps(compiled))]  # noqa: S301 our own
    found = evaluate_table(table, compiled)
    sent.append(pickle.loads(pickle.dumps(compiled)))  # noqa: S301 our own
    assert [evaluate_table(table, rules) for rules in sent] == [found, found]
