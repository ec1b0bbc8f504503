"""Attacks on the way in: fixed sessions, half sessions, replayed codes and links, forms edited and forged."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from metes.app.settings import MailAccess
from metes.app.workspace import Workspace
from metes.collaborating import mailing
from metes.store import mails
from tests.app.doors import code_at
from tests.conftest import NOW
from tests.web.security.attacking import NAME, OPEN, PASSWORD, UNSAFE, Attacker, api_routes, filled, page_routes

OTHER = "violet canal in january"
# What somebody may open who is not in yet: the way in itself.
WAY_IN = {"/sign-in", "/sign-in/with-provider", "/sign-in/back", "/sign-out/at-provider"}


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page[-400:]
    return found[1]


def secret_of(page: str) -> str:
    return page.partition("data-secret>")[2].partition("<")[0]


def send(attacker: Attacker, page: str, address: str, **fields: str) -> Any:
    """Send a form of a page with the page's own token."""
    return attacker.client.post(address, data={"csrf_token": token_of(attacker.get(page).text), **fields})


def set_up(attacker: Attacker) -> tuple[str, list[str]]:
    """A second factor through the pages: its secret and the recovery codes."""
    shown = send(attacker, "/sign-in/set-up", "/sign-in/set-up")
    secret = secret_of(shown.text)
    done = attacker.client.post(
        "/sign-in/set-up/confirm", data={"csrf_token": token_of(shown.text), "code": code_at(secret, attacker.workspace.clock())}
    )
    assert done.status_code == 200
    codes = re.findall(r"<code data-secret>([^<]+)</code>", done.text)
    assert len(codes) == 10
    return secret, codes


def test_a_session_given_to_somebody_is_not_theirs_after_they_sign_in(workspace: Workspace, stranger: Attacker) -> None:
    for planted in ("x" * 43, workspace.sign_in(NAME, PASSWORD, "testclient").secret):
        victim = stranger.other().in_session(planted)
        assert victim.sign_in().status_code == 303
        ours = victim.client.cookies["metes_session"]
        assert ours != planted
        assert workspace.session(planted) is None
        assert workspace.session(ours) is not None


def test_every_step_that_proves_more_gives_another_secret(workspace: Workspace, stranger: Attacker) -> None:
    seen = []
    stranger.sign_in()
    seen.append(stranger.client.cookies["metes_session"])
    secret, _ = set_up(stranger)
    seen.append(stranger.client.cookies["metes_session"])
    workspace.clock = lambda: NOW + timedelta(minutes=2)
    stranger.sign_in()
    seen.append(stranger.client.cookies["metes_session"])
    answer = send(stranger, "/sign-in/factor", "/sign-in/factor", code=code_at(secret, workspace.clock()))
    assert answer.status_code == 303
    seen.append(stranger.client.cookies["metes_session"])
    changed = send(stranger, "/settings/security", "/settings/security/password", present=PASSWORD, password=OTHER)
    assert changed.status_code == 303
    seen.append(stranger.client.cookies["metes_session"])
    assert len(set(seen)) == len(seen)
    assert [workspace.session(one) is None for one in seen] == [True, True, True, True, False]


def test_a_session_that_awaits_the_code_opens_no_route_at_all(workspace: Workspace, stranger: Attacker) -> None:
    stranger.sign_in()
    set_up(stranger)
    half = stranger.other()
    assert half.sign_in().status_code == 303
    page = half.get("/sign-in/factor")
    token = token_of(page.text)
    for method, pattern in page_routes() + api_routes():
        if pattern in OPEN | WAY_IN or pattern.startswith("/sign-in/"):
            continue
        address = filled(pattern)
        extra = {} if method not in UNSAFE else {"data": {"csrf_token": token}, "headers": {"x-csrf-token": token}}
        answer = half.client.request(method.upper(), address, **extra)
        assert answer.status_code in {303, 401}, (method, address, answer.status_code)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/sign-in"), (method, address)
    for address in ("/sign-in/password", "/sign-in/set-up"):
        assert half.get(address).headers["location"].startswith("/sign-in/factor")
        assert (
            half.client.post(address, data={"csrf_token": token, "password": OTHER})
            .headers["location"]
            .startswith("/sign-in/factor")
        )
    assert half.get("/accounts?q=x").headers["location"] == "/sign-in?next=/accounts%3Fq%3Dx"
    assert half.get("/sign-in?next=/accounts%3Fq%3Dx").headers["location"] == "/sign-in/factor?next=/accounts%3Fq%3Dx"


