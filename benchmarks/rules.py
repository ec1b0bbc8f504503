"""Figures of the rules: evaluate and resolve over a million accounts, one account by the index, a long list read.

From typed Arrow in memory (text as dictionaries) to rows of accounts and territories in Arrow; rules compiled, imports excluded,
two threads, median of three; each figure in a process of its own, with its peak memory:

    python -m benchmarks rules
    python -m benchmarks.rules join 1000000 1000
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.figures import Figure, median

GOALS = {
    "join 1000000 100": ("evaluate and resolve 1M accounts x 100 rules", 2.0, "s"),
    "join 1000000 1000": ("evaluate and resolve 1M accounts x 1,000 rules", 3.5, "s"),
    "index 20000 1000": ("one account against 1,000 rules by the index", 0.1, "ms"),
    "parse 50000": ("read a rule with 50,000 codes", 0.5, "s"),
}
REPEATS = 3


def median_seconds(work: Callable[[], Any]) -> float:
    """The median time of three runs."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times)


def join(accounts_count: int, rules_count: int) -> dict[str, float]:
    """Evaluate and resolve, together and apart."""
    import duckdb

    from benchmarks import rule_sets
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
    return {"measured": measured, **{name: median(times) for name, times in parts.items()}, **rows}


def index(accounts_count: int, rules_count: int) -> dict[str, float]:
    """One account by the hash index, in milliseconds."""
    from benchmarks import rule_sets
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


def figures() -> Iterator[Figure]:
    """All figures beside their goals, each measured in a fresh process."""
    for call, (name, goal, unit) in GOALS.items():
        command = [sys.executable, "-m", "benchmarks.rules", *call.split()]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        parts = [f"{part} {found[part]:.2f} s" for part in ("evaluate", "resolve") if part in found]
        yield Figure(name, found["measured"], goal, unit, ", ".join([*parts, f"peak {found['peak_mb']:.0f} MB"]))


if __name__ == "__main__":
    measured = {"join": join, "index": index, "parse": parse}[sys.argv[1]](*map(int, sys.argv[2:]))
    print(json.dumps({**measured, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
