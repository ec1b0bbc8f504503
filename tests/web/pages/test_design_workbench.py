"""The workbench without script: what the page shows, and every gesture as a plain form."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.web.pages.browsing import Browser, browser_in
from tests.web.pages.conftest import SCRIPT, Company

COLORADO = {
    "name": "Colorado anew",
    "units": "us-counties",
    "regions": ["US-CO", "US-WY"],
    "territories": 3,
    "measures": [{"measure": "potential", "band": 0.1}, {"measure": "accounts", "band": None}],
    "start": "scratch",
}
JSON = {"accept": "application/json"}


@pytest.fixture(scope="module")
def drawn(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The company with a design of two states in which nobody has anything yet."""
    own = company.copy(tmp_path_factory.mktemp("drawn") / "company")
    workspace = own.open()
    workspace.design_new(COLORADO)
    workspace.close()
    return own


@pytest.fixture
def open_bench(drawn: Company, tmp_path: Path) -> Iterator[Callable[[], Browser]]:
    """A function that opens a browser; all of a test share one company."""
    own = drawn.copy(tmp_path / "company")
    workspace = own.open()
    yield lambda: browser_in(workspace, own.session)
    workspace.close()


@pytest.fixture
def bench(open_bench: Callable[[], Browser]) -> Browser:
    """A browser on a company whose design 1 may be changed."""
    return open_bench()


