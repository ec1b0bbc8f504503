"""Figures of the rules: evaluate and resolve, one account, rules that change, compiling, growth with the number of rules.

From typed Arrow in memory (text as dictionaries, areas as truth values) to rows of accounts and territories in Arrow; rules compiled,
imports excluded, two threads, median of three; each figure in a process of its own, with its peak memory. Sets are made once, by
another process, and kept:

    python -m benchmarks rules
    python -m benchmarks.rules assign 1000000 1000
    python -m benchmarks.rules growth
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.figures import FOLDER, Figure, median, peak_mb

Goal = tuple[str, float, str]

GOALS: Mapping[str, Goal] = {
    "assign 1000000 1000": ("evaluate and resolve 1M accounts x 1,000 rules", 2.0, "s"),
    "assign 1000000 10000": ("evaluate and resolve 1M x 10,000", 6.0, "s"),
    "assign 10000000 1000": ("evaluate and resolve 10M x 1,000", 12.0, "s"),
    "assign 10000000 10000": ("evaluate and resolve 10M x 10,000", 60.0, "s"),
    "big-tree 1000000": ("1M by 25,000 territories, 15 levels, a rule of 50,000 codes", 6.0, "s"),
    "changed-rule 1000000 10000": ("one rule of 10,000 changed, 1M accounts, to the difference", 0.3, "s"),
    "one-account 10000": ("one account against 10,000 rules: winner and losers", 1.0, "ms"),
    "compile 10000": ("compile 10,000 rules", 1.0, "s"),
    "compile-codes 50000": ("compile a rule with 50,000 codes", 0.3, "s"),
    "parse 50000": ("read a rule with 50,000 codes", 0.5, "s"),
    "load-kernels": ("load the kernels, compiled before", 2.0, "s"),
}
MEMORY_GOALS_MB = {"assign 1000000 10000": 1_500, "assign 10000000 1000": 3_000, "assign 10000000 10000": 10_000}
GROWTH = (100, 300, 1_000, 3_000, 10_000)
GROWTH_ACCOUNTS, GROWTH_GOAL = 1_000_000, 2.5
REPEATS = 3
THREADS = 2


def median_seconds(work: Callable[[], Any], repeats: int = REPEATS) -> float:
    """The median time of a few runs; what the processor spent in the one that took least of it goes into the report."""
    times, spent = [], []
    for _ in range(repeats):
        started, cpu_started = time.perf_counter(), time.process_time()
        work()
        times.append(time.perf_counter() - started)
        spent.append(time.process_time() - cpu_started)
    _CPU_SECONDS.append(min(spent))
    return median(times)


_CPU_SECONDS: list[float] = []


def make(accounts_count: int, rules_count: int, is_steady: int = 0) -> dict[str, float]:
    """Write the accounts of a set, with the areas that its rules ask for, and their keys."""
    from benchmarks import rule_sets

    rules = rule_sets.conditions(rules_count, is_steady=bool(is_steady))
    table = rule_sets.accounts(accounts_count, rules.rings).drop_columns(["latitude", "longitude"])
    FOLDER.mkdir(exist_ok=True)
    for path, content in (
        (_path(accounts_count, rules_count), table),
        (_keys_path(accounts_count), rule_sets.account_keys(accounts_count)),
    ):
        with pa.OSFile(str(path) + ".new", "wb") as sink, pa.ipc.new_file(sink, content.schema) as writer:
            writer.write_table(content, max_chunksize=rule_sets.BATCH_ROWS)
        Path(str(path) + ".new").rename(path)
    return {"measured": 0.0}


def _path(accounts_count: int, rules_count: int) -> Path:
    return FOLDER / f"accounts-{accounts_count}-{rules_count}.arrow"


def _keys_path(accounts_count: int) -> Path:
    return FOLDER / f"account-keys-{accounts_count}.arrow"


def _make_missing(accounts_count: int, rules_count: int) -> None:
    """Make the accounts and their keys in a process of its own, where they are not there yet."""
    if not _path(accounts_count, rules_count).exists() or not _keys_path(accounts_count).exists():
        command = [sys.executable, "-m", "benchmarks.rules", "make", str(accounts_count), str(rules_count)]
        subprocess.run(command, check=True, capture_output=True)


def _read(accounts_count: int, rules_count: int) -> tuple[pa.Table, pa.Table]:
    """The accounts and their keys, in memory."""
    _make_missing(accounts_count, rules_count)
    path, keys = _path(accounts_count, rules_count), _keys_path(accounts_count)
    with pa.OSFile(str(path)) as accounts_file, pa.OSFile(str(keys)) as keys_file:
        return pa.ipc.open_file(accounts_file).read_all(), pa.ipc.open_file(keys_file).read_all()


def assign(accounts_count: int, rules_count: int, is_steady: int = 0) -> dict[str, float]:
    """Evaluate and resolve; matches are counted apart, and not kept."""
    from benchmarks import rule_sets
    from metes.rules.assign import assign_table
    from metes.rules.compile import compile_plan
    from metes.rules.evaluate import Matcher

    accounts, keys = _read(accounts_count, rules_count)
    plan = rule_sets.plan(rule_sets.conditions(rules_count, is_steady=bool(is_steady)), accounts_count)
    compiled = compile_plan(plan, rule_sets.FIELDS, "USD")
    table_mb = peak_mb()
    rows: dict[str, float] = {}

    def work() -> None:
        rows["held"] = assign_table(accounts, compiled, plan, rule_sets.DAY, keys, threads=THREADS).num_rows

    measured, peak = median_seconds(work), peak_mb()
    matcher = Matcher(accounts, compiled)
    matches = sum(len(found.rule) for _, found in matcher.matches(0, min(accounts_count, 1_000_000)))
    return {
        "measured": measured,
        **rows,
        "matches_per_account": matches / min(accounts_count, 1_000_000),
        "table_mb": table_mb,
        "peak_mb": peak,
    }


def big_tree(accounts_count: int) -> dict[str, float]:
    """Evaluate and resolve by a deep and wide tree; what is compiled at the first run is left out, as compiling is."""
    from benchmarks import rule_sets
    from metes.rules.assign import assign_table
    from metes.rules.compile import compile_plan
    from metes.rules.within import within_parents

    accounts, keys = _read(accounts_count, 10_000)
    plan = rule_sets.big_tree(accounts_count)
    started = time.perf_counter()
    compiled = compile_plan(plan, rule_sets.FIELDS, "USD")
    within_parents(compiled)
    compiling = time.perf_counter() - started
    measured = median_seconds(lambda: assign_table(accounts, compiled, plan, rule_sets.DAY, keys, threads=THREADS))
    return {"measured": measured, "compile": compiling}


def changed_rule(accounts_count: int, rules_count: int) -> dict[str, float]:
    """One rule takes another condition: compiled, evaluated over all accounts, and those it may touch held against what they had."""
    from benchmarks import rule_sets
    from metes.model.plan import Rule
    from metes.rules.assign import assign_table
    from metes.rules.compile import compile_part, compile_plan
    from metes.rules.evaluate import evaluate_table
    from metes.rules.revise import revised

    accounts, keys = _read(accounts_count, rules_count)
    rules = rule_sets.conditions(rules_count)
    plan = rule_sets.plan(rules, accounts_count)
    compiled = compile_plan(plan, rule_sets.FIELDS, "USD")
    held = assign_table(accounts, compiled, plan, rule_sets.DAY, keys, threads=THREADS)
    pinned = {key: int(key[1:]) for key in {pin.account for pin in plan.pins}}
    place = next(i for i, territory in enumerate(plan.territories) if territory.key == f"t{rules_count // 2:05d}")
    other = replace(plan.territories[place], rules=(Rule("r", rules.conditions[77], priority=0),))
    after = replace(plan, territories=(*plan.territories[:place], other, *plan.territories[place + 1 :]))
    number = next(rule.number for rule in compiled.rules if rule.territory == place)
    rows: dict[str, float] = {}

    def work() -> None:
        again = revised(compiled, plan, after, rule_sets.FIELDS, "USD")
        parts = [compile_part(compiled, [number]), compile_part(again, [number])]
        touched = pa.concat_arrays([c for part in parts for c in evaluate_table(accounts, part, threads=THREADS)["account"].chunks])
        touched = touched.unique().sort()
        before = held.filter(pc.is_in(held["account"], touched))
        now = assign_table(accounts.take(touched), again, after, rule_sets.DAY, pinned, threads=THREADS)
        rows["touched"], rows["moved"] = len(touched), _moved(before, now)

    measured = median_seconds(work)
    assert rows["moved"], "the difference is empty"
    return {"measured": measured, **rows}


def _moved(before: pa.Table, now: pa.Table) -> int:
    """How many holdings only one of the two has."""
    pairs = [set(zip(t["account"].to_pylist(), t["territory"].to_pylist(), strict=True)) for t in (before, now)]
    return len(pairs[0] ^ pairs[1])


def one_account(rules_count: int) -> dict[str, float]:
    """Winner and matching losers of one account, in milliseconds: the median of a thousand."""
    from benchmarks import rule_sets
    from metes.rules.compile import compile_plan
    from metes.rules.index import RuleIndex
    from metes.rules.precedence import Settler

    rules = rule_sets.conditions(rules_count)
    records = rule_sets.accounts(1_000, rules.rings).to_pylist()
    plan = rule_sets.plan(rules, len(records))
    compiled = compile_plan(plan, rule_sets.FIELDS, "USD")
    index, settler = RuleIndex(compiled), Settler(plan, compiled)
    times = []
    for record in records:
        started = time.perf_counter()
        settler.settle(index.matches(record), rule_sets.account_key(record["account"]), rule_sets.DAY)
        times.append((time.perf_counter() - started) * 1000)
    return {"measured": median(times), "slowest": max(times)}


def compile_rules(rules_count: int) -> dict[str, float]:
    """Compile a plan, and again with one rule changed."""
    from benchmarks import rule_sets
    from metes.model.condition import Equals
    from metes.model.plan import Rule
    from metes.rules.compile import compile_plan
    from metes.rules.revise import revised

    plan = rule_sets.plan(rule_sets.conditions(rules_count), 1_000)
    measured = median_seconds(lambda: compile_plan(plan, rule_sets.FIELDS, "USD"))
    compiled = compile_plan(plan, rule_sets.FIELDS, "USD")
    last = replace(plan.territories[-1], rules=(Rule("r", Equals("country", "US")),))
    after = replace(plan, territories=(*plan.territories[:-1], last))
    return {"measured": measured, "revise": median_seconds(lambda: revised(compiled, plan, after, rule_sets.FIELDS, "USD"))}


def compile_codes(codes_count: int) -> dict[str, float]:
    """Compile a rule with a long list of codes."""
    from benchmarks import rule_sets
    from metes.model.condition import In
    from metes.rules.compile import compile_plan

    codes = In("postal_code", tuple(f"{code:05d}" for code in range(codes_count)))
    plan = rule_sets.plan(rule_sets.RuleSet([codes], {}), 1_000)
    return {"measured": median_seconds(lambda: compile_plan(plan, rule_sets.FIELDS, "USD"))}


def parse(codes_count: int) -> dict[str, float]:
    """A rule with a long list of codes."""
    from metes.model.catalogue import rule_fields
    from metes.rules.syntax import parse as parse_rule

    text = f"postal_code in ({', '.join(repr(f'Z{i:05d}') for i in range(codes_count))})"
    return {"measured": median_seconds(lambda: parse_rule(text, rule_fields()))}


def load_kernels() -> dict[str, float]:
    """The first import of the kernels, numba and all, from their cache."""
    subprocess.run([sys.executable, "-c", "import metes.rules.assign"], check=True)
    started = time.perf_counter()
    import metes.rules.assign  # noqa: F401

    return {"measured": time.perf_counter() - started}


def growth() -> list[tuple[int, float]]:
    """Seconds for a million accounts at each number of rules, matches per account held fixed; drawn into a file."""
    _make_missing(GROWTH_ACCOUNTS, GROWTH[-1])
    curve = []
    for count in GROWTH:
        found = _measured(f"steady {GROWTH_ACCOUNTS} {count}")
        curve.append((count, found["measured"]))
        print(f"  {count:>7,} rules {found['measured']:>7.2f} s  {'#' * round(found['measured'] * 40)}", flush=True)
    (FOLDER / "growth.svg").write_text(drawn(curve))
    return curve


def steady(accounts_count: int, rules_count: int) -> dict[str, float]:
    """As `assign`, with rules narrowed to a share of the owners; on the accounts of the largest set, whose areas hold all others'."""
    from benchmarks import rule_sets
    from metes.rules.assign import assign_table
    from metes.rules.compile import compile_plan

    accounts, keys = _read(accounts_count, GROWTH[-1])
    plan = rule_sets.plan(rule_sets.conditions(rules_count, is_steady=True), accounts_count)
    compiled = compile_plan(plan, rule_sets.FIELDS, "USD")
    return {"measured": median_seconds(lambda: assign_table(accounts, compiled, plan, rule_sets.DAY, keys, threads=THREADS))}


