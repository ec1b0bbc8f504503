"""Figures of checks and proofs: a plan of many rules from its stored trees to the verdict with every finding.

Imports excluded (the solver, the evaluator and its kernels are loaded by a small proof before), conditions read from JSON as the store keeps
them, one process each:

    python -m benchmarks proofs
    python -m benchmarks.proofs mixed 10000
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from benchmarks.figures import Figure, peak_mb

GOALS = {
    "mixed 10000": ("check and prove a plan of 10,000 rules of ten shapes", 10.0),
    "postal 10000": ("check and prove 10,000 territories by postal code", 10.0),
    # Two and a half times as many rules as the others, in two and a half times as long.
    "tree 25000": ("check and prove 25,000 territories, 15 levels, a rule of 50,000 codes", 25.0),
}
CODES_EACH = 5


def mixed(count: int) -> Any:
    """A plan of the shapes of rule books, each rule with a priority of its own, without a catch-all."""
    from benchmarks import rule_sets

    return rule_sets.plan(rule_sets.conditions(count), 1_000_000)


def postal(count: int) -> Any:
    """A sound plan: disjoint lists of postal codes of equal priority, and a catch-all."""
    from metes.model.condition import In
    from metes.model.plan import Plan, Rule, Territory, TerritoryType

    def codes(i: int) -> tuple[str, ...]:
        return tuple(f"{i * CODES_EACH + j:06d}" for j in range(CODES_EACH))

    leaves = [Territory(f"t{i:05d}", "geo", parent="all", rules=(Rule("r", In("postal_code", codes(i))),)) for i in range(count)]
    rest = Territory("rest", "geo", parent="all", is_catch_all=True)
    return Plan("postal", types=(TerritoryType("geo"),), territories=(Territory("all", "geo"), *leaves, rest))


def tree(count: int) -> Any:
    """A deep and wide tree, with rules that are broad by themselves."""
    from benchmarks import rule_sets

    return rule_sets.big_tree(1_000_000, territories=count)


def measure(plan: Any) -> dict[str, Any]:
    """The time from stored trees to all findings, and what was found."""
    from benchmarks import rule_sets
    from metes.model.condition import from_json, to_json
    from metes.plan.check import check_plan
    from metes.plan.proof import prove_plan

    prove_plan(mixed(1_200), rule_sets.FIELDS, "USD", rule_sets.DAY)
    stored = [json.dumps([to_json(rule.condition) for rule in t.rules]) for t in plan.territories]
    started, processor = time.perf_counter(), time.process_time()
    read = [
        replace(t, rules=tuple(replace(r, condition=from_json(c)) for r, c in zip(t.rules, json.loads(text), strict=True)))
        for t, text in zip(plan.territories, stored, strict=True)
    ]
    plan = replace(plan, territories=tuple(read))
    findings = check_plan(plan, rule_sets.FIELDS)
    checked = time.perf_counter()
    proof = prove_plan(plan, rule_sets.FIELDS, "USD", rule_sets.DAY, accounts=1_000_000)
    ended = time.perf_counter()
    return {
        "measured": ended - started,
        "processor": time.process_time() - processor,
        "check": checked - started,
        "prove": ended - checked,
        "verdict": proof.verdict.value,
        "findings": len(findings) + len(proof.findings),
        "questions": proof.questions,
        "undecided": proof.undecided,
    }


def figures() -> Iterator[Figure]:
    """All figures beside their goals, each measured in a fresh process."""
    for call, (name, goal) in GOALS.items():
        command = [sys.executable, "-m", "benchmarks.proofs", *call.split()]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        parts = [f"{part} {found[part]:.2f} s" for part in ("processor", "check", "prove")]
        counts = [f"{found[part]:,} {part}" for part in ("findings", "questions", "undecided")]
        yield Figure(
            name, found["measured"], goal, "s", ", ".join([*parts, found["verdict"], *counts, f"peak {found['peak_mb']:.0f} MB"])
        )


if __name__ == "__main__":
    made = {"mixed": mixed, "postal": postal, "tree": tree}[sys.argv[1]](int(sys.argv[2]))
    print(json.dumps({**measure(made), "peak_mb": peak_mb()}))
