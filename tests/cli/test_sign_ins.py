"""Who signed in, by command line."""

from __future__ import annotations

import csv
from pathlib import Path

from metes.app.settings import AppSettings
from metes.app.workspace import open_workspace
from tests.cli.conftest import Command

PASSWORD = "correct horse battery"


def test_sign_ins_are_listed_and_written_into_a_new_file(metes: Command, tmp_path: Path) -> None:
    assert metes("user", "add", "ann").code == 0
    workspace = open_workspace(AppSettings(f"sqlite:///{tmp_path / 'metes.db'}"))
    workspace.user_password("ann", PASSWORD)
    workspace.sign_in("ann", PASSWORD, "192.0.2.1", "agent")
    workspace.close()
    listed = metes("audit", "sign-ins")
    assert "192.0.2.1" in listed.out
    assert "open" in listed.out
    (one,) = metes("audit", "sign-ins", "--who", "ann", "--from", "192.0.2.1", "--by", "password", "--json").json
    assert (one["user"], one["agent"], one["ended_at"]) == ("ann", "agent", None)
    assert metes("audit", "sign-ins", "--until", "2020-01-01", "--json").json == []
    assert metes("audit", "sign-ins", "--out", "who.csv", "--json").json["sign_ins"] == 1
    (row,) = csv.DictReader((tmp_path / "who.csv").read_text().splitlines())
    assert (row["user"], row["method"], row["address"]) == ("ann", "password", "192.0.2.1")
    assert "is there already" in metes("audit", "sign-ins", "--out", "who.csv").err
