"""What the log tells of those who were refused: who by number, from where, for what; and nothing that they typed."""

from __future__ import annotations

import logging

import pytest

from metes.app.workspace import Workspace
from metes.base.errors import Refused
from metes.model.access import UserRole
from metes.web.logs import JsonLines
from tests.app.doors import HERE, number_of, opened, signed, with_factor
from tests.web.security.attacking import PASSWORD, Attacker

HIDDEN = ("/users", "/audit", "/settings", "/api/v1/users", "/api/v1/audit")


@pytest.fixture
def powerless(stranger: Attacker) -> Attacker:
    """Somebody signed in who may nearly nothing."""
    stranger.workspace.user_add("eve", PASSWORD, roles=[UserRole.MARKETING])
    assert stranger.sign_in("eve").status_code == 303
    return stranger


def said(caplog: pytest.LogCaptureFixture, message: str) -> list[dict[str, object]]:
    """What was logged beside a message."""
    return [record.__dict__ for record in caplog.records if record.getMessage() == message]


def test_whoever_asks_for_what_they_may_not_is_logged_by_number(powerless: Attacker, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        answers = [powerless.get(address).status_code for address in HIDDEN]
    assert answers == [404] * len(HIDDEN)
    refused = said(caplog, "refused")
    assert [line["path"] for line in refused] == list(HIDDEN)
    assert {(line["status"], line["why"], line["address"]) for line in refused} == {(404, "not-found", "testclient")}
    assert all(str(line["caller"]).startswith("user ") for line in refused)
    assert "eve" not in str([(line["caller"], line["msg"]) for line in refused])


def test_a_form_without_its_token_is_logged(attacker: Attacker, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert attacker.client.post("/jobs/assign", data={"csrf_token": "forged"}).status_code == 403
    refused = said(caplog, "refused")
    assert [(line["path"], line["status"], line["why"], line["caller"]) for line in refused] == [
        ("/jobs/assign", 403, "refused", "user 1")
    ]


def test_every_request_is_logged_with_who_asked_from_where(attacker: Attacker, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        attacker.get("/accounts?q=typed-by-somebody")
        attacker.other().get("/accounts")
        attacker.get("/", headers={"host": "evil.example"})
    lines = said(caplog, "request")
    assert [(line["caller"], line["status"], line["address"]) for line in lines] == [
        ("user 1", 200, "testclient"),
        ("", 303, "testclient"),
        ("", 421, "testclient"),
    ]
    assert "typed-by-somebody" not in str(lines)


def test_every_try_to_sign_in_is_logged_with_its_method_and_without_what_was_typed(
    sqlite_workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    clock = opened(sqlite_workspace)
    with caplog.at_level(logging.INFO):
        for name, password in (("ada", "wrong password typed"), ("nobody.here", "wrong password typed")):
            with pytest.raises(Refused):
                sqlite_workspace.sign_in(name, password, HERE)
        session, secret, codes = with_factor(sqlite_workspace, clock, signed(sqlite_workspace))
        waiting = signed(sqlite_workspace)
        with pytest.raises(Refused):
            sqlite_workspace.factor_answer(waiting, "000000")
        sqlite_workspace.factor_answer(waiting, codes[0])
    told = [
        (record.getMessage(), record.__dict__["subject"], record.__dict__["address"], record.__dict__.get("method"))
        for record in caplog.records
        if "subject" in record.__dict__
    ]
    me = f"user {number_of(sqlite_workspace)}"
    assert told[:3] == [
        ("sign-in failed", me, HERE, "password"),
        ("sign-in failed", "an unknown name", HERE, "password"),
        ("signed in", me, HERE, "password"),
    ]
    assert told[-3:] == [("signed in", me, HERE, "password"), ("factor wrong", me, HERE, None), ("factor right", me, HERE, None)]
    written = "\n".join(JsonLines().format(record) for record in caplog.records)
    for typed in ("wrong password typed", "000000", codes[0], secret, session, waiting, "ada", "nobody.here"):
        assert typed not in written
