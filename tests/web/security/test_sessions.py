"""Signing in and staying in: sessions, lock-out, cookies, tokens of the API, notices, and where one is sent afterwards."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from metes.app.workspace import Workspace
from metes.store.tables import audit
from metes.web.application import create_app
from metes.web.logs import JsonLines
from metes.web.pages import jobs
from metes.web.pages.sign_in import safe_target
from metes.web.visits import COOKIE
from metes.worker.loop import run_next
from tests.conftest import NOW
from tests.web.security.attacking import NAME, PASSWORD, SCRIPT, Attacker

ELSEWHERE = ("//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "http:evil.example", "javascript:alert(1)", "/\t/evil.example",
    "/\n/evil.example", "\t//evil.example", " //evil.example", "", "evil.example", "/%0d%0aSet-Cookie:a=b\r\nX: y", "/a\\..\\b", "data:text/html,x", "?next=//evil", "///evil.example", "/\u2028/evil")  # fmt: skip


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_never_leads_elsewhere(attacker: Attacker, target: str) -> None:
    shown = attacker.get("/sign-in", params={"next": target})
    assert shown.status_code == 200
    assert "evil.example" not in shown.text.replace("/%0d", "")
    answer = attacker.client.post("/sign-in", data={"name": NAME, "password": PASSWORD, "next": target})
    where = answer.headers["location"]
    assert where.startswith("/")
    assert not where.startswith(("//", "/\\"))
    assert "evil.example" not in where
    assert "x" not in answer.headers
    assert safe_target("/accounts?q=a&b=%2F%2F") == "/accounts?q=a&b=%2F%2F"


def test_an_address_that_looks_like_a_host_is_not_carried_along(stranger: Attacker) -> None:
    for path in ("//evil.example/accounts", "/\\evil.example", "//evil.example"):
        answer = stranger.client.get("http://testserver" + path)
        assert "//evil" not in answer.headers.get("location", "").replace("http://testserver//evil.example", "")
    kept = stranger.get("/accounts?q=x&sort=name").headers["location"]
    assert kept == "/sign-in?next=" + quote("/accounts?q=x&sort=name")


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: Attacker) -> None:
    plain = stranger.sign_in().headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(plain.split("; "))
    assert "Secure" not in plain
    stranger.client.base_url = "https://testserver"
    assert "Secure" in stranger.sign_in().headers["set-cookie"]
    assert stranger.get("/sign-in").headers["strict-transport-security"]


def test_a_session_that_an_attacker_chose_is_never_taken(stranger: Attacker) -> None:
    stranger.client.cookies.set("metes_session", "chosen by the attacker")
    assert stranger.sign_in().status_code == 303
    secrets = {cookie.value for cookie in stranger.client.cookies.jar if cookie.name == "metes_session"}
    assert len(secrets - {"chosen by the attacker"}) == 1
    spy = stranger.other()
    spy.client.cookies.set("metes_session", "chosen by the attacker")
    assert spy.get("/accounts").status_code == 303


def test_signing_in_anew_ends_the_session_before(attacker: Attacker) -> None:
    old = attacker.client.cookies["metes_session"]
    assert attacker.sign_in().status_code == 303
    assert attacker.client.cookies["metes_session"] != old
    assert _with(attacker, old).get("/accounts").status_code == 303


def test_signing_out_ends_the_session_itself(attacker: Attacker) -> None:
    stolen = attacker.client.cookies["metes_session"]
    assert attacker.get("/sign-out").status_code == 405
    assert attacker.post("/sign-out").headers["location"] == "/sign-in"
    assert _with(attacker, stolen).get("/accounts").status_code == 303
    assert _with(attacker, stolen).get("/api/v1/accounts").status_code == 401


def test_a_session_ends_after_its_days_with_a_new_password_and_when_the_user_is_shut_out(attacker: Attacker) -> None:
    workspace = attacker.workspace
    workspace.clock = lambda: NOW + timedelta(days=14, seconds=1)
    assert attacker.get("/accounts").status_code == 303
    workspace.clock = lambda: NOW
    assert attacker.get("/accounts").status_code == 200
    workspace.user_disable(NAME)
    assert attacker.get("/accounts").status_code == 303
    workspace.user_disable(NAME, is_disabled=False)
    assert attacker.sign_in().status_code == 303
    workspace.user_password(NAME, PASSWORD + "2")
    assert attacker.get("/accounts").status_code == 303
    assert attacker.sign_in().status_code == 403


def _with(attacker: Attacker, secret: str) -> Attacker:
    other = attacker.other()
    other.client.cookies.set("metes_session", secret)
    return other


def test_a_token_of_the_api_ends_when_revoked_run_out_or_its_user_is_shut_out(attacker: Attacker) -> None:
    workspace = attacker.workspace
    secret = workspace.token_add("t", NAME, 1, role="administrator")
    caller = attacker.other()

    def status() -> int:
        return int(caller.get("/api/v1/users", headers={"authorization": f"Bearer {secret}"}).status_code)

    assert status() == 200
    workspace.clock = lambda: NOW + timedelta(days=1)
    assert Attacker(workspace).get("/api/v1/users", headers={"authorization": f"Bearer {secret}"}).status_code == 401
    workspace.clock = lambda: NOW
    workspace.user_disable(NAME)
    assert status() == 401
    workspace.user_disable(NAME, is_disabled=False)
    assert status() == 200
    workspace.token_revoke(workspace.token_list()[0].id)
    assert status() == 401


def test_a_token_does_not_open_pages_and_shows_no_secret(attacker: Attacker) -> None:
    secret = attacker.workspace.token_add("t", NAME)
    other = attacker.other()
    assert other.get("/users", headers={"authorization": f"Bearer {secret}"}).status_code == 303
    for address in (
        "/users",
        "/api/v1/tokens",
        "/api/v1/users",
        "/audit",
        "/api/v1/audit",
        "/api/v1/jobs",
        "/metrics",
        "/settings",
    ):
        text = attacker.get(address).text
        for inner in (secret, "password_hash", "$argon2", attacker.client.cookies["metes_session"]):
            assert inner not in text, address


def test_the_answer_to_a_wrong_sign_in_is_the_same_for_every_name(stranger: Attacker) -> None:
    stranger.workspace.user_add("shut.out", PASSWORD, roles=["administrator"])
    stranger.workspace.user_disable("shut.out")
    answers = {
        stranger.sign_in(name, password).text.replace(name, "NAME")
        for name, password in (
            (NAME, "wrong password"),
            ("nobody.here", "wrong password"),
            ("shut.out", PASSWORD),
            ("shut.out", "wrong"),
            (NAME, "x" * 300),
        )
    }
    assert len(answers) == 1


@pytest.mark.parametrize("known", [True, False])
def test_ten_wrong_tries_lock_a_name_and_no_header_or_spelling_gets_around_it(stranger: Attacker, known: bool) -> None:
    name = NAME if known else "nobody.here"
    spellings = (name, f" {name}", f"{name} ", f"\t{name}\n", f"\u00a0{name}", f"{name}\u2003")
    before = len(stranger.workspace.audit_list(1000))
    for n in range(10):
        headers = {"x-forwarded-for": f"10.0.0.{n}", "forwarded": f"for=10.0.0.{n}", "x-real-ip": f"10.0.0.{n}"}
        assert "do not go together" in stranger.sign_in(spellings[n % len(spellings)], "wrong password", headers=headers).text
    for headers in ({}, {"x-forwarded-for": "10.9.9.9"}, {"forwarded": "for=10.9.9.9"}):
        for spelling in spellings:
            refused = stranger.sign_in(spelling, PASSWORD, headers=headers)
            assert refused.status_code == 429
            assert refused.headers["retry-after"] == "900"
            assert "Too many tries" in refused.text
    assert stranger.sign_in(NAME.upper(), PASSWORD).status_code == 403
    entries = stranger.workspace.audit_list(1000)
    assert len(entries) == before + 1
    assert entries[0].action == "sign-in locked"
    assert entries[0].subject == ("user 1" if known else "an unknown name")
    assert stranger.workspace.audit_verify().is_whole


def test_a_sign_in_from_another_site_is_refused(stranger: Attacker) -> None:
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver.evil.example"},
        {"origin": "http://testserver:81"},
    ):
        assert stranger.sign_in(headers=headers).status_code == 403
        assert "metes_session" not in stranger.client.cookies
    assert stranger.sign_in(headers={"origin": "http://testserver"}).status_code == 303


@pytest.mark.parametrize(
    "name", ["\x00", "a\x00b", "x" * 100_000, "\u202e", "'; DROP TABLE users --", SCRIPT, "\ud7ff", "名" * 200]
)
def test_odd_names_and_passwords_are_only_wrong(stranger: Attacker, name: str) -> None:
    for data in ({"name": name, "password": "x"}, {"name": NAME, "password": name}, {"password": "x"}, {"name": "x"}, {}):
        answer = stranger.client.post("/sign-in", data=data)
        assert answer.status_code in {403, 422}
        assert SCRIPT not in answer.text
    sent = stranger.client.post("/sign-in", files={"name": ("x", b"y"), "password": ("x", b"y")})
    assert sent.status_code == 403
    assert stranger.sign_in().status_code == 303


@pytest.mark.parametrize("name", ["a b", "a\x00b", "a\x1bb", "\u202eevil", "", "x" * 101, "a\u200bb"])
def test_a_user_cannot_have_a_name_that_does_not_show(attacker: Attacker, name: str) -> None:
    assert attacker.post("/users", {"name": name}).status_code == 422


def test_a_notice_that_somebody_else_put_into_the_browser_is_not_shown(attacker: Attacker) -> None:
    for value in (
        "bad|Call 0900 to keep your account",
        "good|x|y",
        "0" * 64 + "|good|Forged",
        "|good|Forged",
        "%",
        "|" * 50,
        SCRIPT,
        "é",
    ):
        page = attacker.client.get(
            "/more", headers={"cookie": f"metes_session={attacker.client.cookies['metes_session']}; metes_notice={quote(value)}"}
        )
        assert page.status_code == 200
        assert "Call 0900" not in page.text
        assert "Forged" not in page.text
    other = attacker.other()
    other.sign_in()
    foreign = other.post("/settings", {}).cookies["metes_notice"]
    page = attacker.client.get(
        "/more", headers={"cookie": f"metes_session={attacker.client.cookies['metes_session']}; metes_notice={foreign}"}
    )
    assert "Nothing was changed" not in page.text
    assert "Nothing was changed" in other.get("/more").text
    assert "Nothing was changed" not in other.get("/more").text


def test_a_long_notice_fits_a_cookie(attacker: Attacker) -> None:
    answer = attacker.post("/accounts/views", {"name": "名" * 80, "query": "q=" + "x" * 3000})
    assert len(answer.headers["set-cookie"]) < 4096
    assert "名" * 80 in attacker.get("/more").text


def test_the_theme_cookie_is_one_of_two_words(attacker: Attacker) -> None:
    for value in ('"><script>', "blue", "light dark"):
        attacker.client.cookies.set("metes_theme", quote(value))
        assert "data-theme" not in attacker.get("/more").text


def test_a_followed_job_needs_a_session_and_tells_only_of_the_job(attacker: Attacker) -> None:
    job = attacker.workspace.jobs(1)[0]
    assert attacker.other().get(f"/jobs/{job.id}/events").status_code == 303
    answer = attacker.get(f"/jobs/{job.id}/events?next=//evil.example")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "evil.example" not in answer.text
    assert attacker.get(f"/jobs/{job.id}/events", params={"next": f"/{SCRIPT}"}).text.count("<script") == 0
    assert attacker.get("/jobs/99999/events").status_code == 404
    shown = attacker.get(f"/api/v1/jobs/{job.id}").text + attacker.get("/api/v1/jobs").text
    assert str(attacker.workspace.shelf.books) not in shown


@pytest.mark.parametrize("ending", ["the session", "the role"])
def test_a_followed_job_is_followed_no_longer_than_one_may(
    attacker: Attacker, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    workspace, polls = attacker.workspace, []
    workspace.user_add("second", PASSWORD, roles=["administrator"])
    assert attacker.post("/jobs/assign").status_code == 303
    job = workspace.jobs(1)[0]

    async def between_two_looks(_seconds: float) -> None:
        polls.append(job.id)
        assert len(polls) == 1
        if ending == "the session":
            workspace.sign_out(str(attacker.client.cookies.get(COOKIE)))
        else:
            workspace.role_revoke(next(grant.id for grant in workspace.role_list() if grant.user == NAME))

    monkeypatch.setattr(jobs, "asyncio", SimpleNamespace(sleep=between_two_looks))
    answer = attacker.get(f"/jobs/{job.id}/events")
    assert polls
    assert "event: done" not in answer.text
    assert workspace.job(job.id).state == "queued"


def test_what_matters_leaves_an_entry_and_no_entry_holds_a_secret(attacker: Attacker) -> None:
    workspace = attacker.workspace
    page = attacker.post("/users", {"name": "eve"})
    password = page.text.partition("data-secret>")[2].partition("<")[0]
    reset = attacker.post("/users/eve/password").text.partition("data-secret>")[2].partition("<")[0]
    attacker.post("/users/eve/disable")
    token = (
        attacker.post("/settings/tokens", {"token": "nightly", "days": "30"}).text.partition("data-secret>")[2].partition("<")[0]
    )
    attacker.post(f"/settings/tokens/{workspace.token_list()[0].id}/revoke")
    attacker.post("/settings", {"company": "Evil"})
    last = next(past.id for past in workspace.imports() if past.kind == "activities")
    attacker.post(f"/import/{last}/undo")
    attacker.work()
    draft = workspace.plan_find("draft")
    workspace.acting_as(workspace.principal).plan_publish(str(draft.id))
    entries = workspace.audit_list(1000)
    actions = {entry.action for entry in entries}
    assert {
        "user add",
        "user password",
        "user disable",
        "token add",
        "token revoke",
        "config set",
        "import",
        "import undo",
        "plan publish",
        "assign",
    } <= actions
    assert len(password) > 11
    assert len(reset) > 11
    assert token.startswith("metes_")
    written = repr(entries)
    for secret in (password, reset, token, PASSWORD, attacker.client.cookies["metes_session"], attacker.token()):
        assert secret not in written
    # Names stand beside the chain, where they can be erased.
    with workspace.store.read() as connection:
        chain = repr(connection.execute(sa.select(audit.c.principal, audit.c.subject, audit.c.detail)).all())
    assert not re.search(r"\beve\b", chain)
    assert workspace.audit_verify().is_whole


@contextmanager
def _log() -> Iterator[list[str]]:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler, root = Kept(), logging.getLogger()
    handler.setFormatter(JsonLines())
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def test_no_secret_is_logged(workspace: Workspace) -> None:
    with _log() as lines:
        attacker = Attacker(workspace, create_app(workspace))
        attacker.sign_in(password="a wrong password")
        attacker.sign_in(name="a password typed into the name")
        attacker.sign_in()
        form = attacker.token()
        token = (
            attacker.post("/settings/tokens", {"token": "nightly", "days": "30"})
            .text.partition("data-secret>")[2]
            .partition("<")[0]
        )
        password = attacker.post("/users", {"name": "eve"}).text.partition("data-secret>")[2].partition("<")[0]
        attacker.other().get("/api/v1/users", headers={"authorization": f"Bearer {token}"})
        attacker.post("/jobs/assign")
        attacker.client.post("/jobs/assign", data={"csrf_token": form[:-1]})
        while run_next(workspace, "test"):
            pass
        session = attacker.client.cookies["metes_session"]
        attacker.post("/sign-out")
    written = "\n".join(lines)
    assert "sign-in failed" in written
    assert "signed in" in written
    assert "job ended" in written
    for secret in (PASSWORD, "a wrong password", "a password typed into the name", token, password, session, form):
        assert secret not in written
