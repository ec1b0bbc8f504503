"""Questions to the solver, its cells and the index of boxes, against conditions evaluated one by one."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from metes.model.catalogue import Field, FieldType, rule_fields
from metes.model.condition import Condition
from metes.model.plan import Plan, Rule, Territory, TerritoryType
from metes.rules.compile import compile_plan
from metes.rules.field_test import Contradiction, FieldTest
from metes.rules.minor_units import in_minor_units
from metes.rules.normal import conjunctions
from metes.rules.predicate import holds
from metes.rules.prove_boxes import Boxes, common
from metes.rules.prove_cells import FieldCells, implies, meet
from metes.rules.prove_domain import after_prefix, domain_of
from metes.rules.prove_formula import All, Formula, Found, Impossible, No, Some, Undecided, formula_holds
from metes.rules.prove_overlap import OverlapIndex
from metes.rules.prove_samples import Accounts, boxes_that_hold, rules_that_hold
from metes.rules.prove_search import search
from metes.rules.syntax import parse
from tests.rules import strategies
from tests.rules.plans import DAY
from tests.rules.strategies import CURRENCY, FIELDS, LISTS

REAL = rule_fields()
DOMAINS = {name: domain_of(field) for name, field in FIELDS.items()}


def values_of_list(name: str) -> frozenset[str]:
    """The values of a list of the strategies."""
    return frozenset(LISTS[name].values)


def formula_of(condition: Condition) -> Formula:
    """A condition as a formula."""
    found = conjunctions(in_minor_units(condition, FIELDS, CURRENCY), FIELDS, values_of_list)
    return Some(tuple(All(c.tests) for c in found))


def asked(text: str) -> Any:
    """What a search says of a rule's text over the real fields."""
    found = conjunctions(in_minor_units(parse(text, REAL), REAL, "USD"), REAL, values_of_list)
    return search(Some(tuple(All(c.tests) for c in found)), lambda name: domain_of(REAL[name]))


@given(strategies.conditions(10), strategies.conditions(6), st.lists(strategies.records(), max_size=30))
def test_an_account_found_passes_and_where_none_exists_none_passes(
    one: Condition, other: Condition, records: list[dict[str, Any]]
) -> None:
    formula = All((formula_of(one), No(formula_of(other))))
    answer = search(formula, DOMAINS.__getitem__)
    wanted, unwanted = (in_minor_units(c, FIELDS, CURRENCY) for c in (one, other))
    if isinstance(answer, Found):
        assert holds(wanted, answer.values, LISTS)
        assert not holds(unwanted, answer.values, LISTS)
        assert formula_holds(formula, answer.values)
    elif isinstance(answer, Impossible):
        for record in records:
            if record["id"] is not None:
                assert not holds(wanted, record, LISTS) or holds(unwanted, record, LISTS)


def test_whole_numbers_between_ends_are_counted() -> None:
    assert asked("employees > 3 and employees < 5 and not employees = 4") == Impossible()
    assert asked("month between 1 and 12").values == {"month": 1}
    assert asked("month is missing") == Impossible()
    assert asked("month > 12") == Impossible()
    assert asked("employees < 0") == Impossible()


def test_a_region_lies_in_its_country() -> None:
    assert asked("country = 'CA' and region in ('US-CO', 'US-UT')") == Impossible()
    assert asked("country = 'CA' and region in ('US-CO', 'CA-ON')").values["region"] == "CA-ON"
    assert isinstance(asked("country is missing and region = 'US-CO'"), Found)


def test_places_that_nobody_here_can_tell_apart_are_left_open() -> None:
    assert isinstance(asked("in area 'west' and in area 'east'"), Undecided)
    assert asked("in area 'west' and not in area 'west'") == Impossible()
    assert asked("not in area 'west' and not in area 'east'").values == {"area:west": None, "area:east": None}


def test_histories_of_one_account_are_those_of_no_orders_where_several_are_asked_for() -> None:
    few, none = "orders count in last 3 months", "orders count in last 12 months"
    assert asked(f"{few} = 0 and {none} = 0").values == {"orders:count:3:": 0, "orders:count:12:": 0}
    assert isinstance(asked(f"{few} = 5 and {none} = 2"), Undecided)
    assert asked(f"{few} = 5").values == {"orders:count:3:": 5}


def test_texts_are_put_together_of_what_they_must_contain() -> None:
    found = asked("name contains 'bank' and name contains 'north' and not name contains 'northbank' and name starts with 'The'")
    assert found.values["name"].startswith("The")
    assert asked("name contains 'abc' and not name contains 'b'") == Impossible()


def test_a_field_with_choices_has_no_other_value() -> None:
    domain = domain_of(Field("size", FieldType.TEXT, choices=("S", "M")))
    test = FieldTest("size", FieldType.TEXT, is_present=True, not_among=frozenset({"S", "M"}))
    assert search(test, lambda _: domain) == Impossible()


