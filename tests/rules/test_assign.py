"""Assigning in one step is evaluating and then resolving."""

import pyarrow as pa
from hypothesis import given, settings

from metes.model.plan import Plan
from metes.rules.assign import assign_table
from metes.rules.compile import compile_plan
from tests.rules.plans import DAY, KEYS, plans
from tests.rules.strategies import CURRENCY, FIELDS
from tests.rules.test_resolve import NUMBERS, RECORDS, fast

ACCOUNTS = pa.table(
    {
        "account": pa.array([NUMBERS[key] for key in KEYS], pa.int64()),
        "id": pa.array(KEYS, pa.string()),
        "employees": pa.array([record["employees"] for record in RECORDS], pa.int64()),
    }
)


@settings(max_examples=400, deadline=None)
@given(plans())
def test_assigning_is_evaluating_and_resolving(plan: Plan) -> None:
    found = assign_table(ACCOUNTS, compile_plan(plan, FIELDS, CURRENCY), plan, DAY, NUMBERS)
    assert [
        (r["account"], plan.territories[r["territory"]].key, r["role"], round(r["share"], 9), r["via"], r["rule"])
        for r in found.to_pylist()
    ] == fast(plan)
