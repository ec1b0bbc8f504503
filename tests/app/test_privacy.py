"""Personal data through the workspace: found, handed out, erased after a look and a confirmation, and not brought back by an import."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from metes.app.workspace import Workspace
from metes.base.errors import Conflict, NotFound, Refused
from metes.model.audit import AuditFilter
from metes.model.scope import Principal
from metes.store import audit_verifying
from metes.store.tables import activities, contacts, imports, metadata
from tests.conftest import NOW

PEOPLE = """id,name,email,role
P1,Ann Quixano,ann@quixano.example,rep
P2,Ben Other,ben@x.example,rep
"""
CONTACTS = """id,account,name,email,phone
C1,A1,Ann Quixano,ann.q@quixano.example,555-0101
C2,A1,Carl Other,carl@x.example,not a phone at all
C3,A9,Dora Other,dora@x.example,
"""
ACCOUNTS = "id,name,country\nA1,Acme,US\n"
ACTIVITIES = "id,account,contact,person,kind,date,subject\nV1,A1,C1,P1,visit,2026-01-05,lunch with Ann Quixano\n"


def take_in(workspace: Workspace, folder: Path, kind: str, text: str) -> Any:
    """Import a file of a kind."""
    file = folder / f"{kind}.csv"
    file.write_text(text, encoding="utf-8")
    report = workspace.import_(kind, [file])
    assert report.state.value in ("imported", "up to date"), report
    return report


def texts(workspace: Workspace) -> str:
    """Every text of every table."""
    found = []
    with workspace.store.read() as connection:
        for table in metadata.sorted_tables:
            found += [repr(tuple(row)) for row in connection.execute(sa.select(table))]
    return "\n".join(found).lower()


@pytest.fixture
def company(workspace: Workspace, tmp_path: Path) -> Workspace:
    """One account, its contacts, two people, a visit, and two users, one of whom is one of the people."""
    for kind, text in (("accounts", ACCOUNTS), ("people", PEOPLE), ("contacts", CONTACTS), ("activities", ACTIVITIES)):
        take_in(workspace, tmp_path, kind, text)
    workspace.user_add("admin")
    workspace.user_add("a.quixano", person="P1", roles=["rep"])
    return workspace


def test_an_erased_person_is_gone_with_their_user_and_no_import_brings_them_back(company: Workspace, tmp_path: Path) -> None:
    ann = company.acting_as(Principal("a.quixano", 2, address="198.51.100.9"))
    ann.preferences_set(2, {"greeting": "Ann Quixano"})
    found = company.privacy_preview("person", "P1")
    assert [one.subject for one in found.everybody] == ["person 1", "user 2"]
    assert "ann quixano" in texts(company)
    done = company.privacy_erase("person", "P1", confirmed="Ann Quixano")
    assert [(p.table, p.column, p.rows) for p in done.places] == [(p.table, p.column, p.rows) for p in found.places]
    company.privacy_erase("contact", "C1", confirmed="Ann Quixano")
    assert not [mark for mark in ("quixano", "555-0101") if mark in texts(company)]
    assert company.audit_verify().is_whole
    for kind, text in (("people", PEOPLE), ("contacts", CONTACTS), ("activities", ACTIVITIES)):
        report = take_in(company, tmp_path, kind, text)
        codes = [finding.code for finding in report.shown_findings()]
        assert ("erased-person" in codes) == (kind != "activities")
    left = texts(company)
    assert not [mark for mark in ("ann@", "ann.q@", "555-0101") if mark in left]
    with company.store.read() as connection:
        assert connection.execute(sa.select(contacts.c.name).order_by(contacts.c.id)).scalars().all() == [
            "Erased contact 1",
            "Carl Other",
            "Dora Other",
        ]


def test_an_undone_import_does_not_bring_them_back_either(company: Workspace, tmp_path: Path) -> None:
    take_in(company, tmp_path, "contacts", CONTACTS.replace("Ann Quixano", "Ann Quixano-Lee"))
    company.privacy_erase("contact", "C1", confirmed="Ann Quixano-Lee")
    with company.store.read() as connection:
        last = connection.execute(sa.select(sa.func.max(imports.c.id)).where(imports.c.kind == "contacts")).scalar_one()
    company.import_undo(last)
    with company.store.read() as connection:
        row = connection.execute(sa.select(contacts).where(contacts.c.id == 1)).mappings().one()
    assert (row["name"], row["email"], row["phone"]) == ("Erased contact 1", None, None)


def test_an_export_is_json_and_recorded(company: Workspace) -> None:
    held = company.privacy_export("user", "a.quixano")
    text = json.dumps(held)
    assert "ann@quixano.example" in text
    assert "lunch with Ann Quixano" in text
    assert "Ben Other" not in text
    last = company.audit_list(1)[0]
    assert (last.action, last.subject, last.detail) == ("privacy export", "user 2", {"together": ["person 1"]})


def test_a_look_changes_nothing_and_another_name_erases_nothing(company: Workspace) -> None:
    before = texts(company)
    company.privacy_preview("contact", "C1")
    with pytest.raises(Conflict, match="confirmation"):
        company.privacy_erase("contact", "C1", confirmed="Ann")
    assert texts(company) == before


def test_nobody_erases_themselves_or_twice_or_somebody_who_is_not_there(company: Workspace) -> None:
    admin = company.acting_as(Principal("admin", 1))
    with pytest.raises(Refused, match="themselves"):
        admin.privacy_erase("user", "admin", confirmed="admin")
    admin.privacy_erase("contact", "C2", confirmed="Carl Other")
    with pytest.raises(Refused, match="already"):
        admin.privacy_erase("contact", 2, confirmed="Carl Other")
    with pytest.raises(NotFound):
        admin.privacy_preview("lead", "L1")
    with pytest.raises(NotFound):
        company.acting_as(Principal("a.quixano", 2)).privacy_find("carl")


def test_looking_for_somebody_is_recorded_without_the_text(company: Workspace) -> None:
    assert [(one.kind, one.name) for one in company.privacy_find("QUIXANO")] == [
        ("person", "Ann Quixano"),
        ("contact", "Ann Quixano"),
        ("user", "a.quixano"),
    ]
    last = company.audit_list(1, wanted=AuditFilter(action="privacy"))[0]
    assert last.detail == {"found": 3}


def test_files_that_wait_for_nothing_go_with_an_erasure(company: Workspace) -> None:
    folder = company.shelf.books / "uploads" / "old"
    folder.mkdir(parents=True)
    (folder / "people.csv").write_text(PEOPLE)
    assert company.privacy_preview("contact", "C1").uploads == 1
    assert company.privacy_erase("contact", "C1", confirmed="Ann Quixano").uploads == 1
    assert not folder.exists()


def test_what_is_older_than_the_rules_allow_is_counted_then_taken_out(company: Workspace, tmp_path: Path) -> None:
    rules = {rule.setting: rule for rule in company.privacy_retention()}
    assert {name: rule.days for name, rule in rules.items()} == {
        "keep_audit_addresses_days": 365,
        "keep_closed_contacts_days": 0,
        "keep_activities_days": 0,
        "keep_findings_days": 0,
    }
    with company.store.write() as connection:
        connection.execute(sa.update(contacts).where(contacts.c.id == 2).values(closed_on=date(2020, 1, 1)))
        connection.execute(sa.update(imports).values(imported_at=NOW.replace(year=2020)))
    for name in ("keep_closed_contacts_days", "keep_activities_days", "keep_findings_days"):
        company.config_set(name, "30")
    due = {rule.setting: rule.rows for rule in company.privacy_retention()}
    assert due["keep_closed_contacts_days"] == due["keep_activities_days"] == 1
    assert due["keep_findings_days"] > 0
    assert dict(company.privacy_retain()) == due
    assert {rule.rows for rule in company.privacy_retention()} == {0}
    left = texts(company)
    assert "carl" not in left
    assert "lunch" not in left
    with company.store.read() as connection:
        assert connection.execute(sa.select(activities.c.kind)).scalars().all() == ["visit"]
    assert company.audit_list(1)[0].action == "privacy retain"
    assert dict(company.privacy_retain()) == dict.fromkeys(due, 0)
    assert audit_verifying.verify(company.store).is_whole


def test_addresses_beside_the_trail_go_after_their_days(company: Workspace) -> None:
    company.acting_as(Principal("admin", 1, address="203.0.113.50")).config_set("company", "Acme")
    assert company.audit_list(1)[0].address == "203.0.113.50"
    company.config_set("keep_audit_addresses_days", "1")
    company.clock = lambda: NOW.replace(year=NOW.year + 1)
    assert company.privacy_retain()["keep_audit_addresses_days"] == 1
    assert company.audit_list(1, wanted=AuditFilter(action="config set", subject="company"))[0].address == "erased"
    assert company.audit_verify().is_whole
