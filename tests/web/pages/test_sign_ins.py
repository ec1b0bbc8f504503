"""The list of sign-ins: whoever reads the audit trail finds who came in, from where, and what became of it."""

from __future__ import annotations

from tests.web.pages.browsing import Browser, browser_on
from tests.web.pages.conftest import SCRIPT

PASSWORD = "correct horse battery"


def test_every_sign_in_is_listed_filtered_and_taken_away_safely(browser: Browser) -> None:
    workspace = browser.workspace
    for name in ("ann", "=bo"):
        workspace.user_add(name, PASSWORD)
        secret = workspace.sign_in(name, PASSWORD, "192.0.2.7", f"Mozilla Firefox/9 on Linux {SCRIPT}").secret
    workspace.sign_out(secret)
    page = browser.get("/audit/sign-ins").text
    assert SCRIPT not in page
    assert page.count("192.0.2.7</td>") == 2
    assert "=bo" in page
    assert "signed out" in page
    assert 'href="/audit/sign-ins"' in browser.get("/audit").text
    assert 'href="/audit/sign-ins?user=ann"' in browser.get("/users/ann").text
    assert browser.get("/audit/sign-ins?user=ann&from=192.0.2.7").text.count("<tr data-key=") == 1
    assert "No sign-ins match" in browser.get("/audit/sign-ins?user=ann&method=provider").text
    assert "Expected a day" in browser.get("/audit/sign-ins?since=soon").text
    lines = browser.get("/audit/sign-ins/export.csv?from=192.0.2.7").text.splitlines()
    assert {line.split(",")[1] for line in lines} == {"user", "'=bo", "ann"}
    (entry,) = workspace.audit_list(1)
    assert (entry.action, entry.subject, entry.detail) == ("export", "sign-ins", {"asked": "address 192.0.2.7"})


def test_an_auditor_reads_it_and_is_led_to_no_page_that_is_not_theirs(browser: Browser) -> None:
    for name, role in (("olga", "auditor"), ("rob", "rep")):
        browser.workspace.user_add(name, PASSWORD, roles=[role])
    rob, olga = (browser_on(browser.workspace, name, PASSWORD) for name in ("rob", "olga"))
    page = olga.get("/audit/sign-ins").text
    assert ">rob<" in page
    assert "/users/rob" not in page
    assert rob.get("/audit/sign-ins").status_code == 404
