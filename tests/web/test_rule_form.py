"""The rule's form says the same as its text, in both directions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.model.catalogue import Field, FieldType, rule_fields
from metes.model.condition import EVERYTHING, And, Condition, Equals, In, Not, Or, Range
from metes.model.postal import ALL_BELOW
from metes.rules.checks import check_condition
from metes.rules.syntax import parse, to_text
from metes.web.rule_form import edited, form_text, lay_out, node_of, read_form, values_of
from metes.web.rule_node import Node, TooComplex, operators_of
from tests.rules.strategies import FIELDS, conditions, literals
from tests.rules.test_term_text import ENDS, TERM_FIELDS


def as_form(node: dict[str, Any]) -> dict[str, str]:
    """The fields a browser would send for a node."""
    path = node["path"]
    if node["kind"] == "literal":
        form = {f"{name}:{path}": node[name] for name in ("field", "operator", "value", "high")}
        form |= {f"{name}:{path}": value for name, value in node["more"].items()}
        if node["term"] == "month" and node["operator"] in ("in", "not in"):
            form |= {f"order:{path}": node["value"], **{f"month-{m}:{path}": "on" for m in node["value"].split(", ")}}
        return form
    form = {f"kind:{path}": node["kind"]}
    for part in node["parts"]:
        form |= as_form(part)
    return form


def plain(condition: Condition) -> Condition:
    """The condition without groups of one part and without empty ones, as a form can say it."""
    match condition:
        case And(parts) | Or(parts) if len(parts) == 1:
            return plain(parts[0])
        case And(parts):
            return And(tuple(plain(p) for p in parts))
        case Or(parts):
            return Or(tuple(plain(p) for p in parts))
        case Not(part):
            return Not(plain(part))
        case _:
            return condition


def has_everything(condition: Condition) -> bool:
    """Whether 'everything' stands inside: an empty group of the form, which is left out."""
    match condition:
        case And(parts) | Or(parts):
            return any(part == EVERYTHING or has_everything(part) for part in parts)
        case Not(part):
            return part == EVERYTHING or has_everything(part)
        case _:
            return False


@given(conditions(max_leaves=12))
def test_a_condition_that_the_form_can_show_comes_back_from_it(condition: Condition) -> None:
    condition = plain(condition)
    if has_everything(condition):
        return
    try:
        node = node_of(condition)
    except TooComplex:
        return
    text, _ = form_text(read_form(as_form(node.as_dict())), FIELDS)
    assert plain(parse(text, FIELDS)) == condition


@given(conditions(max_leaves=12))
def test_text_laid_out_in_lines_means_the_same(condition: Condition) -> None:
    assert plain(parse(lay_out(condition, to_text), FIELDS)) == plain(parse(to_text(condition), FIELDS))


def test_each_line_of_the_text_knows_its_row() -> None:
    root = Node(
        "and",
        parts=[
            Node("literal", "code", "in", "US-CO, US-WY"),
            Node("or", parts=[Node("literal", "employees", "between", "5", "x"), Node("literal", "name", "missing")]),
        ],
    )
    text, path_of_line = form_text(root, FIELDS)
    with pytest.raises(InputError) as refused:
        parse(text, FIELDS)
    assert [path_of_line[f.place.line or 0] for f in refused.value.findings] == ["0-1-0"]


def test_what_is_typed_into_a_value_is_never_read_as_an_operator() -> None:
    root = Node(
        "and", parts=[Node("literal", "employees", "=", "5 or everything"), Node("literal", "name", "=", "x' or everything")]
    )
    text, _ = form_text(root, FIELDS)
    with pytest.raises(InputError):
        parse(text, FIELDS)
    only_text = Node("and", parts=[root.parts[1]])
    assert parse(form_text(only_text, FIELDS)[0], FIELDS) == Equals("name", "x' or everything")


def test_an_empty_form_takes_everything() -> None:
    assert parse(form_text(Node("and"), FIELDS)[0], FIELDS) == EVERYTHING
    assert node_of(EVERYTHING) == Node("and")


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("a, b ,c", ["a", "b", "c"]),
        ('"a, b", c', ["a, b", "c"]),
        ("", []),
        (",,", []),
        ('a, "", b', ["a", "", "b"]),
        ('5" pipe, x', ['5" pipe', "x"]),
        ('"say ""hi"""', ['say "hi"']),
    ],
)
def test_values_between_commas_are_read(typed: str, values: list[str]) -> None:
    assert values_of(typed) == values


