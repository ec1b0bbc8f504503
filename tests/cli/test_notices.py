"""Notices by command: a user's list, reading, choosing, a test mail, and what the doctor says of mail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from metes.app.settings import settings_from_environment
from metes.app.workspace import open_workspace
from metes.store import notices
from tests.cli.conftest import Command
from tests.conftest import NOW
from tests.connect.servers import Box, mail_box


@pytest.fixture
def told(metes: Command) -> Command:
    """Ann was told two things."""
    metes("user", "add", "ann")
    workspace = open_workspace(settings_from_environment(os.environ))
    user = workspace.user_list()[0].id
    for kind, subject in (("comment", "A word"), ("reminder", "Due")):
        with workspace.store.write() as connection:
            notices.add_notices(connection, kind=kind, subject=subject, text="All of it.", link="/plan/7", now=NOW, user_ids=[user])
    workspace.close()
    return metes


def test_notices_are_listed_and_read(told: Command) -> None:
    listed = told("notices", "list", "--user", "ann", "--json").json
    assert [n["subject"] for n in listed] == ["Due", "A word"]
    assert "reminder" in told("notices", "list", "--user", "ann", "--unread", "--kind", "reminder").out
    assert told("notices", "read", "--user", "ann", str(listed[0]["id"])).out == "Due\n\nAll of it.\n\n/plan/7\n"
    assert "1 notices are read" in told("notices", "read", "--user", "ann", "--all").err
    assert told("notices", "list", "--user", "ann", "--unread", "--json").json == []
    assert told("notices", "read", "--user", "ann").code == 2
    assert "no user 'bob'" in told("notices", "list", "--user", "bob").err


def test_preferences_are_chosen(told: Command) -> None:
    chosen = told("notices", "preferences", "--user", "ann", "comment", "--no-app", "--mail", "weekly", "--json").json
    assert {"kind": "comment", "in_app": False, "by_mail": "weekly"} in chosen["choices"]
    shown = told("notices", "preferences", "--user", "ann", "--address", "ann@example.com")
    assert "mail goes to ann@example.com" in shown.err
    assert "no mail server is named in METES_SMTP_URL here" in shown.err
    assert told("notices", "preferences", "--user", "ann", "comment").code == 2
    assert "got 'hourly'" in told("notices", "preferences", "--user", "ann", "comment", "--mail", "hourly").err


def test_a_test_mail_goes_out_with_the_password_of_a_file(metes: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box(answers={"gone@example.com": "550 no such user"})
    with mail_box(box) as (_, port):
        monkeypatch.setenv("METES_SMTP_URL", f"smtp://127.0.0.1:{port}?tls=no&from=metes@example.com&timeout=5")
        assert f"127.0.0.1:{port} took a mail to ann@example.com" in metes("notices", "test-mail", "ann@example.com").err
        refused = metes("notices", "test-mail", "gone@example.com")
        assert (refused.code, "550 no such user" in refused.err) == (2, True)
    assert "Connection refused" in metes("notices", "test-mail", "ann@example.com").err
    monkeypatch.setenv("METES_SMTP_URL", "smtp://ann@mail.example.com?from=metes@example.com")
    monkeypatch.setenv("METES_SMTP_PASSWORD_FILE", str(tmp_path / "password"))
    assert f"cannot read {tmp_path / 'password'}" in metes("notices", "test-mail", "ann@example.com").err


def test_the_doctor_says_whether_mail_goes_out(metes: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    metes("user", "add", "ann")
    said = metes("doctor")
    assert (said.code, "no mail server is named (METES_SMTP_URL): notices stay in the app" in said.err) == (0, True)
    monkeypatch.setenv("METES_SMTP_URL", "smtp://127.0.0.1:1?tls=no&from=metes@example.com")
    said = metes("doctor")
    assert (said.code, "mail-no-links" in said.err, "mail goes out by 127.0.0.1:1" in said.err) == (1, True, True)
    metes("config", "set", "base_url", "https://metes.example.com")
    assert metes("notices", "retry-mail", "--json").json == {"mails": 0}
    assert metes("doctor").code == 0
    monkeypatch.setenv("METES_SMTP_URL", "smtp://127.0.0.1:1")
    assert "mail-server" in metes("doctor").err
