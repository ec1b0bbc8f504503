"""How users sign in, from the command line."""

from __future__ import annotations

from pathlib import Path

from metes.app.settings import AppSettings
from metes.app.workspace import open_workspace
from tests.app.doors import code_at
from tests.cli.conftest import Command


def test_sessions_are_listed_and_ended_and_a_lost_factor_is_taken_away(metes: Command, tmp_path: Path) -> None:
    made = metes("user", "add", "ada", "--json").json["password"]
    database = tmp_path / "metes.db"
    workspace = open_workspace(AppSettings(f"sqlite:///{database}"))
    secret = workspace.password_choose(
        workspace.sign_in("ada", made, "192.0.2.1", "agent").secret, "violet canal in january"
    ).secret
    begun = workspace.factor_begin(secret)
    workspace.factor_confirm(secret, code_at(begun.secret, workspace.clock()))
    workspace.close()
    listed = metes("user", "sessions", "ada", "--json").json
    assert [(row["address"], row["browser"], row["by"]) for row in listed] == [("192.0.2.1", "agent", "password")]
    assert "192.0.2.1" in metes("user", "sessions", "ada").out
    assert secret not in metes("user", "sessions", "ada", "--json").out
    assert metes("user", "end-sessions", "ada", "--json").json == {"user": "ada", "ended": 1}
    assert metes("user", "sessions", "ada", "--json").json == []
    assert metes("user", "second-factor-off", "ada").code == 0
    again = metes("user", "second-factor-off", "ada")
    assert again.code == 2
    assert "no second factor" in again.err
    assert metes("user", "sessions", "nobody").code == 2
    assert (tmp_path / "metes.db.key").stat().st_mode & 0o777 == 0o600


def test_settings_of_signing_in_say_what_they_take(metes: Command) -> None:
    assert metes("config", "set", "second_factor", "everybody").code == 0
    refused = metes("config", "set", "second_factor", "some")
    assert refused.code == 2
    assert "optional, administrators or everybody" in refused.err
    for minutes in ("4", "20161", "x", "-5"):
        assert metes("config", "set", "session_idle_minutes", minutes).code == 2
