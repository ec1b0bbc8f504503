"""Changes of terms are said of the place, the season, the orders and the family, not as edits of a column."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from metes.model.catalogue import rule_fields
from metes.model.condition import Condition, Equals, Range
from metes.model.plan import Plan, Rule, Territory
from metes.model.postal import postal_order
from metes.rules.explain import Explainer
from metes.rules.syntax import parse
from tests.rules.plans import DAY
from tests.rules.strategies import CURRENCY

FIELDS = rule_fields()


def flips(condition: Condition | str, record: dict[str, Any], known: tuple[str, ...] = ()) -> list[str]:
    """What would flip the answer under a plan of one territory."""
    read = parse(condition, FIELDS) if isinstance(condition, str) else condition
    plan = Plan("p", territories=(Territory("here", "geo", rules=(Rule("main", read),)),))
    found = Explainer(plan, FIELDS, CURRENCY).explain({"id": "A", **record}, DAY, known=lambda _: known)
    return [f"{' and '.join(t.key for t in flip.territories) or 'nobody'} {flip.phrase}" for flip in found.flips or ()]


@pytest.mark.parametrize(
    ("condition", "record", "said"),
    [
        ("distance to (39.75, -104.99) <= 50 km", {"distance:39.75,-104.99": 62.34}, ["here within 50 km of 39.75, -104.99 instead of 62.3 km away"]),
        ("distance to (39.75, -104.99) <= 50 km", {"distance:39.75,-104.99": 10.0}, ["nobody more than 50 km from 39.75, -104.99 instead of 10.0 km away"]),
        ("month between 11 and 12", {"month": 6}, ["here in November"]),
        ("month between 11 and 12", {"month": 12}, ["nobody in January"]),
        ("orders count in last 12 months >= 3", {"orders:count:12:": 2}, ["here with 1 order more: orders count in last 12 months 3 instead of 2"]),
        ("orders count in last 12 months >= 3", {"orders:count:12:": 5}, ["nobody with 3 orders fewer: orders count in last 12 months 2 instead of 5"]),
        ("orders sum >= 1000.50", {"orders:sum::": 99}, ["here with orders sum 1000.5 instead of 0.99"]),
        ("family.employees >= 500", {"family.employees": 499}, ["here with employees 500 instead of 499 at the top of its family"]),
    ],
)  # fmt: skip
def test_a_change_of_a_term_is_said_in_its_own_words(condition: str, record: dict[str, Any], said: list[str]) -> None:
    assert flips(condition, record)[: len(said)] == said


def test_an_area_is_inside_or_outside() -> None:
    assert flips(Equals("area:rockies", True), {"area:rockies": False}) == ["here inside the area 'rockies'"]
    assert flips(Equals("area:rockies", True), {"area:rockies": True}) == ["nobody outside the area 'rockies'"]


def test_days_since_the_last_order_may_be_missing() -> None:
    said = flips("orders days since last > 90", {"orders:recency::": 30})
    assert said == ["here with orders days since last 91 instead of 30"]
    assert flips("orders days since last > 90", {}) == ["here with orders days since last 91"]


def test_postal_areas_are_said_as_codes() -> None:
    condition = parse("postal_code from '80000' to '80999'", FIELDS)
    known = tuple(key for code in ("10306", "80202") if (key := postal_order(code)) is not None)
    assert flips(condition, {"postal_order": postal_order("81601")}, known) == ["here with postal_code '80202' instead of '81601'"]


def test_a_decimal_just_beside_an_end_is_said_by_the_end() -> None:
    below = Range("latitude", high=Decimal("40.1"), includes_high=False)
    assert flips(below, {"latitude": 45.0})[0] == "here with latitude below 40.1 instead of 45"
    assert flips(Range("latitude", low=Decimal("40.1"), includes_low=False), {"latitude": 30.5})[0] == (
        "here with latitude above 40.1 instead of 30.5"
    )
