"""Designs in the store: contents by their digest, operations in their order, and one writer at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from metes.base.errors import Conflict, NotFound
from metes.base.findings import Finding, Severity
from metes.store import designs
from metes.store.engine import Store


def added(connection: Any, now: datetime) -> int:
    """A design in the store."""
    return designs.add_design(
        connection,
        name="Two",
        plan_revision=None,
        spec={"name": "Two"},
        given_hash=designs.put_content(connection, b"given"),
        start_hash=designs.put_content(connection, b"start"),
        summary={},
        findings=[Finding("design-stays", Severity.NOTE, "3 accounts stay")],
        principal="ann",
        now=now,
    )


def test_a_content_is_kept_once_and_comes_back(store: Store) -> None:
    with store.write() as connection:
        first = designs.put_content(connection, bytes(range(256)))
        assert designs.put_content(connection, bytes(range(256))) == first
        assert designs.read_content(connection, first) == bytes(range(256))
        with pytest.raises(NotFound, match="restore the database from a backup"):
            designs.read_content(connection, "0" * 64)


def test_a_design_comes_back_with_its_findings(store: Store, now: datetime) -> None:
    with store.write() as connection:
        number = added(connection, now)
    with store.read() as connection:
        row = designs.design(connection, number)
    assert (row.name, row.state, row.version, row.position, row.operations) == ("Two", "drawn", 1, 0, 0)
    assert row.findings[0].message == "3 accounts stay"
    assert row.as_dict()["findings"][0]["code"] == "design-stays"


def test_a_new_operation_takes_the_place_of_those_undone(store: Store, now: datetime) -> None:
    with store.write() as connection:
        number = added(connection, now)
        for at in (1, 2, 3):
            designs.append_operation(connection, number, at, "move", {"at": at}, "ann", now)
        designs.append_operation(connection, number, 2, "lock", {}, "ben", now)
        found = designs.operations(connection, number)
    assert [(one.number, one.kind, one.done_by) for one in found] == [(1, "move", "ann"), (2, "lock", "ben")]


def test_a_change_on_an_old_version_is_refused(store: Store, now: datetime) -> None:
    with store.write() as connection:
        number = added(connection, now)
        assert designs.change_design(connection, number, expected_version=1, principal="ann", now=now, position=1) == 2
        with pytest.raises(Conflict, match="ann changed design"):
            designs.change_design(connection, number, expected_version=1, principal="ben", now=now, position=2)
        with pytest.raises(NotFound):
            designs.change_design(connection, number + 1, expected_version=1, principal="ben", now=now)


def test_a_copy_has_the_operations_in_force_and_no_others(store: Store, now: datetime) -> None:
    with store.write() as connection:
        number = added(connection, now)
        for at in (1, 2):
            designs.append_operation(connection, number, at, "solve", {"at": at}, "ann", now)
        designs.change_design(connection, number, expected_version=1, principal="ann", now=now, position=1)
        copy = designs.copy_design(connection, designs.design(connection, number), "Other", "ben", now)
        assert [one.number for one in designs.operations(connection, copy)] == [1]
        assert designs.design(connection, copy).position == 1


def test_a_removed_design_is_out_of_sight_until_it_comes_back(store: Store, now: datetime) -> None:
    with store.write() as connection:
        number = added(connection, now)
        designs.append_operation(connection, number, 1, "solve", {}, "ann", now)
        designs.change_design(connection, number, expected_version=1, principal="ann", now=now, position=1)
        designs.set_state(connection, number, designs.REMOVED, "ann", now)
        assert designs.all_designs(connection) == ()
        assert len(designs.all_designs(connection, with_removed=True)) == 1
        with pytest.raises(Conflict, match="removed by ann"):
            designs.design(connection, number)
        designs.set_state(connection, number, designs.DRAWN, "ben", now)
        assert designs.design(connection, number).state == designs.DESIGNED
