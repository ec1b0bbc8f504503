"""What a design is looked at for: compared, certified as fair, and made a draft of the plan."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.pages.browsing import Browser, browser_in
from tests.web.pages.conftest import Company
from tests.web.pages.test_designs import ASKED, SCRIPT


@pytest.fixture(scope="module")
def designed(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A company with two designs that were worked out; a third, of accounts, was not, and has a hostile name."""
    own = company.copy(tmp_path_factory.mktemp("designed") / "company")
    workspace = own.open()
    browser = browser_in(workspace, own.session)
    for changes in ({"name": "First"}, {"name": "Second", "territories": "4"}):
        browser.post("/designs/new", {**ASKED, **changes, "act": "run"})
    browser.post("/designs/new", {**ASKED, "name": SCRIPT, "units": "accounts", "act": "keep"})
    browser.work()
    yield browser
    workspace.close()


def test_a_design_stands_beside_today_with_maps_and_what_changes_hands(designed: Browser) -> None:
    page = designed.get("/designs/1/compare?with=today").text
    assert "First against today" in page
    assert page.count('<svg class="territories') == 2
    assert '<path class="differs" d="M' in page
    assert "from ±" in designed.get("/designs/1/compare?with=2").text
    for by, text in (("gains", "Potential, net"), ("people", "Person"), ("territories", "Before and after")):
        assert text in designed.get(f"/designs/1/compare?with=today&by={by}").text


def test_what_differs_is_listed_searched_and_taken_away_as_csv(designed: Browser) -> None:
    page = designed.get("/designs/2/compare?with=1&by=units").text
    shown = re.findall(r'<tr data-key="(\d{5})"', page)
    answer = designed.get("/designs/2/compare.csv?with=1")
    assert answer.headers["content-disposition"] == 'attachment; filename="design-2-differences.csv"'
    lines = list(csv.DictReader(answer.text.removeprefix("\ufeff").splitlines()))
    assert [line["id"] for line in lines[:50]] == shown
    assert all(line["before"] != line["after"] for line in lines)
    only = designed.get(f"/designs/2/compare?with=1&by=units&q={shown[0]}").text
    assert re.findall(r'<tr data-key="(\d{5})"', only) == shown[:1]
    assert f'q={shown[0]}"' in only
    key = lines[0]["after"]
    joins = designed.get(f"/designs/2/compare.csv?with=1&to={key}").text.removeprefix("\ufeff")
    assert {line["after"] for line in csv.DictReader(joins.splitlines())} == {key}


def test_accounts_are_drawn_as_points_and_compared_by_name(designed: Browser) -> None:
    page = designed.get("/designs/3/compare").text
    assert "territories has-points" in page
    assert SCRIPT not in page
    assert "accounts in all" in page
    assert designed.get("/designs/1/compare?with=3").status_code == 200


@pytest.mark.parametrize("other", ["99", "yesterday", "1.5", "-1", "%3Cscript%3E"])
def test_what_cannot_be_compared_with_is_said(designed: Browser, other: str) -> None:
    assert designed.get(f"/designs/1/compare?with={other}").status_code in (404, 422)
    assert designed.get(f"/designs/1/compare.csv?with={other}").status_code in (404, 422)


def test_the_certificate_tells_each_seat_the_ranges_and_the_indices(designed: Browser) -> None:
    page = designed.get("/designs/1/fairness").text
    for text in ("How fair is First?", "Gini", "Jain", "Max over min", "Quota", "—", "Potential is", "Travel"):
        assert text in page
    lines = list(csv.DictReader(designed.get("/designs/1/fairness.csv").text.removeprefix("\ufeff").splitlines()))
    assert len(lines) == 6
    assert sum(float(line["potential_to_mean"]) for line in lines) == pytest.approx(6)
    assert {line["quota"] for line in lines} == {""}


def test_the_page_of_seats_says_what_one_more_brings_and_costs(designed: Browser) -> None:
    page = designed.get("/designs/1/seats?hours=1500&cost=120000&span=3").text
    assert "How many seats for First?" in page
    assert "One more seat is expected to bring" in page
    assert "and cost 120,000 USD a year." in page
    assert page.count('<th scope="row">') == 7
    assert '<span class="second">the design</span>' in page
    assert "it pays where a seat costs less" in designed.get("/designs/1/seats?hours=1500").text
    wrong = designed.get("/designs/1/seats?cost=much&hours=1500")
    assert wrong.status_code == 422
    assert "Write what a seat costs as a number." in wrong.text
    assert designed.get("/designs/1/seats?hours=0").status_code == 422
    assert designed.get("/designs/1/seats?hours=1500&value=x&span=99").text.count("one of potential") == 1


