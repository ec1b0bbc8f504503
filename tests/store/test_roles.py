"""Roles of users and groups, from a day on, until a day; and somebody is always left to run the workspace."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, NotFound, Refused
from metes.model.access import UserRole
from metes.store import counters, roles, users
from metes.store.engine import Store
from metes.store.roles import Moves
from tests.conftest import NOW

DAY = date(2026, 3, 14)
NEXT = DAY + timedelta(days=1)
REP, MANAGER, ADMINISTRATOR = UserRole.REP, UserRole.MANAGER, UserRole.ADMINISTRATOR


@pytest.fixture
def people(store: Store) -> dict[str, int]:
    """Three users by name, the first an administrator."""
    with store.write() as connection:
        found = {name: users.add_user(connection, name, "hash", NOW) for name in ("ann", "bo", "cy")}
        roles.grant(connection, ADMINISTRATOR, "local", NOW, user_id=found["ann"], true_from=DAY)
    return found


def test_a_role_holds_from_its_first_day_until_the_day_after_its_last(store: Store, people: dict[str, int]) -> None:
    with store.write() as connection:
        roles.grant(connection, REP, "ann", NOW, user_id=people["bo"], territory="west", true_from=DAY, true_until=NEXT)
        held = [roles.roles_on(connection, people["bo"], DAY + timedelta(days=n)) for n in (-1, 0, 1)]
        assert held == [(), ((REP, "west"),), ()]
        assert roles.holders(connection, [REP, MANAGER], DAY) == {people["bo"]}
        assert roles.holders(connection, [REP, MANAGER], NEXT) == frozenset()


def test_the_same_role_is_not_held_twice_at_a_place_on_one_day(store: Store, people: dict[str, int]) -> None:
    with store.write() as connection:
        roles.grant(connection, REP, "ann", NOW, user_id=people["bo"], territory="west", true_from=DAY, true_until=NEXT)
        roles.grant(connection, REP, "ann", NOW, user_id=people["bo"], territory="west", true_from=NEXT)
        roles.grant(connection, REP, "ann", NOW, user_id=people["bo"], territory="east", true_from=DAY)
        with pytest.raises(Conflict, match="held there already"):
            roles.grant(connection, REP, "ann", NOW, user_id=people["bo"], territory="west", true_from=DAY - timedelta(days=9))


def test_a_role_taken_back_counts_no_more_and_stays_written(store: Store, people: dict[str, int]) -> None:
    with store.write() as connection:
        number = roles.grant(connection, MANAGER, "ann", NOW, user_id=people["bo"], territory="west", true_from=DAY)
        assert roles.revoke(connection, number, "ann", NOW, DAY).role is MANAGER
        assert roles.roles_on(connection, people["bo"], DAY) == ()
        with pytest.raises(NotFound, match="no role of the number"):
            roles.revoke(connection, number, "ann", NOW, DAY)


def test_a_group_gives_its_roles_to_whoever_is_in_it(store: Store, people: dict[str, int]) -> None:
    with store.write() as connection:
        group = roles.add_group(connection, "West", None, NOW)
        roles.grant(connection, MANAGER, "ann", NOW, group_id=group, territory="west", true_from=DAY)
        roles.put_member(connection, group, people["bo"], roles.LOCAL, NOW)
        roles.put_member(connection, group, people["bo"], roles.LOCAL, NOW)
        assert [(g.name, g.members) for g in roles.all_groups(connection)] == [("West", ("bo",))]
        assert roles.roles_on(connection, people["bo"], DAY) == ((MANAGER, "west"),)
        assert [(g.group, g.role) for g in roles.grants(connection, user_id=people["bo"], day=DAY)] == [("West", MANAGER)]
        roles.take_member(connection, group, people["bo"], DAY)
        assert roles.roles_on(connection, people["bo"], DAY) == ()
        roles.put_member(connection, group, people["cy"], roles.LOCAL, NOW)
        roles.remove_group(connection, group, "ann", NOW, DAY)
        assert roles.roles_on(connection, people["cy"], DAY) == ()
        with pytest.raises(NotFound, match="no group 'West'"):
            roles.find_group(connection, "West")


def test_a_name_is_one_group_s_here_and_outside(store: Store) -> None:
    with store.write() as connection:
        roles.add_group(connection, "West", "sales-west", NOW)
        for name, outside in (("West", None), ("Other", "sales-west")):
            with pytest.raises(Conflict, match="there is a group"):
                roles.add_group(connection, name, outside, NOW)


def test_the_groups_of_the_company_s_sign_in_come_and_go_and_those_given_here_stay(store: Store, people: dict[str, int]) -> None:
    bo = people["bo"]
    with store.write() as connection:
        for name, outside in (("West", "sales-west"), ("East", "sales-east"), ("Own", None), ("Both", "both")):
            roles.add_group(connection, name, outside, NOW)
        roles.put_member(connection, roles.find_group(connection, "Own"), bo, roles.LOCAL, NOW)
        roles.put_member(connection, roles.find_group(connection, "Both"), bo, roles.LOCAL, NOW)
        assert roles.put_external(connection, bo, ["sales-west", "unknown", "both"], NOW, DAY) == Moves(("West",))
        assert roles.put_external(connection, bo, ["sales-east"], NOW, DAY) == Moves(("East",), ("West",))
        assert [g.name for g in roles.all_groups(connection) if "bo" in g.members] == ["Both", "East", "Own"]


@pytest.mark.parametrize("way", ["revoked", "shut out", "out of the group", "group removed"])
def test_the_last_one_who_runs_the_workspace_stays(store: Store, people: dict[str, int], way: str) -> None:
    with store.write() as connection:
        (mine,) = roles.grants(connection, user_id=people["ann"])
        group = roles.add_group(connection, "Ops", None, NOW)
        if way in ("out of the group", "group removed"):
            roles.grant(connection, ADMINISTRATOR, "ann", NOW, group_id=group, true_from=DAY)
            roles.put_member(connection, group, people["bo"], roles.LOCAL, NOW)
            roles.revoke(connection, mine.id, "ann", NOW, DAY)
            assert roles.administrators(connection, DAY) == (people["bo"],)

    def shut_out(connection: Connection) -> None:
        users.set_disabled(connection, "ann", NOW)
        roles.require_administrator(connection, DAY)

    acts = {
        "revoked": lambda c: roles.revoke(c, mine.id, "ann", NOW, DAY),
        "shut out": shut_out,
        "out of the group": lambda c: roles.take_member(c, group, people["bo"], DAY),
        "group removed": lambda c: roles.remove_group(c, group, "ann", NOW, DAY),
    }
    with pytest.raises(Refused, match="nobody would be left"), store.write() as connection:
        acts[way](connection)
    with store.read() as connection:
        assert len(roles.administrators(connection, DAY)) == 1


def test_a_sign_in_takes_the_last_one_who_runs_the_workspace_out_of_no_group_that_they_run_it_by(
    store: Store, people: dict[str, int]
) -> None:
    bo = people["bo"]
    with store.write() as connection:
        for name, role in (("Ops", ADMINISTRATOR), ("Chiefs", ADMINISTRATOR), ("West", MANAGER)):
            group = roles.add_group(connection, name, name.lower(), NOW)
            roles.grant(connection, role, "ann", NOW, group_id=group, true_from=DAY)
        everywhere = ["ops", "chiefs", "west"]
        assert roles.put_external(connection, bo, everywhere, NOW, DAY).joined == ("Ops", "Chiefs", "West")
        assert roles.put_external(connection, bo, [], NOW, DAY) == Moves((), ("Ops", "Chiefs", "West"))  # ann runs it
        roles.put_external(connection, bo, everywhere, NOW, DAY)
        (mine,) = roles.grants(connection, user_id=people["ann"])
        roles.revoke(connection, mine.id, "ann", NOW, DAY)
        assert roles.put_external(connection, bo, ["chiefs"], NOW, DAY) == Moves((), ("Ops", "West"))
        assert roles.put_external(connection, bo, ["ops"], NOW, DAY) == Moves(("Ops",), ("Chiefs",))
        assert roles.put_external(connection, bo, [], NOW, DAY) == Moves((), (), ("Ops",))
        assert roles.administrators(connection, DAY) == (bo,)
        assert roles.kept_groups(connection, bo) == {roles.find_group(connection, "Ops")}
        assert roles.put_external(connection, bo, [], NOW, DAY) == Moves()  # told once
        roles.put_external(connection, bo, ["ops"], NOW, DAY)
        assert roles.kept_groups(connection, bo) == frozenset()
        roles.put_external(connection, bo, [], NOW, DAY)
        roles.grant(connection, ADMINISTRATOR, "bo", NOW, user_id=people["cy"], true_from=DAY)
        assert roles.put_external(connection, bo, [], NOW, DAY) == Moves((), ("Ops",))
        assert roles.administrators(connection, DAY) == (people["cy"],)


def test_whatever_changes_who_sees_what_is_counted(store: Store, people: dict[str, int]) -> None:
    def counted() -> int:
        with store.read() as connection:
            return counters.value(connection, counters.ACCESS)

    before = counted()
    with store.write() as connection:
        group = roles.add_group(connection, "West", "w", NOW)
        number = roles.grant(connection, REP, "ann", NOW, group_id=group, true_from=DAY)
    assert counted() > before
    for act in (
        lambda c: roles.put_member(c, group, people["bo"], roles.LOCAL, NOW),
        lambda c: roles.take_member(c, group, people["bo"], DAY),
        lambda c: roles.put_external(c, people["bo"], ["w"], NOW, DAY),
        lambda c: roles.put_external(c, people["bo"], [], NOW, DAY),
        lambda c: roles.revoke(c, number, "ann", NOW, DAY),
        lambda c: roles.remove_group(c, group, "ann", NOW, DAY),
        lambda c: users.set_disabled(c, "bo", NOW),
        lambda c: users.revoke_token(c, users.add_token(c, people["ann"], "t", "digest", None, NOW), NOW),
    ):
        before = counted()
        with store.write() as connection:
            act(connection)
        assert counted() > before
