"""Explanations as somebody with a scope may read them."""

from __future__ import annotations

from datetime import date

import pytest

from metes.access.explanations import HIDDEN_VALUE, explained
from metes.model.catalogue import rule_fields
from metes.model.condition import And, Equals, Range
from metes.model.plan import Pin, Plan, Role, Rule, Territory, TerritoryType
from metes.model.scope import Scope
from metes.rules.explain import Explainer
from metes.rules.explanation import Explanation

DAY = date(2026, 3, 14)
#        root: country = 'US'
#   west: employees >= 10    east: region = 'US-NY'    far: region = 'US-TX'    aid (overlay): industry = 'Retail'
#   bay: region = 'US-CA'
PLAN = Plan(
    "p",
    types=(TerritoryType("geo"), TerritoryType("help", role=Role.OVERLAY)),
    territories=(
        Territory("root", "geo", rules=(Rule("us", Equals("country", "US")),)),
        Territory("west", "geo", parent="root", rules=(Rule("big", Range("employees", 10, None)),)),
        Territory(
            "bay", "geo", parent="west", rules=(Rule("ca", And((Equals("region", "US-CA"), Range("family.employees", 5, None)))),)
        ),
        Territory(
            "east",
            "geo",
            parent="root",
            rules=(Rule("ny", Equals("region", "US-NY")), Rule("shops", Equals("industry", "Retail"), 9)),
        ),
        Territory("far", "geo", parent="root", rules=(Rule("tx", Equals("region", "US-TX")),)),
        Territory("aid", "help", rules=(Rule("retail", Equals("industry", "Retail")),)),
    ),
    pins=(Pin("A1", "east", "not there", "Ada", is_exclusion=True), Pin("A2", "far", "by hand", "Ada")),
)
RECORD = {
    "id": "A3", "country": "US", "region": "US-CA", "industry": "Retail", "employees": 50, "family.employees": 70,
}  # fmt: skip


def asked(scope: Scope, account: str = "A3") -> Explanation:
    """What the scope is told of an account."""
    explainer = Explainer(PLAN, rule_fields(), "USD")
    known = {"region": ["US-NY", "US-TX", "US-CA"]}
    found = explainer.explain({**RECORD, "id": account}, DAY, known=lambda name: known.get(name, []), among=scope.territories)
    return explained(found, scope)


def test_whoever_sees_everything_is_told_everything() -> None:
    told = asked(Scope.everything("a test"))
    assert {one.territory.key for one in told.lost} == {"root", "west", "east"}
    assert {one.territory.key for one in told.failed} == {"far"}
    assert {t.key for flip in told.flips or () for t in flip.territories} >= {"east"}


def test_a_rep_is_told_of_the_own_territory_alone() -> None:
    told = asked(Scope(frozenset({"bay"})))
    assert [(h.territory.key, h.rule is not None) for h in told.held] == [("bay", True), ("aid", False)]
    assert [(above.territory.key, above.rule) for above in told.held[0].inherited] == [("root", None), ("west", None)]
    assert told.lost == told.failed == ()
    assert told.failed_count == 0
    assert all(not flip.territories for flip in told.flips or ())
    text = " ".join(told.sentences())
    assert "70" not in text
    assert HIDDEN_VALUE in text
    for word in ("US-NY", "US-TX", "employees >= 10", "East", "east", "far"):
        assert word not in text, word


def test_a_specialist_is_told_who_holds_the_account_and_not_by_which_rule() -> None:
    told = asked(Scope(frozenset({"aid"})))
    assert [(h.territory.key, h.rule is not None, h.path) for h in told.held] == [("bay", False, ()), ("aid", True, ())]
    assert "US-CA" not in " ".join(told.sentences())


@pytest.mark.parametrize(("account", "seen"), [("A1", "east"), ("A2", "far")])
def test_pins_and_exclusions_are_told_to_those_of_the_territory(account: str, seen: str) -> None:
    assert [pin.territory.key for pin in asked(Scope(frozenset({seen})), account).pins] == [seen]
    assert asked(Scope(frozenset({"bay", "aid"})), account).pins == ()
    assert "by hand" not in " ".join(asked(Scope(frozenset({"aid"})), "A2").sentences())


def test_losers_in_scope_are_told_with_their_rules() -> None:
    told = asked(Scope(frozenset({"bay", "east", "far"})))
    assert [(one.territory.key, one.rule is not None) for one in told.lost] == [("east", True)]
    assert [one.territory.key for one in told.failed] == ["far"]
    assert told.failed_count == 1