def test_buttons_add_and_remove_rows_and_groups() -> None:
    root = Node("and", parts=[Node("literal", "region")])
    edited(root, "add:0", "city")
    edited(root, "group:0", "city")
    assert [part.kind for part in root.parts] == ["literal", "literal", "or"]
    edited(root, "add:0-2", "city")
    edited(root, "remove:0-0", "city")
    assert [part.field for part in root.parts[1].parts] == ["city", "city"]
    for nonsense in ("remove:0", "remove:0-9-9", "add:0-0", "add:x", "group:0-7", "other:0"):
        before = root.as_dict()
        assert edited(root, nonsense, "city").as_dict() == before


def test_paths_that_hang_in_the_air_are_left_out() -> None:
    form = {
        "kind:0": "and",
        "operator:0-0": "=",
        "field:0-0": "city",
        "operator:0-0-1": "=",
        "kind:5-1": "or",
        "kind:x": "or",
        "operator:0-3-1": "=",
    }
    assert read_form(form).as_dict() == Node("and", parts=[Node("literal", "city")]).as_dict()


@pytest.mark.parametrize(
    "condition",
    [
        In("region", tuple(f"US-{i:03d}" for i in range(101))),
        Range("employees", 5, 9, includes_high=False),
        And(tuple(Equals("city", str(i)) for i in range(61))),
        Not(Or((Not(And((Not(Or((Equals("city", "a"), Equals("city", "b")))), Equals("city", "c")))), Equals("city", "d")))),
    ],
)
def test_what_rows_cannot_show_is_said_in_a_sentence(condition: Condition) -> None:
    with pytest.raises(TooComplex, match=r"^It .*\.$"):
        node_of(condition)


TERMS = rule_fields(tuple(FIELDS.values()))
POSTAL = st.builds(
    lambda name, low, high: Range(name, low, high + ALL_BELOW, includes_high=False),
    st.sampled_from(["postal_order", "family.postal_order"]),
    ENDS,
    ENDS,
)
MONTHS = st.lists(st.integers(1, 12), min_size=1, max_size=12, unique=True)
MONTH = st.one_of(MONTHS.map(lambda months: In("month", tuple(months))), MONTHS.map(lambda months: Equals("month", months[0])))
SHOWN = st.one_of(
    POSTAL,
    POSTAL.map(Not),
    MONTH,
    MONTH.map(Not),
    literals({name: field for name, field in TERM_FIELDS.items() if name != "month"}),
)


@given(SHOWN, st.sampled_from(["km", "mi"]))
def test_a_term_that_the_form_can_show_comes_back_from_it(condition: Condition, unit: str) -> None:
    try:
        node = node_of(condition, unit)
    except TooComplex:
        return
    text, _ = form_text(read_form(as_form(node.as_dict())), TERMS)
    assert plain(parse(text, TERMS)) == condition


@pytest.mark.parametrize(
    "text",
    [
        "in area 'rockies'",
        "family not in area 'rockies'",
        "distance to (39.75, -104.99) <= 50 km",
        "distance to (39.75, -104.99) not between 10 km and 20 km",
        "family.distance to (39.75, -104.99) is missing",
        "postal_code from '801' to '816'",
        "family.postal_code not from 'SW1' to 'SW19'",
        "month in (11, 12, 1)",
        "month != 3",
        "month between 4 and 9",
        "orders count of 'GTX-PRO' in last 6 months = 0",
        "orders sum in last 12 months >= 10000.5",
        "family.orders days since last of family 'GTX' is missing",
        "family.annual_revenue >= 1000000",
        "family.country in ('US', 'CA')",
    ],
)  # fmt: skip
def test_each_term_has_its_row(text: str) -> None:
    condition = parse(text, rule_fields())
    node = node_of(condition)
    offered = [key for key, _ in operators_of(node.parts[0].field)]
    assert node.parts[0].kind == "not" or node.parts[0].operator in offered
    again, _ = form_text(read_form(as_form(node.as_dict())), rule_fields())
    assert to_text(parse(again, rule_fields())) in (
        text,
        text.replace("distance to (39.75, -104.99) not between", "not distance to (39.75, -104.99) between"),
    )


