"""Tokens kept in memory while nobody's access changes."""

from __future__ import annotations

from datetime import timedelta

from metes.store import counters, users
from metes.store.engine import Store
from metes.store.tokens import TokenShelf
from tests.conftest import NOW

DIGEST = "d" * 64


def made(store: Store, days: int | None = None) -> int:
    with store.write() as connection:
        user = users.add_user(connection, "ada", "hash", NOW)
        expires = None if days is None else NOW + timedelta(days=days)
        return users.add_token(connection, user, "nightly", DIGEST, expires, NOW)


def test_a_token_is_read_once_until_access_changes(store: Store) -> None:
    made(store)
    shelf = TokenShelf()
    first = shelf.find(store, DIGEST, NOW)
    assert first is not None
    assert (first.token.name, first.user.name) == ("nightly", "ada")
    assert shelf.find(store, DIGEST, NOW) is first
    with store.write() as connection:
        counters.bump(connection, counters.ACCESS)
    assert shelf.find(store, DIGEST, NOW) is not first


def test_what_is_revoked_or_has_run_out_is_known_no_more(store: Store) -> None:
    number = made(store, days=1)
    shelf = TokenShelf()
    assert shelf.find(store, DIGEST, NOW) is not None
    assert shelf.find(store, DIGEST, NOW + timedelta(days=1)) is None
    assert shelf.find(store, DIGEST, NOW) is not None
    assert shelf.find(store, "e" * 64, NOW) is None
    with store.write() as connection:
        users.revoke_token(connection, number, NOW)
    assert shelf.find(store, DIGEST, NOW) is None


def test_the_use_of_a_token_is_news_once_in_a_while_also_after_access_changed(store: Store) -> None:
    made(store)
    shelf, minute = TokenShelf(), timedelta(minutes=1)
    for seconds, is_news in ((0, True), (30, False), (60, True), (61, False)):
        found = shelf.find(store, DIGEST, NOW)
        assert found is not None
        assert found.is_use_news(NOW + timedelta(seconds=seconds), minute) is is_news
        with store.write() as connection:
            counters.bump(connection, counters.ACCESS)
