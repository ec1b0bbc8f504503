"""Who becomes which user: made, known, linked, turned away; as which person; and the door for passwords shut."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from metes.app.provisioning import user_name
from metes.base.errors import Conflict
from tests.connect.providers import Lie, LyingProvider
from tests.web.sign_in.conftest import Clock, Visitor

PASSWORD = "a long enough password of hers"
MAIL = {"email": "Ann@Example.com", "email_verified": True}


@pytest.fixture
def arriving(before: Callable[..., Visitor], liar: LyingProvider, clock: Clock) -> Callable[..., Visitor]:
    """Makes a browser before a new workspace with these words of the environment."""
    return lambda **words: before(liar, clock, **words)


def test_a_name_that_is_taken_is_not_taken_over(arriving: Callable[..., Visitor]) -> None:
    visitor = arriving(METES_OIDC_PROVISION="yes")
    visitor.workspace.user_add("Ann", PASSWORD)
    visitor.sign_in()
    assert visitor.user.name == "ann-2"
    assert visitor.workspace.access.roles
    assert visitor.client.get("/users").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("ann", "ann"),
        ("ann@example.com", "ann"),
        ("Ann  Lee", "Ann-Lee"),
        ("ann\n\tlee\u202e", "ann-lee"),
        ("\uff21nn", "Ann"),
        ("", "unnamed"),
        ("@", "unnamed"),
        ("x" * 300, "x" * 80),
        ("<b>", "<b>"),
        ("corp/ann", "corp-ann"),
        ("..", "unnamed"),
    ],
)
def test_a_new_user_is_called_what_the_provider_says_made_fit(wanted: str, name: str) -> None:
    assert user_name(wanted, lambda _: False) == name
    assert user_name(wanted, {name, f"{name}-2"}.__contains__) == f"{name}-3"


def test_a_new_user_takes_no_name_of_a_page(arriving: Callable[..., Visitor]) -> None:
    visitor = arriving(METES_OIDC_PROVISION="yes")
    visitor.provider.claims = {"sub": "s-1", "preferred_username": "tokens"}
    visitor.sign_in()
    assert visitor.user.name == "tokens-2"


def test_a_subject_is_one_user_whatever_it_is_called_later(arriving: Callable[..., Visitor]) -> None:
    visitor = arriving(METES_OIDC_PROVISION="yes")
    visitor.sign_in()
    visitor.provider.claims = {"sub": "s-1", "preferred_username": "Ann Married"}
    visitor.sign_in()
    assert visitor.user.name == "ann"
    visitor.provider.claims = {"sub": "s-2", "preferred_username": "ann"}
    visitor.sign_in()
    assert visitor.user.name == "ann-2"


def test_the_same_subject_of_another_provider_is_somebody_else(arriving: Callable[..., Visitor]) -> None:
    visitor = arriving(METES_OIDC_PROVISION="yes")
    visitor.workspace.user_add("ann", PASSWORD)
    visitor.workspace.identity_link("ann", "s-1")
    with visitor.workspace.store.write() as connection:
        connection.exec_driver_sql("UPDATE identities SET issuer = 'https://former.example'")
    visitor.sign_in()
    assert visitor.user.name == "ann-2"


def test_an_address_links_to_a_user_only_where_that_was_asked_for(arriving: Callable[..., Visitor]) -> None:
    for link, name in (("no", "ann-2"), ("email", "ann")):
        visitor = arriving(METES_OIDC_PROVISION="yes", METES_OIDC_LINK=link)
        visitor.workspace.user_add("ann", PASSWORD, email="ann@example.com")
        visitor.provider.claims = {"sub": "s-1", "preferred_username": "ann", **MAIL}
        visitor.sign_in()
        assert visitor.user.name == name


@pytest.mark.parametrize("is_verified", [False, None, "yes", 1, "false"])
def test_an_address_that_is_not_verified_links_to_nobody(arriving: Callable[..., Visitor], is_verified: object) -> None:
    visitor = arriving(METES_OIDC_PROVISION="yes", METES_OIDC_LINK="email", METES_OIDC_PERSON="yes")
    visitor.workspace.user_add("ann", PASSWORD, email="ann@example.com")
    visitor.provider.claims = {
        "sub": "s-1",
        "preferred_username": "mallory",
        "email": "ann@example.com",
        "email_verified": is_verified,
    }
    visitor.sign_in()
    assert (visitor.user.name, visitor.user.email, visitor.user.person_id) == ("mallory", None, None)


def test_whether_an_address_is_verified_is_not_said_of_another_one(arriving: Callable[..., Visitor]) -> None:
    visitor = arriving(METES_OIDC_PROVISION="yes", METES_OIDC_LINK="email")
    visitor.workspace.user_add("ann", PASSWORD, email="ann@example.com")
    visitor.provider.claims = {"sub": "s-1", "preferred_username": "mallory", "email_verified": True}
    visitor.provider.lie = Lie(user_info={"sub": "s-1", "email": "ann@example.com", "email_verified": False})
    visitor.sign_in()
    assert visitor.user.name == "mallory"


def test_an_address_of_two_users_links_to_neither(arriving: Callable[..., Visitor]) -> None:
    visitor = arriving(METES_OIDC_PROVISION="yes", METES_OIDC_LINK="email")
    for name in ("ann", "anna"):
        visitor.workspace.user_add(name, PASSWORD, email="ann@example.com")
    visitor.provider.claims = {"sub": "s-1", **MAIL}
    assert "nobody here is known by that" in visitor.said(visitor.sign_in())


def test_a_user_who_is_somebody_there_already_is_not_linked_to_another(arriving: Callable[..., Visitor]) -> None:
    visitor = arriving(METES_OIDC_LINK="email")
    visitor.workspace.user_add("ann", PASSWORD, email="ann@example.com")
    visitor.workspace.identity_link("ann", "s-0")
    visitor.provider.claims = {"sub": "s-1", **MAIL}
    assert "nobody here is known by that" in visitor.said(visitor.sign_in())
    with pytest.raises(Conflict, match="another subject"):
        visitor.workspace.identity_link("ann", "s-2")


def test_who_was_shut_out_stays_out_and_is_not_made_anew(arriving: Callable[..., Visitor]) -> None:
    visitor = arriving(METES_OIDC_PROVISION="yes")
    visitor.provider.claims = {"sub": "s-1", "preferred_username": "ann", **MAIL}
    visitor.workspace.user_add("chief", PASSWORD)
    visitor.sign_in()
    visitor.workspace.user_disable("ann")
    assert visitor.user is None
    assert "nobody here is known by that" in visitor.said(visitor.sign_in())
    visitor.provider.claims = {"sub": "s-9", "preferred_username": "ann", **MAIL}
    assert "nobody here is known by that" in visitor.said(visitor.sign_in())
    assert [user.name for user in visitor.workspace.user_list()] == ["ann", "chief"]


def test_the_person_of_the_roster_is_found_by_a_verified_address(arriving: Callable[..., Visitor], clock: Clock) -> None:
    visitor = arriving(METES_OIDC_PROVISION="yes", METES_OIDC_PERSON="yes")
    workspace = visitor.workspace
    with workspace.store.write() as connection:
        connection.exec_driver_sql("INSERT INTO sources (id, name) VALUES (1, 'hr')")
        for number, address in ((1, "ANN@example.com"), (2, "twin@example.com"), (3, "twin@example.com")):
            connection.exec_driver_sql(_PERSON, (number, f"p{number}", address))
    visitor.provider.claims = {"sub": "s-1", "preferred_username": "ann", **MAIL}
    visitor.sign_in()
    assert visitor.user.person_id == 1
    told = workspace.audit_list()
    assert [(e.action, e.detail.get("person")) for e in told if e.action == "user link"] == [("user link", 1)]
    clock.move(days=1)
    workspace.user_link("ann", None)
    visitor.sign_in()
    assert visitor.user.person_id is None
    visitor.provider.claims = {"sub": "s-2", "email": "twin@example.com", "email_verified": True}
    visitor.sign_in()
    assert visitor.user.person_id is None
    assert workspace.audit_verify().is_whole


def test_a_session_of_the_provider_ends_when_it_was_said_to(arriving: Callable[..., Visitor], clock: Clock) -> None:
    visitor = arriving(METES_OIDC_PROVISION="yes", METES_OIDC_SESSION_HOURS="2")
    visitor.sign_in()
    clock.move(hours=1, minutes=59)
    assert visitor.user is not None
    clock.move(minutes=1)
    assert visitor.user is None


def test_an_end_of_the_identity_ends_the_sessions(arriving: Callable[..., Visitor]) -> None:
    visitor = arriving(METES_OIDC_PROVISION="yes")
    visitor.sign_in()
    visitor.workspace.identity_unlink("ann")
    assert visitor.user is None
    assert visitor.workspace.identity_list() == ()


def test_groups_that_were_left_out_for_being_too_many_take_no_right_away(arriving: Callable[..., Visitor]) -> None:
    visitor = arriving(METES_OIDC_PROVISION="yes", METES_OIDC_GROUPS_CLAIM="realm.roles")
    workspace = visitor.workspace
    workspace.group_add("Reps", external="reps")
    visitor.provider.claims = {"sub": "s-1", "preferred_username": "ann", "realm": {"roles": ["reps", 7, ""]}}
    visitor.sign_in()
    assert workspace.group_list()[0].members == ("ann",)
    visitor.provider.claims = {"sub": "s-1", "_claim_names": {"realm.roles": "src1"}}
    other = visitor.other()
    assert "did not work" in other.said(other.sign_in())
    assert workspace.group_list()[0].members == ("ann",)


def test_the_last_administrator_stays_one_whatever_the_provider_says(arriving: Callable[..., Visitor]) -> None:
    visitor = arriving(METES_OIDC_PROVISION="groups", METES_OIDC_GROUPS_CLAIM="groups")
    workspace, provider = visitor.workspace, visitor.provider
    workspace.group_add("Admins", external="metes-admins")
    workspace.role_grant("administrator", group="Admins")
    in_group = {"sub": "s-1", "preferred_username": "ann", "groups": ["metes-admins"]}
    provider.claims = in_group
    visitor.sign_in()
    assert visitor.client.get("/users").status_code == 200
    for _ in range(2):  # the second sign-in has nothing new to say
        provider.claims = {**in_group, "groups": []}
        assert visitor.sign_in().status_code == 303
        assert "is kept while nobody else runs the workspace" in visitor.client.get("/users/ann").text
    told = [entry.detail for entry in workspace.audit_list() if entry.action == "user groups"]
    assert told == [
        {"joined": [], "left": [], "kept": ["Admins"], "because": "nobody else runs the workspace"},
        {"joined": ["Admins"], "left": []},
    ]
    assert "You stay administrator for now" in visitor.client.get("/notices").text
    workspace.user_add("chief", PASSWORD, roles=["administrator"])
    visitor.sign_in()
    assert visitor.client.get("/users").status_code == 404
    assert workspace.group_list()[0].members == ()


def test_passwords_can_be_shut_off_for_all_but_administrators(arriving: Callable[..., Visitor]) -> None:
    visitor = arriving()
    workspace = visitor.workspace
    for name in ("chief", "ann"):
        workspace.user_add(name, PASSWORD)
    workspace.config_set("local_passwords", "no")
    refused = visitor.client.post("/sign-in", data={"name": "ann", "password": PASSWORD})
    assert "do not go together" in refused.text
    assert "Administrators: by password" in visitor.client.get("/sign-in").text
    assert visitor.client.post("/sign-in", data={"name": "chief", "password": PASSWORD}).status_code == 303
    workspace.config_set("local_passwords", "yes")
    assert visitor.client.post("/sign-in", data={"name": "ann", "password": PASSWORD}).status_code == 303


_PERSON = (
    "INSERT INTO people (id, source_id, external_id, name, email, digest, created_import, changed_import, revision) "
    "VALUES (?, 1, ?, 'Somebody', ?, '', 0, 0, 0)"
)
