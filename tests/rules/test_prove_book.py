"""Accounts that there are, counted against the slow truth."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metes.model.plan import Plan
from metes.rules import prove_book
from metes.rules.compile import ARROW_TYPES, compile_plan
from metes.rules.precedence import Via
from metes.rules.prove_book import look_at_accounts
from tests.rules import plans, strategies
from tests.rules.plans import DAY
from tests.rules.strategies import CURRENCY, FIELDS
from tests.rules.test_prove import Record, level_losers, settled, small_conditions, with_lists


def table_of(records: list[Record]) -> pa.Table:
    """Records as the Book gives them, each with its id."""
    columns = {name: pa.array([r[name] for r in records], ARROW_TYPES[field.type]) for name, field in FIELDS.items()}
    return pa.table({"account": pa.array([7 * i + 3 for i in range(len(records))], pa.int64()), **columns})


@settings(max_examples=60)
@given(plans.plans(small_conditions()).map(with_lists), st.lists(strategies.records(), min_size=1, max_size=plans.N_ACCOUNTS))
def test_gaps_and_doubles_are_counted_as_the_slow_truth_counts_them(plan: Plan, records: list[Record]) -> None:
    book = [{**record, "id": key} for record, key in zip(records, plans.KEYS, strict=False)]
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    found = look_at_accounts(table_of(book), plan, compiled, DAY)
    truth = {record["id"]: settled(plan, compiled, record) for record in book}
    gaps = [key for key, settlement in truth.items() if not settlement.primaries]
    doubles = [key for key, s in truth.items() if level_losers(plan, s) and s.primaries[0].candidate.via is not Via.PIN]
    assert (found.accounts, found.gaps, found.gap_ids) == (len(book), len(gaps), tuple(gaps[:5]))
    assert (found.doubles, found.double_ids) == (len(doubles), tuple(doubles[:5]))


def test_accounts_are_counted_chunk_by_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove_book, "CHUNK", 2)
    plan = Plan("p")
    book = [{**dict.fromkeys(FIELDS), "id": key} for key in plans.KEYS[:5]]
    found = look_at_accounts(table_of(book), plan, compile_plan(plan, FIELDS, CURRENCY), DAY)
    assert (found.accounts, found.gaps, found.doubles) == (5, 5, 0)
    assert found.gap_ids == tuple(plans.KEYS[:5])
