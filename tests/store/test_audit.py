"""The audit trail: who did what, from where, before and after; names stand beside the chain and never in it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from metes.base.errors import NotFound
from metes.base.ids import content_hash
from metes.model.audit import ERASED, AuditFilter
from metes.model.scope import Principal
from metes.store import audit, audit_reading, audit_verifying
from metes.store.audit_tables import audit_addresses, audit_values
from metes.store.engine import Store
from metes.store.tables import audit as table
from metes.store.tables import users
from tests.conftest import NOW

ANN = Principal("ann", 1, address="203.0.113.7", request="r-1", via="token 3")

# Appends entries as fast as it can, in a small transaction each, beside whoever else does.
APPENDER = """
import sys
from datetime import datetime, UTC
from metes.model.scope import Principal
from metes.store import audit
from metes.store.engine import Store

store = Store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    with store.touch() as connection:
        audit.add_entry(connection, Principal("local"), "try", f"{sys.argv[2]} {number}", {}, datetime(2026, 1, 1, tzinfo=UTC))
"""


@pytest.fixture
def ann(store: Store) -> Store:
    """A store with one user, ann."""
    with store.write() as connection:
        connection.execute(sa.insert(users).values(id=1, name="ann", password_hash="", created_at=NOW, preferences="{}"))
    return store


def newest(store: Store, **wanted: object) -> list[str]:
    """The subjects of the entries that a filter lets through, newest first."""
    with store.read() as connection:
        return [e.subject for e in audit_reading.page(connection, AuditFilter(**wanted))]  # type: ignore[arg-type]


def test_an_entry_tells_who_did_what_when_from_where_and_what_it_was_before(ann: Store) -> None:
    told = audit.change({"role": "rep", "email": "a@x.org", "same": 1}, {"role": "leader", "email": None, "same": 1}, ("email",))
    with ann.write() as connection:
        number = audit.add_entry(connection, ANN, "user change", "user 1", {"rows": 2}, NOW, **told)
    with ann.read() as connection:
        entry = audit_reading.one(connection, number)
    assert (entry.who, entry.principal, entry.via, entry.address, entry.request) == (
        "user 1",
        "ann",
        "token 3",
        "203.0.113.7",
        "r-1",
    )
    assert (entry.at, entry.action, entry.subject, entry.detail) == (NOW, "user change", "user 1", {"rows": 2})
    assert entry.changes == (("role", "rep", "leader"), ("email", "a@x.org", None))


def test_nothing_that_names_a_person_stands_in_the_chain(ann: Store) -> None:
    with ann.write() as connection:
        for principal in (ANN, Principal("ann"), Principal("unknown-soldier")):
            audit.add_entry(connection, principal, "user add", "user 1", {}, NOW, personal={"name": "Ann Example"})
    with ann.read() as connection:
        text = json.dumps([list(map(str, row)) for row in connection.execute(sa.select(table))])
        entries = audit_reading.page(connection)
    assert not {name for name in ("ann", "Ann", "Example", "unknown", "soldier", "203.0.113") if name in text}
    assert [entry.principal for entry in entries] == ["unknown-soldier", "ann", "ann"]
    assert [entry.who for entry in entries] == ["somebody", "user 1", "user 1"]
    assert {entry.detail["name"] for entry in entries} == {"Ann Example"}


def test_a_user_who_is_called_like_a_part_of_the_system_is_the_user(ann: Store) -> None:
    with ann.write() as connection:
        audit.add_entry(connection, Principal("demo"), "look", "before", {}, NOW)
        connection.execute(sa.insert(users).values(id=7, name="demo", password_hash="", created_at=NOW, preferences="{}"))
        for name in ("demo", "local"):
            audit.add_entry(connection, Principal(name), "look", "after", {}, NOW)
    with ann.read() as connection:
        assert [entry.who for entry in audit_reading.page(connection)] == ["local", "user 7", "demo"]


def test_what_was_erased_says_so_and_the_chain_holds(ann: Store) -> None:
    with ann.write() as connection:
        audit.add_entry(connection, ANN, "user change", "user 1", {}, NOW, personal={"before.email": "a@x.org"})
        connection.execute(sa.delete(audit_values))
        connection.execute(sa.delete(audit_addresses))
    with ann.read() as connection:
        entry = audit_reading.one(connection, 1)
    assert (entry.before["email"], entry.address) == (ERASED, ERASED)
    assert audit_verifying.verify(ann).is_whole


def test_entries_of_a_day_share_the_digest_of_an_address_and_those_of_another_do_not(ann: Store) -> None:
    with ann.write() as connection:
        for day in (0, 0, 1):
            audit.add_entry(connection, ANN, "look", "x", {}, NOW + timedelta(days=day))
    with ann.read() as connection:
        first, second, third = connection.execute(sa.select(table.c.address).order_by(table.c.id)).scalars()
    assert first == second != third


def test_a_filter_finds_by_who_what_subject_where_and_days(ann: Store) -> None:
    with ann.write() as connection:
        audit.add_entry(connection, ANN, "plan publish", "revision 1", {}, NOW)
        audit.add_entry(connection, Principal("local"), "plan import", "revision 2", {}, NOW + timedelta(days=1))
        audit.add_entry(connection, Principal("bob"), "planet", "revision 3", {}, NOW + timedelta(days=2))
    assert newest(ann, who="ann") == newest(ann, who="user 1") == newest(ann, address="203.0.113.7") == ["revision 1"]
    assert newest(ann, who="bob") == newest(ann, action="planet") == ["revision 3"]
    assert newest(ann, action="plan") == ["revision 2", "revision 1"]
    assert newest(ann, subject="revision 2") == newest(ann, since=date(2026, 3, 15), until=date(2026, 3, 15)) == ["revision 2"]
    assert (
        newest(ann, since=date(2026, 3, 15)) == newest(ann, since=date(2026, 3, 15), until=date.max) == ["revision 3", "revision 2"]
    )
    assert len(newest(ann, since=date.min)) == 3
    assert newest(ann, who="nobody") == newest(ann, action="plan publish", subject="revision 2") == []
    with ann.read() as connection:
        assert audit_reading.actions(connection) == ("plan import", "plan publish", "planet")


def test_the_newest_entries_come_first_page_by_page(store: Store) -> None:
    with store.write() as connection:
        for number in range(4):
            audit.add_entry(connection, Principal("local"), "assign", f"run {number}", {}, NOW)
    with store.read() as connection:
        first = audit_reading.page(connection, limit=2)
        older = audit_reading.page(connection, limit=2, before=first[-1].id)
        assert [e.subject for e in first + older] == ["run 3", "run 2", "run 1", "run 0"]
        assert [e.id for e in audit_reading.every(connection)] == [4, 3, 2, 1]
        with pytest.raises(NotFound):
            audit_reading.one(connection, 5)


def test_an_entry_goes_with_the_transaction_that_it_tells_of(store: Store) -> None:
    def fail() -> None:
        with store.write() as connection:
            audit.add_entry(connection, Principal("ann"), "assign", "run 1", {}, NOW)
            raise KeyError("something went wrong")

    with pytest.raises(KeyError):
        fail()
    assert newest(store) == []


def test_processes_that_append_at_once_make_one_chain(ready_database: str, store: Store) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDER, ready_database, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in ("left", "right")
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        process.communicate()
        assert process.returncode == 0
    found = audit_verifying.verify(store)
    assert (found.entries, found.faults) == (80, ())


@given(st.text(), st.text(), st.text(), st.text(), st.integers(0, 2**60))
def test_the_quick_hash_of_version_1_is_that_of_the_canonical_json(
    who: str, action: str, subject: str, detail: str, at: int
) -> None:
    entry = {"at": at, "principal": who, "action": action, "subject": subject, "detail": detail, "previous_hash": audit.BEGINNING}
    assert audit.first_entry_hash(at, who, action, subject, detail, audit.BEGINNING) == content_hash(entry)


@given(st.lists(st.text(max_size=4), min_size=10, max_size=10), st.lists(st.text(max_size=4), min_size=10, max_size=10))
def test_two_entries_have_one_hash_only_if_they_are_the_same(one: list[str], other: list[str]) -> None:
    hashes = [audit.entry_hash(1, 2, audit.BEGINNING, dict(zip(audit.TEXTS, texts, strict=True))) for texts in (one, other)]
    assert (hashes[0] == hashes[1]) == (one == other)
