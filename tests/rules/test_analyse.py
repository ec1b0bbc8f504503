"""What is said of rules beside gaps and doubles."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from metes.model.catalogue import rule_fields
from metes.model.condition import Condition
from metes.model.plan import NamedList, Plan, Rule, Territory, TerritoryType
from metes.rules.analyse import (
    KnownCodes,
    attributes,
    outside_parents,
    redundant_parts,
    redundant_rules,
    unknown_codes,
)
from metes.rules.compile import CompiledRules, compile_plan
from metes.rules.predicate import holds
from metes.rules.printer import to_text
from metes.rules.prove_boxes import Boxes
from metes.rules.prove_samples import Accounts
from metes.rules.syntax import parse
from tests.rules import strategies
from tests.rules.plans import DAY
from tests.rules.strategies import CURRENCY, FIELDS, LISTS

GEO = TerritoryType("geo")
REAL = rule_fields()


def territory(key: str, *rules: str, parent: str | None = None, priorities: Sequence[int] = ()) -> Territory:
    """A territory with rules r0, r1, … as text."""
    numbers = [*priorities, *([100] * len(rules))]
    made = tuple(Rule(f"r{i}", parse(text, REAL), priority=numbers[i]) for i, text in enumerate(rules))
    return Territory(key, "geo", parent=parent, rules=made)


def boxes_of(*territories: Territory, lists: Sequence[NamedList] = ()) -> tuple[Boxes, CompiledRules]:
    """The boxes of a plan of some territories."""
    plan = Plan("p", types=(GEO,), territories=territories, lists=tuple(lists))
    compiled = compile_plan(plan, REAL, "USD")
    sets = {named.key: frozenset(named.values) for named in lists}
    return Boxes(plan, compiled, DAY, sets.__getitem__), compiled


def redundant(*territories: Territory) -> list[tuple[str, tuple[str, ...]]]:
    """The keys of redundant rules, with those that take their accounts."""
    boxes, compiled = boxes_of(*territories)
    found = redundant_rules(boxes, Accounts(compiled, (), {}))
    return [(compiled.rules[f.rule].key, tuple(compiled.rules[n].key for n in f.by)) for f in found]


def test_a_rule_that_another_of_its_territory_takes_whole_is_redundant() -> None:
    assert redundant(territory("t", "country = 'US'", "country = 'US' and region = 'US-CO'")) == [("r1", ("r0",))]
    assert redundant(territory("t", "employees > 10", "employees > 5")) == [("r0", ("r1",))]


def test_a_rule_that_several_others_take_together_is_redundant() -> None:
    found = redundant(territory("t", "employees < 10", "employees >= 10", "employees between 5 and 20"))
    assert found == [("r2", ("r0", "r1"))]


def test_a_rule_with_a_better_priority_than_the_one_that_takes_its_accounts_is_needed() -> None:
    assert redundant(territory("t", "country = 'US'", "region = 'US-CO' and country = 'US'", priorities=[100, 1])) == []


def test_of_two_equal_rules_the_later_is_redundant() -> None:
    assert redundant(territory("t", "country = 'US'", "country = 'US'")) == [("r1", ("r0",))]


@given(
    st.lists(strategies.conditions(5, {n: FIELDS[n] for n in ("code", "employees", "is_partner")}), min_size=2, max_size=4),
    st.lists(strategies.records(), max_size=30),
)
def test_taking_redundant_rules_out_changes_nothing_on_any_account(
    conditions: list[Condition], book: list[dict[str, object]]
) -> None:
    rules = tuple(Rule(f"r{i}", c) for i, c in enumerate(conditions))
    plan = Plan("p", types=(GEO,), territories=(Territory("t", "geo", rules=rules),), lists=tuple(LISTS.values()))
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    sets = {key: frozenset(named.values) for key, named in LISTS.items()}
    boxes = Boxes(plan, compiled, DAY, sets.__getitem__)
    gone = {found.rule for found in redundant_rules(boxes, Accounts(compiled, (), {}))}
    for record in book:
        held = {rule.number for rule in compiled.rules if holds(rule.condition, record, LISTS)}
        assert bool(held) == bool(held - gone)


def parts(text: str) -> list[tuple[str, bool]]:
    """The redundant parts and literals of a rule."""
    boxes, compiled = boxes_of(territory("t", text))
    return [(to_text(part.part), part.is_literal) for part in redundant_parts(boxes, compiled.rules[0])]


def test_a_literal_that_says_nothing_beyond_the_others_is_told() -> None:
    assert parts("employees > 10 and employees > 5 and country = 'US'") == [("employees > 5", True)]
    assert parts("region = 'US-CO' and region is not missing") == [("region is not missing", True)]
    assert parts("employees > 10 and country = 'US'") == []


def test_a_part_of_an_or_that_another_takes_whole_is_told() -> None:
    assert parts("country = 'US' or (country = 'US' and employees > 10)") == [("country = 'US' and employees > 10", False)]
    assert parts("employees > 10 or employees > 10") == [("employees > 10", False)]
    assert parts("country = 'US' or employees > 10") == []


def test_values_that_a_territory_above_never_takes_are_told_with_its_place() -> None:
    boxes, compiled = boxes_of(
        territory("us", "country = 'US' and region in ('US-CO', 'US-UT')"),
        territory("west", "region in ('US-CO', 'US-NV', 'US-CA')", parent="us"),
    )
    (found,) = outside_parents(boxes, compiled.rules[1])
    assert (found.field, found.values, boxes.territories[found.above].key) == ("region", ("US-CA", "US-NV"), "us")


def test_values_that_one_of_the_rules_above_takes_are_not_told() -> None:
    boxes, compiled = boxes_of(
        territory("us", "region = 'US-CO'", "employees > 10"), territory("west", "region in ('US-CO', 'US-NV')", parent="us")
    )
    assert list(outside_parents(boxes, compiled.rules[2])) == []


KNOWN = KnownCodes(
    standard={"country": {"US", "CA"}, "region": {"US-CO", "US-UT"}, "id": {"A1"}},
    seen={"segment": {"SMB"}, "product": {"P1"}, "product family": {"Tools"}},
    postal={"US": {"80202", "80203"}},
)


def unknown(text: str, lists: Sequence[NamedList] = ()) -> list[tuple[str, str, tuple[str, ...], bool]]:
    """The unknown codes of a rule."""
    _, compiled = boxes_of(territory("t", text), lists=lists)
    found = unknown_codes(compiled.rules[0], KNOWN, {named.key: named.values for named in lists})
    return [(f.field, f.list, f.codes, f.is_standard) for f in found]


def test_codes_that_do_not_exist_are_told_by_field() -> None:
    assert unknown("country in ('US', 'UK') and region = 'US-XX'") == [
        ("country", "", ("UK",), True),
        ("region", "", ("US-XX",), True),
    ]
    assert unknown("segment = 'Gold'") == [("segment", "", ("Gold",), False)]
    assert unknown("family.country = 'UK'") == [("country", "", ("UK",), True)]


def test_postal_codes_are_looked_up_in_the_country_asked_for() -> None:
    assert unknown("country = 'US' and postal_code in ('80202', '00000')") == [("postal_code", "", ("00000",), True)]
    assert unknown("postal_code = '00000'") == []
    assert unknown("country = 'DE' and postal_code = '00000'") == [("country", "", ("DE",), True)]


def test_codes_of_a_named_list_are_told_with_the_list() -> None:
    named = NamedList("states", ("US-CO", "US-ZZ"))
    assert unknown("region in list 'states'", [named]) == [("region", "states", ("US-ZZ",), True)]


def test_attributes_count_every_place_field_as_one() -> None:
    boxes, _ = boxes_of(
        territory("a", "country = 'US' and segment = 'SMB' and employees > 10"),
        territory("b", "region = 'US-CO' and segment = 'Mid'"),
    )
    figure = attributes(boxes, 120)
    assert dict(figure.ways) == {"employees": 2, "place": 3, "segment": 3}
    assert (figure.combinations, round(figure.expected, 2), figure.are_too_many) == (18, 6.67, False)


def test_many_attributes_with_few_accounts_each_are_too_many() -> None:
    text = "country = 'US' and segment = 'a' and employees > 1 and industry = 'b' and channel = 'c'"
    boxes, _ = boxes_of(territory("a", text))
    assert attributes(boxes, 100).are_too_many
    assert not attributes(boxes, 1000).are_too_many
    assert attributes(boxes, None).accounts == 100_000
