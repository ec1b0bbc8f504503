"""What a plan would make of a few accounts: the consequence of pins, seen before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from metes.model.plan import Plan

if TYPE_CHECKING:
    from metes.rules.compile import CompiledRules
    from metes.store.book import Book


@dataclass(frozen=True, slots=True)
class Move:
    """Accounts that go from one primary territory to another (empty: none), with their potential and pipeline in minor units."""

    before: str
    after: str
    accounts: int
    potential: int
    pipeline: int

    @property
    def is_change(self) -> bool:
        """Whether the accounts change hands."""
        return self.before != self.after


def moves_of(plan: Plan, compiled: CompiledRules, book: Book, keys: Sequence[str], day: date) -> tuple[Move, ...]:
    """What the plan makes of the accounts with these keys on a day, by the territory that holds them now; the largest first.

    Only these accounts are evaluated, by the same rules and precedence as all. `compiled` are the plan's rules, pins aside.
    """
    from metes.rules.assign import assign_table  # loads Numba, which only a real run needs

    number_of_key = book.numbers_of(keys)
    names = dict.fromkeys((*compiled.used_fields, "territory", "potential", "pipeline"))
    accounts = book.rule_columns.some(list(number_of_key.values()), names, plan, day)
    resolved = assign_table(accounts, compiled, plan, day, number_of_key)
    after: dict[int, str] = {}
    for account, territory, role in zip(*(resolved[n].to_pylist() for n in ("account", "territory", "role")), strict=True):
        if role == "primary":
            after[account] = min(after.get(account, "~"), plan.territories[territory].key)
    sums: dict[tuple[str, str], list[int]] = {}
    for row in accounts.select(["account", "territory", "potential", "pipeline"]).to_pylist():
        found = sums.setdefault((row["territory"] or "", after.get(row["account"], "")), [0, 0, 0])
        found[0] += 1
        found[1] += row["potential"] or 0
        found[2] += row["pipeline"] or 0
    moves = (Move(*ends, *figures) for ends, figures in sums.items())
    return tuple(sorted(moves, key=lambda m: (not m.is_change, -m.potential, m.before, m.after)))