def test_a_design_becomes_a_draft_after_its_rules_were_seen(designed: Browser) -> None:
    page = designed.get("/designs/1/to-plan").text
    assert re.search(r"a list of \d+\scount", page)
    assert "accounts change territory" in page
    drafts = len(designed.workspace.plan_list())
    assert designed.client.post("/designs/1/to-plan").status_code == 403
    assert len(designed.workspace.plan_list()) == drafts
    answer = designed.post("/designs/1/to-plan")
    place = answer.headers["location"]
    assert re.fullmatch(r"/plan/\d+/changes\?preview=1", place)
    page = designed.get(place).text
    assert "where the design has them" in page
    assert "accounts change territory" in page
    assert "There is a draft already" in designed.get("/designs/1/to-plan").text


def test_a_design_is_taken_away_as_csv_and_geojson(designed: Browser) -> None:
    lines = list(csv.DictReader(designed.get("/designs/1/design.csv").text.removeprefix("\ufeff").splitlines()))
    assert len(lines) == 150
    shapes = designed.get("/designs/1/design.geojson").json()
    assert len(shapes["features"]) == 6
    assert designed.get("/designs/3/design.geojson").status_code == 422


@pytest.mark.parametrize(
    "place", ["compare", "compare.csv", "fairness", "fairness.csv", "seats", "to-plan", "design.csv", "design.geojson"]
)
def test_what_is_no_design_is_not_found(designed: Browser, place: str) -> None:
    assert designed.get(f"/designs/99/{place}").status_code == 404
    assert designed.get(f"/designs/x/{place}").status_code == 404


@pytest.mark.parametrize("place", ["compare", "fairness", "seats?hours=900", "to-plan"])
def test_hostile_names_are_shown_as_text(designed: Browser, place: str) -> None:
    page = designed.get(f"/designs/3/{place}").text
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page


def test_a_frontier_is_worked_out_and_a_point_of_it_is_picked(company: Company, tmp_path: Path) -> None:
    workspace = company.copy(tmp_path / "company").open()
    browser = browser_in(workspace, company.session)
    small = {**ASKED, "regions": "US-NV, US-UT, US-ID", "territories": "3", "contiguous": ""}
    browser.post("/designs/new", {**small, "act": "run"})
    browser.work()
    assert "Not worked out yet" in browser.get("/designs/1/frontier").text
    assert browser.client.post("/designs/1/frontier").status_code == 403
    browser.post("/designs/1/frontier")
    assert "Frontier of design 1" in browser.get("/designs/1/frontier").text
    cancelled = workspace.design_frontier_job(1)
    assert cancelled is not None
    browser.post(f"/jobs/{cancelled.id}/cancel")
    assert "Work it out again" in browser.get("/designs/1/frontier").text
    browser.post("/designs/1/frontier")
    browser.work()
    page = browser.get("/designs/1/frontier").text
    assert '<svg class="scatter"' in page
    assert page.count("Pick this point") == page.count("<circle") > 0
    job = workspace.design_frontier_job(1)
    assert job is not None
    wrong = ({"job": str(job.id), "point": "999"}, 404), ({"job": "x", "point": "0"}, 422), ({"job": "1", "point": "0"}, 404)
    for fields, status in wrong:
        assert browser.post("/designs/1/frontier/pick", fields).status_code == status
    place = browser.post("/designs/1/frontier/pick", {"job": str(job.id), "point": "0"}).headers["location"]
    picked = workspace.design_find(int(place.rpartition("/")[2]))
    assert picked.name.endswith(", point 1")
    kept = (job.result or {})["points"][0]
    assert picked.summary["travel"] == pytest.approx(kept["travel"])
    assert picked.summary["changed_accounts"] == kept["changed_accounts"]
    assert picked.summary["gap"] is None
    undone = workspace.design_undo(picked.id)
    assert undone["figures"]["travel"] == pytest.approx(workspace.design_find(1).summary["travel"])
    workspace.close()
