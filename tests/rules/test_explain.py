"""Explanations agree with the resolution and say why in plain words."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given

from metes.base.dates import Period
from metes.model.condition import And, Condition, Equals, In, Not, Range
from metes.model.plan import Pin, Plan, Role, Rule, Territory, TerritoryType
from metes.rules.explain import Explainer, explain
from metes.rules.explanation import Explanation
from metes.rules.syntax import parse
from tests.rules.plans import DAY, KEYS, plans
from tests.rules.strategies import CURRENCY, FIELDS, conditions
from tests.rules.test_resolve import NUMBERS, RECORDS, fast


@given(plans())
def test_what_is_explained_is_what_was_resolved(plan: Plan) -> None:
    explainer = Explainer(plan, FIELDS, CURRENCY)
    resolved = {(account, territory, role, share, via) for account, territory, role, share, via, _ in fast(plan)}
    explained = {
        (NUMBERS[key], h.territory.key, h.role, round(h.share, 9), h.via)
        for key, record in zip(KEYS, RECORDS, strict=True)
        for h in explainer.explain(record, DAY).held
    }
    assert explained == resolved


@given(
    plans(
        conditions(max_leaves=5, fields={n: f for n, f in FIELDS.items() if n in ("id", "employees", "score")}).filter(
            lambda c: "list" not in repr(c)
        )
    )
)
def test_every_territory_that_could_claim_is_spoken_of_once(plan: Plan) -> None:
    for record in RECORDS[:4]:
        found = Explainer(plan, FIELDS, CURRENCY).explain(record, DAY, limit=100)
        spoken = [x.territory.key for x in (*found.held, *found.lost, *found.failed)]
        claiming = {t.key for t in plan.preorder if t.rules or t.is_catch_all}
        assert len(spoken) == len(set(spoken))
        assert claiming <= set(spoken)
        assert all(not literal.held for f in found.failed for literal in f.rule.literals)
        assert all(literal.held for h in (*found.held, *found.lost) if h.rule for literal in h.rule.literals)
        assert json.loads(json.dumps(found.as_dict()))["is_gap"] is found.is_gap


def world(**more: Any) -> Plan:
    """west > bay, and beside it east; a specialist over large accounts."""

    def rule(text: str, priority: int = 100) -> tuple[Rule, ...]:
        return (Rule("main", parse(text, FIELDS), priority=priority),)

    return Plan(
        "p",
        types=(TerritoryType("geo"), TerritoryType("expert", role=Role.OVERLAY)),
        territories=(
            Territory("west", "geo", "The West", rules=rule("code in ('CA', 'OR')")),
            Territory("bay", "geo", "Bay Area", parent="west", rules=rule("name starts with 'S' and employees between 10 and 99")),
            Territory("east", "geo", rules=rule("code = 'NY' and revenue > 1000.50")),
            Territory("south", "geo", rules=rule("code = 'TX' and revenue < 5 and name = 'x'")),
            Territory("large", "expert", rules=rule("revenue >= 500")),
        ),
        **more,
    )


ACME: dict[str, Any] = {"id": "A1", "name": "San Jose Ltd", "code": "CA", "employees": 50, "revenue": 120_000, "score": 0.25}


def test_winner_losers_and_failures_are_named_with_their_literals() -> None:
    found = explain(ACME, world(), FIELDS, CURRENCY, DAY)
    bay, large = found.held
    assert (bay.territory.key, bay.via, [p.key for p in bay.path]) == ("bay", "rule", ["west"])
    assert bay.rule is not None
    assert [str(x) for x in bay.rule.literals] == [
        "name starts with 'S' holds (the account has 'San Jose Ltd')",
        "employees between 10 and 99 holds (the account has 50)",
    ]
    assert (large.territory.key, large.role) == ("large", "overlay")
    assert [(x.territory.key, x.step, x.winner and x.winner.key) for x in found.lost] == [("west", "deeper territory", "bay")]
    assert [(f.territory.key, f.rule.literals[0].text, f.rule.literals[0].value) for f in found.failed] == [
        ("east", "code = 'NY'", "'CA'"),
        ("south", "code = 'TX'", "'CA'"),
    ]
    assert found.sentences() == (
        "Bay Area (bay) holds account A1 on 2024-06-01 because a rule holds.",
        "Its rule main (priority 100): name starts with 'S' and employees between 10 and 99",
        "- name starts with 'S' holds (the account has 'San Jose Ltd')",
        "- employees between 10 and 99 holds (the account has 50)",
        "It lies under The West (west).",
        "The West (west) above it takes it by rule main (priority 100): code in ('CA', 'OR')",
        "large is overlay to account A1 on 2024-06-01 because a rule holds.",
        "Its rule main (priority 100): revenue >= 500",
        "- revenue >= 500 holds (the account has 1200)",
        "The West (west) claims it too and loses to Bay Area (bay): the winner lies deeper in the tree.",
        "east does not take it: code = 'NY' fails (the account has 'CA').",
        "south does not take it: code = 'TX' fails (the account has 'CA').",
    )


def test_a_gap_says_so_and_missing_values_are_named() -> None:
    found = explain({"id": "A9", "code": "NY"}, world(), FIELDS, CURRENCY, DAY)
    assert found.is_gap
    assert found.sentences()[0] == "No primary territory holds account A9 on 2024-06-01: it is a gap."
    assert "east does not take it: revenue > 1000.5 fails (the account has no value)." in found.sentences()


def test_a_child_is_stopped_by_its_parent() -> None:
    found = explain({**ACME, "code": "NY"}, world(), FIELDS, CURRENCY, DAY)
    bay = next(f for f in found.failed if f.territory.key == "bay")
    assert bay.stopped_by.key == "west"
    assert "Bay Area (bay) does not take it because The West (west) above it does not: code in ('CA', 'OR') fails" in " ".join(
        found.sentences()
    )


def test_pins_and_exclusions_are_told_with_reason_author_and_dates() -> None:
    pins = (
        Pin("A1", "south", "key customer", "ann", Period(date(2024, 1, 1), date(2025, 1, 1))),
        Pin("A1", "bay", "conflict of interest", "bob", is_exclusion=True),
        Pin("A1", "east", "old", period=Period(None, date(2024, 1, 1))),
    )
    found = explain(ACME, world(pins=pins), FIELDS, CURRENCY, DAY)
    first = found.held[0]
    assert (first.territory.key, first.via, first.overrides_parent) == ("south", "pin", True)
    assert [(x.territory.key, x.step) for x in found.lost] == [("bay", "exclusion"), ("west", "pin")]
    said = found.sentences()
    assert "The account is pinned to south from 2024-01-01 until 2025-01-01 by ann: key customer." in said
    assert "The account is kept out of Bay Area (bay) by bob: conflict of interest." in said
    assert "The account is pinned to east until 2024-01-01: old, which is not in force that day." in said
    assert "Bay Area (bay) claims it too, but the account is kept out of it or of a territory above." in said


def test_the_nearest_failures_come_first_and_the_rest_is_counted() -> None:
    rules: list[Condition] = [And((Equals("code", "CA"), Range("employees", i, i))) for i in range(60, 70)]
    rules += [And((Equals("code", "NY"), Not(In("employees", (50,))))) for _ in range(10)]
    territories = tuple(Territory(f"t{i:02d}", "geo", rules=(Rule("r", rule),)) for i, rule in enumerate(reversed(rules)))
    found: Explanation = explain(ACME, Plan("p", territories=territories), FIELDS, CURRENCY, DAY, limit=3)
    assert [f.territory.key for f in found.failed] == ["t10", "t11", "t12"]
    assert found.failed_count == 20
    assert found.sentences()[-1] == "17 more territories do not take it."


def test_amounts_are_told_in_the_reporting_currency() -> None:
    found = explain({**ACME, "revenue": 100_050, "code": "NY"}, world(), FIELDS, CURRENCY, DAY)
    east = next(f for f in found.failed if f.territory.key == "east")
    assert (east.rule.literals[0].text, east.rule.literals[0].value) == ("revenue > 1000.5", "1000.5")
    assert Decimal(east.rule.literals[0].value) == Decimal("1000.50")
