"""The plan's pages: looked at, changed in a draft, published."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest

from metes.model.condition import And, Equals, In, Not, Or, Range
from metes.model.query import AccountQuery
from tests.web.pages.browsing import Browser

SCRIPT = "<script>alert('x')</script>"
PLACE = "/plan/1/territories/puget-sound"


def rule_of(browser: Browser, revision: str, territory: str = "puget-sound", rule: str = "main") -> object:
    """The condition of a rule in a revision."""
    plan = browser.workspace.plan_show(revision)[1]
    return next(r.condition for r in plan.territory_by_key[territory].rules if r.key == rule)


def root_of(browser: Browser, revision: str = "active") -> str:
    """The content hash that an editor has seen."""
    return str(browser.workspace.plan_find(revision).root_hash)


def typed(text: str, root: str, **more: str) -> dict[str, str]:
    """A rule typed as text."""
    return {"mode": "text", "text": text, "root": root, "name": "Sound", "priority": "10", "note": "", "edit": "save", **more}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/plan", "territories"),
        ("/plan?revision=1", "Types, in the order in which they count"),
        ("/plan?revision=1&q=puget+sound", "Puget Sound"),
        ("/plan?q=nothing-is-named-so", "No territory or rule is named so."),
        ("/plan/revisions", "Mar 14, 2023"),
        ("/plan/1/check", "Check of revision 1"),
        (PLACE, "postal_code between"),
        (f"{PLACE}/edit", "Never changes"),
        (f"{PLACE}/rules/main", "Takes accounts where"),
        (f"{PLACE}/rules/main?mode=text", "US-WA"),
        (f"{PLACE}/rules/main/take", "of 600"),
        (f"{PLACE}/rules/main/remove", "Nothing moves before the draft is published"),
        (f"{PLACE}/remove", "Puget Sound"),
        ("/plan/1/territories/west/remove", "Move or remove them first"),
        (f"{PLACE}/new-rule", "New rule"),
        ("/plan/1/new-territory?parent=west", "New territory"),
    ],
)
def test_each_page_shows_what_it_is_for(reader: Browser, address: str, shown: str) -> None:
    answer = reader.get(address)
    assert answer.status_code == 200
    assert shown in answer.text or address.endswith("/edit")


@pytest.mark.parametrize(
    "address",
    [
        "/plan?revision=99",
        "/plan?revision=nonsense",
        "/plan/1/territories/nowhere",
        f"{PLACE}/rules/nothing",
        "/plan/export.zip?revision=99",
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(reader: Browser, address: str) -> None:
    assert reader.get(address).status_code == 404


def test_the_text_files_come_as_one_archive(reader: Browser) -> None:
    archive = zipfile.ZipFile(io.BytesIO(reader.get("/plan/export.zip").content))
    assert any(name.endswith("plan.yaml") for name in archive.namelist())


def test_a_rule_saved_as_text_makes_a_draft_and_leaves_the_active_plan(browser: Browser) -> None:
    before = rule_of(browser, "active")
    answer = browser.post(f"{PLACE}/rules/main", typed("region = 'US-WA' and employees >= 5", root_of(browser)))
    assert answer.status_code == 303
    assert answer.headers["location"] == "/plan/2/territories/puget-sound"
    assert rule_of(browser, "2") == And((Equals("region", "US-WA"), Range("employees", low=5)))
    assert rule_of(browser, "active") == before
    assert "Draft 2 is open" in browser.get(PLACE).text


def test_a_rule_saved_as_rows_means_what_they_say(browser: Browser) -> None:
    form = {
        "mode": "form",
        "root": root_of(browser),
        "priority": "7",
        "kind:0": "and",
        "field:0-0": "region",
        "operator:0-0": "in",
        "value:0-0": "US-WA, us-or",
        "kind:0-1": "not",
        "field:0-1-0": "industry",
        "operator:0-1-0": "=",
        "value:0-1-0": "Retail",
        "field:0-1-1": "employees",
        "operator:0-1-1": "between",
        "value:0-1-1": "5",
        "high:0-1-1": "9",
        "edit": "save",
    }
    assert browser.post(f"{PLACE}/rules/main", form).status_code == 303
    wanted = And((In("region", ("US-WA", "US-OR")), Not(Or((Equals("industry", "Retail"), Range("employees", 5, 9))))))
    assert rule_of(browser, "2") == wanted


def test_a_wrong_rule_is_refused_with_the_finding_beside_its_line(browser: Browser) -> None:
    answer = browser.post(f"{PLACE}/rules/main", typed("region = 'US-WA'\nand employes > 5", root_of(browser)))
    assert answer.status_code == 422
    beside = re.search(r'<ol class="beside".*?</ol>', answer.text, re.S)
    assert beside is not None
    assert beside[0].index("<li></li>") < beside[0].index("employes")
    assert "employes &gt; 5" in answer.text
    assert [r.state for r in browser.workspace.plan_list()] == ["active"]


def test_a_wrong_value_is_named_at_its_row(browser: Browser) -> None:
    form = {"mode": "form", "kind:0": "and", "field:0-0": "employees", "operator:0-0": ">", "value:0-0": "many", "edit": "check"}
    answer = browser.post(f"{PLACE}/rules/main", form)
    assert answer.status_code == 200
    row = re.search(r'<div class="rule-row">.*?finding-line', answer.text, re.S)
    assert row is not None
    assert 'aria-invalid="true"' in row[0]


def test_the_editors_turn_into_one_another(browser: Browser) -> None:
    form = {"mode": "form", "kind:0": "or", "field:0-0": "city", "operator:0-0": "=", "value:0-0": "O'Fallon", "edit": "mode:text"}
    assert "city = &#39;O&#39;&#39;Fallon&#39;" in browser.post(f"{PLACE}/rules/main", form).text
    back = browser.post(f"{PLACE}/rules/main", typed("city = 'O''Fallon' or industry is missing", "", edit="mode:form"))
    assert 'value="O&#39;Fallon"' in back.text
    assert 'name="operator:0-1"' in back.text
    complex_one = browser.post(f"{PLACE}/rules/main", typed("employees between above 5 and 9", "", edit="mode:form"))
    assert "So it is shown as text." in complex_one.text


def test_rows_and_groups_are_added_and_removed_without_saving(browser: Browser) -> None:
    form = {"mode": "form", "kind:0": "and", "field:0-0": "city", "operator:0-0": "=", "value:0-0": "Reno"}
    assert 'name="operator:0-1"' in browser.post(f"{PLACE}/rules/main", {**form, "edit": "add:0"}).text
    assert 'name="operator:0-1-0"' in browser.post(f"{PLACE}/rules/main", {**form, "edit": "group:0"}).text
    assert 'name="operator:0-0"' not in browser.post(f"{PLACE}/rules/main", {**form, "edit": "remove:0-0"}).text
    assert [r.state for r in browser.workspace.plan_list()] == ["active"]


def test_the_live_count_is_that_of_the_accounts_taken(browser: Browser) -> None:
    condition = browser.workspace.rule_parse("region = 'US-WA'")
    count = browser.workspace.rule_count(condition)
    text = browser.post(f"{PLACE}/take", typed("region = 'US-WA'", "")).text
    assert f"<b>{count}</b> of 600 accounts" in text
    assert "there is no field" in browser.post(f"{PLACE}/take", typed("regio = 'US-WA'", "")).text


def test_two_people_at_once_lose_nothing_that_was_typed(open_browser: Callable[[], Browser]) -> None:
    first, second = open_browser(), open_browser()
    root = root_of(first)
    assert first.post(f"{PLACE}/rules/main", typed("region = 'US-WA'", root)).status_code == 303
    answer = second.post(f"{PLACE}/rules/main", typed(f"city = '{SCRIPT}'".replace("'x'", "x"), root))
    assert answer.status_code == 409
    assert "&lt;script&gt;alert(x)&lt;/script&gt;" in answer.text
    assert "<script>alert" not in answer.text
    newest = root_of(second, "2")
    assert second.post("/plan/2/territories/puget-sound/rules/main", typed("city = 'Reno'", root)).status_code == 409
    assert second.post("/plan/2/territories/puget-sound/rules/main", typed("city = 'Reno'", newest)).status_code == 303
    assert rule_of(second, "2") == Equals("city", "Reno")


def test_stored_script_text_is_shown_and_never_run(browser: Browser) -> None:
    answer = browser.post(f"{PLACE}/rules/main", typed("region = 'US-WA'", root_of(browser), name=SCRIPT, note=SCRIPT))
    assert answer.status_code == 303
    form = {"name": SCRIPT, "type": "geographic", "parent": "west", "description": SCRIPT, "key": "script"}
    assert browser.post("/plan/2/new-territory", form).status_code == 303
    for address in (
        "/plan/2/territories/puget-sound",
        "/plan/2/territories/puget-sound/rules/main",
        "/plan/2/territories/script",
        "/plan/2/changes",
    ):
        page = browser.get(address)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text


def test_pins_need_a_known_account_and_a_reason(browser: Browser) -> None:
    answer = browser.post(f"{PLACE}/pins", {"accounts": "nobody", "reason": "", "kind": "pin", "from": "31 Feb"})
    assert answer.status_code == 422
    assert "There is no account with the id &#39;nobody&#39;" in answer.text
    assert "Say why" in answer.text
    assert "write 2027-02-28" in answer.text


def test_pins_and_exclusions_come_and_go_in_a_draft(browser: Browser) -> None:
    account = _any_account(browser)
    form = {"accounts": account, "reason": "asked for", "kind": "exclusion", "from": "2026-04-01", "until": "2026-05-01"}
    assert browser.post(f"{PLACE}/pins", form).status_code == 303
    page = browser.get("/plan/2/territories/puget-sound").text
    assert "kept out" in page
    found = re.search(r'name="pin" value="([^"]+)"', page)
    assert found is not None
    again = browser.post("/plan/2/territories/puget-sound/pins/remove", {"pin": found[1]})
    assert again.status_code == 303
    assert "kept out" not in browser.get("/plan/2/territories/puget-sound").text
    assert browser.post("/plan/2/territories/puget-sound/pins/remove", {"pin": found[1]}).status_code == 409


def test_territories_and_seats_come_and_go_in_a_draft(browser: Browser) -> None:
    new = {"name": "Far Isles", "type": "geographic", "parent": "west", "description": "Ferries only", "colour": "3"}
    assert browser.post("/plan/1/new-territory", new).headers["location"] == "/plan/2/territories/far-isles"
    assert browser.post("/plan/2/new-territory", {**new, "name": ""}).status_code == 422
    assert browser.post("/plan/2/new-territory", new).status_code == 422
    assert browser.post("/plan/2/new-territory", {**new, "name": "Lost", "parent": "nowhere"}).status_code == 422
    assert (
        browser.post("/plan/2/territories/far-isles/seats", {"seat": "Skipper", "role": "captain", "owns": "1"}).status_code == 303
    )
    assert "captain" in browser.get("/plan/2/territories/far-isles").text
    assert browser.post("/plan/2/territories/far-isles/edit", {**new, "name": "Isles"}).status_code == 303
    assert browser.workspace.plan_show("2")[1].territory_by_key["far-isles"].name == "Isles"
    assert browser.post("/plan/2/territories/far-isles/seats/remove", {"seat": "skipper"}).status_code == 303
    assert browser.post("/plan/2/territories/far-isles/remove").status_code == 303
    assert "far-isles" not in browser.workspace.plan_show("2")[1].territory_by_key


def test_a_draft_is_previewed_published_and_assigned(browser: Browser) -> None:
    browser.post(f"{PLACE}/rules/main", typed("region in ('US-WA', 'US-OR')", root_of(browser)))
    changes = browser.get("/plan/2/changes").text
    assert "rule puget-sound/main" in changes
    assert "accounts change territory" in browser.get("/plan/2/preview").text
    asked = browser.get("/plan/2/publish?on=2026-03-14").text
    assert "It takes over at once" in asked
    stale = browser.post("/plan/2/publish", {"on": "2026-03-14", "root": "0" * 64})
    assert stale.status_code == 409
    answer = browser.post("/plan/2/publish", {"on": "2026-03-14", "root": root_of(browser, "2")})
    assert answer.headers["location"].startswith("/jobs/")
    browser.work()
    assert browser.workspace.plan_find("active").id == 2
    report = browser.get(answer.headers["location"]).text
    assert "Who won and lost" in report
    assert "Puget Sound" in report


def test_a_draft_for_a_later_day_waits(browser: Browser) -> None:
    browser.post(f"{PLACE}/rules/main", typed("region = 'US-WA'", root_of(browser)))
    assert "It takes over by itself" in browser.get("/plan/2/publish?on=2026-05-01").text
    assert browser.get("/plan/2/publish?on=soon").status_code == 422
    answer = browser.post("/plan/2/publish", {"on": "2026-05-01", "root": root_of(browser, "2")})
    assert answer.headers["location"] == "/publications/2"
    assert "stays as it is" in browser.get("/plan/2/territories/puget-sound").text
    assert browser.post("/plan/2/territories/puget-sound/rules/main", typed("city = 'Reno'", "")).status_code == 409


def test_a_draft_with_errors_cannot_be_published(browser: Browser) -> None:
    browser.post(f"{PLACE}/rules/main", typed("region = 'US-WA'", root_of(browser)))
    _break_draft(browser)
    assert "It cannot be published yet" in browser.get("/plan/2/publish").text
    assert "must be mended" in browser.get("/plan/2/changes").text


def test_a_draft_is_discarded_after_asking(browser: Browser) -> None:
    browser.post(f"{PLACE}/rules/main", typed("region = 'US-WA'", root_of(browser)))
    assert "Discard draft 2?" in browser.get("/plan/2/discard").text
    assert browser.post("/plan/2/discard").status_code == 303
    assert [r.id for r in browser.workspace.plan_list()] == [1]
    assert browser.get("/plan/1/discard").status_code == 409


def test_a_rule_is_removed_after_asking(browser: Browser) -> None:
    answer = browser.post(f"{PLACE}/rules/main/remove", {"root": root_of(browser)})
    assert answer.headers["location"] == "/plan/2/territories/puget-sound"
    assert browser.workspace.plan_show("2")[1].territory_by_key["puget-sound"].rules == ()


def test_a_form_without_its_token_changes_nothing(browser: Browser) -> None:
    for address in (f"{PLACE}/rules/main", f"{PLACE}/pins", "/plan/1/new-territory", f"{PLACE}/take"):
        answer = browser.client.post(address, data=typed("region = 'US-WA'", root_of(browser)), follow_redirects=False)
        assert answer.status_code == 403
    assert [r.state for r in browser.workspace.plan_list()] == ["active"]


def _any_account(browser: Browser) -> str:
    return browser.workspace.account_ids(AccountQuery(), 1)[0]


def _break_draft(browser: Browser) -> None:
    """Pin an account to two territories on the same days, which only the check refuses."""
    account = _any_account(browser)
    for territory in ("puget-sound", "golden-gate"):
        answer = browser.post(f"/plan/2/territories/{territory}/pins", {"accounts": account, "reason": "both", "kind": "pin"})
        assert answer.status_code == 303
