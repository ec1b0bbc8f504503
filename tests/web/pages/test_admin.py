"""Jobs, settings, users and the audit trail."""

from __future__ import annotations

import re

import pytest

from tests.web.pages.browsing import Browser, browser_on


def test_an_assignment_is_queued_followed_and_reported(browser: Browser) -> None:
    job = browser.post("/jobs/assign", {"force": "1"}).headers["location"]
    waiting = browser.get(job).text
    assert 'data-state="waiting"' in waiting
    assert f'hx-sse:connect="{job}/events?log=1"' in waiting
    browser.work()
    page = browser.get(job).text
    assert 'data-state="done"' in page
    assert "held by no territory" in page
    assert 'href="/jobs/assign"' in browser.get("/jobs").text
    asked = browser.get("/jobs/assign").text
    assert "accounts change territory" in asked
    assert 'href="/plan/1/preview"' in asked
    assert 'method="post" action="/jobs/assign"' in asked


def test_events_end_with_where_to_go_on(browser: Browser) -> None:
    job = browser.post("/jobs/assign").headers["location"]
    browser.work()
    answer = browser.get(f"{job}/events?next=/accounts")
    assert answer.headers["content-type"].startswith("text/event-stream")
    message, done, _ = answer.text.split("\n\n")
    assert all(line.startswith("data: ") for line in message.splitlines())
    assert 'data-next="/accounts"' in message
    assert done.startswith("event: done\n")
    for elsewhere in ("https://example.org", "//example.org", "/\\example.org"):
        assert 'data-next="/"' in browser.get(f"{job}/events", params={"next": elsewhere}).text


def test_a_waiting_job_is_cancelled(browser: Browser) -> None:
    job = browser.post("/jobs/assign").headers["location"]
    assert browser.post(f"{job}/cancel").headers["location"] == job
    assert "Cancelled" in browser.get(job).text
    assert browser.get("/jobs/999").status_code == 404
    assert browser.get("/jobs/999/events").status_code == 404


def test_a_job_that_failed_says_why(browser: Browser) -> None:
    number = browser.workspace.job_add("import", {"kind": "seats", "files": ["/nowhere.csv"], "options": {}})
    browser.work()
    page = browser.get(f"/jobs/{number}").text
    assert 'data-state="failed"' in page
    assert "/nowhere.csv" in page


def test_settings_are_kept_or_refused_beside_their_field(browser: Browser) -> None:
    good = {"company": "<b>Tarn & Well</b>", "time_zone": "Europe/Berlin", "rates": "EUR=1.08"}
    assert browser.post("/settings", good).status_code == 303
    assert browser.workspace.config_list()["time_zone"] == "Europe/Berlin"
    assert "&lt;b&gt;Tarn &amp; Well" in browser.get("/settings").text
    answer = browser.post("/settings", {"company": "Other", "rates": "EUR=x", "time_zone": "Mars"})
    assert answer.status_code == 422
    assert 'id="rates-error"' in answer.text
    assert 'id="time_zone-error"' in answer.text
    assert browser.workspace.config_list()["company"] == good["company"]


def test_a_made_password_is_shown_once_and_works(browser: Browser) -> None:
    made = browser.post("/users", {"name": "v.marsh"})
    password = re.search(r"data-secret>([^<]+)<", made.text)
    assert password is not None
    assert password[1] not in browser.get("/users").text
    assert browser_on(browser.workspace, "v.marsh", password[1]).get("/users").status_code == 200
    assert browser.post("/users", {"name": "v.marsh"}).status_code == 422
    assert browser.post("/users", {"name": "two words"}).status_code == 422


def test_a_user_is_shut_out_and_let_in_again(browser: Browser) -> None:
    password = browser.workspace.user_add("v.marsh", roles=["administrator"])
    other = browser_on(browser.workspace, "v.marsh", password)
    assert "cannot sign in" in browser.get("/users/v.marsh/disable").text
    assert browser.post("/users/v.marsh/disable").status_code == 303
    assert other.get("/users", follow_redirects=False).status_code == 303
    assert browser.post("/users/v.marsh/enable").status_code == 303
    assert browser_on(browser.workspace, "v.marsh", password).get("/users").status_code == 200
    assert browser.post("/users/demo/disable").status_code == 403
    assert browser.get("/users/nobody/disable").status_code == 404


def test_another_password_ends_all_sessions(browser: Browser) -> None:
    password = browser.workspace.user_add("v.marsh", roles=["administrator"])
    other = browser_on(browser.workspace, "v.marsh", password)
    assert "signed out everywhere" in browser.get("/users/v.marsh/password").text
    assert "data-secret" in browser.post("/users/v.marsh/password").text
    assert other.get("/users", follow_redirects=False).status_code == 303
    assert "Sign in again" in browser.post("/users/demo/password").text


def test_the_audit_trail_is_paged_and_verified(browser: Browser) -> None:
    for number in range(60):
        browser.workspace.config_set("company", f"Company {number}")
    page = browser.get("/audit").text
    assert page.count("<tr data-key=") == 50
    older = re.search(r'href="(/audit\?after=\d+)"', page)
    assert older is not None
    assert "plan publish" in browser.get(older[1]).text
    assert "The chain is whole" in browser.get("/audit?verify=1").text


@pytest.mark.parametrize(
    "address",
    [
        "/jobs/assign",
        "/jobs/1/cancel",
        "/settings",
        "/users",
        "/users/demo/password",
        "/settings/tokens",
        "/settings/tokens/1/revoke",
    ],
)
def test_a_form_without_its_token_is_refused(reader: Browser, address: str) -> None:
    assert reader.client.post(address, data={"name": "x"}, follow_redirects=False).status_code == 403