def test_a_code_and_a_recovery_code_are_good_once(workspace: Workspace, stranger: Attacker) -> None:
    stranger.sign_in()
    secret, codes = set_up(stranger)
    workspace.clock = lambda: NOW + timedelta(minutes=2)
    for code in (code_at(secret, workspace.clock()), codes[0]):
        first, second = stranger.other(), stranger.other()
        for one, status in ((first, 303), (second, 403)):
            one.sign_in()
            assert send(one, "/sign-in/factor", "/sign-in/factor", code=code).status_code == status
        assert first.get("/more").status_code == 200
        assert second.get("/more").status_code == 303


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("/sign-in/factor", "/sign-in/factor"),
        ("/sign-in/factor", "/sign-in/leave"),
        ("/settings/security", "/settings/security/password"),
        ("/settings/security", "/settings/security/factor/off"),
        ("/settings/security", "/settings/security/sessions/end"),
        ("/settings/security", "/settings/security/codes"),
        ("/settings/security", "/prove"),
        ("/settings/security", "/sign-in/set-up"),
        ("/settings/security", "/sign-in/set-up/confirm"),
    ],
)
def test_a_form_without_the_sessions_own_token_is_refused(
    workspace: Workspace, stranger: Attacker, page: str, address: str
) -> None:
    stranger.sign_in()
    if page == "/sign-in/factor":
        set_up(stranger)
        stranger.sign_in()
    other = stranger.other()
    other.sign_in()
    foreign = token_of(other.get("/sign-in/factor" if page == "/sign-in/factor" else "/settings/security").text)
    before = stranger.client.cookies["metes_session"]
    for token in ("", "x", foreign):
        answer = stranger.client.post(
            address, data={"csrf_token": token, "present": PASSWORD, "password": OTHER, "answer": PASSWORD}
        )
        assert answer.status_code == 403, (address, token)
    assert workspace.sign_in_state(before) is not None


@pytest.mark.parametrize("address", ["/sign-in/forgot", "/sign-in/reset"])
def test_a_form_without_a_session_from_another_site_is_refused(stranger: Attacker, address: str) -> None:
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}, {"origin": "null"}):
        assert stranger.client.post(address, data={"name": NAME, "link": "x"}, headers=headers).status_code == 403


def test_nobody_ends_the_session_of_somebody_else(workspace: Workspace, stranger: Attacker) -> None:
    workspace.user_add("eve", PASSWORD, roles=["administrator"])
    victim, eve = stranger.other(), stranger.other()
    victim.sign_in()
    eve.sign_in("eve")
    state = workspace.sign_in_state(victim.client.cookies["metes_session"])
    assert state is not None
    for number in (state.session.number, 0, -1, 2**63, 2**70):
        answer = send(eve, "/settings/security", f"/settings/security/sessions/{number}/end")
        assert answer.status_code in {303, 404, 422}
    assert victim.get("/more").status_code == 200
    assert str(state.session.number) not in eve.get("/settings/security").text
    assert victim.client.cookies["metes_session"] not in victim.get("/settings/security").text


def test_a_link_by_mail_is_good_once_and_leads_nowhere_but_to_signing_in(workspace: Workspace, stranger: Attacker) -> None:
    workspace.user_email(NAME, "mallory@example.com")
    workspace.config_set("base_url", "https://metes.example")
    workspace.shelf.mail = MailAccess("smtp://127.0.0.1:9")
    answers = [
        stranger.client.post("/sign-in/forgot", data={"name": name}, headers={"host": "localhost"}).text
        for name in (NAME, "nobody.here")
    ]
    assert answers[0] == answers[1]
    with workspace.store.write() as connection:
        mail = mails.take(connection, 1, NOW)
        assert mail is not None
        letter = mailing._letter(connection, mail, workspace.settings(), NOW)
    assert letter is not None
    assert letter.passages[0].link.startswith("https://metes.example/sign-in/reset?link=")
    link = letter.passages[0].link.partition("=")[2]
    page = stranger.get(f"/sign-in/reset?link={link}")
    assert page.status_code == 200
    assert "new-password" in page.text
    assert stranger.client.post("/sign-in/reset", data={"link": link, "password": "password1234"}).status_code == 422
    done = stranger.client.post("/sign-in/reset", data={"link": link, "password": OTHER})
    assert done.status_code == 200
    assert "metes_session" not in stranger.client.cookies
    assert stranger.client.post("/sign-in/reset", data={"link": link, "password": PASSWORD}).status_code == 403
    for wrong in (link, link[:-1], "", "x" * 5000, "%00", "'"):
        assert "no longer holds" in stranger.get("/sign-in/reset", params={"link": wrong}).text
    assert stranger.sign_in().status_code == 403
    assert stranger.sign_in(password=OTHER).status_code == 303


