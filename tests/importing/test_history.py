"""Imports that were, and undoing one as a whole."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from metes.base.errors import Conflict, NotFound
from metes.importing.history import UndoReport, findings_of, past_import, past_imports, undo_import
from metes.importing.report import State
from metes.store import audit_verifying
from metes.store.engine import Store
from tests.importing.worlds import ME, NOW, TWO_ACCOUNTS, everything, outcome, rows, taken

CHANGED = "id,name,latitude,longitude,country,revenue,Score\n2,Zeta,47.60620987654321,-122.33207000000001,US,1,5\n3,New,,,US,2,6\n"


def undone(store: Store, import_id: int, dry_run: bool = False) -> UndoReport:
    return undo_import(store, import_id, dry_run=dry_run, now=NOW, principal=ME)


def test_undoing_restores_every_row_to_the_last_digit(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", CHANGED)
    before = everything(store)
    report = taken(store, tmp_path, "accounts", TWO_ACCOUNTS.replace("1,Acme", "3,Acme"), full=True)
    assert outcome(report) == (0, 2, 0, 0)
    assert undone(store, 2, dry_run=True) == UndoReport(2, "accounts", 0, 2, 0, is_preview=True)
    assert everything(store) != before
    assert undone(store, 2) == UndoReport(2, "accounts", 0, 2)
    assert everything(store) == before
    with store.read() as connection:
        assert audit_verifying.first_broken(connection) is None
        assert past_import(connection, 2).undone_by == "me"


def test_what_an_import_made_is_closed_and_what_it_closed_is_open_again(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    taken(store, tmp_path, "accounts", "id,name\n3,New\n", full=True)
    assert [closed is None for (closed,) in rows(store, "accounts", "closed_on")] == [False, False, True]
    assert undone(store, 2) == UndoReport(2, "accounts", 1, 2)
    assert rows(store, "accounts", "key", "closed_on") == [("1", None), ("2", None), ("3", date(2026, 3, 14))]


def test_an_import_may_follow_its_own_undo(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    undone(store, 1)
    report = taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    assert report.state is State.IMPORTED
    assert (report.reopened, outcome(report)) == (2, (0, 2, 0, 0))


def test_an_import_whose_rows_were_changed_since_is_not_undone(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    taken(store, tmp_path, "accounts", "id,name\n2,Zeta\n")
    with pytest.raises(Conflict, match=r"1 accounts of import 1 were changed by later imports: import 2 \(1\); undo those first"):
        undone(store, 1, dry_run=True)
    undone(store, 2)
    assert undone(store, 1).closed == 2


def test_an_import_is_undone_once(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS)
    undone(store, 1)
    with pytest.raises(Conflict, match="undone on 2026-03-14 already"):
        undone(store, 1)
    with pytest.raises(NotFound, match="there is no import 7"):
        undone(store, 7)


def test_history_keeps_counts_and_findings(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path, "accounts", TWO_ACCOUNTS + "4,Kim,,,Korea,\n", source="crm")
    with store.read() as connection:
        (past,) = past_imports(connection)
        (finding,) = findings_of(connection, past.id)
    assert (past.kind, past.source, past.files, past.counts["created"]) == ("accounts", "crm", ("accounts.csv",), 3)
    assert (finding["code"], finding["line"], finding["value"]) == ("ambiguous-country", 4, "Korea")
    assert past.as_dict()["imported_at"] == "2026-03-14T09:30:00+00:00"