def test_the_text_after_a_prefix_is_the_first_that_does_not_start_with_it() -> None:
    assert after_prefix("80") == "81"
    assert after_prefix("a" + chr(0x10FFFF)) == "b"
    assert after_prefix(chr(0x10FFFF)) is None


def test_free_values_are_found_wherever_there_is_one() -> None:
    domain = domain_of(Field("since", FieldType.DATE))
    assert domain.free(date.max, None, {date.max}, 1) is None
    assert domain.free(date(2024, 1, 1), date(2024, 1, 3), {date(2024, 1, 1)}, 1) == date(2024, 1, 2)
    text = domain_of(Field("name"))
    assert text.free("a", "a\0\0", {"a"}, 1) == "a\0"
    assert text.free("a", "a\0", {"a"}, 1) is None


@st.composite
def pairs_of_tests(draw: st.DrawFn) -> tuple[FieldTest, FieldTest]:
    """What two conjunctions ask of one field."""
    name = draw(st.sampled_from(["code", "employees", "score", "since", "is_partner"]))
    own = {name: FIELDS[name]}
    drawn = [draw(strategies.conditions(4, own)) for _ in range(3)]
    found = [test for c in drawn for part in conjunctions(c, FIELDS, values_of_list) for test in part.tests]
    tests = [*found, FieldTest(name, FIELDS[name].type), FieldTest(name, FIELDS[name].type, is_present=True)]
    return draw(st.sampled_from(tests)), draw(st.sampled_from(tests))


@given(pairs_of_tests(), st.data())
def test_meeting_implying_and_cells_agree_with_values(pair: tuple[FieldTest, FieldTest], data: st.DataObject) -> None:
    one, other = pair
    values = data.draw(st.lists(st.none() | strategies.stored_values(FIELDS[one.field]), max_size=12))
    try:
        both: FieldTest | None = meet(one, other)
    except Contradiction:
        both = None
    cells = FieldCells(DOMAINS[one.field], [one, other])
    for value in values:
        assert (both is not None and both.holds(value)) == (one.holds(value) and other.holds(value))
        if implies(one, other) and one.holds(value):
            assert other.holds(value)
        cell = cells.cell_of(value)
        if cell is not None and not cells.texts:
            for test in (one, other):
                assert any(first <= cell <= last for first, last in cells.passing(test)) == test.holds(value)


@settings(max_examples=60)
@given(st.lists(strategies.conditions(5), min_size=2, max_size=6), st.lists(strategies.records(), min_size=1, max_size=10))
def test_the_index_finds_every_box_that_takes_an_account_or_shares_one(
    conditions: list[Condition], records: list[dict[str, Any]]
) -> None:
    territories = tuple(Territory(f"t{i}", "geo", rules=(Rule("r", c),)) for i, c in enumerate(conditions))
    plan = Plan("p", types=(TerritoryType("geo"),), territories=territories, lists=tuple(LISTS.values()))
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    boxes = Boxes(plan, compiled, DAY, values_of_list)
    index = OverlapIndex(boxes.boxes)
    taking = [{box.number for box in boxes.boxes if formula_holds(box.formula, record)} for record in records]
    for record, numbers in zip(records, taking, strict=True):
        assert {box.number for box in boxes_that_hold(record, index)} == numbers
    for box in boxes.boxes:
        met = {other.number for other in index.meeting(box.tests)}
        sharing = {n for numbers in taking if box.number in numbers for n in numbers}
        assert sharing <= met
        assert met >= {other.number for other in boxes.boxes if common(box, other) is not None and _shares(box, other)}


def _shares(one: Any, other: Any) -> bool:
    """Whether a search finds an account of two boxes."""
    return isinstance(search(All((one.formula, other.formula)), DOMAINS.__getitem__), Found)


def test_few_accounts_and_many_are_evaluated_alike() -> None:
    texts = ["country = 'US'", "employees > 10", "name contains 'a'", "region starts with 'US-' or segment is missing"]
    territories = tuple(Territory(f"t{i}", "geo", rules=(Rule("r", parse(t, REAL)),)) for i, t in enumerate(texts))
    plan = Plan("p", types=(TerritoryType("geo"),), territories=territories)
    compiled = compile_plan(plan, REAL, "USD")
    boxes = Boxes(plan, compiled, DAY, values_of_list)
    accounts = Accounts(compiled, (), {})
    index = OverlapIndex(boxes.boxes)
    made = [accounts.of_box(box, rest, True) for box in boxes.boxes for rest in (accounts.nothing_known, accounts.anything_else)]
    few = [record for record in made if record is not None]
    many = few * (2_100 // len(few) + 1)
    small, large = rules_that_hold(few, index, compiled), rules_that_hold(many, index, compiled)
    cut = large[0] < len(few)
    assert small[0].tolist() == large[0][cut].tolist()
    assert small[1].tolist() == large[1][cut].tolist()
