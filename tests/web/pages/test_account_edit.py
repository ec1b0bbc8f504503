"""One account changed in the page: what the form holds, what is saved, what is refused, who holds it then."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.model.query import AccountQuery
from tests.app.roles_world import PASSWORD, begin
from tests.web.pages.browsing import Browser, browser_on


@pytest.fixture
def number(browser: Browser) -> int:
    """An account that a territory holds."""
    page = browser.workspace.accounts(AccountQuery(columns=("name", "id"), rows=5))
    return browser.workspace.account(page.rows[0]["id"]).number


def fields_of(page: str) -> dict[str, str]:
    """What the form's inputs hold."""
    inputs = re.findall(r'<input class="input" id="f\.([\w]+)"[^>]* value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in inputs}


def test_the_form_holds_every_field_as_it_would_be_typed(browser: Browser, number: int) -> None:
    page = browser.get(f"/accounts/{number}/edit").text
    record = browser.workspace.account_by_number(number).facts.record
    held = fields_of(page)
    assert held["name"] == record["name"]
    assert held["employees"] == str(record["employees"] or "")
    assert set(held) >= {"segment", "city", "potential", "currency", *(f.name for f in browser.workspace.custom_fields())}
    assert f'href="/accounts/{number}/edit"' in browser.get(f"/accounts/{number}").text


def test_a_form_sent_back_untouched_changes_nothing(browser: Browser, number: int) -> None:
    page = browser.get(f"/accounts/{number}/edit").text
    before = len(browser.workspace.imports())
    sent = {f"f.{name}": value for name, value in fields_of(page).items()}
    assert browser.post(f"/accounts/{number}/edit", sent).status_code == 303
    assert len(browser.workspace.imports()) == before


def test_what_is_typed_is_saved_and_shown(browser: Browser, number: int) -> None:
    answer = browser.post(f"/accounts/{number}/edit", {"f.segment": "<i>Odd</i> & new", "f.employees": "321"})
    assert answer.headers["location"] == f"/accounts/{number}"
    page = browser.get(f"/accounts/{number}").text
    assert "Saved as import" in page
    assert "&lt;i&gt;Odd&lt;/i&gt; &amp; new" in page
    assert "321" in page
    assert browser.workspace.is_assigned()


def test_an_account_that_moves_is_shown_with_its_new_holder_at_once(browser: Browser, number: int) -> None:
    key = browser.workspace.account_by_number(number).key
    before = [h.territory for h in browser.workspace.owner(key).primary]
    seen = set()
    for region, city, postal in (("US-CA", "Los Angeles", "90001"), ("US-FL", "Miami", "33101"), ("US-WA", "Seattle", "98101")):
        browser.post(
            f"/accounts/{number}/edit",
            {"f.region": region, "f.city": city, "f.postal_code": postal, "f.latitude": "", "f.longitude": ""},
        )
        seen.add(tuple(h.territory for h in browser.workspace.owner(key).primary))
    assert len(seen) > 1
    assert before
    assert browser.workspace.assign_waiting() is None


def test_what_cannot_be_taken_is_said_beside_its_field_and_nothing_is_saved(browser: Browser, number: int) -> None:
    answer = browser.post(f"/accounts/{number}/edit", {"f.employees": "a dozen", "f.segment": "New"})
    assert answer.status_code == 422
    assert 'id="f.employees-error"' in answer.text
    assert fields_of(answer.text)["segment"] == "New"
    assert browser.workspace.account_by_number(number).facts.record["segment"] != "New"


def test_two_people_who_edit_at_once_do_not_overwrite_each_other(browser: Browser, number: int) -> None:
    seen = re.search(r'name="seen" value="(\d+)"', browser.get(f"/accounts/{number}/edit").text)
    assert seen is not None
    assert browser.post(f"/accounts/{number}/edit", {"seen": seen[1], "f.segment": "Mine"}).status_code == 303
    answer = browser.post(f"/accounts/{number}/edit", {"seen": seen[1], "f.segment": "Yours"})
    assert answer.status_code == 409
    assert "since you looked" in answer.text


def test_a_form_without_its_token_and_an_unknown_account_are_refused(browser: Browser, number: int) -> None:
    assert browser.client.post(f"/accounts/{number}/edit", data={"f.segment": "X"}).status_code == 403
    assert browser.get("/accounts/99999999/edit").status_code == 404


def test_an_account_that_leaves_its_editor_s_part_is_let_go_in_words(sqlite_workspace: Workspace, tmp_path: Path) -> None:
    company = begin(sqlite_workspace, tmp_path)
    company.user_add("mo", PASSWORD, person="P1", roles=["manager"])
    mo = browser_on(company, "mo", PASSWORD)
    moved = mo.post(f"/accounts/{company.account('A0').number}/edit", {"f.region": "US-NY"})
    assert (moved.status_code, moved.headers["location"]) == (303, "/accounts")
    assert "none of your accounts any more" in mo.get("/accounts").text
