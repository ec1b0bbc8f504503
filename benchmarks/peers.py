"""Peers on our sets: other ways to give a million accounts to a thousand rules, each for at most 60 s, then extrapolated.

Those that look at one record at a time are given some accounts, the others all of them; either goes rule after rule until its time is
up. `~` marks a figure that was extrapolated. What a peer says is first held against the row-wise truth on a few hundred accounts.
"""

from __future__ import annotations

import functools
import json
import operator
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import cel
import duckdb
import json_logic
import pandas as pd
import polars as pl
import pyarrow as pa
import rule_engine

from benchmarks import rule_sets
from metes.model.condition import And, Condition, Contains, Equals, Everything, In, InList, Missing, Not, Or, Prefix, Range
from metes.rules.assign import assign_table
from metes.rules.compile import compile_plan
from metes.rules.predicate import holds

ACCOUNTS, RULES = 1_000_000, 1_000
CAP_SECONDS = 60.0
ROWS_AT_A_TIME = 1_000
CHECKED_ROWS, CHECKED_RULES = 300, 120

Record = Mapping[str, Any]


def name_of(field: str) -> str:
    """A field as a plain identifier."""
    return field.replace(":", "_")


def text_of(value: Any) -> str:
    """A value as most languages write it."""
    return json.dumps(value)


def ends_of(literal: Range) -> list[tuple[str, Any]]:
    """A range as comparisons."""
    low = [(">=" if literal.includes_low else ">", literal.low)] if literal.low is not None else []
    return low + ([("<=" if literal.includes_high else "<", literal.high)] if literal.high is not None else [])


def worded(condition: Condition, words: Mapping[str, str]) -> str:
    """A condition in a language of expressions; `words` are its operators, with {f} for the field and {v} for the value."""

    def said(node: Condition) -> str:
        match node:
            case Everything():
                return "true"
            case And(parts):
                return "(" + words["and"].join(map(said, parts)) + ")"
            case Or(parts):
                return "(" + words["or"].join(map(said, parts)) + ")"
            case Not(part):
                return f"{words['not']}({said(part)})"
            case Missing(field):
                return f"({name_of(field)} == null)"
            case Range(field):
                return there(field, words["and"].join(f"{name_of(field)} {sign} {float(end)}" for sign, end in ends_of(node)))
            case Equals(field, value):
                return there(field, f"{name_of(field)} == {text_of(value)}")
            case In(field, values):
                return there(field, f"{name_of(field)} in {text_of(list(values))}")
            case Prefix(field, value):
                return there(field, words["prefix"].format(f=name_of(field), v=value))
            case Contains(field, value):
                return there(field, words["contains"].format(f=name_of(field), v=value))
            case InList():
                raise ValueError("the sets hold no named lists")

    def there(field: str, comparison: str) -> str:
        return f"({name_of(field)} != null{words['and']}{comparison})"

    return said(condition)


RULE_ENGINE = {"and": " and ", "or": " or ", "not": "not ", "prefix": '{f}.starts_with("{v}")', "contains": '{f} =~~ "{v}"'}
CEL = {"and": " && ", "or": " || ", "not": "!", "prefix": '{f}.startsWith("{v}")', "contains": '{f}.contains("{v}")'}


def by_rule_engine(condition: Condition) -> Callable[[Record], bool]:
    """The condition for `rule-engine`."""
    return rule_engine.Rule(worded(condition, RULE_ENGINE)).matches  # type: ignore[no-any-return]


def by_cel(condition: Condition) -> Callable[[Record], bool]:
    """The condition for `common-expression-language`, which is CEL in Rust."""
    return cel.compile(worded(condition, CEL)).execute  # type: ignore[no-any-return]


def by_json_logic(condition: Condition) -> Callable[[Record], bool]:
    """The condition for `json-logic-qubit`."""
    logic = logic_of(condition)
    return lambda record: bool(json_logic.jsonLogic(logic, record))


def by_python(condition: Condition) -> Callable[[Record], bool]:
    """The condition for the row-wise truth that Metes itself is held against."""
    return lambda record: holds(condition, record, {})


def logic_of(node: Condition) -> Any:
    """A condition as JsonLogic, in which a comparison with a missing value must be guarded."""
    match node:
        case Everything():
            return {"==": [1, 1]}
        case And(parts):
            return {"and": [logic_of(part) for part in parts]}
        case Or(parts):
            return {"or": [logic_of(part) for part in parts]}
        case Not(part):
            return {"!": [logic_of(part)]}
        case Missing(field):
            return {"===": [{"var": name_of(field)}, None]}
        case InList():
            raise ValueError("the sets hold no named lists")
        case _:
            value = {"var": name_of(node.field)}
            return {"and": [{"!==": [value, None]}, *comparisons_of(node, value)]}