def drawn(curve: list[tuple[int, float]]) -> str:
    """The growth curve as SVG: rules by their logarithm, seconds from zero, and the goal as a line."""
    from math import log10

    width, height, margin = 480, 260, 44
    goal = curve[0][1] * GROWTH_GOAL
    top = max(goal, *(seconds for _, seconds in curve)) * 1.1
    first, last = log10(curve[0][0]), log10(curve[-1][0])

    def at(count: float, seconds: float) -> tuple[float, float]:
        x = margin + (log10(count) - first) / (last - first) * (width - 2 * margin)
        return round(x, 1), round(height - margin - seconds / top * (height - 2 * margin), 1)

    points = [at(*pair) for pair in curve]
    line = at(curve[0][0], goal)[1]
    labels = "".join(
        f'<circle cx="{x}" cy="{y}" r="3"/><text x="{x}" y="{y - 8}" text-anchor="middle">{seconds:.2f} s</text>'
        f'<text x="{x}" y="{height - margin + 18}" text-anchor="middle">{count:,}</text>'
        for (x, y), (count, seconds) in zip(points, curve, strict=True)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">'
        f'<rect width="{width}" height="{height}" fill="white"/>'
        f'<path d="M{margin} {height - margin}H{width - margin}" stroke="#888"/>'
        f'<path d="M{margin} {line}H{width - margin}" stroke="#b00" stroke-dasharray="4 3"/>'
        f'<text x="{width - margin}" y="{line - 5}" text-anchor="end" fill="#b00">goal: {GROWTH_GOAL} times the first</text>'
        f'<polyline fill="none" stroke="#06c" stroke-width="2" points="{" ".join(f"{x},{y}" for x, y in points)}"/>'
        f"{labels}"
        f'<text x="{width / 2}" y="{height - 6}" text-anchor="middle">rules, matches per account held fixed, 1M accounts</text></svg>\n'
    )


