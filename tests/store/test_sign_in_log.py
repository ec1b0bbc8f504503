"""Who signed in stays known when the session has gone: how it began, whether it was completed, and how it ended."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import Connection

from metes.base.errors import InputError, NotFound
from metes.model.sign_ins import SignIn, SignInFilter
from metes.model.workspace import WorkspaceSettings
from metes.store import retention, sign_in_log, signing, users
from metes.store.engine import Store
from tests.conftest import NOW

IDLE = timedelta(hours=12)
UTC = ZoneInfo("UTC")
HOUR = timedelta(hours=1)


@pytest.fixture
def ann(store: Store) -> int:
    """A user."""
    with store.write() as connection:
        return users.add_user(connection, "ann", "hash", NOW)


def _begin(connection: Connection, user: int, number: int, hours: int = 0, **more: object) -> None:
    at = NOW + hours * HOUR
    users.add_session(connection, user, f"d{number}", "csrf", at, number=number, **more)  # type: ignore[arg-type]


def _listed(connection: Connection, wanted: SignInFilter = SignInFilter(), *, hours: int = 5) -> tuple[SignIn, ...]:
    return sign_in_log.page(connection, wanted, now=NOW + hours * HOUR, idle=IDLE, zone=UTC)


def test_each_way_a_session_ends_is_told(store: Store, ann: int) -> None:
    with store.write() as connection:
        bo = users.add_user(connection, "bo", "hash", NOW)
        for number in (1, 2, 3, 4):
            _begin(connection, ann, number, number, address=f"192.0.2.{number}", agent="agent", method="provider")
        users.end_session(connection, "d1", NOW + 5 * HOUR)
        users.end_sessions(connection, ann, NOW + 6 * HOUR, number=2)
        users.set_password(connection, "ann", "other", NOW + 7 * HOUR)
        _begin(connection, bo, 5, 8)
        users.set_disabled(connection, "bo", NOW + 9 * HOUR)
        told = [(s.number, s.user, s.method, s.ended_how, s.ended_at) for s in _listed(connection, hours=10)]
    assert told == [
        (5, "bo", "password", "ended", NOW + 9 * HOUR),
        (4, "ann", "provider", "ended", NOW + 7 * HOUR),
        (3, "ann", "provider", "ended", NOW + 7 * HOUR),
        (2, "ann", "provider", "ended", NOW + 6 * HOUR),
        (1, "ann", "provider", "signed out", NOW + 5 * HOUR),
    ]


def test_a_session_that_nobody_ended_is_open_until_its_time_is_over(store: Store, ann: int) -> None:
    later = 24 * (users.SESSION_DAYS + 1)
    with store.write() as connection:
        _begin(connection, ann, 1)
        (one,) = _listed(connection)
        assert (one.is_open, one.ended_at) == (True, None)
        (one,) = _listed(connection, hours=13)  # nobody used it for too long, and it stands there still
        assert (one.ended_how, one.ended_at) == ("ran out", NOW + IDLE)
        users.set_session(connection, "d1", seen_at=NOW + users.SESSION_DAYS * 24 * HOUR)
        _begin(connection, ann, 2, later)  # takes what has run out away
        new, old = _listed(connection, hours=later)
        assert (old.ended_how, old.ended_at) == ("ran out", NOW + timedelta(days=users.SESSION_DAYS))
        assert new.is_open


def test_a_sign_in_is_complete_with_its_second_factor(store: Store, ann: int) -> None:
    with store.write() as connection:
        _begin(connection, ann, 1, awaits_factor=True)
        _begin(connection, ann, 2, awaits_factor=True)
        assert signing.rotate_session(connection, "d2", "fresh", "csrf", NOW + HOUR)
        assert [s.completed_at for s in _listed(connection)] == [NOW + HOUR, None]
        users.end_session(connection, "fresh", NOW + HOUR)
        assert [s.ended_how for s in _listed(connection)] == ["signed out", ""]


def test_sign_ins_are_found_by_user_address_means_and_day_page_by_page(store: Store, ann: int) -> None:
    with store.write() as connection:
        bo = users.add_user(connection, "bo", "hash", NOW)
        for number, hours in ((1, 0), (2, 0), (3, 30), (4, 60)):
            where = {"address": f"192.0.2.{number % 2}", "method": "provider" if number == 4 else "password"}
            _begin(connection, (ann, bo)[number % 2], number, hours, **where)
        for wanted, numbers in (
            (SignInFilter(), [4, 3, 2, 1]),
            (SignInFilter("ann"), [4, 2]),
            (SignInFilter(address="192.0.2.1"), [3, 1]),
            (SignInFilter(method="provider"), [4]),
            (SignInFilter("ann", "192.0.2.1"), []),
            (SignInFilter(since=NOW.date() + timedelta(days=1)), [4, 3]),
            (SignInFilter(until=NOW.date()), [2, 1]),
        ):
            assert [s.number for s in _listed(connection, wanted)] == numbers, wanted
            assert [s.number for s in sign_in_log.every(connection, wanted, now=NOW, idle=IDLE, zone=UTC)] == numbers
            assert sign_in_log.count(connection, wanted, zone=UTC) == len(numbers)
        place = sign_in_log.place_of(connection, 2)
        behind = sign_in_log.page(connection, now=NOW, idle=IDLE, zone=UTC, before=place)
        assert [s.number for s in behind] == [1]
        assert sign_in_log.count(connection, zone=UTC, behind=place) == 2
        with pytest.raises(NotFound, match="no sign-in of the number 9"):
            sign_in_log.place_of(connection, 9)
    with pytest.raises(InputError, match="first day before the last"):
        SignInFilter(since=date(2026, 1, 2), until=date(2026, 1, 1))


def test_sign_ins_go_when_they_are_older_than_is_kept_and_never_while_the_session_is_open(store: Store, ann: int) -> None:
    settings = WorkspaceSettings(keep_audit_addresses_days=1)
    with store.write() as connection:
        _begin(connection, ann, 1)
        _begin(connection, ann, 2)
        users.end_session(connection, "d1", NOW)
        now = NOW + timedelta(days=2)
        assert retention.due(connection, settings, now)[0].rows == 1
        assert retention.retain(connection, settings, now)["keep_audit_addresses_days"] == 1
        assert [s.number for s in _listed(connection)] == [2]
