"""The primary territories found without reasons are those that precedence finds with them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from metes.model.plan import Plan
from metes.rules.compile import compile_plan
from metes.rules.precedence import Settler
from metes.rules.primaries import PrimaryFinder
from tests.rules.plans import DAY, KEYS, plans
from tests.rules.strategies import CURRENCY, FIELDS


@given(plans(), st.data())
def test_the_primaries_are_those_that_precedence_settles_on(plan: Plan, data: st.DataObject) -> None:
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    settler = Settler(plan, compiled)
    finder = PrimaryFinder(plan, compiled, settler)
    numbers = [rule.number for rule in compiled.rules]
    for account in (*KEYS[:3], "A11"):
        held = data.draw(st.lists(st.sampled_from(numbers), unique=True)) if numbers else []
        expected = {h.candidate.territory.key for h in settler.settle(held, account, DAY).primaries}
        assert finder.primaries(held, account, DAY) == expected


@given(plans(), st.data())
def test_rules_that_do_not_matter_change_nothing_in_any_company(plan: Plan, data: st.DataObject) -> None:
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    finder = PrimaryFinder(plan, compiled, Settler(plan, compiled))
    numbers = [rule.number for rule in compiled.rules]
    held = data.draw(st.lists(st.sampled_from(numbers), unique=True)) if numbers else []
    others = [number for number in numbers if number not in held]
    for account in (KEYS[0], "A11"):
        matter = set(finder.that_matter(held, account, DAY).nonzero()[0].tolist())
        added = data.draw(st.lists(st.sampled_from(others), unique=True)) if others else []
        kept = [number for number in added if number in matter]
        assert finder.primaries(held + added, account, DAY) == finder.primaries(held + kept, account, DAY)
