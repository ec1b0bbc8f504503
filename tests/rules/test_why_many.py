"""Why for many accounts at once is why for each alone: the holder, who lost last, by which step, and what it adds up to."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
from hypothesis import given, settings

from metes.model.plan import Plan
from metes.rules.compile import CompiledRules, compile_plan
from metes.rules.precedence import Candidate, Loss, Settlement, Settler, Step, Via
from metes.rules.predicate import holds
from metes.rules.why_many import STEPS, Tally, tallies, why_table
from tests.rules.plans import DAY, KEYS, plans
from tests.rules.strategies import CURRENCY, FIELDS
from tests.rules.test_resolve import NUMBERS, RECORDS


def accounts_of(compiled: CompiledRules) -> pa.Table:
    """The test's accounts as rules are run over them, with amounts."""
    numbers = [NUMBERS[key] for key in KEYS]
    columns: dict[str, Any] = {"account": pa.array(numbers, pa.int64())}
    types = {"employees": pa.int64(), "id": pa.string()}
    for name in compiled.used_fields:
        columns[name] = pa.array([record.get(name) for record in RECORDS], types[name])
    columns["potential"] = pa.array([100 * n if n % 3 else None for n in numbers], pa.int64())
    columns["revenue_12m"] = pa.array(numbers, pa.int64())
    return pa.table(columns).sort_by("account")


def settled(plan: Plan, compiled: CompiledRules) -> dict[int, Settlement]:
    """What precedence makes of each account, one by one."""
    settler, out = Settler(plan, compiled), {}
    for key, record in zip(KEYS, RECORDS, strict=True):
        held = [rule.number for rule in compiled.rules if holds(rule.condition, record, plan.list_by_key)]
        out[NUMBERS[key]] = settler.settle(held, key, DAY)
    return out


def primary_losses(plan: Plan, settlement: Settlement) -> list[Loss]:
    """The losses among primary territories, but for those of catch-alls to claims, by exclusion, and of what lies above the winner."""
    return [
        loss
        for loss in settlement.losses
        if loss.step not in (Step.CATCH_ALL, Step.EXCLUSION)
        and role_of(plan, loss.candidate) == "primary"
        and loss.winner is not None
        and loss.candidate.territory not in plan.ancestors(loss.winner.territory.key)
    ]


def role_of(plan: Plan, candidate: Candidate) -> str:
    return plan.type_by_key[candidate.territory.type].role.value


@given(plans())
def test_the_table_says_of_each_account_what_precedence_says(plan: Plan) -> None:
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    rows = [row for part in why_table(accounts_of(compiled), compiled, plan, DAY, NUMBERS) for row in part.to_pylist()]
    assert [row["account"] for row in rows] == sorted(NUMBERS[key] for key in KEYS)
    slow = settled(plan, compiled)
    for row in rows:
        settlement = slow[row["account"]]
        holders, losses = settlement.primaries, primary_losses(plan, settlement)
        assert row["holders"] == len(holders)
        assert (row["territory"] is None) is (not holders)
        if holders:
            first = holders[0].candidate
            assert (plan.territories[row["territory"]].key, row["via"]) == (first.territory.key, first.via.value)
            assert row["rule"] == (None if first.rule < 0 else first.rule)
        assert (row["runner_up"] is None) is (not losses)
        if losses:
            latest = max(map(round_of, losses))
            last = [loss for loss in losses if round_of(loss) == latest]
            found = next(loss for loss in last if loss.candidate.territory.key == plan.territories[row["runner_up"]].key)
            assert row["step"] == found.step.value
            assert found.candidate in sorted((x.candidate for x in last), key=lambda c: rank_of(compiled, c))[:1]


def round_of(loss: Loss) -> int:
    """In which round of precedence a loss was decided."""
    return min(STEPS.index(loss.step), STEPS.index(Step.RULE_PRIORITY))


def rank_of(compiled: CompiledRules, candidate: Candidate) -> tuple[int, str]:
    return (compiled.rules[candidate.rule].priority if candidate.rule >= 0 else 0, candidate.territory.key)


@given(plans())
def test_tallies_add_up_what_precedence_says_of_each_account(plan: Plan) -> None:
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    accounts = accounts_of(compiled)
    found = tallies(accounts, compiled, plan, DAY, NUMBERS)
    held: Counter[tuple[str, str, str]] = Counter()
    lost: Counter[tuple[str, str, str]] = Counter()
    for settlement in settled(plan, compiled).values():
        for h in settlement.holdings:
            rule = compiled.rules[h.candidate.rule].key if h.candidate.rule >= 0 else ""
            held[h.candidate.territory.key, h.candidate.via.value, rule] += 1
        for loss in settlement.losses:
            is_spare = loss.candidate.via is Via.CATCH_ALL
            if loss.step is not Step.CATCH_ALL and not (is_spare and loss.step is Step.EXCLUSION):
                lost[loss.candidate.territory.key, loss.winner.territory.key if loss.winner else "", loss.step.value] += 1
    assert {key: tally.accounts for key, tally in found.held.items()} == held
    assert {key: tally.accounts for key, tally in found.lost.items()} == lost
    revenue = sum(accounts["revenue_12m"].to_pylist())
    whole = {t.key: t for t in plan.territories}
    assert all(tally.revenue_12m <= revenue + 1 for (key, _, _), tally in found.held.items() if key in whole)


@settings(max_examples=50, deadline=None)
@given(plans())
def test_accounts_asked_in_chunks_are_answered_as_in_one(plan: Plan) -> None:
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    accounts = accounts_of(compiled)
    whole = pa.concat_tables(why_table(accounts, compiled, plan, DAY, NUMBERS))
    parts = [part for i in range(0, 12, 5) for part in why_table(accounts.slice(i, 5), compiled, plan, DAY, NUMBERS)]
    assert pa.concat_tables(parts).equals(whole)


def test_tallies_are_added_field_by_field() -> None:
    assert Tally(1, 2, 3) + Tally(10, 20, 30) == Tally(11, 22, 33)