@pytest.fixture(scope="module")
def looked_at(drawn: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for tests that change nothing."""
    own = drawn.copy(tmp_path_factory.mktemp("looked-at") / "company")
    workspace = own.open()
    yield browser_in(workspace, own.session)
    workspace.close()


def owners(bench: Browser) -> Any:
    packed = bench.get("/designs/1/assignment.json").json()["territory"]
    return np.frombuffer(base64.b64decode(packed), "<i4")


def packed(*units: int) -> str:
    return base64.b64encode(np.array(units, "<i4").tobytes()).decode()


def test_the_page_shows_the_figures_the_territories_and_every_tool(looked_at: Browser) -> None:
    text = looked_at.get("/designs/1").text
    assert "Colorado anew" in text
    assert text.count("<tr data-territory=") == 3
    for word in ("Select", "Lasso", "Paint", "Lock", "Undo", "Redo", "Run", "Propose as change", "above the bound", "disruption"):
        assert word in text


def test_the_page_has_no_style_or_script_of_its_own(looked_at: Browser) -> None:
    text = looked_at.get("/designs/1?view=units").text
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script>", text)


def test_units_are_found_by_name_code_and_territory_without_script(looked_at: Browser) -> None:
    assert "Boulder, Colorado" in looked_at.get("/designs/1?view=units&q=boulder").text
    assert "Boulder, Colorado" in looked_at.get("/designs/1?view=units&q=08013").text
    assert "Nothing found" in looked_at.get("/designs/1?view=units&q=qqq").text
    key = looked_at.workspace.design_show(1)["territories"][0]["key"]
    assert "Nothing found" in looked_at.get(f"/designs/1?view=units&territory={key}").text
    assert 'name="unit"' in looked_at.get("/designs/1?view=units&territory=none").text


def test_long_lists_of_units_have_pages(looked_at: Browser) -> None:
    first = looked_at.get("/designs/1?view=units").text
    assert "1–50 of 87" in first
    assert "51–87 of 87" in looked_at.get("/designs/1?view=units&after=50").text


def test_ticked_units_move_and_the_notice_says_where_to(bench: Browser) -> None:
    answer = bench.post("/designs/1/move", {"unit": ["0", "1", "2"], "territory": "1", "query": "view=units&q=adams"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/designs/1?view=units&q=adams"
    assert list(owners(bench)[:4]) == [1, 1, 1, -1]
    name = bench.workspace.design_show(1)["territories"][1]["name"]
    assert f"3 counties moved to {name}" in bench.get("/designs/1").text


def test_scripts_get_the_touched_rows_and_figures_written_out(bench: Browser) -> None:
    seen = str(bench.workspace.design_show(1)["version"])
    answer = bench.post("/designs/1/move", {"packed": packed(5, 6), "territory": "2", "version": seen}, headers=JSON).json()
    assert [row["index"] for row in answer["rows"]] == [2]
    assert answer["rows"][0]["cells"][0]["text"].endswith("%")
    assert {one["key"] for one in answer["strip"]} >= {"gap", "balance-potential", "changed", "disruption", "travel"}
    assert answer["can_undo"]
    assert not answer["can_redo"]
    assert np.frombuffer(base64.b64decode(answer["units"]), "<i4").tolist() == [5, 6]


def test_undo_and_redo_go_to_the_beginning_and_back(bench: Browser) -> None:
    for unit in range(3):
        bench.post("/designs/1/move", {"unit": str(unit), "territory": "0"})
    for _ in range(3):
        bench.post("/designs/1/undo")
    assert (owners(bench) == -1).all()
    assert "There is nothing to undo" in follow(bench, bench.post("/designs/1/undo"))
    for _ in range(3):
        bench.post("/designs/1/redo")
    assert list(owners(bench)[:4]) == [0, 0, 0, -1]


def follow(bench: Browser, answer: Any) -> str:
    """The page that a form leads to."""
    assert answer.status_code == 303
    return str(bench.get(answer.headers["location"]).text)


def test_locked_units_stay_until_they_are_let_go(bench: Browser) -> None:
    bench.post("/designs/1/move", {"unit": ["0", "1"], "territory": "0"})
    bench.post("/designs/1/lock", {"unit": "0"})
    bench.post("/designs/1/move", {"unit": ["0", "1"], "territory": "1"})
    assert list(owners(bench)[:2]) == [0, 1]
    assert "locked" in bench.get("/designs/1?view=units").text
    bench.post("/designs/1/unlock", {"locked_of": "0"})
    bench.post("/designs/1/move", {"unit": "0", "territory": "1"})
    assert list(owners(bench)[:2]) == [1, 1]


def test_who_comes_second_is_told_and_changes_nothing(bench: Browser) -> None:
    seen = str(bench.workspace.design_show(1)["version"])
    bench.post("/designs/1/move", {"unit": "0", "territory": "0", "version": seen})
    late = bench.post("/designs/1/move", {"unit": "0", "territory": "1", "version": seen}, headers=JSON)
    assert late.status_code == 409
    assert late.json()["error"]["code"] == "changed"
    assert "meanwhile" in late.json()["error"]["message"]
    assert "meanwhile" in follow(bench, bench.post("/designs/1/move", {"unit": "0", "territory": "1", "version": seen}))
    assert owners(bench)[0] == 0


def test_what_moves_nothing_is_no_conflict(bench: Browser) -> None:
    bench.post("/designs/1/move", {"unit": "0", "territory": "0"})
    again = bench.post("/designs/1/move", {"unit": "0", "territory": "0"}, headers=JSON)
    assert again.status_code == 409
    assert again.json()["error"]["code"] == "nothing"


@pytest.mark.parametrize(
    "fields",
    [
        {"territory": "0"},
        {"unit": "-1", "territory": "0"},
        {"unit": "x", "territory": "0"},
        {"unit": "99999", "territory": "0"},
        {"unit": "0", "territory": ""},
        {"unit": "0", "territory": "99"},
        {"unit": "0", "territory": "nobody-knows"},
        {"packed": "not base64!", "territory": "0"},
        {"packed": "QUI=", "territory": "0"},
    ],
)
def test_junk_is_refused_in_words_and_changes_nothing(looked_at: Browser, fields: dict[str, str]) -> None:
    answer = looked_at.post("/designs/1/move", fields)
    assert answer.status_code == 422
    assert (owners(looked_at) == -1).all()


@pytest.mark.parametrize("verb", ["move", "lock", "unlock", "undo", "redo", "rename", "save-as", "widen"])
def test_no_gesture_goes_without_the_token_or_without_a_design(looked_at: Browser, verb: str) -> None:
    refused = looked_at.client.post(f"/designs/1/{verb}", data={"unit": "0", "territory": "0", "name": "x"}, follow_redirects=False)
    assert refused.status_code == 403
    fields = {"unit": "0", "territory": "0", "name": "x", "band": "potential 0.2"}
    assert looked_at.post(f"/designs/99/{verb}", fields).status_code == 404


@pytest.mark.parametrize(
    "path", ["/designs/99", "/designs/99/units.json", "/designs/99/assignment.json", "/designs/0", "/designs/x"]
)
def test_there_is_no_page_of_a_design_that_is_not(looked_at: Browser, path: str) -> None:
    assert looked_at.get(path).status_code == 404


def test_names_are_shown_as_text_wherever_they_stand(bench: Browser) -> None:
    bench.post("/designs/1/save-as", {"name": SCRIPT})
    bench.post("/designs/2/rename", {"territory": "0", "name": SCRIPT})
    bench.post("/designs/2/move", {"unit": "0", "territory": "0"})
    for view in ("balance", "units", "constraints"):
        text = bench.get(f"/designs/2?view={view}").text
        assert SCRIPT not in text
        assert "&lt;script&gt;" in text


def test_a_copy_has_the_same_steps_and_a_life_of_its_own(bench: Browser) -> None:
    bench.post("/designs/1/move", {"unit": "0", "territory": "0"})
    assert bench.post("/designs/1/save-as", {"name": "Second try"}).headers["location"] == "/designs/2"
    bench.post("/designs/2/undo")
    assert owners(bench)[0] == 0
    assert "Second try" in bench.get("/designs/2").text


def test_a_wider_band_makes_a_design_of_its_own_that_starts_from_this_one(bench: Browser) -> None:
    bench.post("/designs/1/move", {"unit": "0", "territory": "0"})
    assert bench.post("/designs/1/widen", {"band": "potential 0.25"}).headers["location"] == "/designs/2"
    made = bench.workspace.design_show(2)
    assert made["measures"][0]["band"] == 0.25
    assert bench.workspace.design_show(1)["measures"][0]["band"] == 0.1
    for junk in ("potential", "potential -1", "potential nan", "nothing 0.2", ""):
        assert bench.post("/designs/1/widen", {"band": junk}).status_code == 422


def test_what_stands_in_the_way_is_said_with_links_that_do_something(bench: Browser) -> None:
    units = [str(at) for at in range(60)]
    bench.post("/designs/1/move", {"unit": units, "territory": "0"})
    bench.post("/designs/1/lock", {"unit": units[:2]})
    text = bench.get("/designs/1").text
    assert "points over its band of potential" in text
    assert 'name="locked_of" value="0"' in text
    assert "counties are in no territory" in text


def test_units_are_sent_once(looked_at: Browser) -> None:
    first = looked_at.get("/designs/1/units.json")
    assert json.loads(first.text)["zone_set"] == "us-counties"
    assert looked_at.get("/designs/1/units.json", headers={"if-none-match": first.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("sort", ["name", "-name", "moved", "-moved", "potential", "-accounts", "junk"])
def test_territories_can_be_sorted_by_every_column(looked_at: Browser, sort: str) -> None:
    assert looked_at.get(f"/designs/1?sort={sort}").text.count("<tr data-territory=") == 3


def test_a_running_job_is_followed_in_the_page(bench: Browser) -> None:
    bench.workspace.design_queue(1)
    assert 'hx-sse:connect="/jobs/' in bench.get("/designs/1").text
    bench.work()
    text = bench.get("/designs/1").text
    assert "hx-sse:connect" not in text
    assert "worked out" in text


def test_a_row_leads_to_a_form_of_name_and_colour_whose_changes_are_undone(bench: Browser) -> None:
    page = bench.get("/designs/1").text
    place = re.search(r'href="(/designs/1/territories/[^"]+)" data-row-menu', page)
    assert place is not None
    form = bench.get(place[1]).text
    assert form.count('name="colour"') == 12
    before = {t["key"]: t for t in bench.workspace.design_show(1)["territories"]}[place[1].rpartition("/")[2]]
    other = str((before["colour"] + 1) % 12)
    assert bench.client.post(place[1], data={"name": "Dusk"}).status_code == 403
    assert bench.post(place[1], {"name": "Dusk", "colour": other}).headers["location"] == "/designs/1"
    assert "is now called Dusk." in bench.get("/designs/1").text
    after = {t["key"]: t for t in bench.workspace.design_show(1)["territories"]}[before["key"]]
    assert (after["name"], str(after["colour"])) == ("Dusk", other)
    assert bench.post(place[1], {"name": "Dusk", "colour": other}).headers["location"] == "/designs/1"
    for _ in range(2):
        bench.post("/designs/1/undo")
    undone = {t["key"]: t for t in bench.workspace.design_show(1)["territories"]}[before["key"]]
    assert (undone["name"], undone["colour"]) == (before["name"], before["colour"])


def test_a_name_or_colour_that_cannot_be_is_said_in_the_form(bench: Browser) -> None:
    key = bench.workspace.design_show(1)["territories"][0]["key"]
    place = f"/designs/1/territories/{key}"
    for fields in ({"name": " "}, {"name": "x" * 201}, {"name": "Dusk", "version": "99"}):
        refused = bench.post(place, fields)
        assert refused.status_code == 422
        assert 'class="notice bad' in refused.text
    assert bench.post(place, {"name": "Dusk", "colour": "red"}).status_code == 422
    assert bench.get("/designs/1/territories/none").status_code == 404
    bench.workspace.design_rename(1, key, SCRIPT)
    assert SCRIPT not in bench.get(place).text
    assert SCRIPT not in bench.get("/designs/1").text
