"""A change that is said to flip the answer does, and none smaller of the same field does so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from metes.base.dates import Period
from metes.model.catalogue import Field, FieldType
from metes.model.condition import And, Condition, Contains, Equals, In, InList, Missing, Not, Prefix, Range
from metes.model.plan import NamedList, Pin, Plan, Rule, Territory
from metes.rules.explain import Explainer
from metes.rules.flips import OTHER, Flip
from metes.rules.precedence import settle
from metes.rules.predicate import holds
from tests.rules.plans import DAY, plans
from tests.rules.strategies import CURRENCY, FIELDS, LISTS, VALUES, conditions, records

CODES = [value for value in VALUES[FieldType.CODE] if value]


def known(field: str) -> list[Any]:
    return CODES[3:6] if field == "code" else []


def truly(explainer: Explainer, record: dict[str, Any]) -> frozenset[str]:
    """The primary territories of a record, slow and obvious."""
    compiled, plan = explainer.compiled, explainer.plan
    held = [rule.number for rule in compiled.rules if holds(rule.condition, record, plan.list_by_key)]
    settled = settle(plan, compiled, held, str(record.get("id") or ""), DAY)
    return frozenset(h.candidate.territory.key for h in settled.primaries)


def flips(explainer: Explainer, record: dict[str, Any]) -> tuple[Flip, ...]:
    held, _ = explainer.settled(record, DAY)
    return explainer.flipping.flips(record, held, DAY, known, per_field=None)


def world(draw: st.DrawFn, drawn: st.SearchStrategy[Condition]) -> Plan:
    found = draw(plans(drawn))
    return replace(found, lists=tuple(LISTS.values()))


@st.composite
def worlds(draw: st.DrawFn) -> Plan:
    """A plan whose rules ask for anything."""
    return world(draw, conditions(max_leaves=6))


@given(worlds(), records())
def test_every_flip_flips_the_answer_by_the_slow_truth(plan: Plan, record: dict[str, Any]) -> None:
    explainer = Explainer(plan, FIELDS, CURRENCY)
    now = truly(explainer, record)
    for flip in flips(explainer, record):
        then = truly(explainer, {**record, flip.field: flip.change.value})
        assert then != now
        assert tuple(sorted(then)) == flip.territories
        assert flip.field != "id"


SMALL = {"employees": FIELDS["employees"], "code": FIELDS["code"], "is_partner": FIELDS["is_partner"]}


@st.composite
def small_worlds(draw: st.DrawFn) -> Plan:
    """A plan over fields that can be tried in full."""
    return world(draw, conditions(max_leaves=5, fields=SMALL).filter(lambda c: "1000" not in repr(c)))


@given(small_worlds(), records())
def test_none_smaller_is_overlooked(plan: Plan, record: dict[str, Any]) -> None:
    explainer = Explainer(plan, FIELDS, CURRENCY)
    record = {**record, "employees": record["employees"] % 20} if record.get("employees") is not None else record
    now, found = truly(explainer, record), flips(explainer, record)
    size = record.get("employees")
    if size is not None:
        least = {
            then: abs(n - size)
            for n in sorted(range(-40, 60), key=lambda n: -abs(n - size))
            if (then := outcome(explainer, record, "employees", n)) != now
        }
        numbers = {
            flip.territories: abs(flip.change.value - size)
            for flip in found
            if flip.field == "employees" and flip.change.value is not None
        }
        assert {tuple(sorted(then)): distance for then, distance in least.items()} == numbers
    for name, domain in (
        ("employees", [None, *range(-40, 60)]),
        ("code", [None, *CODES, "Z0001", "L7"]),
        ("is_partner", [None, True, False]),
    ):
        reachable = {tuple(sorted(then)) for v in domain if (then := outcome(explainer, record, name, v)) != now}
        assert reachable <= {flip.territories for flip in found if flip.field == name}


def outcome(explainer: Explainer, record: dict[str, Any], field: str, value: Any) -> frozenset[str]:
    return truly(explainer, {**record, field: value})


def rule(condition: Condition, priority: int = 100) -> tuple[Rule, ...]:
    return (Rule("main", condition, priority=priority),)


FEW = {
    **FIELDS,
    "employees": Field("employees", FieldType.INTEGER, low=0),
    "revenue": Field("revenue", FieldType.MONEY, low=0),
    "name": Field("name", is_required=True),
}


def phrases(territories: tuple[Territory, ...], record: dict[str, Any], **more: Any) -> list[str]:
    explainer = Explainer(Plan("p", territories=territories, **more), {**FEW}, CURRENCY)
    return [str(flip) for flip in explainer.explain({"id": "A", **record}, DAY, known=known).flips or ()]


SIZES = (
    Territory("small", "geo", rules=rule(Range("employees", 10, 499))),
    Territory("large", "geo", "Enterprise West", rules=rule(Range("employees", 500))),
)


def test_a_number_moves_to_the_nearest_end_below_and_above() -> None:
    assert phrases(SIZES, {"employees": 400}) == [
        "It would go to Enterprise West (large) with employees 500 instead of 400.",
        "It would be held by no primary territory with employees 9 instead of 400.",
    ]


def test_a_field_keeps_within_its_domain() -> None:
    everyone = (Territory("all", "geo", rules=rule(Not(Range("employees", low=None, high=-1)))),)
    assert phrases(everyone, {"employees": 3}) == []
    no_name = (Territory("all", "geo", rules=rule(Not(Missing("name")))),)
    assert phrases(no_name, {"name": "Ada"}) == []


def test_a_missing_value_may_come_and_a_value_may_go() -> None:
    assert phrases(SIZES, {}) == [
        "It would go to small with employees 10.",
        "It would go to Enterprise West (large) with employees 500.",
    ]
    unknown = (*SIZES, Territory("unknown", "geo", rules=rule(Missing("employees"))))
    assert "It would go to unknown without employees instead of 400." in phrases(unknown, {"employees": 400})


def test_amounts_are_said_in_the_currency_and_change_by_its_smallest_unit() -> None:
    rich = (Territory("rich", "geo", rules=rule(Range("revenue", low=Decimal(1000)))),)
    assert (
        phrases(rich, {"revenue": 100_000})
        == [
            "It would be held by no primary territory with revenue 999.99 instead of 1000.",
            "It would be held by no primary territory without revenue instead of 1000.",
        ][:1]
    )


def test_days_and_decimals_move_to_what_lies_beside_an_end() -> None:
    old = (Territory("old", "geo", rules=rule(And((Range("since", high=date(2020, 1, 1)), Range("score", low=Decimal("0.5")))))),)
    said = phrases(old, {"since": date(2020, 1, 1) - timedelta(days=10), "score": 0.75})
    assert said == [
        "It would be held by no primary territory with since '2020-01-02' instead of '2019-12-22'.",
        "It would be held by no primary territory with score below 0.5 instead of 0.75.",
    ]


def test_values_that_accounts_have_come_before_those_that_only_rules_name() -> None:
    listed = NamedList("some", ("7", "802"))
    one = (Territory("one", "geo", rules=rule(InList("code", "some"))), Territory("two", "geo", rules=rule(In("code", ("QQ",)))))
    assert phrases(one, {"code": "A"}, lists=(listed,)) == [
        "It would go to one with code '802' instead of 'A'.",
        "It would go to two with code 'QQ' instead of 'A'.",
    ]
    assert known("code") == ["B", "80", "802"]


def test_any_value_that_no_rule_names_is_said_so() -> None:
    here = (Territory("here", "geo", rules=rule(And((Prefix("code", "80"), Not(Contains("code", "9")))))),)
    explainer = Explainer(Plan("p", territories=here), FEW, CURRENCY)
    found = explainer.explain({"id": "A", "code": "802"}, DAY, known=lambda _: []).flips or ()
    assert str(found[0]) == "It would be held by no primary territory with code '9' instead of '802'."
    taken = (Territory("here", "geo", rules=rule(Equals("code", "80"))),)
    explainer = Explainer(Plan("p", territories=taken), FEW, CURRENCY)
    other = (explainer.explain({"id": "A", "code": "80"}, DAY, known=lambda _: []).flips or ())[0]
    assert (other.is_other, other.after) == (True, None)
    assert str(other) == "It would be held by no primary territory with a value of code that no rule names instead of '80'."
    assert OTHER not in str(other)


def test_a_pinned_account_is_flipped_by_no_field() -> None:
    pins = (Pin("A", "small", "agreed", period=Period()),)
    explainer = Explainer(Plan("p", territories=SIZES, pins=pins), FEW, CURRENCY)
    found = explainer.explain({"id": "A", "employees": 400}, DAY, known=known)
    assert found.flips == ()
    assert "No change of a single field would give it to another primary territory." in found.sentences()


def test_the_flips_of_one_field_are_limited() -> None:
    many = tuple(Territory(f"t{i}", "geo", rules=rule(Equals("employees", i))) for i in range(20))
    explainer = Explainer(Plan("p", territories=many), FEW, CURRENCY)
    found = explainer.explain({"id": "A", "employees": 10}, DAY, known=known).flips or ()
    assert [flip.after for flip in found] == [11, 9, 12, 8, 7]
