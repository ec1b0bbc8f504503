"""The pages of a plan's life: scenarios, compare, merge, review, publication, and what each person is told."""

from __future__ import annotations

import re

import pytest

from tests.web.pages.browsing import Browser, browser_on

PLACE = "territories/puget-sound"
PASSWORD = "the second user's password"


def begin(browser: Browser, title: str, text: str = "", **more: str) -> int:
    """A scenario, in which Puget Sound's rule is another where a text is given; its number."""
    answer = browser.post("/scenarios/new", {"title": title, "from": "", "note": "", **more})
    assert answer.status_code == 303, answer.text
    number = int(answer.headers["location"].partition("=")[2])
    if text:
        rule(browser, number, text)
    return number


def rule(browser: Browser, number: int, text: str) -> None:
    """Puget Sound's rule in a scenario, typed as text."""
    form = {"mode": "text", "text": text, "root": root(browser, number), "name": "", "priority": "10", "note": "", "edit": "save"}
    answer = browser.post(f"/plan/{number}/{PLACE}/rules/main", form)
    assert answer.status_code == 303, answer.text


def root(browser: Browser, number: int | str) -> str:
    """The content hash of a revision."""
    return str(browser.workspace.plan_find(str(number)).root_hash)


def plain(text: str) -> str:
    """A page without its elements."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


@pytest.fixture
def other(browser: Browser) -> Browser:
    """A second user on the same company."""
    browser.workspace.user_add("ines", PASSWORD, roles=["administrator"])
    return browser_on(browser.workspace, "ines", PASSWORD)


def test_scenarios_are_found_by_words_and_state(browser: Browser) -> None:
    assert "No scenario is open" in browser.get("/scenarios").text
    begin(browser, "Coast to coast", "region = 'US-OR'")
    begin(browser, "Rivers")
    page = plain(browser.get("/scenarios").text)
    assert page.index("Rivers") < page.index("Coast to coast")
    assert "Rivers" not in plain(browser.get("/scenarios?q=coast").text)
    assert "Nothing matches" in browser.get("/scenarios?state=scheduled").text
    assert "Rivers" in browser.get("/scenarios?sort=title&column=title&column=author").text


def test_a_scenario_is_named_once_and_can_be_called_something_else(browser: Browser) -> None:
    number = begin(browser, "Coast")
    assert browser.post("/scenarios/new", {"title": "", "from": ""}).status_code == 422
    assert browser.post("/scenarios/new", {"title": "x" * 121, "from": ""}).status_code == 422
    assert browser.post(f"/plan/{number}/rename", {"title": " "}).status_code == 422
    assert browser.post(f"/plan/{number}/rename", {"title": "Whole coast"}).status_code == 303
    assert "Whole coast" in browser.get(f"/plan?revision={number}").text
    assert browser.get("/plan/1/rename").status_code == 409
    assert "Discard &#39;Whole coast&#39;?" in browser.get(f"/plan/{number}/discard").text


def test_two_plans_stand_side_by_side(browser: Browser) -> None:
    number = begin(browser, "Coast", "region = 'US-OR' and employees >= 5")
    page = browser.get(f"/plan/compare?a=1&b={number}").text
    assert "<mark>&#39;US-OR&#39;</mark>" in page
    assert "Puget Sound" in page
    assert "They say the same" in browser.get("/plan/compare?a=1&b=1").text
    assert "Nothing matches" in browser.get(f"/plan/compare?a=1&b={number}&q=nowhere").text
    gains = plain(browser.get(f"/plan/compare?a=1&b={number}&by=territories").text)
    found = browser.workspace.plan_compare("1", str(number))
    assert re.search(rf"accounts change territory {found.total.accounts} ", gains)
    assert "Gini" in gains
    for by in ("people", "accounts"):
        assert browser.get(f"/plan/compare?a=1&b={number}&by={by}").status_code == 200
    assert browser.get("/plan/compare?a=99&b=1").status_code == 404


def test_conflicts_are_asked_before_anything_is_merged(browser: Browser) -> None:
    mine, theirs = begin(browser, "Mine", "region = 'US-OR'"), begin(browser, "Theirs", "region = 'US-ID'")
    page = browser.get(f"/plan/{mine}/merge?from={theirs}").text
    (key,) = set(re.findall(r'name="choice:([^"]+)"', page))
    assert "1 of 1 to settle" in page
    seen = {"from": str(theirs), "root": root(browser, mine), "source_root": root(browser, theirs)}
    assert browser.post(f"/plan/{mine}/merge", {**seen, "act": "take"}).status_code == 422
    assert root(browser, mine) == seen["root"]
    looked = browser.post(f"/plan/{mine}/merge", {**seen, "act": "theirs"})
    assert "all settled" in looked.text
    stale = browser.post(f"/plan/{mine}/merge", {**seen, "root": "0" * 64, "act": "take", f"choice:{key}": "theirs"})
    assert stale.status_code == 409
    assert browser.post(f"/plan/{mine}/merge", {**seen, "act": "take", f"choice:{key}": "theirs"}).status_code == 303
    assert browser.workspace.plan_diff(str(mine), str(theirs)) == ()
    assert "Nothing to bring in" in browser.get(f"/plan/{mine}/merge?from={theirs}").text


def test_a_part_is_approved_by_another_and_the_approval_lapses_with_a_change(browser: Browser, other: Browser) -> None:
    number = begin(browser, "Coast", "region = 'US-OR'")
    place = f"/plan/{number}/review"
    assert browser.post(f"{place}/propose", {"rationale": "", "due_on": ""}).status_code == 422
    assert browser.post(f"{place}/propose", {"rationale": "why", "due_on": "soon"}).status_code == 422
    assert browser.post(f"{place}/propose", {"rationale": "Oregon is near", "due_on": "2026-04-01"}).status_code == 303
    mine = plain(browser.get(place).text)
    assert "whoever changed a scenario does not approve it" in mine
    assert "Waits for others" in browser.get("/reviews").text
    assert "Waits for you" in other.get("/reviews").text
    (part,) = browser.workspace.plan_review(str(number)).parts
    form = {"part": part.part.key, "hash": part.part.hash, "decision": "approve", "comment": ""}
    assert browser.post(f"{place}/decide", form).status_code == 403
    assert other.post(f"{place}/decide", {**form, "hash": "seen before"}).status_code == 409
    asked = other.post(f"{place}/decide", {**form, "decision": "ask"})
    assert "what should change" in other.get(asked.headers["location"]).text
    assert other.post(f"{place}/decide", form).status_code == 303
    assert "it can be published" in browser.get(place).text
    rule(browser, number, "region = 'US-ID'")
    assert "before this part changed" in browser.get(place).text
    assert browser.post(f"{place}/withdraw").status_code == 303
    assert "Propose for review" in browser.get(place).text


def test_what_is_said_is_answered_and_settled(browser: Browser, other: Browser) -> None:
    number = begin(browser, "Coast", "region = 'US-OR'")
    place = f"/plan/{number}/review"
    said = other.post(f"{place}/comments", {"subject": "rule puget-sound/main", "text": "Why Oregon?"})
    first = said.headers["location"].rpartition("-")[2]
    browser.post(f"{place}/comments", {"subject": "rule puget-sound/main", "text": "It is near.", "reply_to": first})
    page = plain(other.get(place).text)
    assert page.index("Why Oregon?") < page.index("It is near.")
    assert other.post(f"{place}/comments", {"subject": "", "text": " "}).headers["location"] == place
    assert browser.post(f"{place}/comments/{first}/resolve").status_code == 303
    assert "settled by demo" in browser.get(place).text


def test_a_publication_tells_each_person_why_and_keeps_what_it_promised(browser: Browser, other: Browser) -> None:
    number = begin(browser, "Coast", "region = 'US-OR'")
    look = browser.post(f"/plan/{number}/publish", {"on": "2026-03-14", "rationale": "Oregon is near", "act": "look"})
    assert "Why: Oregon is near." in look.text
    past = browser.post(f"/plan/{number}/publish", {"on": "2026-03-01", "rationale": "x", "root": root(browser, number)})
    assert past.status_code == 422
    sent = {"on": "2026-03-14", "rationale": "Oregon is near", "root": root(browser, number)}
    assert browser.post(f"/plan/{number}/publish", sent).headers["location"].startswith("/jobs/")
    browser.work()
    record = browser.workspace.publication(2)
    page = plain(browser.get("/publications/2").text)
    assert "Oregon is near" in page
    assert f"0 of {len(record.messages)} have read it" in page
    assert f"Accounts that change territory moved by its assignment {record.actual['moved']} {record.actual['moved']}" in page
    assert "Nothing has changed for you" in other.get("/my/changes").text
    told = record.messages[0]
    link = {"person": browser.workspace.person(told.person_id).record["external_id"], "person_text": told.person}
    assert "ines sees" in browser.post("/users/ines/person", link).text
    assert browser.post("/users/ines/person", {**link, "sure": "1"}).status_code == 303
    assert told.person in browser.get("/users").text
    assert "I have read this" in other.get("/my/changes").text
    assert other.post("/my/changes/read", {"publication": "2"}).status_code == 303
    assert f"1 of {len(record.messages)} have read it" in plain(browser.get("/publications/2").text)
    assert "Promised" in browser.get("/publications/1").text
    counted = plain(browser.get("/publications/2?day=2026-03-14").text)
    assert "since the day before it" in counted
    assert "is no day" in browser.get("/publications/2?day=soon").text
    assert "up to today" in plain(browser.get("/publications/2?day=2999-01-01").text)


def test_a_scheduled_publication_is_cancelled_with_a_reason(browser: Browser) -> None:
    number = begin(browser, "Coast", "region = 'US-OR'")
    browser.post(f"/plan/{number}/publish", {"on": "2026-05-01", "rationale": "later", "root": root(browser, number)})
    assert "takes over by itself" in browser.get("/publications/2").text
    assert browser.post("/publications/2/cancel", {"reason": " "}).status_code == 422
    assert browser.post("/publications/2/cancel", {"reason": "too soon"}).status_code == 303
    assert "too soon" in browser.get("/plan/revisions").text
    assert browser.workspace.plan_find(str(number)).is_open


def test_a_publication_is_taken_back_by_a_scenario(browser: Browser) -> None:
    before = root(browser, "active")
    number = begin(browser, "Coast", "region = 'US-OR'")
    late = begin(browser, "Late", "region = 'US-ID'")
    browser.post(f"/plan/{number}/publish", {"on": "", "rationale": "", "root": root(browser, number)})
    assert "The plan moved on" in browser.get(f"/plan/{late}/publish").text
    assert browser.post(f"/plan/{late}/publish", {"on": "", "root": root(browser, late)}).status_code == 409
    assert "What comes back:" in browser.get("/publications/2/revert").text
    made = browser.post("/publications/2/revert", {"note": "was wrong"})
    back = made.headers["location"].split("/")[2]
    assert root(browser, back) == before
    assert browser.get("/publications/1/revert").status_code == 409


def test_rights_are_given_by_part_of_the_plan_and_taken_back(browser: Browser, other: Browser) -> None:
    empty = browser.get("/settings/rights").text
    assert "Everybody may whose role lets them" in empty
    assert re.findall(r'<a href="([^"]+)" aria-current="page"', empty) == ["/users", "/settings/rights"]
    given = {"user": "ines", "right": "approve", "territory": "", "territory_text": "Puget Sound"}
    assert browser.post("/settings/rights", given).status_code == 303
    assert browser.post("/settings/rights", given).status_code == 422
    assert browser.post("/settings/rights", {**given, "territory_text": "Nowhere"}).status_code == 422
    number = begin(browser, "Coast", "region = 'US-OR'")
    browser.post(f"/plan/{number}/review/propose", {"rationale": "Oregon is near"})
    assert "May approve it: ines" in plain(browser.get(f"/plan/{number}/review").text)
    assert "Waits for you" in other.get("/reviews").text
    assert "Nobody else has it there" in browser.get("/settings/rights/1/revoke").text
    assert browser.post("/settings/rights/1/revoke").status_code == 303
    assert browser.workspace.rights_list() == ()
    browser.workspace.right_grant("rep", "propose")
    assert "rep Propose does not count no role of theirs lets them" in plain(browser.get("/settings/rights").text)
