"""Who is whom at a provider, and sign-ins that have begun there, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from metes.base.errors import Conflict, NotFound
from metes.model.access import UserRole
from metes.store import identities, roles, users
from metes.store.engine import Store
from metes.store.identities import Begun

ISSUER = "https://sso.example.com"
BEGUN = Begun("nonce", "verifier", "/accounts")


def test_a_sign_in_that_has_begun_is_taken_once_and_in_time(store: Store, now: datetime) -> None:
    until = now + timedelta(minutes=10)
    with store.write() as connection:
        for digest in ("a", "b"):
            identities.begin(connection, digest, BEGUN, until, now)
    with store.touch() as connection:
        assert identities.take(connection, "a", now) == BEGUN
        assert identities.take(connection, "a", now) is None
        assert identities.take(connection, "b", until) is None
        assert identities.take(connection, "b", now) is None


def test_sign_ins_that_ran_out_are_dropped_with_the_next(store: Store, now: datetime) -> None:
    with store.write() as connection:
        identities.begin(connection, "a", BEGUN, now, now - timedelta(minutes=10))
        identities.begin(connection, "b", BEGUN, now + timedelta(minutes=10), now)
        assert connection.exec_driver_sql("SELECT digest FROM provider_sign_ins").scalars().all() == ["b"]


def test_a_user_is_one_subject_of_a_provider_and_a_subject_one_user(store: Store, now: datetime) -> None:
    with store.write() as connection:
        ann, ben = (users.add_user(connection, name, "", now) for name in ("ann", "ben"))
        identities.add_identity(connection, ann, ISSUER, "s-1", now)
        identities.add_identity(connection, ann, "https://other.example", "s-1", now)
        assert identities.find_identity(connection, ISSUER, "s-1") == ann
        assert identities.find_identity(connection, ISSUER, "S-1") is None
        for user, subject in ((ben, "s-1"), (ann, "s-2")):
            with pytest.raises(Conflict):
                identities.add_identity(connection, user, ISSUER, subject, now)
        later = now + timedelta(hours=1)
        identities.note_seen(connection, ISSUER, "s-1", later)
        assert [(one.user, one.issuer, one.seen_at) for one in identities.all_identities(connection)] == [
            ("ann", "https://other.example", now),
            ("ann", ISSUER, later),
        ]
        assert identities.remove_identities(connection, ann) == 2
        with pytest.raises(NotFound):
            identities.remove_identities(connection, ann)


def test_users_are_found_by_address_in_whatever_case_unless_they_are_somebody_there(store: Store, now: datetime) -> None:
    with store.write() as connection:
        ann, anna = (users.add_user(connection, name, "", now, email="Ann@Example.com") for name in ("ann", "Anna"))
        assert identities.users_of_email(connection, "ann@example.COM", ISSUER) == (ann, anna)
        identities.add_identity(connection, ann, ISSUER, "s-1", now)
        assert identities.users_of_email(connection, "ann@example.com", ISSUER) == (anna,)
        assert users.name_taken(connection, "aNNA") == "Anna"
        assert users.name_taken(connection, "ann-2") is None
        assert not identities.is_shut_out(connection, "ann@example.com")
        users.set_disabled(connection, "Anna", now)
        assert identities.is_shut_out(connection, "ANN@example.com")


def test_groups_differ_as_far_as_they_are_mapped_and_came_from_there(store: Store, now: datetime) -> None:
    with store.write() as connection:
        ann = users.add_user(connection, "ann", "", now)
        mapped, own = roles.add_group(connection, "Reps", "reps", now), roles.add_group(connection, "Friends", None, now)
        roles.grant(connection, UserRole.REP, "local", now, group_id=mapped, true_from=now.date())
        roles.put_member(connection, own, ann, roles.LOCAL, now)
        assert identities.has_mapped_group(connection, {"reps", "x"})
        assert not identities.has_mapped_group(connection, {"Reps"})
        assert not identities.has_mapped_group(connection, ())
        for names, differ in (((), False), (("x",), False), (("reps",), True)):
            assert identities.has_other_groups(connection, ann, names) is differ
        roles.put_external(connection, ann, ["reps"], now, now.date())
        for names, differ in (((), True), (("x",), True), (("reps",), False)):
            assert identities.has_other_groups(connection, ann, names) is differ
