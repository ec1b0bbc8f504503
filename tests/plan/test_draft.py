"""First drafts of plans."""

from __future__ import annotations

from typing import Any

from metes.model.condition import Equals, Prefix
from metes.plan.check import check_plan
from metes.plan.draft import empty_plan, plan_from_rows
from metes.plan.text import read_texts
from metes.plan.writing import render
from tests.plan.strategies import FIELDS


def draft(*rows: dict[str, Any]) -> tuple[Any, list[tuple[str, int | None, str]]]:
    """The plan of rows, and its findings as code, line and column."""
    plan, findings = plan_from_rows(rows, FIELDS, "p", "P")
    return plan, [(finding.code, finding.place.line, finding.place.column) for finding in findings]


def test_the_starter_reads_back_and_is_sound() -> None:
    starter = empty_plan("fy25", "Fiscal 2025")
    text = read_texts(render(starter), FIELDS)
    assert (text.plan, text.findings) == (starter, ())
    assert check_plan(starter, FIELDS) == []
    assert "# Takes what nothing else takes" in render(starter)["territories/company.yaml"]


def test_several_rows_of_one_key_are_one_territory_with_several_rules() -> None:
    plan, findings = draft(
        {"key": "WEST", "name": "West Coast", "rule": "country = 'US'", "priority": 10},
        {"key": "BAY", "name": "Bay", "parent": "West Coast", "rule": "postal_code starts with '94'", "type": "Micro"},
        {"key": "WEST", "rule": "country = 'MX'"},
    )
    assert findings == []
    west, bay = plan.territories
    assert [(rule.key, rule.priority) for rule in west.rules] == [("rule-1", 10), ("rule-2", 100)]
    assert west.rules[1].condition == Equals("country", "MX")
    assert (bay.parent, bay.type, bay.rules[0].condition) == ("west", "micro", Prefix("postal_code", "94"))
    assert [kind.key for kind in plan.types] == ["geographic", "micro"]


def test_everything_wrong_about_the_rows_is_told() -> None:
    _, findings = draft(
        {"name": ""},
        {"key": "a b"},
        {"key": "a-b"},
        {"key": "c", "parent": "nowhere"},
        {"key": "d", "parent": "e"},
        {"key": "e", "parent": "d", "line": 17},
        {"key": "d", "parent": "c"},
        {"key": "f", "rule": "nosuch = 1", "priority": 1},
        {"key": "f", "rule": "country = 'US'", "priority": "high"},
    )
    assert findings == [
        ("territory-no-key", 1, "key"),
        ("territory-key-clash", 3, "key"),
        ("territory-two-parents", 7, "parent"),
        ("rule-unknown-field", 8, "rule"),
        ("territory-priority", 9, "priority"),
        ("territory-unknown-parent", 4, "parent"),
        ("territory-cycle", 17, "parent"),
    ]


def test_a_name_stands_in_for_a_key() -> None:
    plan, findings = draft({"name": "Île-de-France"}, {"name": "Paris", "parent": "île-de-france"})
    assert findings == []
    assert [(t.key, t.name, t.parent) for t in plan.territories] == [
        ("ile-de-france", "Île-de-France", None),
        ("paris", "Paris", "ile-de-france"),
    ]


def test_a_chain_too_deep_is_told_at_once() -> None:
    rows = [{"key": f"t{i}", "parent": f"t{i - 1}" if i else ""} for i in range(3_000)]
    for order in (rows, rows[::-1]):
        _, findings = draft(*order)
        assert {code for code, _, _ in findings} == {"plan-depth"}


def test_no_rows_make_an_empty_plan() -> None:
    plan, findings = draft()
    assert (plan.territories, findings) == ((), [])
