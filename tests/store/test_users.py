"""Users, sessions, tokens, tries to sign in, saved views."""

from __future__ import annotations

from datetime import timedelta

import pytest

from metes.base.errors import Conflict, NotFound
from metes.store import users
from metes.store.engine import Store
from tests.conftest import NOW

DAY = timedelta(days=1)


@pytest.fixture
def ann(store: Store) -> int:
    """The id of a user."""
    with store.write() as connection:
        return users.add_user(connection, "ann", "hash-1", NOW)


def test_a_user_is_found_by_name_with_the_hash(store: Store, ann: int) -> None:
    with store.write() as connection:
        found = users.find_user(connection, "ann")
        assert found is not None
        assert (found[0].id, found[0].preferences, found[1]) == (ann, {}, "hash-1")
        assert users.find_user(connection, "bob") is None
        users.add_user(connection, "Änne", "x", NOW)
        for name, taken in (("ann", "ann"), ("ANN", "ann"), ("Änne", "Änne")):
            with pytest.raises(Conflict, match=f"'{taken}' already"):
                users.add_user(connection, name, "x", NOW)


def test_users_come_by_name_with_their_preferences(store: Store, ann: int) -> None:
    with store.write() as connection:
        users.add_user(connection, "aaron", "x", NOW)
        users.set_preferences(connection, ann, {"theme": "dark", "columns": ["é"]})
        assert [(u.name, u.preferences) for u in users.all_users(connection)] == [
            ("aaron", {}),
            ("ann", {"theme": "dark", "columns": ["é"]}),
        ]


def test_a_session_lasts_its_days(store: Store, ann: int) -> None:
    with store.write() as connection:
        users.add_session(connection, ann, "digest", "csrf", NOW, number=7)
        last = NOW + users.SESSION_DAYS * DAY
        found = users.find_session(connection, "digest", last - timedelta(microseconds=1))
        assert found is not None
        assert (found.user.name, found.csrf) == ("ann", "csrf")
        assert users.find_session(connection, "digest", last) is None
        assert users.find_session(connection, "other", NOW) is None


@pytest.mark.parametrize("way", ["sign out", "password", "disable"])
def test_a_session_ends_with_signing_out_a_new_password_or_being_shut_out(store: Store, ann: int, way: str) -> None:
    with store.write() as connection:
        users.add_session(connection, ann, "digest", "csrf", NOW, number=7)
        if way == "sign out":
            users.end_session(connection, "digest", NOW)
        elif way == "password":
            users.set_password(connection, "ann", "hash-2", NOW)
        else:
            users.set_disabled(connection, "ann", NOW)
            users.set_disabled(connection, "ann", None)
        assert users.find_session(connection, "digest", NOW) is None


def test_whoever_is_shut_out_has_neither_session_nor_token(store: Store, ann: int) -> None:
    with store.write() as connection:
        users.set_disabled(connection, "ann", NOW)
        users.add_session(connection, ann, "digest", "csrf", NOW, number=7)
        users.add_token(connection, ann, "script", "token-digest", None, NOW)
        assert users.find_session(connection, "digest", NOW) is None
        assert users.find_token(connection, "token-digest", NOW) is None
        users.set_disabled(connection, "ann", None)
        assert users.find_token(connection, "token-digest", NOW) is not None


def test_nobody_of_that_name_can_be_changed(store: Store) -> None:
    with store.write() as connection:
        with pytest.raises(NotFound, match="no user 'bob'"):
            users.set_password(connection, "bob", "x", NOW)
        with pytest.raises(NotFound, match="no user 'bob'"):
            users.set_disabled(connection, "bob", NOW)


def test_a_token_works_until_it_runs_out(store: Store, ann: int) -> None:
    with store.write() as connection:
        token = users.add_token(connection, ann, "script", "digest", NOW + DAY, NOW)
        found = users.find_token(connection, "digest", NOW)
        assert found is not None
        assert (found[0].id, found[1].name) == (token, "ann")
        assert users.find_token(connection, "digest", NOW + DAY) is None


def test_a_revoked_token_is_useless_and_cannot_be_revoked_again(store: Store, ann: int) -> None:
    with store.write() as connection:
        token = users.add_token(connection, ann, "script", "digest", None, NOW)
        users.note_token_use(connection, token, NOW + DAY)
        users.revoke_token(connection, token, NOW + 2 * DAY)
        assert users.find_token(connection, "digest", NOW) is None
        (listed,) = users.all_tokens(connection)
        assert (listed.user, listed.used_at, listed.revoked_at) == ("ann", NOW + DAY, NOW + 2 * DAY)
        with pytest.raises(NotFound, match="in use"):
            users.revoke_token(connection, token, NOW)


def failures(store: Store, tries: str, address: str = "::1") -> int:
    """Failed tries in a row after tries that failed (x) and succeeded (o), one a second."""
    with store.write() as connection:
        for second, sign in enumerate(tries):
            users.note_sign_in(connection, "ann", "::1", sign == "o", NOW + timedelta(seconds=second))
        return users.failed_sign_ins(connection, "ann", address, NOW + timedelta(seconds=len(tries)))


@pytest.mark.parametrize(("tries", "count"), [("", 0), ("xx", 2), ("xxo", 0), ("xxoxxx", 3), ("x" * 12, users.LOCKOUT_TRIES)])
def test_failed_tries_count_since_the_last_that_succeeded(store: Store, tries: str, count: int) -> None:
    assert failures(store, tries) == count
    assert failures(store, "", address="10.0.0.1") == 0


def test_of_two_tries_in_one_instant_the_later_one_counts(store: Store) -> None:
    with store.write() as connection:
        for succeeded in (False, False, True):
            users.note_sign_in(connection, "ann", "::1", succeeded, NOW)
        assert users.failed_sign_ins(connection, "ann", "::1", NOW) == 0


def test_old_failures_are_forgotten(store: Store) -> None:
    assert failures(store, "xxx") == 3
    with store.write() as connection:
        later = NOW + timedelta(minutes=users.LOCKOUT_MINUTES, seconds=4)
        assert users.failed_sign_ins(connection, "ann", "::1", later) == 0


def test_a_saved_view_is_replaced_by_one_of_the_same_name_and_belongs_to_its_user(store: Store, ann: int) -> None:
    with store.write() as connection:
        users.save_view(connection, ann, "accounts", "west", "q=1", NOW)
        users.save_view(connection, ann, "accounts", "west", "q=2", NOW)
        users.save_view(connection, ann, "accounts", "east", "q=3", NOW)
        users.save_view(connection, ann, "people", "west", "q=4", NOW)
        views = users.views_of(connection, ann, "accounts")
        assert [(v.name, v.query) for v in views] == [("east", "q=3"), ("west", "q=2")]
        users.delete_view(connection, ann + 1, views[0].id)
        assert len(users.views_of(connection, ann, "accounts")) == 2
        users.delete_view(connection, ann, views[0].id)
        assert [v.name for v in users.views_of(connection, ann, "accounts")] == ["west"]