def _measured(call: str) -> dict[str, float]:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.rules", *call.split()]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def figures() -> Iterator[Figure]:
    """All figures beside their goals, each measured in a fresh process, and the growth curve."""
    for call, (name, goal, unit) in GOALS.items():
        if call.startswith(("assign", "big-tree", "changed-rule")):
            _make_missing(int(call.split()[1]), int(call.split()[2]) if len(call.split()) > 2 else 10_000)
        found = _measured(call)
        parts = [f"{found['cpu_seconds']:.2f} s of the processor's"] if unit == "s" and found["cpu_seconds"] else []
        parts += [f"{part} {found[part]:.2f} s" for part in ("compile", "revise") if part in found]
        parts += [f"{found[part]:,.0f} {part}" for part in ("held", "touched", "moved") if part in found]
        yield Figure(name, found["measured"], goal, unit, ", ".join([*parts, f"peak {found['peak_mb']:,.0f} MB"]))
        if call in MEMORY_GOALS_MB:
            yield Figure(
                "  its peak memory", found["peak_mb"], MEMORY_GOALS_MB[call], "MB", f"the accounts {found['table_mb']:,.0f} MB"
            )
    curve = growth()
    note = f"{FOLDER / 'growth.svg'}: " + ", ".join(f"{count:,}: {seconds:.2f} s" for count, seconds in curve)
    yield Figure("cost at 10,000 steady rules over that at 100", curve[-1][1] / curve[0][1], GROWTH_GOAL, "x", note)


_CALLS: Mapping[str, Callable[..., dict[str, float]]] = {
    "make": make,
    "assign": assign,
    "steady": steady,
    "big-tree": big_tree,
    "changed-rule": changed_rule,
    "one-account": one_account,
    "compile": compile_rules,
    "compile-codes": compile_codes,
    "parse": parse,
    "load-kernels": load_kernels,
}


if __name__ == "__main__":
    if sys.argv[1] == "growth":
        growth()
    else:
        answer = _CALLS[sys.argv[1]](*map(int, sys.argv[2:]))
        print(json.dumps({"peak_mb": peak_mb(), "cpu_seconds": _CPU_SECONDS[0] if _CPU_SECONDS else 0.0, **answer}))
