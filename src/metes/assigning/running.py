"""Runs the active plan over the book and writes the difference into the ledger as one transaction."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from metes.assigning.assignment import difference, holdings_under, moves
from metes.base.errors import Conflict
from metes.base.progress import Progress
from metes.model.catalogue import Field
from metes.model.plan import Plan
from metes.model.scope import Principal
from metes.store import audit, bulk, counters, ledger, ledger_changes
from metes.store.engine import Store
from metes.store.plans import Revision
from metes.store.tables import runs

if TYPE_CHECKING:
    from metes.store.book import Book

WRITER_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class TerritoryChange:
    """What one territory wins and loses: numbers of accounts and their potential in minor units."""

    territory: str
    won: int = 0
    lost: int = 0
    won_potential: int = 0
    lost_potential: int = 0


@dataclass(frozen=True, slots=True)
class AssignReport:
    """What an assignment came to. `is_up_to_date`: nothing had changed since the last run, so nothing was evaluated."""

    run: int | None
    revision: int
    plan: str
    day: date
    accounts: int
    unassigned: int
    moved: int
    opened: int
    closed: int
    unchanged: int
    territories: tuple[TerritoryChange, ...] = ()
    by_via: Mapping[str, int] = field(default_factory=dict)
    is_up_to_date: bool = False
    is_preview: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        changes = [
            {
                "territory": c.territory,
                "won": c.won,
                "lost": c.lost,
                "won_potential": c.won_potential,
                "lost_potential": c.lost_potential,
            }
            for c in self.territories
        ]
        names = (
            "run",
            "revision",
            "plan",
            "accounts",
            "unassigned",
            "moved",
            "opened",
            "closed",
            "unchanged",
            "is_up_to_date",
            "is_preview",
        )
        return {
            **{n: getattr(self, n) for n in names},
            "day": self.day.isoformat(),
            "by_via": dict(self.by_via),
            "territories": changes,
        }


def last_run(store: Store) -> Mapping[str, Any] | None:
    """The newest run of the rules: its row, with `counts` read."""
    with store.read() as connection:
        row = connection.execute(sa.select(runs).order_by(runs.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else {**row, "counts": json.loads(row["counts"])}


def day_of_run(store: Store, revision: Revision, today: date) -> date:
    """From which day a run's changes are true: the plan's own day at its first run that held an account, today afterwards."""
    with store.read() as connection:
        counts = connection.execute(sa.select(runs.c.counts).where(runs.c.revision_id == revision.id)).scalars()
        has_run = any(json.loads(text)["accounts"] > 0 for text in counts)
    return today if has_run or revision.effective_on is None else min(revision.effective_on, today)


def is_up_to_date(store: Store, revision: Revision, today: date) -> Mapping[str, Any] | None:
    """The last run, where neither data, ledger nor plan changed since, and no pin began or ended; else None. Loads no plan."""
    run = last_run(store)
    if run is None or run["revision_id"] != revision.id:
        return None
    with store.read() as connection:
        same = run["book_revision"] == counters.value(connection, counters.DATA)
        same = same and run["counts"].get("ledger") == counters.value(connection, counters.LEDGER)
    turn = run["counts"].get("next_turn")
    return run if same and (turn is None or today < date.fromisoformat(turn)) else None


def _next_turn(plan: Plan, today: date) -> date | None:
    """The first day after today on which a pin or an exclusion begins or ends."""
    days = (d for pin in plan.pins for d in (pin.period.start, pin.period.end) if d is not None)
    return min((d for d in days if d > today), default=None)


def preview(
    store: Store,
    plan: Plan,
    revision: Revision,
    book: Book,
    fields: Mapping[str, Field],
    *,
    day: date,
    today: date,
    progress: Progress,
) -> AssignReport:
    """What assigning under a plan would change, against the ledger of now; writes nothing but numbers for new territory keys."""
    return _work_out(store, plan, revision, book, fields, day, today, progress)[0]


def assign(
    store: Store,
    plan: Plan,
    revision: Revision,
    book: Book,
    fields: Mapping[str, Field],
    *,
    day: date,
    today: date,
    data_revision: int,
    now: datetime,
    principal: Principal,
    progress: Progress,
) -> AssignReport:
    """Evaluate, resolve and write. Conflict where data or ledger changed while this worked; nothing is written then."""
    with store.read() as connection:
        ledger_before = counters.value(connection, counters.LEDGER)
    report, closing, opening = _work_out(store, plan, revision, book, fields, day, today, progress)
    stage = f"run_{uuid.uuid4().hex[:12]}"
    progress.report("writing the ledger", 0, 1)
    ledger_changes.stage_change(store, stage, closing, opening)

    def waiting(seconds: float) -> None:
        progress.report(f"waiting for another writer ({seconds:.0f} s)")

    with store.write(patience_seconds=WRITER_PATIENCE_SECONDS, on_wait=waiting) as connection:
        unchanged = (counters.value(connection, counters.DATA), counters.value(connection, counters.LEDGER))
        if unchanged != (data_revision, ledger_before):
            for part in ("closing", "opening"):
                bulk.drop_stage(connection, f"{stage}_{part}")
            connection.commit()
            raise Conflict("the data changed while the rules were evaluated; assign again")
        turn = _next_turn(plan, today)
        counts = {**report.as_dict(), "as_of": today.isoformat(), "next_turn": turn.isoformat() if turn else None}
        run_id = connection.execute(
            sa.insert(runs)
            .values(
                revision_id=revision.id,
                book_revision=data_revision,
                day=day,
                counts="{}",
                principal=principal.name,
                started_at=now,
                finished_at=now,
            )
            .returning(runs.c.id)
        ).scalar_one()
        closed, opened = ledger_changes.swap_in_change(connection, stage, day, now, ledger.Cause("run", run_id))
        ledger_now = counters.bump(connection, counters.LEDGER) if closed or opened else ledger_before
        report = _with_counts(report, run_id, opened, closed)
        counts = {**counts, "run": run_id, "opened": opened, "closed": closed, "ledger": ledger_now}
        connection.execute(sa.update(runs).where(runs.c.id == run_id).values(counts=json.dumps(counts)))
        detail = {"revision": revision.id, "day": day.isoformat(), "moved": report.moved, "opened": opened, "closed": closed}
        audit.add_entry(connection, principal, "assign", f"run {run_id}", detail, now)
    progress.report("writing the ledger", 1, 1)
    return report


def _with_counts(report: AssignReport, run: int, opened: int, closed: int) -> AssignReport:
    return replace(report, run=run, opened=opened, closed=closed, is_preview=False)


def _work_out(
    store: Store,
    plan: Plan,
    revision: Revision,
    book: Book,
    fields: Mapping[str, Field],
    day: date,
    today: date,
    progress: Progress,
) -> tuple[AssignReport, pa.Array, pa.Table]:
    numbers = _numbers(store, plan)
    wanted = holdings_under(plan, fields, book, today, numbers, progress)
    current = ledger_changes.current_facts(store, day)
    change = difference(current, wanted, day)
    moved = moves(current, wanted)
    key_of = {number: key for key, number in numbers.items()}
    primary = wanted["role"].to_numpy() == 0
    held = len(np.unique(wanted["account_id"].to_numpy()[primary]))
    via = np.bincount(wanted["via"].to_numpy()[primary], minlength=len(ledger.VIAS))
    report = AssignReport(
        run=None,
        revision=revision.id,
        plan=plan.name or plan.key,
        day=day,
        accounts=book.accounts,
        unassigned=book.accounts - held,
        moved=moved.num_rows,
        opened=change.opening.num_rows,
        closed=len(change.closing),
        unchanged=change.unchanged,
        territories=_territory_changes(moved, key_of, book),
        by_via={name: int(via[i]) for i, name in enumerate(ledger.VIAS) if via[i]},
        is_preview=True,
    )
    return report, change.closing, change.opening


def _numbers(store: Store, plan: Plan) -> Mapping[str, int]:
    keys = [t.key for t in plan.territories]
    with store.read() as connection:
        known = ledger.known_territories(connection)
    if all(key in known for key in keys):
        return known
    with store.write(patience_seconds=WRITER_PATIENCE_SECONDS) as connection:
        return ledger.ids_of_territories(connection, keys)


def _territory_changes(moved: pa.Table, key_of: Mapping[int, str], book: Book) -> tuple[TerritoryChange, ...]:
    if moved.num_rows == 0:
        return ()
    worth = (
        book.cursor().execute("SELECT account AS account_id, coalesce(potential, 0) AS potential FROM accounts").to_arrow_table()
    )
    with_worth = moved.join(worth, "account_id", join_type="left outer")
    changes: dict[str, dict[str, int]] = {}
    for column, count, potential in (("new", "won", "won_potential"), ("old", "lost", "lost_potential")):
        sums = with_worth.group_by(column).aggregate([("account_id", "count"), ("potential", "sum")])
        for number, accounts, amount in zip(
            sums[column].to_pylist(), sums["account_id_count"].to_pylist(), sums["potential_sum"].to_pylist(), strict=True
        ):
            if number is not None:
                changes.setdefault(key_of[number], {}).update({count: accounts, potential: int(amount or 0)})
    return tuple(TerritoryChange(key, **changes[key]) for key in sorted(changes))
