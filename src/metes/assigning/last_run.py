"""What the newest run of the rules left, and whether anything has changed since; knows no plan, so that it is quick to ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.assigning.report import AssignReport, Mode
from metes.store import counters
from metes.store.engine import Store
from metes.store.plans import Revision
from metes.store.tables import runs

# No revision of ownership: the next run cannot go on from what the ledger holds.
NEVER = -1


@dataclass(frozen=True, slots=True)
class Basis:
    """What decides a rule's meaning beside the plan: the reporting currency, rates into it, and the types of custom fields."""

    currency: str
    rates: Mapping[str, str]
    custom: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"currency": self.currency, "rates": dict(self.rates), "custom": dict(self.custom)}


@dataclass(frozen=True, slots=True)
class State:
    """The moment of a run: revisions of the data and of the ledger's ownership, and the newest import."""

    data: int
    ownership: int
    last_import: int


@dataclass(frozen=True, slots=True)
class Base:
    """What a run may go on from: the ledger holds what the plan `revision` made on `as_of` of the data of a moment.

    That is true of all accounts whose data did not change since. `next_turn` is the first day on which the same plan and data may
    make something else of them; no `basis` is known of the runs of earlier versions.
    """

    revision: int
    state: State
    as_of: date
    next_turn: date | None
    basis: Basis | None

    def with_ownership(self, revision: int) -> Base:
        """The same after a change of ownership of one's own."""
        return self if self.state.ownership == NEVER else replace(self, state=replace(self.state, ownership=revision))

    def as_counts(self) -> dict[str, Any]:
        """What of it stands among a run's counts, as plain values."""
        return {
            "ownership": self.state.ownership,
            "last_import": self.state.last_import,
            "as_of": self.as_of.isoformat(),
            "next_turn": self.next_turn.isoformat() if self.next_turn else None,
            "basis": self.basis.as_dict() if self.basis else None,
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Base:
        """That of a run's row."""
        counts = row["counts"]
        turn, basis = counts["next_turn"], counts.get("basis")
        return cls(
            row["revision_id"],
            State(row["book_revision"], counts.get("ownership", NEVER), counts.get("last_import", 0)),
            date.fromisoformat(counts["as_of"]),
            date.fromisoformat(turn) if turn else None,
            Basis(**basis) if basis else None,
        )


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run: from which day its changes were true, what it came to, and what the next one may go on from."""

    id: int
    day: date
    base: Base
    counts: Mapping[str, Any]

    def as_before(self, revision: Revision) -> AssignReport:
        """The report of a run that found nothing to do."""
        return AssignReport(
            run=self.id,
            revision=revision.id,
            plan=revision.name,
            day=self.day,
            accounts=self.counts["accounts"],
            unassigned=self.counts["unassigned"],
            moved=0,
            opened=0,
            closed=0,
            unchanged=self.facts,
            by_via=self.counts["by_via"],
            is_up_to_date=True,
            mode=Mode.NONE,
            reason="nothing changed since the last run",
        )

    @property
    def held(self) -> int:
        """How many accounts the run left with a primary territory."""
        return int(self.counts["accounts"] - self.counts["unassigned"])

    @property
    def facts(self) -> int:
        """How many facts of ownership the run left."""
        return int(self.counts["unchanged"] + self.counts["opened"])


def last_row(store: Store) -> Mapping[str, Any] | None:
    """The row of the newest run, with `counts` read."""
    with store.read() as connection:
        row = connection.execute(sa.select(runs).order_by(runs.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else {**row, "counts": json.loads(row["counts"])}


def last_run(store: Store) -> LastRun | None:
    """The newest run; None before the first."""
    row = last_row(store)
    if row is None:
        return None
    return LastRun(row["id"], row["day"], Base.of_row(row), row["counts"])


def state_now(connection: Connection) -> State:
    """The moment that a run which begins now stands on."""
    from metes.store.changed import last_import  # loads NumPy, which a look whether something changed does without

    return State(counters.value(connection, counters.DATA), counters.value(connection, counters.OWNERSHIP), last_import(connection))


def has_same_state(connection: Connection, state: State) -> bool:
    """Whether neither data nor ownership changed since a moment."""
    now = (counters.value(connection, counters.DATA), counters.value(connection, counters.OWNERSHIP))
    return now == (state.data, state.ownership)


def up_to_date(store: Store, revision: Revision, today: date) -> LastRun | None:
    """The last run, where neither data, ownership nor plan changed since and no turn has come; else None."""
    run = last_run(store)
    if run is None or run.base.revision != revision.id or has_turned(run.base, today):
        return None
    with store.read() as connection:
        return run if has_same_state(connection, run.base.state) else None


def has_turned(base: Base, today: date) -> bool:
    """Whether the day alone may make something else of the same plan and data."""
    return today < base.as_of or (base.next_turn is not None and today >= base.next_turn)


def day_of_run(store: Store, revision: Revision, today: date) -> date:
    """From which day a run's changes are true: the plan's own day at its first run that held an account, today afterwards."""
    query = sa.select(runs.c.counts).where(runs.c.revision_id == revision.id).order_by(runs.c.id.desc())
    # The rows are closed by hand: most often the first one tells, and the cursor stands open on the server.
    with store.read() as connection, connection.execution_options(yield_per=20).execute(query) as found:
        has_run = any(json.loads(text)["accounts"] > 0 for text in found.scalars())
    return today if has_run or revision.effective_on is None else min(revision.effective_on, today)
