"""Figures of the rules: evaluate and resolve over a million accounts, one account by the index, a long list read.

    python benchmarks/rules.py                 # all figures, each in a fresh process, beside its goal
    python benchmarks/rules.py join 1000000 1000

From typed Arrow in memory (text as dictionaries) to rows of accounts and territories in Arrow; rules compiled, imports excluded,
two threads, median of three.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

GOALS = {
    "join 1000000 100": ("evaluate and resolve 1M accounts x 100 rules, s", 2.0),
    "join 1000000 1000": ("evaluate and resolve 1M accounts x 1,000 rules, s", 3.5),
    "index 20000 1000": ("one account against 1,000 rules by the index, ms", 0.1),
    "parse 50000": ("read a rule with 50,000 codes, s", 0.5),
}
REPEATS = 3


def median_seconds(work: Callable[[], Any]) -> float:
    """The median time of three runs."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def join(accounts_count: int, rules_count: int) -> dict[str, float]:
    """Evaluate and resolve, together and apart."""
    import duckdb

    import rule_sets
    from metes.rules.compile import compile_plan
    from metes.rules.evaluate import evaluate
    from metes.rules.resolve import resolve

    accounts = rule_sets.accounts(accounts_count)
    keys = rule_sets.account_keys(accounts_count)
    plan = rule_sets.plan(rule_sets.conditions(rules_count), accounts_count)
    compiled = compile_plan(plan, rule_sets.FIELDS, "USD")
    connection = duckdb.connect(config={"threads": 2})
    connection.register("accounts", accounts)
    numbers = accounts["account"].combine_chunks()
    parts: dict[str, list[float]] = {"evaluate": [], "resolve": []}
    rows: dict[str, int] = {}

    def work() -> None:
        started = time.perf_counter()
        matches = evaluate(connection, "accounts", compiled)
        between = time.perf_counter()
        held = resolve(matches, compiled, plan, rule_sets.DAY, keys, numbers)
        parts["evaluate"].append(between - started)
        parts["resolve"].append(time.perf_counter() - between)
        rows.update(matches=matches.num_rows, held=held.num_rows)

    measured = median_seconds(work)
    return {"measured": measured, **{name: statistics.median(times) for name, times in parts.items()}, **rows}


def index(accounts_count: int, rules_count: int) -> dict[str, float]:
    """One account by the hash index, in milliseconds."""
    import rule_sets
    from metes.rules.compile import compile_plan
    from metes.rules.index import RuleIndex

    records = rule_sets.accounts(accounts_count).to_pylist()
    plan = rule_sets.plan(rule_sets.conditions(rules_count), accounts_count)
    found = RuleIndex(compile_plan(plan, rule_sets.FIELDS, "USD"))
    return {"measured": median_seconds(lambda: [found.matches(record) for record in records]) / accounts_count * 1000}


def parse(codes_count: int) -> dict[str, float]:
    """A rule with a long list of codes."""
    from metes.model.catalogue import rule_fields
    from metes.rules.syntax import parse as parse_rule

    text = f"postal_code in ({', '.join(repr(f'Z{i:05d}') for i in range(codes_count))})"
    return {"measured": median_seconds(lambda: parse_rule(text, rule_fields()))}


def main(arguments: list[str]) -> None:
    """Run one figure in this process, or all, each in its own."""
    if arguments:
        measured = {"join": join, "index": index, "parse": parse}[arguments[0]](*map(int, arguments[1:]))
        print(json.dumps({**measured, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
        return
    print(f"{'figure':<55} {'measured':>9} {'goal':>7} {'peak MB':>8}")
    for call, (name, goal) in GOALS.items():
        command = [sys.executable, str(Path(__file__)), *call.split()]
        figure = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        more = ", ".join(f"{k} {figure[k]:,.2f}" for k in ("evaluate", "resolve") if k in figure)
        print(f"{name:<55} {figure['measured']:>9.3f} {goal:>7} {figure['peak_mb']:>8.0f}  {more}")


if __name__ == "__main__":
    main(sys.argv[1:])
