"""Facts from files, runs and undoing, held against a slow account of every day as it was known at every moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metes.model.scope import Scope
from metes.model.timeline import Stretch
from metes.store import ledger, ledger_changes
from metes.store.engine import Store
from metes.store.ledger import Cause
from metes.store.ledger_clock import RECORDED
from metes.store.ledger_imports import Belongs, Recorded, Sits, record_belongings, record_sittings, retract
from metes.store.tables import counters as counters_table
from metes.store.tables import ledger_ownership, people
from tests.conftest import NOW
from tests.model.test_timeline import DAYS, FIRST, Days, apart, day
from tests.store.rows import row_of

ALL = Scope.everything("tests see everything")
OPEN_END = day(DAYS + 3)


def moment(step: int) -> datetime:
    """When a step of a history was recorded."""
    return NOW + timedelta(minutes=step)


def owners_by_day(store: Store, account: int, known: datetime | None = None) -> Days:
    """The primary territory of an account on each day of the window; two on one day fail the test."""
    days: Days = {}
    with store.read() as connection:
        for number in range(DAYS + 3):
            facts = [f for f in ledger.holdings_of(connection, account, ALL, at=day(number), known=known) if f.role == "primary"]
            assert len(facts) <= 1, f"day {number}: {facts}"
            if facts:
                days[number] = facts[0].territory
    return days


def belongings(account: int, stretches: Sequence[Any]) -> list[Belongs]:
    """Facts of a file; the values a, b and c are the territories 1, 2 and 3."""
    return [Belongs(account, "abc".index(str(s.value)) + 1, s.start, s.end) for s in stretches]


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """Steps: a file brings stretches, the rules give an account to a territory from a day on, an earlier step is undone."""
    steps: list[tuple[str, Any]] = []
    for number in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["file", "file", "run", "undo"] if number else ["file", "run"]))
        if kind == "file":
            steps.append((kind, draw(apart())))
        elif kind == "run":
            steps.append((kind, (draw(st.integers(0, DAYS)), draw(st.sampled_from("abc")))))
        else:
            steps.append((kind, number - 1))
    return steps


def carry_out(store: Store, step: int, kind: str, what: Any, account: int) -> None:
    """One step on the real ledger."""
    now = moment(step)
    if kind == "file":
        with store.write() as connection:
            record_belongings(connection, belongings(account, what), now, Cause("import", step))
    elif kind == "run":
        since = day(what[0])
        with store.read() as connection:
            t = ledger_ownership.c
            query = sa.select(t.id).where(t.account_id == account, t.recorded_until.is_(None))
            ids = connection.execute(query.where(sa.or_(t.true_until.is_(None), t.true_until > since))).scalars().all()
        row = dict(zip(ledger_changes.HOLDINGS.names, (account, "abc".index(what[1]) + 1, 0, 1.0, 2, since, None), strict=True))
        ledger_changes.stage_change(
            store, "t", pa.array(ids, pa.int64()), pa.Table.from_pylist([row], schema=ledger_changes.HOLDINGS)
        )
        with store.write() as connection:
            ledger_changes.swap_in_change(connection, "t", since, now, Cause("run", step))
    else:
        with store.write() as connection:
            for cause in ("import", "run", "undo"):
                retract(connection, Cause(cause, what), now, Cause("undo", step))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(histories())
def test_owners_in_both_times_are_those_of_a_slow_account_of_every_day(sqlite_store: Store, history: list[tuple[str, Any]]) -> None:
    hold_against_oracle(sqlite_store, history)


@pytest.mark.postgresql
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(histories())
def test_owners_in_both_times_are_the_same_on_postgresql(postgresql_store: Store, history: list[tuple[str, Any]]) -> None:
    hold_against_oracle(postgresql_store, history)


def hold_against_oracle(store: Store, history: list[tuple[str, Any]]) -> None:
    """Carry out a history for a new account, then ask for each day as known after each step."""
    with store.write() as connection:
        ledger.ids_of_territories(connection, "abc")
        # Each history begins at the same instant, on a clock of its own.
        connection.execute(sa.update(counters_table).where(counters_table.c.name == RECORDED).values(value=1))
        account = (connection.execute(sa.select(sa.func.max(ledger_ownership.c.account_id))).scalar() or 0) + 1
    # A line is a stretch with one value that a file may restate; days are what it all comes to.
    after: list[list[tuple[int, int, str]]] = [[]]
    for step, (kind, what) in enumerate(history):
        carry_out(store, step, kind, what, account)
        after.append(next_lines(after, step, kind, what))
    for step, lines in enumerate(after):
        known = moment(step - 1) if step else NOW - timedelta(days=1)
        assert owners_by_day(store, account, known) == spread(lines), f"as known after step {step - 1}"
    assert owners_by_day(store, account) == spread(after[-1])


Line = tuple[int, int, str]


def next_lines(after: list[list[Line]], step: int, kind: str, what: Any) -> list[Line]:
    """The lines (first day, day behind the last, value) that stand after a step, worked out day by day."""
    known = after[step]
    if kind == "undo":
        return after[what]
    if kind == "run":
        new = [(what[0], DAYS + 3, what[1])]
    else:
        new = [((s.start - FIRST).days, (s.end - FIRST).days if s.end else DAYS + 3, str(s.value)) for s in what]
        starts = {(first, value) for first, _, value in new}
        known = [line for line in known if (line[0], line[2]) not in starts or line in new]
    said = {number for first, last, _ in new for number in range(first, last)}
    rest = [piece for line in known for piece in pieces(line, said)]
    return [*rest, *new]


def pieces(line: Line, said: set[int]) -> list[Line]:
    """What is left of a line when the days in `said` are taken out."""
    left: list[Line] = []
    for number in range(line[0], line[1]):
        if number in said:
            continue
        if left and left[-1][1] == number:
            left[-1] = (left[-1][0], number + 1, line[2])
        else:
            left.append((number, number + 1, line[2]))
    return left


def spread(lines: list[Line]) -> Days:
    """The value of each day."""
    return {number: value for first, last, value in lines for number in range(first, last)}


def test_undoing_the_undoing_brings_the_facts_back(store: Store) -> None:
    hold_against_oracle(store, [("file", [Stretch("a", day(2), day(9))]), ("run", (5, "b")), ("undo", 1), ("undo", 2), ("undo", 3)])


@pytest.fixture
def seated(store: Store) -> Store:
    """People 1 and 2."""
    with store.write() as connection:
        for number in (1, 2):
            connection.execute(sa.insert(people).values(**row_of(people, number, name=f"P{number}", external_id=f"E{number}")))
    return store


def record(store: Store, facts: list[Sits], step: int, *, is_full: bool = False) -> Recorded:
    """Record sittings."""
    with store.write() as connection:
        return record_sittings(connection, facts, moment(step), Cause("import", step), is_full=is_full)


def sitting(store: Store, on: date, known: datetime | None = None) -> list[tuple[str, str]]:
    """Seats with the people who sit there."""
    with store.read() as connection:
        return [(s.seat, s.person) for s in ledger.sittings(connection, ALL, at=on, known=known)]


def test_several_people_may_sit_on_a_seat(seated: Store) -> None:
    assert record(seated, [Sits("s", 1, day(0)), Sits("s", 2, day(5))], 0) == Recorded(2, 0, 0)
    assert sitting(seated, day(1)) == [("s", "P1")]
    assert sitting(seated, day(6)) == [("s", "P1"), ("s", "P2")]


def test_recording_the_same_again_changes_nothing(seated: Store) -> None:
    facts = [Sits("s", 1, day(0), day(4)), Sits("s", 1, day(6)), Sits("t", 2, day(0))]
    record(seated, facts, 0)
    assert record(seated, facts, 1) == record(seated, facts, 2, is_full=True) == Recorded(0, 0, 3)


def test_a_line_that_a_file_holds_twice_is_recorded_once(seated: Store) -> None:
    assert record(seated, [Sits("s", 1, day(0)), Sits("s", 1, day(0))], 0).opened == 1


def test_an_end_that_is_told_later_restates_the_sitting(seated: Store) -> None:
    record(seated, [Sits("s", 1, day(0))], 0)
    assert record(seated, [Sits("s", 1, day(0), day(5))], 1) == Recorded(1, 1, 0)
    assert [sitting(seated, day(n)) for n in (4, 5)] == [[("s", "P1")], []]
    assert sitting(seated, day(5), moment(0)) == [("s", "P1")]


def test_a_full_file_ends_what_it_lacks(seated: Store) -> None:
    record(seated, [Sits("s", 1, day(0)), Sits("s", 2, day(0)), Sits("t", 1, day(0))], 0)
    assert record(seated, [Sits("t", 1, day(0))], 1, is_full=True) == Recorded(0, 2, 1)
    assert sitting(seated, day(1)) == [("t", "P1")]


def test_sittings_can_be_asked_seat_by_seat_and_with_their_history(seated: Store) -> None:
    record(seated, [Sits("s", 1, day(0)), Sits("t", 2, day(0))], 0)
    record(seated, [Sits("s", 1, day(0), day(5))], 1)
    with seated.read() as connection:
        (fact,) = ledger.sittings(connection, ALL, seats=["s"])
        assert (fact.person_key, fact.true_until, fact.recorded_at) == ("E1", day(5), moment(1))
        assert len(ledger.sittings(connection, ALL, seats=["s"], whole_history=True)) == 2
        assert ledger.sittings(connection, ALL, seats=[]) == ()


def test_an_undone_file_leaves_what_stood_before_and_can_be_recorded_again(seated: Store) -> None:
    record(seated, [Sits("s", 1, day(0))], 0)
    record(seated, [Sits("s", 1, day(0), day(5)), Sits("s", 2, day(5))], 1)
    with seated.write() as connection:
        assert retract(connection, Cause("import", 1), moment(2), Cause("undo", 2)) == 2
    assert sitting(seated, day(6)) == [("s", "P1")]
    assert sitting(seated, day(6), moment(1)) == [("s", "P2")]
    assert record(seated, [Sits("s", 1, day(0), day(5)), Sits("s", 2, day(5))], 3).opened == 2
    assert sitting(seated, day(6)) == [("s", "P2")]


def own(store: Store, facts: list[Belongs], step: int, *, is_full: bool = False) -> Recorded:
    """Record belongings."""
    with store.write() as connection:
        ledger.ids_of_territories(connection, "abc")
        return record_belongings(connection, facts, moment(step), Cause("import", step), is_full=is_full)


def all_of(store: Store, account: int) -> list[tuple[str, str, date]]:
    """Territory, role and first day of all that is known of an account."""
    with store.read() as connection:
        return sorted((h.territory, h.role, h.true_from) for h in ledger.holdings_of(connection, account, ALL))


def test_overlays_stand_beside_one_another(store: Store) -> None:
    own(store, [Belongs(1, 1, day(0)), Belongs(1, 2, day(0), role="overlay"), Belongs(1, 3, day(0), role="overlay")], 0)
    own(store, [Belongs(1, 2, day(0))], 1)
    assert [(t, r) for t, r, _ in all_of(store, 1)] == [("b", "overlay"), ("b", "primary"), ("c", "overlay")]


def test_a_full_file_ends_what_it_lacks_of_the_accounts_it_names(store: Store) -> None:
    own(store, [Belongs(1, 1, day(0)), Belongs(1, 2, day(0), role="overlay"), Belongs(2, 1, day(0))], 0)
    assert own(store, [Belongs(1, 1, day(0))], 1, is_full=True) == Recorded(0, 1, 1)
    assert [t for t, _, _ in all_of(store, 1)] == ["a"]
    assert [t for t, _, _ in all_of(store, 2)] == ["a"]


def test_undoing_an_older_file_does_not_touch_days_recorded_since(store: Store) -> None:
    own(store, [Belongs(1, 1, day(0))], 0)
    own(store, [Belongs(1, 2, day(0))], 1)
    own(store, [Belongs(1, 3, day(5), day(8))], 2)
    with store.write() as connection:
        retract(connection, Cause("import", 1), moment(3), Cause("undo", 3))
    days = owners_by_day(store, 1)
    assert {number: days[number] for number in (5, 6, 7)} == {5: "c", 6: "c", 7: "c"}


def test_many_accounts_are_recorded_at_once(store: Store) -> None:
    facts = [Belongs(account, 1 + account % 3, day(0)) for account in range(1, 1301)]
    assert own(store, facts, 0).opened == 1300
    assert own(store, facts, 1) == Recorded(0, 0, 1300)
    moved = [Belongs(f.account_id, 1 + f.territory_id % 3, day(3)) for f in facts]
    assert own(store, moved, 2) == Recorded(2600, 1300, 0)


def test_what_is_left_of_a_fact_keeps_its_share_and_by_what_it_was_held(store: Store) -> None:
    with store.write() as connection:
        ledger.ids_of_territories(connection, "abc")
        fact = {"account_id": 1, "territory_id": 1, "role": 0, "share": 0.5, "via": 2, "true_from": day(0)}
        connection.execute(sa.insert(ledger_ownership).values(**fact, recorded_at=NOW, cause_kind="run", cause_id=1))
    own(store, [Belongs(1, 2, day(3), day(6))], 1)
    with store.read() as connection:
        found = [(h.territory, h.share, h.via, h.true_from, h.true_until) for h in ledger.holdings_of(connection, 1, ALL)]
    assert found == [
        ("a", 0.5, "rule", day(0), day(3)),
        ("b", 1.0, "imported", day(3), day(6)),
        ("a", 0.5, "rule", day(6), None),
    ]
