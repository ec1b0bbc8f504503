"""`make bench`: every figure beside its goal; name groups to run some: python -m benchmarks commands imports."""

from __future__ import annotations

import importlib
import sys

GROUPS = (
    "commands",
    "rules",
    "proofs",
    "why",
    "imports",
    "assigning",
    "ledger",
    "audit",
    "pages",
    "demo",
    "medians",
    "designs",
    "workbench",
    "life",
    "access",
    "identity",
)


def main(names: list[str]) -> int:
    """Run the groups named, or all; the number of figures that missed their goal."""
    missed = 0
    for name in names or GROUPS:
        if name not in GROUPS:
            print(f"there is no group {name}; groups are {', '.join(GROUPS)}", file=sys.stderr)
            return 2
        print(f"\n{name}")
        for figure in importlib.import_module(f"benchmarks.{name}").figures():
            print(f"  {figure}", flush=True)
            missed += figure.goal is not None and figure.measured > figure.goal
    print(f"\n{missed} figures missed their goal" if missed else "\nevery figure met its goal")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
