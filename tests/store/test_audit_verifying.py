"""Tampering of every kind, by raw SQL and with the triggers gone: the trail says which entry, and what was done to it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.model.audit import Anchor, Fault
from metes.model.scope import Principal
from metes.store import audit, audit_verifying
from metes.store.audit_tables import audit_addresses, audit_values
from metes.store.engine import Store
from metes.store.tables import audit as table
from tests.conftest import NOW

ENTRIES = 7
ANN = Principal("ann", 1, address="203.0.113.7", request="r-1")


def add_first_version(connection: Connection, number: int, principal: str, **more: Any) -> None:
    """An entry as version 1 wrote it."""
    previous = connection.execute(sa.select(table.c.hash).order_by(table.c.id.desc()).limit(1)).scalar() or audit.BEGINNING
    at = NOW + timedelta(seconds=number)
    micros = int(at.timestamp() * 10**6)
    row = {"at": at, "principal": principal, "action": "assign", "subject": f"run {number}", "detail": '{"é":"a\\nb\\"c"}'}
    digest = audit.first_entry_hash(micros, principal, row["action"], row["subject"], row["detail"], previous)  # type: ignore[arg-type]
    connection.execute(sa.insert(table).values(id=number, **row, version=1, previous_hash=previous, hash=digest, **more))


@pytest.fixture
def trail(store: Store) -> Store:
    """Two entries of version 1, five of version 2, and none of the triggers that would keep them."""
    with store.write() as connection:
        for number in (1, 2):
            add_first_version(connection, number, "ann")
        for number in range(3, ENTRIES + 1):
            told = audit.change({"ä": number, "email": "a@x.org"}, {"ä": None}, ("email",))
            audit.add_entry(connection, ANN, "user change", f"user {number}", {"日本": 1}, NOW, **told)
        on = "" if store.is_sqlite else " ON audit"
        for trigger in ("audit_keeps", "audit_stays") if store.is_sqlite else ("audit_keeps",):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}{on}")
    return store


def faults(store: Store, *anchors: Anchor) -> list[tuple[int, str]]:
    """What is wrong: entries and kinds."""
    return [(fault.entry, fault.kind) for fault in audit_verifying.verify(store, anchors).faults]


def tamper(store: Store, *statements: Any) -> None:
    """Change the database as whoever holds it can."""
    with store.write() as connection:
        for statement in statements:
            connection.execute(sa.text(statement) if isinstance(statement, str) else statement)


def anchor_of(store: Store) -> Anchor:
    """The end of the trail."""
    with store.read() as connection:
        found = audit_verifying.anchor(connection, NOW)
    assert found is not None
    return found


def test_an_untouched_trail_of_both_versions_is_whole(trail: Store) -> None:
    assert faults(trail, anchor_of(trail)) == []
    assert audit_verifying.verify(trail).entries == ENTRIES
    with trail.read() as connection:
        assert audit_verifying.first_broken(connection) is None


def test_an_empty_trail_is_whole_and_has_no_anchor(store: Store) -> None:
    assert audit_verifying.verify(store).is_whole
    with store.read() as connection:
        assert audit_verifying.anchor(connection, NOW) is None
        assert audit_verifying.first_broken(connection) is None


@pytest.mark.parametrize(
    "column", [c.name for c in table.c if c.name not in ("id", "previous_hash", "seal", "sealed_by", "personal")]
)
@pytest.mark.parametrize("number", [2, 4])
def test_a_change_of_any_column_is_found_at_its_entry(trail: Store, column: str, number: int) -> None:
    value: Any = {"at": NOW + timedelta(microseconds=1), "version": 3, "detail": '{"x":9}', "hash": "f" * 64}.get(column, "eve")
    tamper(trail, sa.update(table).where(table.c.id == number).values({column: value}))
    assert faults(trail)[0] == (number, "changed")
    with trail.read() as connection:
        assert audit_verifying.first_broken(connection) == number


def test_digests_of_values_belong_to_what_is_hashed(trail: Store) -> None:
    tamper(trail, sa.update(table).where(table.c.id == 4).values(personal=""))
    assert faults(trail) == [(4, "changed"), (4, "value-inserted")]


def test_a_change_that_was_hashed_anew_shows_behind_it(trail: Store) -> None:
    _hash_anew(trail, 4, subject="user 99")
    assert faults(trail) == [(5, "moved")]


@pytest.mark.parametrize(
    ("removed", "told"),
    [("id = 2", [(2, "removed")]), ("id = 5", [(5, "removed")]), ("id IN (4, 5)", [(4, "removed")]), ("id = 1", [(1, "removed")])],
)
def test_a_removed_entry_is_named(trail: Store, removed: str, told: list[tuple[int, str]]) -> None:
    tamper(
        trail,
        f"DELETE FROM audit_values WHERE entry IN (SELECT id FROM audit WHERE {removed})",
        f"DELETE FROM audit WHERE {removed}",
    )
    assert faults(trail) == told


def test_values_that_stayed_behind_a_removed_entry_are_found_too(trail: Store) -> None:
    tamper(trail, "DELETE FROM audit WHERE id = 5")
    assert set(faults(trail)) == {(5, "removed"), (5, "value-inserted")}


def test_an_inserted_entry_is_found_though_its_own_hash_fits(trail: Store) -> None:
    tamper(trail, "DELETE FROM audit_values", "UPDATE audit SET id = id + 100 WHERE id > 4")
    with trail.write() as connection:
        previous = connection.execute(sa.select(table.c.hash).where(table.c.id == 4)).scalar_one()
        entry = dict.fromkeys(audit.TEXTS, "") | {"principal": "local", "action": "assign", "subject": "run 1", "detail": "{}"}
        digest = audit.entry_hash(5, int(NOW.timestamp() * 10**6), previous, entry)
        connection.execute(sa.insert(table).values(id=5, at=NOW, **entry, version=2, previous_hash=previous, hash=digest))
    found = faults(trail)
    assert (5, "inserted") in found
    # Those behind it had to make way.
    assert {(105, "changed"), (106, "changed"), (107, "changed")} <= set(found)


def test_entries_that_changed_places_are_found(trail: Store) -> None:
    for old, new in ((5, 99), (6, 5), (99, 6)):
        tamper(trail, f"UPDATE audit SET id = {new} WHERE id = {old}", f"UPDATE audit_values SET entry = {new} WHERE entry = {old}")
    assert {entry for entry, _ in faults(trail)} >= {5, 6}


def test_a_value_that_was_changed_or_put_there_is_found_and_one_that_was_erased_is_not(trail: Store) -> None:
    tamper(trail, "DELETE FROM audit_values WHERE entry = 6")
    assert faults(trail) == []
    tamper(
        trail,
        "UPDATE audit_values SET value = 'b@x.org' WHERE entry = 4",
        sa.insert(audit_values).values(entry=5, place="after.email", value="c@x.org", salt=""),
        sa.insert(audit_values).values(entry=500, place="who", value="eve", salt=""),
    )
    assert faults(trail) == [(4, "value-changed"), (5, "value-inserted"), (500, "value-inserted")]


def test_an_address_that_was_changed_is_found_at_the_first_entry_from_there(trail: Store) -> None:
    tamper(trail, sa.update(audit_addresses).values(address="198.51.100.1"))
    assert faults(trail) == [(3, "value-changed")]


def test_a_tail_that_was_cut_is_found_by_an_anchor_alone(trail: Store) -> None:
    kept = anchor_of(trail)
    tamper(trail, "DELETE FROM audit_values WHERE entry > 5", "DELETE FROM audit WHERE id > 5")
    assert faults(trail) == []
    assert faults(trail, kept) == [(7, "cut")]


def test_a_trail_that_was_written_anew_is_found_by_an_anchor_alone(trail: Store) -> None:
    kept = anchor_of(trail)
    tamper(trail, "DELETE FROM audit_values", "DELETE FROM audit")
    with trail.write() as connection:
        for number in range(ENTRIES + 3):
            audit.add_entry(connection, ANN, "look", f"user {number}", {}, NOW)
    assert faults(trail) == []
    assert faults(trail, kept) == [(7, "rewritten")]


def test_an_anchor_counts_the_entries_before_it(trail: Store) -> None:
    kept = anchor_of(trail)
    assert faults(trail, Anchor(kept.entry, kept.hash, kept.count + 1, kept.at)) == [(7, "rewritten")]


def test_an_entry_that_an_erasure_rewrote_holds_by_the_erasure_alone(trail: Store) -> None:
    def seal_of(connection: Connection, number: int) -> str:
        row = connection.execute(sa.select(table).where(table.c.id == number)).mappings().one()
        micros = int(row["at"].timestamp() * 10**6)
        return audit.first_entry_hash(micros, "user 1", row["action"], row["subject"], row["detail"], row["previous_hash"])

    with trail.write() as connection:
        pairs = [(number, seal_of(connection, number)) for number in (1, 2)]
        by = audit.add_entry(connection, ANN, "privacy erase", "user 1", {"sealed": audit_verifying.seal_digest(pairs)}, NOW)
        for number, seal in pairs:
            connection.execute(sa.update(table).where(table.c.id == number).values(principal="user 1", seal=seal, sealed_by=by))
    assert faults(trail) == []
    tamper(trail, sa.update(table).where(table.c.id == 2).values(subject="run 9"))
    assert faults(trail)[0] == (2, "changed")
    with trail.write() as connection:  # and somebody who seals what they changed is not vouched for
        connection.execute(sa.update(table).where(table.c.id == 2).values(seal=seal_of(connection, 2)))
    assert (1, "changed") in faults(trail)


def test_several_processes_find_what_one_finds(trail: Store) -> None:
    kept = anchor_of(trail)
    tamper(trail, "DELETE FROM audit WHERE id = 5", "UPDATE audit SET subject = 'x' WHERE id IN (2, 7)")
    found = audit_verifying.verify(trail, [kept])
    assert audit_verifying.verify(trail, [kept], processes=3, large=0) == found
    assert [fault.entry for fault in found.faults] == [2, 5, 5, 7, 7]


def test_only_the_first_faults_are_told(trail: Store) -> None:
    with trail.write() as connection:
        for number in range(audit_verifying.MOST_FAULTS + 20):
            audit.add_entry(connection, ANN, "look", f"user {number}", {}, NOW)
    tamper(trail, "UPDATE audit SET subject = 'x'")
    found = audit_verifying.verify(trail)
    assert len(found.faults) == audit_verifying.MOST_FAULTS
    assert found.faults[0] == Fault(1, "changed", "entry 1 was changed: its content is not what was hashed")
    assert json.loads(json.dumps(found.as_dict()))["first_broken"] == 1


def _hash_anew(store: Store, number: int, **changed: str) -> None:
    with store.write() as connection:
        row = dict(connection.execute(sa.select(table).where(table.c.id == number)).mappings().one()) | changed
        digest = audit.entry_hash(number, int(row["at"].timestamp() * 10**6), row["previous_hash"], row)
        connection.execute(sa.update(table).where(table.c.id == number).values(**changed, hash=digest))
