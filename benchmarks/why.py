"""Why: one account against ten thousand compiled rules, and many accounts at once.

python -m benchmarks.why one 10000
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.figures import Figure, median, percentile

ACCOUNTS = 300
MANY = 1_000_000


def one(rules_count: int) -> dict[str, float]:
    """One account: winner and matching losers, the first failed literal of every loser, and what would flip it; milliseconds."""
    from benchmarks import rule_sets
    from metes.rules.explain import Explainer

    rules = rule_sets.conditions(rules_count)
    plan = rule_sets.plan(rules, MANY)
    explainer = Explainer(plan, rule_sets.FIELDS, "USD")
    values = {"country": rule_sets.COUNTRIES, "industry": rule_sets.INDUSTRIES, "segment": rule_sets.SEGMENTS}
    records = [
        {**row, "id": rule_sets.account_key(row["account"])} for row in rule_sets.accounts(ACCOUNTS, rings=rules.rings).to_pylist()
    ]
    settled = {record["id"]: explainer.settled(record, rule_sets.DAY) for record in records}

    def known(name: str) -> list[str]:
        return values.get(name, [])

    def flips(record: dict[str, Any]) -> None:
        explainer.flipping.flips(record, settled[record["id"]][0], rule_sets.DAY, known)

    failures = [len(explainer.failures(r, settled[r["id"]][1])) for r in records[:20]]
    flips(records[0])
    return {
        **_times("settled", lambda r: explainer.settled(r, rule_sets.DAY), records),
        **_times("failed", lambda r: explainer.failures(r, settled[r["id"]][1]), records),
        **_times("flips", flips, records),
        **_times("all", lambda r: explainer.explain(r, rule_sets.DAY, known=known), records),
        "losers": median(failures),
    }


def _times(name: str, work: Callable[[dict[str, Any]], object], records: list[dict[str, Any]]) -> dict[str, float]:
    """Median and 95th percentile over the records, in milliseconds."""
    times = []
    for record in records:
        started = time.perf_counter()
        work(record)
        times.append((time.perf_counter() - started) * 1000)
    return {name: median(times), f"{name}_p95": percentile(times, 0.95)}


def many(accounts_count: int, rules_count: int) -> dict[str, float]:
    """Why for many accounts: who holds each and who lost it last, and the sums of all territories; seconds."""
    import numpy as np
    import pyarrow as pa

    from benchmarks import rule_sets
    from metes.rules.compile import compile_plan
    from metes.rules.why_many import tallies, why_table

    rules = rule_sets.conditions(rules_count)
    plan = rule_sets.plan(rules, accounts_count)
    compiled = compile_plan(plan, rule_sets.FIELDS, "USD")
    keys, amount = rule_sets.account_keys(accounts_count), pa.array(np.arange(accounts_count))
    accounts = (
        rule_sets.accounts(accounts_count, rings=rules.rings)
        .append_column("potential", amount)
        .append_column("revenue_12m", amount)
    )
    sum(part.num_rows for part in why_table(accounts.slice(0, 1000), compiled, plan, rule_sets.DAY, keys))
    out: dict[str, float] = {}
    started = time.perf_counter()
    sum(part.num_rows for part in why_table(accounts, compiled, plan, rule_sets.DAY, keys))
    out["table"] = time.perf_counter() - started
    started = time.perf_counter()
    tallies(accounts, compiled, plan, rule_sets.DAY, keys)
    out["sums"] = time.perf_counter() - started
    return out


def figures() -> Iterator[Figure]:
    """The figures beside their goals, each set measured in a fresh process."""
    found = _measured("one", "10000")
    name = "one account against 10,000 rules"
    for key, what, goal in (
        ("settled", "winner and matching losers", 1.0),
        ("failed", "first failed literal of every loser", 20.0),
        ("flips", "what change of one field flips it", None),
        ("all", "the whole answer in words", None),
    ):
        note = f"95th percentile {found[f'{key}_p95']:.2f} ms" + (f", {found['losers']:.0f} losers" if key == "failed" else "")
        yield Figure(f"{name}: {what}", found[key], goal, "ms", note)
    found = _measured("many", str(MANY), "1000")
    yield Figure("why of 1M accounts x 1,000 rules as a table", found["table"], None)
    yield Figure("why of all territories, 1M accounts x 1,000 rules", found["sums"], None)


def _measured(*call: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.why", *call]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


if __name__ == "__main__":
    print(json.dumps({"one": one, "many": many}[sys.argv[1]](*map(int, sys.argv[2:]))))
