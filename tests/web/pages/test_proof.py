"""A plan checked and proved in the page: the verdict, the findings with their rules, what stands beside a rule and before publishing."""

from __future__ import annotations

import re

from metes.model.plan import Rule, Territory
from metes.web.pages import proof
from tests.web.pages.browsing import Browser

SCRIPT = "<script>alert('x')</script>"


def faulty_draft(browser: Browser) -> int:
    """A draft with a rule that stands level with another, one that takes nothing, and one that is shadowed; its number."""
    workspace = browser.workspace
    plan = workspace.plan_show("active")[1]
    west = plan.territory_by_key["wasatch"]
    level = Territory(
        "provo", west.type, SCRIPT, west.parent, rules=(Rule("r", workspace.rule_parse("region = 'US-UT' and city = 'Provo'")),)
    )
    draft = workspace.territory_set(level, reference="1")
    lost = Rule("boston", workspace.rule_parse("region = 'US-MA'"))
    return int(workspace.rule_set("dallas", lost, reference=str(draft.id)).id)


def test_the_demo_plan_is_proved_at_once(browser: Browser) -> None:
    assert "Check and prove" in browser.get("/plan/1/check").text
    answer = browser.post("/plan/1/check")
    assert (answer.status_code, answer.headers["location"]) == (303, "/plan/1/check")
    page = browser.get("/plan/1/check").text
    assert "Proved: every possible account has exactly one primary territory." in page
    assert "Proved: every" in browser.get("/plan?revision=1").text


def test_findings_lead_to_their_rules_and_show_an_account(browser: Browser) -> None:
    draft = faulty_draft(browser)
    browser.post(f"/plan/{draft}/check")
    page = browser.get(f"/plan/{draft}/check").text
    assert "Not proved: 1 double is possible; for example an account with city = &#39;Provo&#39;, region = &#39;US-UT&#39;." in page
    assert f'href="/plan/{draft}/territories/dallas/rules/boston"' in page
    assert "<code>city = &#39;Provo&#39;</code>" in page
    assert SCRIPT not in page


def test_a_rule_has_its_findings_beside_it(browser: Browser) -> None:
    draft = faulty_draft(browser)
    address = f"/plan/{draft}/territories/dallas/rules/boston"
    assert "Check and prove the plan" in browser.get(address).text
    browser.post(f"/plan/{draft}/check")
    assert "never takes what it asks for" in browser.get(address).text
    fine = browser.get(f"/plan/{draft}/territories/puget-sound/rules/main").text
    assert "What the proof of the plan says of it" in fine


def test_publishing_tells_the_verdict_first(browser: Browser) -> None:
    page = browser.get(f"/plan/{faulty_draft(browser)}/publish").text
    assert "Not proved: 1 double is possible" in page
    assert "Look at the findings" in page


def test_a_large_plan_is_proved_by_a_job_that_leads_to_its_page(browser: Browser, monkeypatch: object) -> None:
    monkeypatch.setattr(proof, "RULES_PROVED_AT_ONCE", 10)  # type: ignore[attr-defined]
    answer = browser.post("/plan/1/check")
    job = answer.headers["location"]
    assert job.startswith("/jobs/")
    browser.work()
    shown = browser.get(job, follow_redirects=False)
    assert shown.headers["location"] == "/plan/1/check"
    assert "Check and proof of plan revision 1" in browser.get("/jobs").text
    assert "Proved:" in browser.get("/plan/1/check").text


def test_a_check_needs_the_token_of_the_form(browser: Browser) -> None:
    assert browser.client.post("/plan/1/check", follow_redirects=False).status_code == 403
    assert browser.post("/plan/99/check").status_code == 404


def test_findings_are_paged_told_apart_by_code_and_taken_away(browser: Browser, monkeypatch: object) -> None:
    monkeypatch.setattr(proof, "PAGE_FINDINGS", 1)  # type: ignore[attr-defined]
    draft = faulty_draft(browser)
    browser.post(f"/plan/{draft}/check")
    first = browser.get(f"/plan/{draft}/check").text
    assert f'rel="next" href="/plan/{draft}/check?after=1"' in first
    assert f'href="/plan/{draft}/check?code=plan-double"' in first
    second = browser.get(f"/plan/{draft}/check?after=1").text
    assert f'rel="prev" href="/plan/{draft}/check?after=0"' in second
    assert "· <code>plan-double</code>" in first
    assert "· <code>plan-double</code>" not in second
    alone = browser.get(f"/plan/{draft}/check?code=plan-double").text
    assert re.search(r"1–1 of 1.finding<", alone)
    for odd in ("after=99", "after=-1", "code=%3Cscript%3E", "after=" + "9" * 30):
        assert browser.get(f"/plan/{draft}/check?{odd}").status_code == 200
    file = browser.get(f"/plan/{draft}/check.csv")
    assert file.headers["content-disposition"] == f'attachment; filename="check-{draft}.csv"'
    lines = file.text.splitlines()
    assert lines[0].startswith("severity,code,file")
    assert any(line.startswith("warning,plan-double") for line in lines)


def test_a_plan_has_an_address_of_its_own(browser: Browser) -> None:
    assert browser.get("/plan/active", follow_redirects=False).headers["location"] == "/plan?revision=1"
    assert browser.get("/plan/nothing", follow_redirects=False).status_code == 404
