"""Peers on our sets: other ways to give a million accounts to a thousand rules, each for at most 60 s, then extrapolated.

A peer evaluates rule after rule until its time is up; `~` marks a figure that was extrapolated from the rules it got through.
"""

from __future__ import annotations

import functools
import operator
import time
from collections.abc import Callable, Iterable
from typing import Any

import duckdb
import pandas as pd

from benchmarks import rule_sets
from metes.model.condition import And, Condition, Contains, Equals, Everything, In, InList, Missing, Not, Or, Prefix, Range
from metes.rules.compile import compile_plan
from metes.rules.evaluate import evaluate
from metes.rules.predicate import holds
from metes.store.filters import FilterWriter

ACCOUNTS, RULES = 1_000_000, 1_000
CAP_SECONDS = 60.0
ROWS_AT_A_TIME = 1_000


def mask(frame: pd.DataFrame, condition: Condition) -> Any:
    """The rows of a pandas frame that hold a condition."""
    match condition:
        case Everything():
            return pd.Series(True, index=frame.index)
        case And(parts):
            return functools.reduce(operator.and_, (mask(frame, part) for part in parts))
        case Or(parts):
            return functools.reduce(operator.or_, (mask(frame, part) for part in parts))
        case Not(part):
            return ~mask(frame, part)
        case Equals(field, value):
            return (frame[field] == value).fillna(False)
        case In(field, values):
            return frame[field].isin(values)
        case Prefix(field, prefix):
            return frame[field].str.startswith(prefix).fillna(False).astype(bool)
        case Contains(field, text):
            return frame[field].str.contains(text, regex=False).fillna(False).astype(bool)
        case Missing(field):
            return frame[field].isna()
        case Range(field, low, high, includes_low, includes_high):
            ends = []
            if low is not None:
                ends.append(frame[field] >= low if includes_low else frame[field] > low)
            if high is not None:
                ends.append(frame[field] <= high if includes_high else frame[field] < high)
            return functools.reduce(operator.and_, (end.fillna(False) for end in ends))
        case InList():
            raise ValueError("the sets hold no named lists")


def capped(work: Callable[[Condition], object], conditions: Iterable[Condition]) -> tuple[float, int]:
    """Seconds taken and rules done, until all are done or the time is up."""
    started = time.perf_counter()
    done = 0
    for condition in conditions:
        work(condition)
        done += 1
        if time.perf_counter() - started > CAP_SECONDS:
            break
    return time.perf_counter() - started, done


def show(name: str, seconds: float, done: float, of: float) -> None:
    """One row: what the whole work takes, marked where it is extrapolated."""
    whole = seconds * of / done
    print(f"  {name:<48} {'~' if done < of else ' '}{whole:>10.1f} s", flush=True)


def main() -> None:
    """Each peer in turn on the same accounts and rules."""
    table = rule_sets.accounts(ACCOUNTS)
    conditions = rule_sets.conditions(RULES)
    print(f"{ACCOUNTS:,} accounts x {RULES:,} rules, evaluated on two threads where a peer can")
    connection = duckdb.connect(config={"threads": 2})
    connection.register("rows", table)
    connection.execute("CREATE TABLE accounts AS SELECT * FROM rows")
    compiled = compile_plan(rule_sets.plan(conditions, ACCOUNTS), rule_sets.FIELDS, "USD")
    started = time.perf_counter()
    evaluate(connection, "accounts", compiled)
    show("Metes, a join by keys", time.perf_counter() - started, RULES, RULES)
    writer = FilterWriter(rule_sets.FIELDS, {}, "USD")

    def scan(condition: Condition) -> None:
        where, parameters = writer.write(condition)
        connection.execute(f"SELECT account FROM accounts WHERE {where}", parameters).to_arrow_table()

    show("DuckDB, a scan per rule", *capped(scan, conditions), RULES)
    frame = table.to_pandas(strings_to_categorical=False)
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = frame[name].astype(str).where(frame[name].notna())
    show("pandas, a mask per rule", *capped(lambda c: frame.loc[mask(frame, c), "account"], conditions), RULES)
    records = table.slice(0, ROWS_AT_A_TIME).to_pylist()
    seconds, done = capped(lambda c: [r["account"] for r in records if holds(c, r, {})], conditions)
    show("Python, row by row", seconds, done * ROWS_AT_A_TIME, RULES * ACCOUNTS)


if __name__ == "__main__":
    main()