def test_a_distance_shows_in_miles_where_it_reads_well_in_them() -> None:
    row = node_of(parse("distance to (1, 2) <= 30 mi", rule_fields()), "mi").parts[0]
    assert (row.value, row.more) == ("30", {"point": "1, 2", "unit": "mi"})
    row = node_of(parse("distance to (1, 2) <= 50 km", rule_fields()), "mi").parts[0]
    assert (row.value, row.more["unit"]) == ("50", "km")


@pytest.mark.parametrize(
    "text",
    [
        "in area 'x' = false",
        "in area 'x' is missing",
        "postal_order is missing",
        "family.family in area 'x'",
        "distance to (1, 2) in (3, 4)",
    ],
)
def test_a_term_asked_in_another_way_is_shown_as_text(text: str) -> None:
    with pytest.raises(TooComplex):
        node_of(parse(text, rule_fields()))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (Node("literal", "term:distance", "<=", "5", more={"point": "1, 2) or (3"}), "expected a coordinate in degrees"),
        (
            Node("literal", "term:distance", "<=", "5 km or everything", more={"point": "1, 2"}),
            "is compared with a number of km or mi",
        ),
        (Node("literal", "term:orders:count", ">=", "5", more={"months": "6 months or everything"}), "expected a number of months"),
        (Node("literal", "term:postal", "from", "-", "816"), "expected a postal code or its beginning"),
        (Node("literal", "term:month", "in", ""), "is compared with a month from 1 to 12"),
        (
            Node("literal", "term:orders:count", ">=", "", more={"of": "product", "which": "' or everything"}),
            "is compared with a whole number",
        ),
    ],
)
def test_what_is_typed_into_a_term_is_a_value_and_its_mistake_is_told(row: Node, message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        parse(form_text(Node("and", parts=[row]), rule_fields())[0], rule_fields())
    assert refused.value.findings[0].place.line == 1


def test_a_row_that_becomes_a_term_takes_a_comparison_of_its_own() -> None:
    form = {"kind:0": "and", "field:0-0": "term:month", "operator:0-0": "starts", "value:0-0": "3"}
    assert read_form(form).parts[0] == Node("literal", "term:month", "in", "3")
    assert read_form({**form, "operator:0-0": "=", "term:0-0": ""}).parts[0].operator == "in"
    assert read_form({**form, "operator:0-0": "=", "term:0-0": "month"}).parts[0].operator == "="
    ticked = {
        **form,
        "operator:0-0": "in",
        "order:0-0": "11, 12, 1",
        "month-12:0-0": "on",
        "month-1:0-0": "on",
        "month-3:0-0": "on",
    }
    assert read_form(ticked).parts[0].value == "12, 1, 3"
    assert read_form({**form, "operator:0-0": "in", "order:0-0": "11"}).parts[0].value == ""


@pytest.mark.parametrize("type", FieldType)
def test_a_custom_field_of_each_type_is_asked_for_in_text_and_form(type: FieldType) -> None:
    fields = rule_fields((Field("tier", type, is_custom=True),))
    value = {
        "text": "'Gold'",
        "code": "'G1'",
        "integer": "5",
        "decimal": "0.5",
        "money": "10.50",
        "date": "'2024-03-14'",
        "boolean": "true",
    }[type]
    for name in ("tier", "family.tier"):
        for text in (
            f"{name} = {value}",
            f"{name} not in ({value})",
            f"{name} is not missing",
            *([f"{name} >= {value}"] * (type is not FieldType.BOOLEAN)),
        ):
            condition = parse(text, fields)
            assert check_condition(condition, fields, {}) in (
                [],
                [f for f in check_condition(condition, fields, {}) if f.code == "rule-costly"],
            )
            again, _ = form_text(read_form(as_form(node_of(condition).as_dict())), fields)
            assert parse(again, fields) == condition
