"""Users, roles, groups and tokens from the command line."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Command


@pytest.fixture
def ready(metes: Command) -> Command:
    """A workspace with an administrator and somebody who is nothing to it."""
    assert metes("user", "add", "ada").code == 0
    assert metes("user", "add", "bo", "--email", "bo@example.com").code == 0
    return metes


def test_roles_are_given_listed_and_taken_back(ready: Command) -> None:
    number = ready("role", "grant", "auditor", "--user", "bo", "--until", "2999-01-01", "--json").json["role"]
    (held,) = ready("role", "list", "bo", "--json").json
    assert (held["role"], held["true_until"], held["granted_by"]) == ("auditor", "2999-01-01", "local")
    assert "auditor" in ready("user", "list", "--role", "auditor").out
    assert ready("role", "revoke", str(number)).code == 0
    assert ready("role", "list", "bo", "--json").json == []


def test_the_last_administrator_stays(ready: Command) -> None:
    (mine,) = ready("role", "list", "ada", "--json").json
    refused = ready("role", "revoke", str(mine["id"]))
    assert (refused.code, "nobody would be left" in refused.err) == (2, True)


def test_a_group_gives_its_roles_to_who_is_in_it(ready: Command) -> None:
    for line in (
        ("group", "add", "readers", "--external", "CN=readers"),
        ("role", "grant", "auditor", "--group", "readers"),
        ("group", "join", "readers", "bo"),
    ):
        assert ready(*line).code == 0
    shown = ready("user", "show", "bo", "--json").json
    assert (shown["roles"], shown["groups"], shown["sees"]["extent"]["territories"]) == (["auditor"], ["readers"], None)
    assert "through the group readers sees everything" in ready("user", "show", "bo").out
    assert "bo" in ready("group", "list").out
    assert ready("group", "leave", "readers", "bo").code == 0
    assert ready("user", "show", "bo", "--json").json["sees"]["roles"] == []
    assert ready("group", "remove", "readers").code == 0


def test_a_token_is_narrowed_and_ends(ready: Command) -> None:
    assert ready("token", "add", "nightly", "--user", "ada", "--role", "administrator", "--days", "30").out.startswith("metes_")
    (token,) = ready("token", "list", "--json").json
    assert (token["role"], token["expires_at"] is None) == ("administrator", False)
    for wrong in (["--days", "0"], ["--days", "367"], ["--role", "rep"], ["--territory", "nowhere"]):
        assert ready("token", "add", "other", "--user", "ada", *wrong).code == 2
    ready("role", "grant", "integration", "--user", "bo")
    assert ready("token", "add", "crm", "--user", "bo", "--days", "0").code == 0


def test_where_mail_goes_is_said_and_taken_away(ready: Command) -> None:
    assert ready("user", "show", "bo", "--json").json["user"]["email"] == "bo@example.com"
    assert ready("user", "email", "bo").code == 0
    assert ready("user", "show", "bo", "--json").json["user"]["email"] is None
    assert ready("user", "email", "bo", "nowhere").code == 2
