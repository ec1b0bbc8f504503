"""The truth of all literals at once is that of the predicate, one by one."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from metes.model.condition import Condition, literals
from metes.rules.literal_bank import LiteralBank
from metes.rules.minor_units import in_minor_units
from metes.rules.predicate import holds
from tests.rules.strategies import CURRENCY, FIELDS, LISTS, conditions, records


@given(st.lists(conditions(), min_size=1, max_size=6), records())
def test_the_bank_agrees_with_the_predicate(drawn: list[Condition], record: dict[str, Any]) -> None:
    found = [literal for c in drawn for literal in literals(in_minor_units(c, FIELDS, CURRENCY))]
    bank = LiteralBank(found, FIELDS, LISTS)
    assert set(bank.literals) == set(found)
    assert bank.truth(record).tolist() == [holds(literal, record, LISTS) for literal in bank.literals]
    for name in bank.of_field:
        assert {literal.field for literal in bank.literals[bank.slice_of(name)]} == {name}


def test_no_literals_have_no_truth() -> None:
    assert LiteralBank([], FIELDS, {}).truth({"code": "A"}).tolist() == []
