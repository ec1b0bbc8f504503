"""Passwords forgotten and chosen anew by a link; passwords refused; a list of stolen ones."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from metes.app.settings import MailAccess
from metes.app.signing_access import SigningAccess, signing_access
from metes.app.workspace import Workspace
from metes.base.errors import InputError, Refused, TooMany
from metes.collaborating import mailing
from metes.connect.mail_message import Letter
from metes.store import mails
from metes.store.identity_tables import reset_links
from metes.store.notice_tables import mails as mail_table
from metes.store.notice_tables import notices
from tests.app.doors import HERE, OTHER, PASSWORD, THERE, Clock, number_of, opened, own, signed, with_factor


@pytest.fixture
def clock(workspace: Workspace) -> Clock:
    """The clock of the workspace, and ada in it, who runs it; mail can be sent from it."""
    made = opened(workspace)
    workspace.shelf.mail = MailAccess("smtp://127.0.0.1:9")
    workspace.config_set("base_url", "https://metes.example")
    return made


def letter(workspace: Workspace) -> Letter | None:
    """The mail that waits longest, as it would be written now."""
    with workspace.store.write() as connection:
        mail = mails.take(connection, 1, workspace.clock())
        found = mailing._letter(connection, mail, workspace.settings(), workspace.clock()) if mail else None
        if mail:
            mails.drop(connection, mail, "taken by a test", workspace.clock())
    return found


def link_of(found: Letter | None) -> str:
    assert found is not None
    (link,) = re.findall(r"^https://metes\.example/sign-in/reset\?link=([\w-]{43})$", found.passages[0].link)
    return str(link)


def test_a_link_goes_to_the_users_own_address_and_changes_the_password_once(workspace: Workspace, clock: Clock) -> None:
    session = signed(workspace)
    own(workspace).notice_address_set("elsewhere@example.com")
    workspace.reset_ask("ada", HERE)
    sent = letter(workspace)
    assert sent is not None
    assert sent.to == "ada@example.com"
    assert "user ada" in sent.passages[0].text
    link = link_of(sent)
    assert workspace.reset_is_open(link)
    with pytest.raises(InputError, match="tried first"):
        workspace.reset_use(link, "password1234", HERE)
    workspace.reset_use(link, OTHER, HERE)
    assert workspace.session(session) is None
    assert signed(workspace, password=OTHER)
    assert not workspace.reset_is_open(link)
    with pytest.raises(Refused, match="no longer holds"):
        workspace.reset_use(link, PASSWORD, HERE)
    assert {"password reset asked", "password reset"} <= {entry.action for entry in workspace.audit_list(20)}


def test_the_secret_stands_in_the_letter_alone(workspace: Workspace, clock: Clock) -> None:
    workspace.reset_ask("ada", HERE)
    link = link_of(letter(workspace))
    with workspace.store.read() as connection:
        for table in (mail_table, notices, reset_links):
            assert link not in repr(connection.execute(sa.select(table)).all())
        (kept,) = connection.execute(sa.select(reset_links.c.digest)).scalars()
    assert kept == hashlib.sha256(link.encode()).hexdigest()
    assert not any("password" in notice.subject.lower() for notice in own(workspace).notices())


def test_a_link_runs_out(workspace: Workspace, clock: Clock) -> None:
    workspace.reset_ask("ada", HERE)
    link = link_of(letter(workspace))
    clock.forward(minutes=30)
    assert not workspace.reset_is_open(link)
    with pytest.raises(Refused):
        workspace.reset_use(link, OTHER, HERE)


@pytest.mark.parametrize("how", ["by oneself", "by an administrator", "by another link", "shut out"])
def test_a_link_holds_no_more_once_the_password_was_changed(workspace: Workspace, clock: Clock, how: str) -> None:
    session = signed(workspace)
    workspace.reset_ask("ada", HERE)
    workspace.reset_ask("ada", HERE)
    first, second = link_of(letter(workspace)), link_of(letter(workspace))
    workspace.reset_ask("ada", HERE)
    if how == "by oneself":
        own(workspace).password_change(session, PASSWORD, OTHER)
    elif how == "by an administrator":
        workspace.user_password("ada")
    elif how == "by another link":
        workspace.reset_use(second, OTHER, HERE)
    else:
        workspace.user_add("bob", PASSWORD, roles=["administrator"])
        workspace.user_disable("ada")
    assert not workspace.reset_is_open(first)
    with pytest.raises(Refused):
        workspace.reset_use(first, "a third one of three", HERE)
    sent = letter(workspace)  # what was asked for before and not sent
    assert sent is None or sent.subject != "Choose another password"


def test_a_mail_that_waited_for_too_long_is_not_sent(workspace: Workspace, clock: Clock) -> None:
    workspace.reset_ask("ada", HERE)
    clock.forward(minutes=61)
    assert letter(workspace) is None


def test_nobody_learns_whether_there_is_such_a_user(workspace: Workspace, clock: Clock) -> None:
    workspace.user_add("noaddress", PASSWORD, roles=["planner"])
    workspace.user_add("out", PASSWORD, roles=["planner"], email="out@example.com")
    workspace.user_disable("out")
    for name in ("ada", "nobody", "noaddress", "out", "ADA@example.com", "ada@example.com"):
        before = len(workspace.audit_list(100))
        assert workspace.reset_ask(name, HERE) is None
        assert len(workspace.audit_list(100)) == before + 1
    with workspace.store.read() as connection:
        rows = connection.execute(sa.select(mail_table.c.user_id, mail_table.c.state).order_by(mail_table.c.id)).all()
    ada = number_of(workspace)
    assert [tuple(row) for row in rows] == [(ada, "waiting"), *[(None, "dropped")] * 3, *[(ada, "waiting")] * 2]


def test_asking_again_and_again_sends_no_more_and_an_address_must_wait(workspace: Workspace, clock: Clock) -> None:
    for _ in range(20):
        workspace.reset_ask("ada", HERE)
    with workspace.store.read() as connection:
        waiting = connection.execute(sa.select(sa.func.count()).where(mail_table.c.state == "waiting")).scalar()
    assert waiting == 3
    with pytest.raises(TooMany):
        workspace.reset_ask("ada", HERE)
    workspace.reset_ask("nobody", THERE)


def test_a_reset_lets_somebody_in_again_who_was_locked_and_still_asks_for_the_code(workspace: Workspace, clock: Clock) -> None:
    with_factor(workspace, clock, signed(workspace))
    for _ in range(10):
        with pytest.raises(Refused):
            signed(workspace, password=OTHER)
    with pytest.raises(TooMany):
        signed(workspace)
    workspace.reset_ask("ada", HERE)
    mail = letter(workspace)
    while mail is not None and mail.subject != "Choose another password":
        mail = letter(workspace)
    workspace.reset_use(link_of(mail), OTHER, HERE)
    assert workspace.session(signed(workspace, password=OTHER)) is None


def test_without_a_mail_server_or_an_address_of_ones_own_an_administrator_is_named(workspace: Workspace, clock: Clock) -> None:
    workspace.config_unset("base_url")
    with pytest.raises(Refused, match="administrator"):
        workspace.reset_ask("ada", HERE)
    workspace.config_set("base_url", "https://metes.example")
    workspace.shelf.mail = MailAccess()
    with pytest.raises(Refused, match="administrator"):
        workspace.reset_ask("nobody", HERE)


def test_whoever_gives_a_password_is_told_what_speaks_against_it(workspace: Workspace, clock: Clock, tmp_path: Path) -> None:
    workspace.config_set("company", "Northwind Sales")
    with pytest.raises(InputError, match="tried first"):
        workspace.user_add("bob", "password12345")
    with pytest.raises(InputError, match="northwind"):
        workspace.user_password("ada", "northwind-2026")
    digest = hashlib.sha1(OTHER.encode(), usedforsecurity=False).hexdigest().upper()
    (tmp_path / f"{digest[:5]}.txt").write_text(f"{digest[5:]}:7\n")
    workspace.shelf.signing = SigningAccess(breached=tmp_path)
    with pytest.raises(InputError, match="stolen"):
        own(workspace).password_change(signed(workspace), PASSWORD, OTHER)


def test_what_the_environment_says_of_signing_in(tmp_path: Path) -> None:
    told = {"METES_SECRET_KEY": "k" * 40, "METES_SECRET_KEY_FILE": "/run/key", "METES_BREACHED_PASSWORDS": str(tmp_path)}
    found = signing_access(told)
    assert (found.seal.key, found.seal.key_file, found.breached) == ("k" * 40, Path("/run/key"), tmp_path)
    assert signing_access({}) == SigningAccess()
    assert "kkk" not in repr(found)
