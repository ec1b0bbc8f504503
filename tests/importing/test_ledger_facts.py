"""Seats and assignments become facts of the ledger."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from metes.importing.history import undo_import
from metes.importing.report import State
from metes.model.scope import Scope
from metes.records.findings import to_findings
from metes.store.engine import Store
from metes.store.ledger import holdings_of, sittings
from tests.importing.worlds import ME, NOW, TWO_ACCOUNTS, outcome, taken

ALL = Scope.everything("tests look at everything")
SEATS = "seat,person,from,to\nnw-1,283,2022-05-30,2023-11-29\nNW-1,284,2023-11-30,\n"


def sitting(store: Store, day: date) -> list[tuple[str, str]]:
    with store.read() as connection:
        return [(s.seat, s.person_key) for s in sittings(connection, ALL, at=day)]


def test_seats_say_who_sits_where_with_the_last_day_included(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "people", "id,name\n283,Ann\n284,Bob\n")
    report = taken(store, tmp_path, "seats", SEATS, known_seats=frozenset({"nw-1"}))
    assert outcome(report) == (2, 0, 0, 0)
    assert sitting(store, date(2023, 11, 29)) == [("nw-1", "283")]
    assert sitting(store, date(2023, 11, 30)) == [("nw-1", "284")]
    again = taken(store, tmp_path, "seats", SEATS, known_seats=frozenset({"nw-1"}))
    assert again.state is State.UP_TO_DATE


def test_seats_that_the_plan_lacks_and_people_nobody_knows_are_errors(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "people", "id,name\n283,Ann\n")
    text = "seat,person,from\nnw-1,283,2022-05-30\nse-9,283,2022-05-30\nnw-1,999,2022-05-30\nnw-1,283,2023-01-01\n"
    report = taken(store, tmp_path, "seats", text, known_seats=frozenset({"nw-1"}))
    assert outcome(report) == (1, 0, 0, 3)
    assert [(f.code, f.place.line) for f in to_findings(report.findings)] == [
        ("unknown-seat", 3),
        ("unknown-person", 4),
        ("overlapping-period", 5),
    ]


def test_a_preview_of_facts_writes_nothing(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "people", "id,name\n283,Ann\n284,Bob\n")
    report = taken(store, tmp_path, "seats", SEATS, dry_run=True)
    assert (report.state, report.created) == (State.PREVIEW, 2)
    assert sitting(store, date(2023, 11, 29)) == []


def test_assignments_are_recorded_and_undone(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    report = taken(store, tmp_path, "assignments", "account,territory,from,to\n1,West,2024-01-01,2024-12-31\n1,East,2025-01-01,\n")
    assert outcome(report) == (2, 0, 0, 0)

    def held(day: date) -> list[str]:
        with store.read() as connection:
            return [h.territory for h in holdings_of(connection, 1, ALL, at=day)]

    assert (held(date(2024, 12, 31)), held(date(2025, 1, 1))) == (["west"], ["east"])
    assert undo_import(store, report.import_id or 0, now=NOW, principal=ME).facts == 2
    assert held(date(2025, 1, 1)) == []
