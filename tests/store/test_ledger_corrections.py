"""Corrections to past days: what they come to, that nothing known before changes, and how they are taken back."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from metes.base.errors import Conflict, NotFound
from metes.model.scope import Scope
from metes.store import ledger
from metes.store import ledger_corrections as corrections
from metes.store.engine import Store
from metes.store.ledger import Cause
from metes.store.ledger_corrections import Step
from metes.store.ledger_imports import Belongs, Sits, record_belongings, record_sittings
from metes.store.tables import ledger_ownership, people
from tests.conftest import NOW
from tests.store.rows import row_of

ALL = Scope.everything("tests see everything")
JAN, FEB, MAR, APR, MAY = (date(2026, month, 1) for month in range(1, 6))
LATER, LAST = NOW + timedelta(days=1), NOW + timedelta(days=2)


@pytest.fixture
def filled(store: Store) -> Store:
    """Account 1: west since January by a rule, east from March to April. Anna on seat s since January, Ben beside her in March."""
    with store.write() as connection:
        numbers = ledger.ids_of_territories(connection, ["east", "west"])
        for number, name in ((1, "Anna"), (2, "Ben"), (3, "Cleo")):
            connection.execute(sa.insert(people).values(**row_of(people, number, name=name, external_id=name[0])))
        fact = {"account_id": 1, "territory_id": numbers["west"], "role": 0, "share": 1.0, "via": 2, "true_from": JAN}
        connection.execute(sa.insert(ledger_ownership).values(**fact, recorded_at=NOW, cause_kind="run", cause_id=1))
        record_belongings(connection, [Belongs(1, numbers["east"], MAR, APR)], NOW, Cause("import", 1))
        record_sittings(connection, [Sits("s", 1, JAN), Sits("s", 2, MAR, APR)], NOW, Cause("import", 1))
    return store


def held(store: Store, known: datetime | None = None) -> list[list[tuple[str, str]]]:
    """Territory and means in the middle of each month from January to May."""
    with store.read() as connection:
        return [
            [(h.territory, h.via) for h in ledger.holdings_of(connection, 1, ALL, at=day.replace(day=15), known=known)]
            for day in (JAN, FEB, MAR, APR, MAY)
        ]


def sat(store: Store, known: datetime | None = None) -> list[list[str]]:
    """Who sat on s in the middle of each month from January to May."""
    with store.read() as connection:
        return [
            sorted(f.person for f in ledger.sittings(connection, ALL, at=day.replace(day=15), known=known))
            for day in (JAN, FEB, MAR, APR, MAY)
        ]


def own(store: Store, territory: str | None, start: date, end: date, now: datetime = LATER) -> tuple[int, tuple[Step, ...]]:
    """Correct who held account 1."""
    with store.write() as connection:
        number = None if territory is None else ledger.ids_of_territories(connection, [territory])[territory]
        planned = corrections.plan_owner(connection, 1, number, start, end)
        facts = {"kind": "owner", "account_id": 1, "territory_id": number, "true_from": start, "true_until": end}
        return corrections.record(connection, planned, facts, reason="seen", author="t", now=now), planned.steps


def seat(store: Store, person: int | None, start: date, end: date | None, *, is_beside: bool = False) -> tuple[Step, ...]:
    """Correct who sat on s."""
    with store.write() as connection:
        planned = corrections.plan_seat(connection, "s", person, start, end, is_beside=is_beside)
        facts = {"kind": "seat", "seat": "s", "person_id": person, "true_from": start, "true_until": end}
        corrections.record(connection, planned, facts, reason="seen", author="t", now=LATER)
        return planned.steps


def test_it_says_what_it_changes_stretch_by_stretch_and_changes_that_alone(filled: Store) -> None:
    west, east = [("west", "rule")], [("east", "imported")]
    assert held(filled) == [west, west, east, west, west]
    _, steps = own(filled, "east", FEB, MAY)
    assert steps == (Step(FEB, MAR, ("west",), ("east",)), Step(APR, MAY, ("west",), ("east",)))
    assert held(filled) == [west, east, east, east, west]
    assert held(filled, NOW) == [west, west, east, west, west]


def test_a_correction_to_what_is_said_already_is_none(filled: Store) -> None:
    with pytest.raises(Conflict, match="says so of these days already: west"):
        own(filled, "west", JAN, MAR)


def test_an_account_can_be_said_to_have_been_held_by_none(filled: Store) -> None:
    _, steps = own(filled, None, FEB, MAR)
    assert steps == (Step(FEB, MAR, ("west",), ()),)
    assert [bool(month) for month in held(filled)] == [True, False, True, True, True]


def test_a_correction_is_taken_back_and_both_are_kept(filled: Store) -> None:
    before = held(filled)
    number, _ = own(filled, "east", FEB, MAY)
    with filled.write() as connection:
        back = corrections.take_back(connection, number, reason="no", author="u", now=LAST)
    assert held(filled) == before
    assert held(filled, LATER)[1] == [("east", "imported")]
    with filled.read() as connection:
        newest, oldest = corrections.corrections(connection, account_id=1)
    assert (newest.id, newest.kind, newest.takes_back, newest.author) == (back, "back", number, "u")
    assert (oldest.id, oldest.territory, oldest.taken_back_by, oldest.reason) == (number, "east", back, "seen")
    for again, why in ((number, "already"), (back, "takes back")):
        with pytest.raises(Conflict, match=why), filled.write() as connection:
            corrections.take_back(connection, again, reason="no", author="u", now=LAST)
    with pytest.raises(NotFound), filled.write() as connection:
        corrections.take_back(connection, 99, reason="no", author="u", now=LAST)


def test_days_that_were_corrected_again_are_not_taken_back(filled: Store) -> None:
    first, _ = own(filled, "east", JAN, MAY)
    own(filled, None, FEB, MAR, now=LATER + timedelta(hours=1))
    with pytest.raises(Conflict, match="more was recorded since"), filled.write() as connection:
        corrections.take_back(connection, first, reason="no", author="u", now=LAST)


def test_taking_back_leaves_other_days_as_they_were_corrected(filled: Store) -> None:
    first, _ = own(filled, "east", JAN, FEB)
    own(filled, None, APR, MAY, now=LATER + timedelta(hours=1))
    with filled.write() as connection:
        corrections.take_back(connection, first, reason="no", author="u", now=LAST)
    assert [[t for t, _ in month] for month in held(filled)] == [["west"], ["west"], ["east"], [], ["west"]]


def test_somebody_else_sat_there_and_all_give_way(filled: Store) -> None:
    assert sat(filled) == [["Anna"], ["Anna"], ["Anna", "Ben"], ["Anna"], ["Anna"]]
    assert seat(filled, 3, FEB, APR) == (Step(FEB, MAR, ("Anna",), ("Cleo",)), Step(MAR, APR, ("Anna", "Ben"), ("Cleo",)))
    assert sat(filled) == [["Anna"], ["Cleo"], ["Cleo"], ["Anna"], ["Anna"]]
    assert sat(filled, NOW) == [["Anna"], ["Anna"], ["Anna", "Ben"], ["Anna"], ["Anna"]]


def test_somebody_sat_there_beside_the_others_until_today(filled: Store) -> None:
    assert seat(filled, 2, FEB, None, is_beside=True) == (Step(FEB, MAR, (), ("Ben",)), Step(APR, None, (), ("Ben",)))
    assert sat(filled) == [["Anna"], *[["Anna", "Ben"]] * 4]


def test_nobody_sat_there(filled: Store) -> None:
    seat(filled, None, FEB, None)
    assert sat(filled) == [["Anna"], [], [], [], []]
