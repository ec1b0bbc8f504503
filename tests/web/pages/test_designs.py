"""The list of designs, the form that asks for one, and the job that works it out."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.web.pages.browsing import Browser

SCRIPT = "<script>alert('x')</script>"
ASKED = {
    "name": "West",
    "units": "us-counties",
    "start": "today",
    "how": "number",
    "territories": "6",
    "seats": "none",
    "targets": "equal",
    "bases": "1",
    "measure:0": "potential",
    "band:0": "60",
    "weight:0": "1",
    "contiguous": "1",
    "walls": "none",
    "regions": "US-CA, US-OR, US-WA, US-NV",
}


def made(browser: Browser, **changes: str) -> int:
    """The number of a design that the form made, not worked out."""
    answer = browser.post("/designs/new", {**ASKED, "act": "keep", **changes})
    assert answer.status_code == 303, answer.text[-800:]
    return int(answer.headers["location"].rpartition("/")[2])


def test_without_designs_the_list_leads_to_the_form(reader: Browser) -> None:
    page = reader.get("/designs").text
    assert "No design yet" in page
    assert 'href="/designs/new"' in page
    assert 'aria-current="page">Design<' in page


def test_a_design_is_made_run_and_stands_in_the_list_with_its_figures(browser: Browser) -> None:
    answer = browser.post("/designs/new", {**ASKED, "act": "run"})
    assert answer.headers["location"] == "/designs/1/run"
    page = browser.get("/designs/1/run").text
    assert "Stop with the best so far" in page
    assert "hx-sse:connect" in page
    browser.work()
    assert browser.get("/designs/1/run?ended=1", follow_redirects=False).headers["location"] == "/designs/1"
    page = browser.get("/designs/1/run").text
    assert "Designed: " in page
    assert "above what no design can beat" in page or "the bound does not apply" in page
    row = browser.get("/designs").text
    for text in ("West", "worked out", "zones of us-counties, from what holds today"):
        assert text in row
    job = browser.workspace.design_find(1).job_id
    assert browser.get(f"/jobs/{job}", follow_redirects=False).headers["location"] == "/designs/1/run"


def test_parents_are_asked_for_in_the_form_and_stand_beside_their_territories(browser: Browser) -> None:
    number = made(browser, parents="2")
    assert "under 2 parents designed first" in browser.get(f"/designs/{number}/run").text
    assert re.search(r'name="parents"[^>]*value="2"', browser.get(f"/designs/{number}/edit-spec").text)
    browser.workspace.design_run(number)
    page = browser.get(f"/designs/{number}").text
    assert page.count("· Area 1<") + page.count("· Area 2<") == 6


def test_a_job_that_is_stopped_leads_back_to_its_design(browser: Browser) -> None:
    browser.post("/designs/new", {**ASKED, "act": "run"})
    job = browser.workspace.design_find(1).job_id
    assert browser.post(f"/jobs/{job}/cancel").headers["location"] == "/designs/1/run"
    page = browser.get("/designs/1/run").text
    assert 'data-state="cancelled"' in page
    assert browser.post("/designs/1/run").headers["location"] == "/designs/1/run"


def test_the_check_tells_what_the_design_would_work_with_and_writes_nothing(reader: Browser) -> None:
    answer = reader.post("/designs/new/check", ASKED, headers={"hx-request": "true"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("<form")
    assert re.search(r"<b>150\sunits</b> for <b>6\sterritories</b>", answer.text), answer.text[-3000:]
    assert reader.workspace.design_list() == ()


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"territories": "none"}, "territories-error", "Write a whole number."),
        ({"territories": "0"}, "territories-error", "from 1 to 10000"),
        ({"band:0": "wide"}, "measure-0-error", "Write the band as a percentage"),
        ({"measure:0": ""}, "measure-0-error", "Choose a measure"),
        ({"measure:0": "moonlight"}, "measure-0-error", "There is no measure"),
        ({"handover_share": "150"}, "handover_share-error", "from 0 to 1"),
        ({"seconds": "-1"}, "seconds-error", "from 0.1"),
        ({"seed": "x"}, "seed-error", "Write a whole number."),
        ({"locks": "06001"}, "locks-error", "Line 1"),
        ({"locks": "06001 = nowhere"}, "locks-error", "nowhere"),
        ({"together": "06001"}, "together-error", "Line 1"),
        ({"licences": "US-CA = none-has-it"}, "licences-error", "no seat of this design has it"),
        ({"walls": "great"}, "walls-error", "great"),
        ({"start": "yesterday"}, "start-error", "today, scratch or design:NUMBER"),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field(reader: Browser, wrong: dict[str, str], field: str, says: str) -> None:
    for address in ("/designs/new", "/designs/new/check"):
        answer = reader.post(address, {**ASKED, **wrong})
        assert answer.status_code == (422 if address == "/designs/new" else 200)
        error = re.search(rf'id="{field}">([^<]*)<', answer.text)
        assert error is not None, answer.text[-3000:]
        assert says in error[1].replace("&#39;", "'")
    assert reader.workspace.design_list() == ()


def test_rows_of_measures_are_added_and_taken_out_without_script(browser: Browser) -> None:
    page = browser.post("/designs/new/check", {**ASKED, "edit": "add"}).text
    assert 'name="measure:1"' in page
    two = {**ASKED, "measure:1": "workload", "band:1": "", "weight:1": "2"}
    page = browser.post("/designs/new/check", {**two, "edit": "remove:0"}).text
    assert 'name="measure:1"' not in page
    assert re.search(r'<option value="workload" selected>', page)
    number = made(browser, **{"measure:1": "workload", "band:1": "", "weight:1": "2"})
    assert browser.workspace.design_find(number).spec["measures"] == [
        {"measure": "potential", "band": 0.6, "weight": 1.0},
        {"measure": "workload", "band": None, "weight": 2.0},
    ]


def test_seats_and_a_part_of_the_tree_are_taken_by_name(browser: Browser) -> None:
    number = made(browser, within_text="west", seats="all", regions="", how="capacity", **{"band:0": ""})
    spec = browser.workspace.design_find(number).spec
    assert spec["within"] == "west"
    assert spec["territories"] == "capacity"
    assert len(spec["seats"]) > 3
    answer = browser.post("/designs/new", {**ASKED, "within_text": f"Nowhere{SCRIPT}"})
    assert answer.status_code == 422
    assert "There is no one territory called Nowhere&lt;script&gt;" in answer.text


def test_a_changed_spec_is_a_design_of_its_own_that_begins_where_the_other_stands(browser: Browser) -> None:
    key = browser.workspace.design_show(made(browser))["territories"][0]["key"]
    number = made(browser, locks=f"06001 = {key}")
    page = browser.get(f"/designs/{number}/edit-spec").text
    assert f"06001 = {key}" in page
    assert re.search(rf'<option value="design:{number}" selected>', page)
    changed = {**ASKED, "name": "Wider", "start": f"design:{number}", "band:0": "80", "act": "keep"}
    assert "150" in browser.post(f"/designs/{number}/edit-spec/check", changed).text
    second = int(browser.post(f"/designs/{number}/edit-spec", changed).headers["location"].rpartition("/")[2])
    assert second != number
    spec = browser.workspace.design_find(second).spec
    assert (spec["name"], spec["measures"][0]["band"], spec["start"], spec["locks"]) == ("Wider", 0.8, f"design:{number}", {})


def test_designs_are_searched_filtered_sorted_and_paged(browser: Browser) -> None:
    numbers = [made(browser, name=name) for name in ("Alpha", "Beta")]
    assert rows(browser, "q=alp") == [numbers[0]]
    assert rows(browser, "state=designed") == []
    assert rows(browser, "sort=name") == numbers
    assert rows(browser, "sort=-name") == numbers[::-1]
    for column in ("territories", "gap", "worst", "disruption", "moved", "state", "when", "junk"):
        assert len(rows(browser, f"sort={column}")) == 2
    assert rows(browser, "after=1&sort=name") == [numbers[1]]


def rows(browser: Browser, query: str) -> list[int]:
    """The numbers of the designs that the list shows."""
    return [int(key) for key in re.findall(r'<tr data-key="(\d+)"', browser.get(f"/designs?{query}").text)]


def test_designs_are_removed_after_asking_and_brought_back(browser: Browser) -> None:
    first, second = made(browser, name="One"), made(browser, name="Two")
    assert "Remove Two?" in browser.get(f"/designs/{second}/remove").text
    page = browser.get(f"/designs/remove?selected={first}&selected={second}").text
    assert re.search(r"Remove 2\sdesigns\?", page)
    gone = browser.client.post(
        "/designs/remove", data={"csrf_token": browser.token(), "selected": [str(first), str(second)]}, follow_redirects=False
    )
    assert gone.headers["location"] == f"/designs?removed={first}&removed={second}"
    page = browser.get(gone.headers["location"]).text
    assert re.search(r"2\sdesigns are removed", page)
    assert browser.workspace.design_list() == ()
    assert browser.get(f"/designs/{first}/run").status_code == 409
    browser.client.post("/designs/restore", data={"csrf_token": browser.token(), "removed": [str(first), str(second)]})
    assert [row.id for row in browser.workspace.design_list()] == [second, first]


def test_hostile_names_are_shown_as_text(browser: Browser) -> None:
    number = made(browser, name=SCRIPT)
    for address in (
        "/designs",
        f"/designs/{number}/run",
        f"/designs/{number}/remove",
        f"/designs/{number}/edit-spec",
        "/designs/new",
    ):
        page = browser.get(address).text
        assert SCRIPT not in page
        assert "&lt;script&gt;" in page


PLACES = ("run", "remove", "edit-spec")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("number", ["99", "0", "99999999999999999999999", "x"])
def test_what_is_no_design_is_not_found(reader: Browser, place: str, number: str) -> None:
    assert reader.get(f"/designs/{number}/{place}").status_code in (404, 422)


@pytest.mark.parametrize(
    "address",
    ["/designs/new", "/designs/new/check", "/designs/remove", "/designs/restore", "/designs/1/run", "/designs/1/edit-spec"],
)
def test_a_form_without_its_token_changes_nothing(reader: Browser, address: str) -> None:
    answer: Any = reader.client.post(address, data=ASKED)
    assert answer.status_code == 403
    assert reader.workspace.design_list() == ()


def test_nothing_selected_is_said(reader: Browser) -> None:
    assert reader.get("/designs/remove").status_code == 422
    assert reader.get("/designs/remove?selected=x").status_code == 404
    assert reader.post("/designs/remove").status_code == 422