def comparisons_of(node: Equals | In | Prefix | Contains | Range, value: Any) -> list[Any]:
    """A literal about a value that is there, as JsonLogic."""
    match node:
        case Equals(_, wanted):
            return [{"===": [value, wanted]}]
        case In(_, values):
            return [{"in": [value, list(values)]}]
        case Prefix(_, prefix):
            return [{"===": [{"substr": [value, 0, len(prefix)]}, prefix]}]
        case Contains(_, text):
            return [{"in": [text, value]}]
        case Range():
            return [{sign: [value, float(end)]} for sign, end in ends_of(node)]


def pandas_mask(frame: pd.DataFrame, condition: Condition) -> Any:
    """The rows of a pandas frame that hold a condition."""
    match condition:
        case Everything():
            return pd.Series(True, index=frame.index)
        case And(parts):
            return functools.reduce(operator.and_, (pandas_mask(frame, part) for part in parts))
        case Or(parts):
            return functools.reduce(operator.or_, (pandas_mask(frame, part) for part in parts))
        case Not(part):
            return ~pandas_mask(frame, part)
        case Equals(field, value):
            return (frame[field] == value).fillna(False).astype(bool)
        case In(field, values):
            return frame[field].isin(values)
        case Prefix(field, prefix):
            return frame[field].str.startswith(prefix).fillna(False).astype(bool)
        case Contains(field, text):
            return frame[field].str.contains(text, regex=False).fillna(False).astype(bool)
        case Missing(field):
            return frame[field].isna()
        case Range(field):
            signs = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}
            ends = (signs[sign](frame[field], end).fillna(False).astype(bool) for sign, end in ends_of(condition))
            return functools.reduce(operator.and_, ends)
        case InList():
            raise ValueError("the sets hold no named lists")


def polars_mask(condition: Condition) -> pl.Expr:
    """A condition as a Polars expression."""
    match condition:
        case Everything():
            return pl.lit(True)
        case And(parts):
            return functools.reduce(operator.and_, map(polars_mask, parts))
        case Or(parts):
            return functools.reduce(operator.or_, map(polars_mask, parts))
        case Not(part):
            return ~polars_mask(part)
        case Equals(field, value):
            return (pl.col(field) == value).fill_null(False)
        case In(field, values):
            return pl.col(field).is_in(list(values)).fill_null(False)
        case Prefix(field, prefix):
            return pl.col(field).cast(pl.String).str.starts_with(prefix).fill_null(False)
        case Contains(field, text):
            return pl.col(field).cast(pl.String).str.contains(text, literal=True).fill_null(False)
        case Missing(field):
            return pl.col(field).is_null()
        case Range(field):
            signs = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}
            ends = (signs[sign](pl.col(field), end).fill_null(False) for sign, end in ends_of(condition))
            return functools.reduce(operator.and_, ends)
        case InList():
            raise ValueError("the sets hold no named lists")


def sql_of(node: Condition) -> str:
    """A condition as SQL of two truth values."""
    match node:
        case Everything():
            return "true"
        case And(parts):
            return "(" + " AND ".join(map(sql_of, parts)) + ")"
        case Or(parts):
            return "(" + " OR ".join(map(sql_of, parts)) + ")"
        case Not(part):
            return f"(NOT {sql_of(part)})"
        case Missing(field):
            return f'("{field}" IS NULL)'
        case InList():
            raise ValueError("the sets hold no named lists")
        case _:
            return f"coalesce({' AND '.join(sql_comparisons(node))}, false)"


def sql_comparisons(node: Equals | In | Prefix | Contains | Range) -> list[str]:
    """A literal as SQL, null where the value is missing."""

    def quoted(value: Any) -> str:
        return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)

    field = f'"{node.field}"'
    match node:
        case Equals(_, value):
            return [f"{field} = {quoted(value)}"]
        case In(_, values):
            return [f"{field} IN ({', '.join(map(quoted, values))})"]
        case Prefix(_, prefix):
            return [f"starts_with({field}, {quoted(prefix)})"]
        case Contains(_, text):
            return [f"contains({field}, {quoted(text)})"]
        case Range():
            return [f"{field} {sign} {end}" for sign, end in ends_of(node)]


ROW_WISE: Mapping[str, Callable[[Condition], Callable[[Record], bool]]] = {
    "rule-engine": by_rule_engine,
    "common-expression-language (CEL in Rust)": by_cel,
    "json-logic-qubit": by_json_logic,
    "Python, our row-wise truth": by_python,
}


def records_of(table: pa.Table, count: int) -> list[dict[str, Any]]:
    """The first accounts as records with plain names."""
    return [{name_of(name): value for name, value in record.items()} for record in table.slice(0, count).to_pylist()]


def check(name: str, ask: Callable[[Condition, pa.Table], Sequence[int]], conditions: Sequence[Condition], table: pa.Table) -> None:
    """Hold what a peer says of a few hundred accounts against the truth; RuntimeError where they differ."""
    few = table.slice(0, CHECKED_ROWS).combine_chunks()
    records = few.to_pylist()
    for condition in conditions[:CHECKED_RULES]:
        expected = [record["account"] for record in records if holds(condition, record, {})]
        if list(ask(condition, few)) != expected:
            raise RuntimeError(f"{name} does not say what the truth says of {condition}")


