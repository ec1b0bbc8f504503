"""What a plan would make of a few accounts: the consequence of pins, seen before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from metes.model.plan import Plan
from metes.rules.compile import CompiledRules
from metes.rules.resolve import resolve

if TYPE_CHECKING:
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
    from metes.rules.evaluate import evaluate  # loads Ibis, which only a real run needs

    cursor = book.cursor()
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE picked AS SELECT * FROM accounts WHERE id IN (SELECT unnest(?)) ORDER BY account",
        [list(keys)],
    )
    try:
        numbers = cursor.execute("SELECT account FROM picked ORDER BY account").to_arrow_table()["account"].combine_chunks()
        number_of_key = dict(cursor.execute("SELECT id, account FROM picked").fetchall())
        resolved = resolve(evaluate(cursor, "picked", compiled), compiled, plan, day, number_of_key, numbers)
        after: dict[int, str] = {}
        for account, territory, role in zip(*(resolved[n].to_pylist() for n in ("account", "territory", "role")), strict=True):
            if role == "primary":
                after[account] = min(after.get(account, "~"), plan.territories[territory].key)
        rows = cursor.execute(
            "SELECT account, coalesce(territory, ''), coalesce(potential, 0), coalesce(pipeline, 0) FROM picked"
        ).fetchall()
    finally:
        cursor.execute("DROP TABLE IF EXISTS picked")
    sums: dict[tuple[str, str], list[int]] = {}
    for account, before, potential, pipeline in rows:
        found = sums.setdefault((before, after.get(account, "")), [0, 0, 0])
        found[0] += 1
        found[1] += potential
        found[2] += pipeline
    moves = (Move(*ends, *figures) for ends, figures in sums.items())
    return tuple(sorted(moves, key=lambda m: (not m.is_change, -m.potential, m.before, m.after)))
