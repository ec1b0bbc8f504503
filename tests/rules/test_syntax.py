"""The rule language: what it reads, what it prints, and what it says about mistakes."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.model.catalogue import rule_fields
from metes.model.condition import (
    EVERYTHING,
    And,
    Condition,
    Contains,
    Equals,
    In,
    InList,
    Missing,
    Not,
    Or,
    Prefix,
    Range,
    depth,
)
from metes.rules.syntax import parse, to_text
from tests.rules.strategies import FIELDS, conditions

ACCOUNT = rule_fields()


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("country = 'us'", Equals("country", "US")),
        ("name = 'us'", Equals("name", "us")),
        ("country <> 'US'", Not(Equals("country", "US"))),
        ("employees > 1_000", Range("employees", low=1000, includes_low=False)),
        ("employees<=-5", Range("employees", high=-5)),
        ("latitude >= 39.50", Range("latitude", low=Decimal("39.5"))),
        ("employees between 50 and 999", Range("employees", 50, 999)),
        ("employees between above 50 and below 999", Range("employees", 50, 999, False, False)),
        ("postal_code BETWEEN '80000' AND '80999'", Range("postal_code", "80000", "80999")),
        ("not postal_code between '80000' and '80999'", Not(Range("postal_code", "80000", "80999"))),
        ("region in ('US-CO','us-wy', 'US-CO')", In("region", ("US-CO", "US-WY"))),
        ("region NOT IN ('US-CO')", Not(In("region", ("US-CO",)))),
        ("postal_code in list 'rockies'", InList("postal_code", "rockies")),
        ("postal_code starts with '80'", Prefix("postal_code", "80")),
        ("postal_code not starts with '80'", Not(Prefix("postal_code", "80"))),
        ("name contains 'O''Neill'", Contains("name", "O'Neill")),
        ("industry is missing", Missing("industry")),
        ("industry is not missing", Not(Missing("industry"))),
        ("customer_since < '2024-03-14'", Range("customer_since", high=date(2024, 3, 14), includes_high=False)),
        ("Everything", EVERYTHING),
        (
            "country = 'US' and region in ('US-CO') or not segment = 'Strategic'",
            Or((And((Equals("country", "US"), In("region", ("US-CO",)))), Not(Equals("segment", "Strategic")))),
        ),
        (
            "country = 'US' and\n (city = 'A' or city = 'B')",
            And((Equals("country", "US"), Or((Equals("city", "A"), Equals("city", "B"))))),
        ),
    ],
)
def test_each_form_of_the_language_is_read_as_its_tree(text: str, condition: Condition) -> None:
    assert parse(text, ACCOUNT) == condition


def test_truth_values_and_fields_named_like_keywords_are_read() -> None:
    assert parse("is_partner = TRUE and \"in\" = 'x'", FIELDS) == And((Equals("is_partner", True), Equals("in", "x")))


@given(conditions(max_leaves=20))
def test_printing_and_reading_gives_the_same_tree(condition: Condition) -> None:
    text = to_text(condition)
    assert parse(text, FIELDS) == condition
    assert to_text(parse(text, FIELDS)) == text


def test_a_tree_of_100_levels_prints_and_reads_and_one_more_is_refused() -> None:
    tree: Condition = In("country", ("US", "CA"))
    for level in range(100):
        tree = Not(tree) if level % 3 == 2 else (And, Or)[level % 3]((tree, Missing("city")))
    assert depth(tree) == 100
    assert parse(to_text(tree), ACCOUNT) == tree
    assert codes_of(to_text(Not(And((tree, tree))))) == ["rule-too-deep"]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "city = 'A'" + ")" * 10_000,
        "not " * 10_000 + "city = 'A'",
        "not (" * 5_000 + "city = 'A'" + ")" * 5_000,
        "(city in ('A') and " * 10_000 + "city = 'A'" + ")" * 10_000,
        "(" * 10_000,
    ],
)
def test_a_rule_of_10_000_levels_is_a_clear_error(text: str) -> None:
    with pytest.raises(InputError) as error:
        parse(text, ACCOUNT)
    assert [f.code for f in error.value.findings] == ["rule-too-deep"]
    assert error.value.findings[0].remedy == "Split the rule."


def test_a_single_part_prints_as_the_part() -> None:
    assert to_text(And((Or((Missing("city"),)),))) == "city is missing"
    assert (
        to_text(And((And((Or((Missing("a"), Missing("b"))),)), Missing("c")))) == "(a is missing or b is missing) and c is missing"
    )


def codes_of(text: str) -> list[str]:
    with pytest.raises(InputError) as error:
        parse(text, ACCOUNT)
    assert all(f.remedy and f.place.line and f.place.column for f in error.value.findings)
    return [f.code for f in error.value.findings]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ["rule-syntax"]),
        ("country", ["rule-syntax"]),
        ("country =", ["rule-syntax"]),
        ("country = US", ["rule-syntax"]),
        ('country = "US"', ["rule-syntax"]),
        ("country = 'US", ["rule-syntax"]),
        ("country = 'US' region = 'US-CO'", ["rule-syntax"]),
        ("(country = 'US'", ["rule-syntax"]),
        ("country = 'US')", ["rule-syntax"]),
        ("country is null", ["rule-syntax"]),
        ("country in ()", ["rule-syntax"]),
        ("country in ('US' 'CA')", ["rule-syntax"]),
        ("country like 'U%'", ["rule-syntax"]),
        ("country == 'US'", ["rule-syntax"]),
        ("customer_since = 2024-03-14", ["rule-syntax"]),
        ("employees > 1e5", ["rule-syntax"]),
        ("employees > 1000000000000000", ["rule-syntax"]),
        ("country = 'US' ; city = 'A'", ["rule-syntax", "rule-syntax"]),
        ("and = 'x'", ["rule-syntax", "rule-syntax"]),
        ("nation = 'US'", ["rule-unknown-field"]),
        ("postal_code = 80202", ["rule-wrong-type"]),
        ("employees = '5'", ["rule-wrong-type"]),
        ("employees = 5.5", ["rule-wrong-type"]),
        ("employees starts with '5'", ["rule-wrong-type"]),
        ("employees in list 'x'", ["rule-wrong-type"]),
        ("customer_since = '2024-02-30'", ["rule-wrong-type"]),
        ("country = true", ["rule-wrong-type"]),
    ],
)
def test_each_mistake_has_its_code_place_and_remedy(text: str, codes: list[str]) -> None:
    assert codes_of(text) == codes


def test_all_problems_of_a_rule_are_gathered_with_line_and_column() -> None:
    text = "countri = 'US' and\n  employees > 'many' or city like 'A' and (postal_code = 80202 or name = )"
    with pytest.raises(InputError) as error:
        parse(text, ACCOUNT, file="plan.yaml", line=10)
    found = [(f.code, f.place.line, f.place.column) for f in error.value.findings]
    assert found == [
        ("rule-unknown-field", 10, "1"),
        ("rule-wrong-type", 11, "15"),
        ("rule-syntax", 11, "30"),
        ("rule-wrong-type", 11, "58"),
        ("rule-syntax", 11, "74"),
    ]
    assert error.value.findings[0].remedy == "Did you mean 'country'?"
    assert error.value.findings[0].place.file == "plan.yaml"


def test_a_list_of_50_000_codes_is_read_whole() -> None:
    codes = [f"Z{i:05d}" for i in range(50_000)]
    text = f"postal_code in ({', '.join(map(repr, codes))})"
    assert parse(text, ACCOUNT) == In("postal_code", tuple(codes))


def test_a_list_past_the_limit_is_refused() -> None:
    text = f"employees in ({', '.join(map(str, range(100_001)))})"
    assert codes_of(text) == ["rule-too-long"]


@given(st.text(alphabet="ab'\"()=<>!,. \n19-_notadriescl", max_size=60))
def test_any_text_is_read_or_refused_with_findings(text: str) -> None:
    try:
        condition = parse(text, FIELDS)
    except InputError as error:
        assert error.findings  # noqa: PT017
    else:
        assert parse(to_text(condition), FIELDS) == condition