def capped(work: Callable[[Any], object], prepared: Iterable[Any]) -> tuple[float, int]:
    """Seconds taken and rules done, until all are done or the time is up."""
    started = time.perf_counter()
    done = 0
    for rule in prepared:
        work(rule)
        done += 1
        if time.perf_counter() - started > CAP_SECONDS:
            break
    return time.perf_counter() - started, done


def show(name: str, seconds: float, done: float, of: float) -> None:
    """One row: what the whole work takes, marked where it is extrapolated."""
    whole = seconds * of / done
    print(f"  {name:<48} {'~' if done < of else ' '}{whole:>12,.1f} s", flush=True)


def row_wise(name: str, table: pa.Table, conditions: Sequence[Condition]) -> None:
    """A peer that looks at one record at a time."""
    made = ROW_WISE[name]

    def asked(condition: Condition, few: pa.Table) -> list[int]:
        rows = few.to_pylist() if made is by_python else records_of(few, few.num_rows)
        return [row["account"] for row in rows if made(condition)(row)]

    check(name, asked, conditions, table)
    records = table.slice(0, ROWS_AT_A_TIME).to_pylist() if made is by_python else records_of(table, ROWS_AT_A_TIME)
    matchers = [made(condition) for condition in conditions]
    seconds, done = capped(lambda matches: [r["account"] for r in records if matches(r)], matchers)
    show(name, seconds, done * ROWS_AT_A_TIME, RULES * ACCOUNTS)


def duckdb_scans(table: pa.Table, conditions: Sequence[Condition]) -> None:
    """DuckDB on a table of its own, one query a rule."""

    def ask(connection: duckdb.DuckDBPyConnection, condition: Condition) -> pa.Table:
        return connection.execute(f"SELECT account FROM accounts WHERE {sql_of(condition)}").to_arrow_table()

    def connected(rows: pa.Table) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(config={"threads": 2})
        connection.register("rows", rows)
        connection.execute("CREATE TABLE accounts AS SELECT * FROM rows")
        return connection

    check("DuckDB", lambda c, few: sorted(ask(connected(few), c)["account"].to_pylist()), conditions, table)
    connection = connected(table)
    show("DuckDB, a scan per rule", *capped(lambda c: ask(connection, c), conditions), RULES)


def pandas_masks(table: pa.Table, conditions: Sequence[Condition]) -> None:
    """Pandas, one mask a rule."""

    def frame_of(rows: pa.Table) -> pd.DataFrame:
        frame = rows.to_pandas()
        for name in frame.columns:
            if isinstance(frame[name].dtype, pd.CategoricalDtype):
                frame[name] = frame[name].astype(str).where(frame[name].notna())
        return frame

    check("pandas", lambda c, few: frame_of(few).loc[lambda f: pandas_mask(f, c), "account"].tolist(), conditions, table)
    frame = frame_of(table)
    show("pandas, a mask per rule", *capped(lambda c: frame.loc[pandas_mask(frame, c), "account"], conditions), RULES)


def polars_masks(table: pa.Table, conditions: Sequence[Condition]) -> None:
    """Polars, one mask a rule."""

    def ask(frame: pl.DataFrame, condition: Condition) -> pl.Series:
        return frame.filter(polars_mask(condition))["account"]

    def frame_of(rows: pa.Table) -> pl.DataFrame:
        return pl.DataFrame(pl.from_arrow(rows))

    check("Polars", lambda c, few: ask(frame_of(few), c).to_list(), conditions, table)
    frame = frame_of(table)
    show("Polars, a mask per rule", *capped(lambda c: ask(frame, c), conditions), RULES)


def metes(table: pa.Table, rules: rule_sets.RuleSet) -> None:
    """Metes, holders settled too."""
    plan = rule_sets.plan(rules, ACCOUNTS)
    keys = rule_sets.account_keys(ACCOUNTS)
    compiled = compile_plan(plan, rule_sets.FIELDS, "USD")
    started = time.perf_counter()
    assign_table(table, compiled, plan, rule_sets.DAY, keys, threads=2)
    show("Metes, evaluated and resolved", time.perf_counter() - started, RULES, RULES)


def main(wanted: Sequence[str]) -> None:
    """Each peer in turn on the same accounts and rules; names, or parts of them, choose some."""
    rules = rule_sets.conditions(RULES)
    table = rule_sets.accounts(ACCOUNTS, rules.rings)
    peers: dict[str, Callable[[], None]] = {
        "Metes": lambda: metes(table, rules),
        "DuckDB": lambda: duckdb_scans(table, rules.conditions),
        "Polars": lambda: polars_masks(table, rules.conditions),
        "pandas": lambda: pandas_masks(table, rules.conditions),
        **{name: functools.partial(row_wise, name, table, rules.conditions) for name in ROW_WISE},
    }
    print(f"{ACCOUNTS:,} accounts x {RULES:,} rules, on two threads where a peer can")
    for name, run in peers.items():
        if not wanted or any(part.lower() in name.lower() for part in wanted):
            run()


if __name__ == "__main__":
    main(sys.argv[1:])