def test_proof_is_asked_for_before_what_matters_and_leads_back_to_this_server_alone(
    workspace: Workspace, stranger: Attacker
) -> None:
    stranger.sign_in()
    set_up(stranger)
    workspace.clock = lambda: NOW + timedelta(minutes=20)
    assert stranger.get("/settings/security/codes").headers["location"] == "/prove?next=/settings/security/codes"
    for referer in ("https://evil.example/x", "//evil.example", "http://testserver//evil.example", "javascript:alert(1)"):
        answer = stranger.client.post(
            "/settings/security/codes",
            data={"csrf_token": token_of(stranger.get("/settings/security").text)},
            headers={"referer": referer},
        )
        assert answer.headers["location"] == "/prove?next=/&unsent=yes"
    assert stranger.get("/sign-in/set-up").headers["location"] == "/prove?next=/sign-in/set-up"
    assert send(stranger, "/prove", "/prove", answer="wrong", next="/more").status_code == 403
    for target, there in (
        ("/settings/security/codes", "/settings/security/codes"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
    ):
        went = send(stranger, "/prove", "/prove", answer=PASSWORD, next=target)
        assert went.headers["location"] == there
    assert stranger.get("/settings/security/codes").status_code == 200


def test_the_pages_of_signing_in_keep_the_theme_that_was_chosen(stranger: Attacker) -> None:
    for theme, shown in (("dark", True), ("light", True), ('"><b>', False)):
        stranger.client.cookies.set("metes_theme", theme)
        for address in ("/sign-in", "/sign-in/forgot", "/sign-in/reset?link=x"):
            assert (f'data-theme="{theme}"' in stranger.get(address).text) == shown, (address, theme)


def test_a_token_opens_neither_proof_nor_how_somebody_signs_in(attacker: Attacker) -> None:
    secret = attacker.workspace.token_add("t", NAME, 30)
    other = attacker.other()
    for address in ("/settings/security", "/prove", "/sign-in/set-up", "/sign-in/factor"):
        assert other.get(address, headers={"authorization": f"Bearer {secret}"}).status_code == 303


def test_a_token_that_asks_too_often_is_told_when_to_come_again(attacker: Attacker) -> None:
    attacker.workspace.config_set("api_requests_a_minute", "2")
    secret = attacker.workspace.token_add("t", NAME, 30)
    other = attacker.other()
    answers = [other.get("/api/v1/jobs", headers={"authorization": f"Bearer {secret}"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert answers[2].json()["error"]["code"] == "too-many"


def test_a_made_password_leads_to_the_choice_of_another_and_nowhere_else(workspace: Workspace, stranger: Attacker) -> None:
    made = workspace.user_add("eve", roles=["planner"])
    assert stranger.sign_in("eve", made).status_code == 303
    assert stranger.get("/more").headers["location"] == "/sign-in?next=/more"
    assert stranger.get("/sign-in?next=/more").headers["location"] == "/sign-in/password?next=/more"
    page = "/sign-in/password?next=/more"
    for bad, what in ((made, "made for you"), ("short", "12 to 256"), ("password1234", "tried first")):
        refused = send(stranger, page, "/sign-in/password", password=bad, next="/more")
        assert refused.status_code == 422
        assert what in refused.text
        assert f'value="{bad}"' not in refused.text
    done = send(stranger, page, "/sign-in/password", password=OTHER, next="//evil.example")
    assert done.headers["location"] == "/"
    assert stranger.get("/more").status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/users/new", "/users/mallory/password", "/users/mallory/roles/new", "/users/mallory/disable", "/users/mallory/view-as"],
)
def test_who_may_what_is_changed_by_whoever_has_just_proved_who_they_are(
    workspace: Workspace, stranger: Attacker, address: str
) -> None:
    stranger.sign_in()
    assert stranger.get(address).status_code in {200, 403}
    workspace.clock = lambda: NOW + timedelta(minutes=20)
    page = stranger.get("/users")
    assert page.status_code == 200
    assert stranger.get(address).headers["location"] == f"/prove?next={address}"
    asked = stranger.get(address, headers={"hx-request": "true"})
    assert (asked.status_code, asked.headers["hx-redirect"]) == (401, f"/prove?next={address}")
    token = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
    assert token
    right = {"user": "mallory", "right": "publish"}
    given = stranger.client.post("/api/v1/rights", json=right, headers={"x-csrf-token": token[1]})
    assert (given.status_code, "prove first" in given.text) == (403, True)
    handed = stranger.client.post("/api/v1/privacy/user/1/export", headers={"x-csrf-token": token[1]})
    assert (handed.status_code, "prove first" in handed.text) == (403, True)
    for form in (
        "/users",
        "/settings/tokens",
        "/groups",
        "/users/mallory/disable",
        "/settings/rights",
        "/privacy/user/1/export",
        "/privacy/user/2/erase",
    ):
        sent = stranger.client.post(
            form, data={"csrf_token": token[1], "name": "eve"}, headers={"referer": "http://testserver/users"}
        )
        assert sent.headers["location"] == "/prove?next=/users&unsent=yes", form
    assert "What you sent was not done." in stranger.get("/prove?next=/users&unsent=yes").text
    assert "What you sent" not in stranger.get("/prove?next=/users").text
    assert "eve" not in {user.name for user in workspace.user_list()}


def test_settings_of_signing_in_are_changed_by_whoever_has_just_proved_who_they_are(
    workspace: Workspace, stranger: Attacker
) -> None:
    stranger.sign_in()
    workspace.clock = lambda: NOW + timedelta(minutes=20)
    before = workspace.config_list()
    token = token_of(stranger.get("/settings").text)
    for name, value in (
        ("base_url", "https://evil.example"),
        ("second_factor", "everybody"),
        ("session_idle_minutes", "20160"),
        ("local_passwords", "no"),
    ):
        answer = stranger.client.put(f"/api/v1/settings/{name}", json={"value": value}, headers={"x-csrf-token": token})
        assert (answer.status_code, "prove first" in answer.text) == (403, True), name
        if name != "local_passwords":  # which stands on no page
            fields = {"csrf_token": token, name: value}
            sent = stranger.client.post("/settings", data=fields, headers={"referer": "http://testserver/settings"})
            assert sent.headers["location"] == "/prove?next=/settings&unsent=yes", name
    assert workspace.config_list() == before
    assert stranger.client.post("/settings", data={"csrf_token": token, "company": "Able"}).headers["location"] == "/settings"
    send(stranger, "/prove", "/prove", answer=PASSWORD)
    assert send(stranger, "/settings", "/settings", session_idle_minutes="60").headers["location"] == "/settings"


def test_an_administrator_takes_a_factor_away_and_signs_somebody_out_with_proof_alone(
    workspace: Workspace, stranger: Attacker
) -> None:
    workspace.user_add("eve", PASSWORD, roles=["planner"])
    eve = stranger.other()
    eve.sign_in("eve")
    set_up(eve)
    stranger.sign_in()
    page = "/users/eve/second-factor/remove"
    assert send(eve, "/settings/security", page).status_code == 404
    assert "Take the second factor of eve away?" in stranger.get(page).text
    assert send(stranger, page, page).headers["location"] == "/users/eve"
    assert eve.get("/more").status_code == 303
    assert eve.sign_in("eve").status_code == 303
    assert eve.get("/more").status_code == 200
    token = {"x-csrf-token": token_of(stranger.get("/settings/security").text)}
    assert len(stranger.get("/api/v1/users/eve/sessions").json()) == 1
    workspace.clock = lambda: NOW + timedelta(minutes=20)
    refused = stranger.client.delete("/api/v1/users/eve/sessions", headers=token)
    assert refused.status_code == 403
    assert "prove first" in refused.text
    assert stranger.get("/users/eve/sessions/remove").headers["location"] == "/prove?next=/users/eve/sessions/remove"
    send(stranger, "/prove", "/prove", answer=PASSWORD)
    assert stranger.client.delete("/api/v1/users/eve/sessions", headers=token).json() == {"ended": 1}
    assert stranger.client.delete("/api/v1/users/eve/second-factor", headers=token).status_code == 404
    assert eve.get("/more").status_code == 303
    own = send(stranger, "/settings/security", f"/users/{NAME}/second-factor/remove")
    assert own.status_code == 403
