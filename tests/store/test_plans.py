"""Plan revisions: drafts that change, publications that are dated facts in two times."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from metes.base.errors import NotFound
from metes.store import counters, plans
from metes.store.engine import Store
from tests.conftest import NOW

MARCH, JUNE, AUTUMN = date(2026, 3, 1), date(2026, 6, 1), date(2026, 9, 1)
DAY = timedelta(days=1)


def draft(store: Store, name: str = "Plan") -> int:
    """A new draft's id."""
    with store.write() as connection:
        return plans.add_draft(
            connection, plan_key="p", name=name, root_hash=f"hash of {name}", parent_id=None, note="", author="ann", now=NOW
        )


def publish(store: Store, revision: int, on: date, now: datetime = NOW) -> None:
    """Publish a revision."""
    with store.write() as connection:
        plans.publish(connection, revision, on, "ann", now)


def states(store: Store, day: date) -> dict[int, str]:
    """The state of every revision on a day."""
    with store.read() as connection:
        return {r.id: r.state for r in plans.revisions(connection, day)}


def active(store: Store, day: date, known: datetime | None = None) -> int | None:
    """The id of the active revision."""
    with store.read() as connection:
        found = plans.active_revision(connection, day, known=known)
        assert found is None or found.state == "active"
        return None if found is None else found.id


def test_nodes_are_stored_once_and_read_by_their_hash(store: Store) -> None:
    nodes = {f"{n:064}": {"is": "types", "n": n, "é": ["x"]} for n in range(1200)}
    with store.write() as connection:
        assert plans.put_nodes(connection, nodes) == 1200
        assert plans.put_nodes(connection, {**nodes, "f" * 64: {"is": "types"}}) == 1
        read = plans.node_reader(connection)
        assert read(f"{7:064}") == {"is": "types", "n": 7, "é": ["x"]}
        with pytest.raises(NotFound, match="plan node"):
            read("0123456789ab")


def test_a_draft_changes_until_it_is_published(store: Store) -> None:
    revision = draft(store)
    with store.write() as connection:
        plans.change_draft(connection, revision, root_hash="other", name="New", note="why", now=NOW + DAY)
        found = plans.revision(connection, revision, MARCH)
        assert (found.state, found.root_hash, found.name, found.note, found.created_at, found.changed_at) == (
            "draft", "other", "New", "why", NOW, NOW + DAY,
        )  # fmt: skip
    publish(store, revision, MARCH)
    with store.write() as connection, pytest.raises(NotFound, match="published plans never change"):
        plans.change_draft(connection, revision, root_hash="x", name="", note="", now=NOW)
    with store.write() as connection, pytest.raises(NotFound, match="open to changes"):
        plans.discard_draft(connection, revision, NOW)


def test_a_discarded_draft_is_not_listed_but_can_be_read(store: Store) -> None:
    revision = draft(store)
    with store.write() as connection:
        plans.discard_draft(connection, revision, NOW)
    assert states(store, MARCH) == {}
    with store.read() as connection:
        assert plans.revision(connection, revision, MARCH).state == "discarded"
        with pytest.raises(NotFound, match="no plan revision 99"):
            plans.revision(connection, 99, MARCH)


def test_a_scheduled_plan_becomes_active_by_itself_on_its_day(store: Store) -> None:
    first, second, third = draft(store), draft(store), draft(store)
    assert active(store, JUNE) is None
    publish(store, first, MARCH)
    publish(store, second, JUNE)
    assert active(store, MARCH - DAY) is None
    assert [active(store, day) for day in (MARCH, JUNE - DAY, JUNE, AUTUMN)] == [first, first, second, second]
    assert states(store, MARCH - DAY) == {first: "scheduled", second: "scheduled", third: "draft"}
    assert states(store, MARCH) == {first: "active", second: "scheduled", third: "draft"}
    assert states(store, JUNE) == {first: "superseded", second: "active", third: "draft"}


def test_of_two_plans_for_one_day_the_one_published_later_counts(store: Store) -> None:
    first, second = draft(store), draft(store)
    publish(store, second, MARCH)
    publish(store, first, MARCH, NOW + DAY)
    assert active(store, MARCH) == first
    assert states(store, MARCH) == {first: "active", second: "superseded"}


def test_an_old_plan_can_be_published_again(store: Store) -> None:
    first, second = draft(store), draft(store)
    publish(store, first, MARCH)
    publish(store, second, JUNE)
    publish(store, first, AUTUMN)
    assert [active(store, day) for day in (MARCH, JUNE, AUTUMN)] == [first, second, first]
    assert states(store, MARCH) == {first: "active", second: "scheduled"}


def test_the_plan_of_a_day_is_answered_as_known_on_a_past_moment(store: Store) -> None:
    first, second = draft(store), draft(store)
    publish(store, first, MARCH, NOW)
    publish(store, second, MARCH, NOW + DAY)
    assert active(store, JUNE) == second
    assert active(store, JUNE, known=NOW + DAY) == second
    assert active(store, JUNE, known=NOW) == first
    assert active(store, JUNE, known=datetime(2020, 1, 1, tzinfo=UTC)) is None


def test_each_change_of_plans_moves_the_counter(store: Store) -> None:
    seen = []
    revision = draft(store)
    for change in (
        lambda c: plans.change_draft(c, revision, root_hash="x", name="", note="", now=NOW),
        lambda c: plans.publish(c, revision, MARCH, "ann", NOW),
        lambda c: plans.discard_draft(c, revision + 1, NOW),
    ):
        draft(store)
        with store.write() as connection:
            change(connection)
            seen.append(counters.value(connection, counters.PLAN))
    assert seen == [3, 5, 7]


def test_accounts_are_known_by_key_once_there_are_any(store: Store) -> None:
    with store.read() as connection:
        assert plans.known_accounts(connection, ["a"]) is None
