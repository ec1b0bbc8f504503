"""The audit trail and personal data by command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from metes.store.engine import Store
from metes.store.tables import audit as trail
from tests.cli.conftest import Command


@pytest.fixture
def told(metes: Command) -> Command:
    """A command line on a workspace with three entries; a formula is among what they tell."""
    for name in ("Able", "=1+1"):
        assert metes("config", "set", "company", name).code == 0
    assert metes("config", "set", "locale", "de_DE").code == 0
    return metes


def tampered(folder: Path, statement: sa.Executable) -> None:
    """Change the database as whoever holds it can."""
    store = Store(f"sqlite:///{folder / 'metes.db'}")
    with store.write() as connection:
        for name in ("audit_keeps", "audit_stays"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        connection.execute(statement)
    store.dispose()


def test_entries_are_listed_by_filter_and_shown_with_what_was_before(told: Command) -> None:
    listed = told("audit", "list", "--subject", "company", "--json").json
    assert [entry["id"] for entry in listed] == [2, 1]
    assert told("audit", "list", "--action", "config", "--who", "local", "--rows", "1", "--json").json[0]["id"] == 3
    assert told("audit", "list", "--before", "2", "--json").json[0]["id"] == 1
    assert told("audit", "list", "--since", "2999-01-01", "--json").json == []
    assert "expected a day" in told("audit", "list", "--until", "soon").err
    shown = told("audit", "show", "2")
    assert "value  Able    =1+1" in shown.out
    assert told("audit", "show", "2", "--json").json["before"] == {"value": "Able"}
    assert told("audit", "show", "9").code == 2


def test_an_export_runs_in_no_spreadsheet_and_is_an_entry(told: Command, tmp_path: Path) -> None:
    assert told("audit", "export", "trail.csv").code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "trail.csv").read_text())))
    assert [row["entry"] for row in rows] == ["4", "3", "2", "1"]
    assert (rows[0]["action"], json.loads(rows[2]["after"])) == ("audit export", {"value": "=1+1"})
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert told("audit", "export", "trail.jsonl", "--subject", "locale", "--json").json["entries"] == 1
    assert json.loads((tmp_path / "trail.jsonl").read_text())["after"] == {"value": "de_DE"}
    assert "is there already" in told("audit", "export", "trail.csv").err
    assert "ends in .csv or .jsonl" in told("audit", "export", "trail.txt").err


def test_a_fault_is_told_with_its_entry_and_a_cut_tail_by_its_anchor(told: Command, tmp_path: Path) -> None:
    assert "whole: 3 entries" in told("audit", "verify").err
    assert "anchored in kept" in told("audit", "anchor", "--out", "kept").err
    assert "1 anchor holds" in told("audit", "verify", "--anchor", "kept").err
    tampered(tmp_path, sa.delete(trail).where(trail.c.id == 3))
    assert told("audit", "verify").code == 0
    cut = told("audit", "verify", "--anchor", "kept")
    assert (cut.code, "cut off" in cut.err) == (1, True)
    tampered(tmp_path, sa.update(trail).where(trail.c.id == 2).values(subject="locale"))
    found = told("audit", "verify", "--json")
    assert (found.code, found.json["first_broken"], found.json["faults"][0]["kind"]) == (1, 2, "changed")
    (tmp_path / "bad").write_text("entry 3\n")
    assert "line 1: expected an anchor" in told("audit", "verify", "--anchor", "bad").err
    assert "cannot read" in told("audit", "verify", "--anchor", "nowhere").err


def test_an_anchor_is_printed_as_the_line_that_is_kept(told: Command, metes: Command) -> None:
    line = told("audit", "anchor").out
    assert json.loads(line)["entry"] == json.loads(line)["count"] == 3
    assert told("audit", "anchor", "--json").json["hash"] == json.loads(line)["hash"]


def test_somebody_is_found_handed_out_and_erased(metes: Command, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,name,email\nP1,Ann Quixano,ann@quixano.example\n")
    assert metes("import", "people", "people.csv").code == 0
    assert metes("privacy", "find", "quix", "--json").json[0]["external_id"] == "P1"
    assert "ann@quixano.example" in metes("privacy", "export", "person", "P1").out
    assert metes("privacy", "export", "person", "P1", "--out", "held.json").code == 0
    assert json.loads((tmp_path / "held.json").read_text())["somebody"] == [{"kind": "person", "number": 1}]
    assert (tmp_path / "held.json").stat().st_mode & 0o777 == 0o600
    for out, why in (("held.json", "there already"), ("missing/held.json", "cannot write")):
        again = metes("privacy", "export", "person", "P1", "--out", out)
        assert (again.code, why in again.err) == (2, True), out
    preview = metes("privacy", "erase", "person", "P1", "--preview")
    assert "people.email" in preview.out
    assert "cannot be undone" in preview.err
    assert "nothing was erased" in metes("privacy", "erase", "person", "P1").err
    assert metes("privacy", "erase", "person", "P1", "--yes").code == 0
    assert metes("privacy", "find", "quix", "--json").json == []
    assert metes("privacy", "erase", "nobody", "P1").code == 2
    assert metes("privacy", "erase", "person", "P1", "--yes").code == 2


def test_the_register_and_the_rules_are_listed(metes: Command) -> None:
    assert {"table": "people", "column": "email"}.items() <= metes("privacy", "register", "--json").json[2].items()
    assert "keep_activities_days" in metes("privacy", "retention").out
    assert metes("privacy", "retention", "--apply", "--json").json == {"keep_audit_addresses_days": 0}
