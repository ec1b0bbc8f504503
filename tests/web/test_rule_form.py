"""The rule's form says the same as its text, in both directions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from metes.base.errors import InputError
from metes.model.condition import EVERYTHING, And, Condition, Equals, In, Not, Or, Range
from metes.rules.syntax import parse, to_text
from metes.web.rule_form import Node, TooComplex, edited, form_text, lay_out, node_of, read_form, values_of
from tests.rules.strategies import FIELDS, conditions


def as_form(node: dict[str, Any]) -> dict[str, str]:
    """The fields a browser would send for a node."""
    path = node["path"]
    if node["kind"] == "literal":
        return {f"{name}:{path}": node[name] for name in ("field", "operator", "value", "high")}
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
