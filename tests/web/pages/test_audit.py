"""The pages of the audit trail and of personal data."""

from __future__ import annotations

import json
import re

import pytest

from metes.app.workspace import Workspace
from metes.model.scope import Principal
from tests.web.pages.browsing import Browser, browser_in
from tests.web.pages.conftest import SCRIPT


def auditor(browser: Browser) -> Workspace:
    """The workspace in the name of an auditor."""
    workspace = browser.workspace
    workspace.user_add("olga", roles=["auditor"])
    number = next(user.id for user in workspace.user_list() if user.name == "olga")
    return workspace.acting_as(Principal("olga", number))


def test_the_trail_is_filtered_by_its_address_and_leads_to_entries(browser: Browser) -> None:
    browser.workspace.config_set("company", SCRIPT)
    page = browser.get("/audit?action=config&who=local").text
    assert page.count("<tr data-key=") == 1
    assert SCRIPT not in page
    entry = re.search(r'href="(/audit/\d+)"', page)
    assert entry is not None
    one = browser.get(entry[1]).text
    assert SCRIPT not in one
    assert "&lt;script&gt;" in one
    assert "Nothing matches" in browser.get("/audit?who=nobody").text
    assert "Expected a day" in browser.get("/audit?since=soon").text
    assert browser.get("/audit/99999").status_code == 404


def plain(text: str) -> str:
    """A page's text without its elements."""
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_entries_are_sentences_with_the_names_of_today(browser: Browser) -> None:
    workspace = browser.workspace
    person = workspace.people("a", limit=1)[0][0]
    workspace.user_add("rita", roles=["rep", "manager"], person=person["external_id"])
    entry = workspace.audit_list(1)[0]
    page = browser.get("/audit").text
    assert '<a href="/users/rita"' in page
    assert f'<a href="/people/{person["id"]}"' in page
    told = plain(page)
    assert f"Added user rita person {person['name']} · roles rep, manager" in told
    assert "[&#34;" not in page
    one = browser.get(f"/audit/{entry.id}").text
    assert "Added user rita" in plain(one)
    assert f'<code class="wrap">{entry.subject}</code>' in one
    # What leads to all entries about the same finds it by name too.
    for asked in (entry.subject, "user rita"):
        assert plain(browser.get(f"/audit?subject={asked}").text).count("Added user rita") == 1
    assert "To user rita" in plain(browser.get(f"/audit?subject={entry.subject}").text)


def test_an_erased_name_does_not_come_back_and_a_number_stands_for_it(browser: Browser) -> None:
    workspace = browser.workspace
    person = workspace.people("a", limit=1)[0][0]
    workspace.user_add("rita", person=person["external_id"])
    entry = workspace.audit_list(1)[0]
    workspace.privacy_erase("user", "rita", confirmed="rita")
    for address in ("/audit", f"/audit/{entry.id}"):
        text = browser.get(address).text
        assert "rita" not in text
        assert person["name"] not in text
        assert f"Added {entry.subject}" in plain(text)
        assert re.search(rf"person (– )?{person['id']}\b", plain(text))
        assert "/users/erased" not in text


def test_an_auditor_reads_names_and_is_led_to_no_page_of_users(browser: Browser) -> None:
    user = next(user for user in browser.workspace.user_list() if user.name == "auditor")
    session = browser.workspace.begin_session_for(user, method="password", address="tests").secret
    text = browser_in(browser.workspace, session).get("/audit").text
    assert "Added user auditor" in plain(text)
    assert "/users/" not in text
    assert 'href="/plan/1"' in text


def test_a_filter_in_force_is_in_words_and_can_be_taken_out(browser: Browser) -> None:
    text = browser.get("/audit?action=plan&who=local&since=2026-01-02&until=soon").text
    chips = re.findall(r'<span class="chip">([^<]+)<a href="([^"]+)"', text)
    assert [chip for chip, _ in chips] == ["By command line", "Plans: everything", "Since Jan 2, 2026", "Until soon"]
    assert chips[3][1].replace("&amp;", "&") == "/audit?action=plan&who=local&since=2026-01-02"
    assert "Expected a day" in text
    assert "Published a revision</option>" in text


def test_what_a_browser_did_tells_from_where(browser: Browser) -> None:
    browser.post("/settings", {"company": "Tarn"})
    entry = browser.workspace.audit_list(1)[0]
    assert (entry.principal, entry.address) == ("demo", "testclient")
    assert "testclient" in browser.get(f"/audit/{entry.id}").text
    assert browser.get("/audit?from=testclient").text.count("<tr data-key=") >= 1


def test_the_trail_leaves_as_a_file_and_its_end_as_an_anchor(browser: Browser) -> None:
    lines = browser.get("/audit/export.csv?action=import").text.splitlines()
    assert lines[0].startswith("entry,at,who")
    assert all(",import," in line for line in lines[1:])
    assert json.loads(browser.get("/audit/export.jsonl?subject=import 1").text)["subject"] == "import 1"
    assert browser.get("/audit/export.exe").status_code == 422
    anchor = json.loads(browser.get("/audit/anchor").text)
    assert anchor["entry"] == browser.workspace.audit_list(1)[0].id
    assert "The chain is whole" in browser.get("/audit?verify=1").text


def test_an_auditor_sees_the_trail_and_no_personal_data_and_a_rep_neither(browser: Browser) -> None:
    from metes.base.errors import NotFound

    olga = auditor(browser)
    assert olga.audit_list(1)
    assert olga.audit_verify().is_whole
    with pytest.raises(NotFound):
        olga.privacy_find("a")
    browser.workspace.user_add("randy", roles=["rep"])
    number = next(user.id for user in browser.workspace.user_list() if user.name == "randy")
    rep = browser.workspace.acting_as(Principal("randy", number))
    for verb in (rep.audit_list, rep.audit_verify, rep.audit_anchor, rep.privacy_register, rep.privacy_retention):
        with pytest.raises(NotFound):
            verb()


def test_somebody_is_looked_up_handed_out_and_erased_after_the_name_was_typed(browser: Browser) -> None:
    assert "the first 50 of each kind" in browser.get("/privacy?q=a").text
    found = browser.workspace.privacy_find("a")[0]
    assert found.name in browser.get(f"/privacy?q={found.external_id}").text
    place = f"/privacy/{found.kind}/{found.number}"
    held = browser.post(f"{place}/export")
    assert held.json()["somebody"][0] == {"kind": "person", "number": found.number}
    asked = browser.get(f"{place}/erase").text
    assert "This cannot be undone" in asked
    assert "people.email" in asked
    wrong = browser.post(f"{place}/erase", {"confirmed": "somebody else"})
    assert (wrong.status_code, "Nothing was erased" in wrong.text) == (422, True)
    assert browser.post(f"{place}/erase", {"confirmed": found.name}).status_code == 303
    assert f"Erased person {found.number}" in browser.get(place).text
    assert "Nobody found" in browser.get(f"/privacy?q={found.external_id}").text
    assert found.name not in browser.get("/people").text
    assert browser.get("/privacy/person/99999").status_code == 404
    assert browser.get("/privacy/dog/1").status_code == 422


def test_the_register_and_the_rules_have_their_pages(browser: Browser) -> None:
    assert "people.email" in browser.get("/privacy/register").text
    assert "keep_activities_days" in browser.get("/privacy/retention").text
    browser.workspace.config_set("keep_activities_days", "1")
    assert "Take out what is older now" in browser.get("/privacy/retention").text
    assert browser.post("/privacy/retention").status_code == 303
    assert "Take out what is older now" not in browser.get("/privacy/retention").text
