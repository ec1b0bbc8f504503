"""Filters of very many comparisons, asked of the evaluator of rules: the database would look through the accounts once for each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pyarrow as pa

from metes.base.errors import InputError
from metes.model.catalogue import Field
from metes.model.condition import Condition, literals
from metes.model.plan import NamedList, Plan, Rule, Territory, TerritoryType
from metes.store.filters import Parameters
from metes.store.rule_columns import RuleColumns

# From here on the evaluator is faster.
MANY = 100
# Some seconds over a million accounts.
MAX_COMPARISONS = 10_000


def comparisons_in(text: str, parameters: Parameters) -> int:
    """How many comparisons a written filter makes: values and prefixes of one field, asked together, count once."""
    return len(parameters) + text.count(" IS NULL)")


def require_few_enough(comparisons: int) -> None:
    """InputError where a filter makes more comparisons than are answered soon."""
    if comparisons > MAX_COMPARISONS:
        raise InputError(
            f"a list of accounts can be filtered by {MAX_COMPARISONS:,} comparisons, values and prefixes of one field counted once; "
            f"this condition has {comparisons:,}. Ask for values in place of ranges, or for fewer texts"
        )


def holding(
    accounts: RuleColumns,
    condition: Condition,
    plan: Plan,
    lists: Mapping[str, NamedList],
    fields: Mapping[str, Field],
    currency: str,
    day: date,
) -> pa.Array:
    """Whether the condition holds for each account, by number; its areas are the plan's."""
    from metes.rules.compile import compile_plan  # slow to load with Numba, and few lists are filtered so
    from metes.rules.evaluate import evaluate_table

    rule = Territory("asked", "asked", rules=(Rule("asked", condition),))
    alone = Plan("asked", types=(TerritoryType("asked"),), territories=(rule,), lists=tuple(lists.values()), areas=plan.areas)
    names = {literal.field for literal in literals(condition)}
    table = accounts.table(sorted(names), plan, day)
    found = evaluate_table(table, compile_plan(alone, fields, currency))
    numbers = table.column("account").combine_chunks().to_numpy()
    holds = np.zeros(len(numbers), dtype=bool)
    holds[np.searchsorted(numbers, found.column("account").combine_chunks().to_numpy())] = True
    return pa.array(holds)
