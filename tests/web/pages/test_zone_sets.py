"""Pages of zones: the list, a file looked at and added, one set, and its removal."""

from __future__ import annotations

import json
import re

import pytest

from tests.app.test_zones import TWO, box, geojson
from tests.web.pages.browsing import Browser

SCRIPT = "<script>alert('x')</script>"


def sent(browser: Browser, content: bytes = TWO, name: str = "two-squares.geojson") -> str:
    """Where sending a file leads."""
    answer = browser.post("/zones/new", files={"file": (name, content, "application/geo+json")})
    assert answer.status_code == 303, answer.text[-600:]
    return str(answer.headers["location"])


def added(browser: Browser, place: str, **changes: str) -> object:
    """The answer to adding a file with what its page guessed."""
    page = browser.get(place).text
    file = re.search(r'name="file" value="([^"]+)"', page)
    assert file is not None
    fields = {"file": file[1], "name": "Two squares", "key": "two", "id": "code", "title": "", "region": "", "measure": "people"}
    return browser.post("/zones/add", {**fields, **changes})


def test_the_sets_that_come_with_metes_are_listed(reader: Browser) -> None:
    page = reader.get("/zones").text
    for text in ("us-counties", "us-zips", "world-countries", "comes with Metes", 'href="/zones/new"'):
        assert text in page
    assert "us-zips" not in reader.get("/zones?q=county us-counties").text
    assert 'aria-current="page">Zones<' in page


def test_a_set_is_shown_with_its_map_its_islands_in_words_and_its_zones(reader: Browser) -> None:
    page = reader.get("/zones/us-counties?q=honolulu").text
    assert re.search(r"Honolulu, Hawaii is joined to [^,]+, Hawaii, \d+ km", page)
    assert "links that join islands" in page
    assert re.findall(r'<tr data-key="(\d+)"', page) == ["15003"]
    assert '<svg class="territories"' in page
    assert "remove" not in page
    assert 'href="/designs/new?units=us-counties"' in page
    assert re.search(r'<option value="us-counties" selected>', reader.get("/designs/new?units=us-counties").text)


def test_a_file_is_looked_at_added_shown_taken_away_and_removed(browser: Browser) -> None:
    place = sent(browser)
    assert "id=code" in place
    assert "measure=people" in place
    page = browser.get(place).text
    assert "The file is in order." in page or "What was found" in page
    assert "What it becomes" in page
    assert [s.key for s in browser.workspace.zone_set_list() if not s.is_built_in] == []
    answer = added(browser, place)
    assert answer.headers["location"] == "/zones/two"  # type: ignore[attr-defined]
    page = browser.get("/zones/two").text
    assert "Two squares" in page
    assert "All zones hang together" in page
    assert len(browser.get("/zones/two/zones.geojson").json()["features"]) == 2
    again = added(browser, sent(browser))
    assert again.status_code == 422  # type: ignore[attr-defined]
    assert "There is a set &#39;two&#39; already" in again.text  # type: ignore[attr-defined]
    assert added(browser, sent(browser), replace="1").status_code == 303  # type: ignore[attr-defined]
    assert "can bring them back" in browser.get("/zones/two/remove").text
    assert browser.post("/zones/two/remove").headers["location"] == "/zones"
    assert browser.get("/zones/two").status_code == 404
    assert 'action="/zones/two/restore"' in browser.get("/zones").text
    assert browser.client.post("/zones/two/restore").status_code == 403
    assert browser.post("/zones/two/restore").headers["location"] == "/zones/two"
    assert "Two squares is back as it was." in browser.get("/zones/two").text
    assert "/zones/two/restore" not in browser.get("/zones").text
    assert browser.post("/zones/two/restore").status_code == 404


def test_a_file_that_is_no_geojson_is_refused_with_what_is_wrong(browser: Browser) -> None:
    for content in (b"", b"{", b"[]", b'{"type": "FeatureCollection", "features": []}', b"\x1f\x8bno gzip", b"\xff\xfe"):
        answer = browser.post("/zones/new", files={"file": ("x.geojson", content, "application/json")})
        assert answer.status_code == 422, content
        assert "give a GeoJSON file" in answer.text
    assert browser.post("/zones/new").status_code == 422


def test_what_cannot_become_a_set_is_said_where_it_is_chosen(browser: Browser) -> None:
    place = sent(browser)
    for changes, says in (
        ({"id": "nothing"}, "no feature has the property"),
        ({"key": "Two Squares"}, "cannot be a key"),
        ({"key": "us-zips"}, "There is a set"),
        ({"key": "new"}, "choose another key"),
    ):
        answer = added(browser, place, **changes)
        assert answer.status_code == 422, changes  # type: ignore[attr-defined]
        assert says in answer.text.replace("&#39;", "'")  # type: ignore[attr-defined]


def test_hostile_properties_are_shown_as_text(browser: Browser) -> None:
    hostile = geojson(box(0, SCRIPT, **{SCRIPT: SCRIPT, "people": 1}))
    place = sent(browser, hostile, f"{SCRIPT}.geojson".replace("/", ""))
    page = browser.get(place).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert added(browser, place, name=SCRIPT, title=SCRIPT).status_code == 303  # type: ignore[attr-defined]
    for address in ("/zones", "/zones/two", "/zones/two/remove", "/designs/new?units=two"):
        page = browser.get(address).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


@pytest.mark.parametrize("file", ["", "x", "../../metes.db", "0/../../../etc/passwd", "%00", "a/b/c"])
def test_a_file_that_was_not_sent_is_not_read(reader: Browser, file: str) -> None:
    assert reader.get(f"/zones/look?file={file}&id=code").status_code in (400, 404, 422)
    assert reader.post("/zones/add", {"file": file, "key": "x", "id": "code"}).status_code in (404, 422)


def test_built_in_and_unknown_sets_are_not_removed(reader: Browser) -> None:
    assert reader.get("/zones/us-counties/remove").status_code == 409
    assert reader.post("/zones/us-counties/remove").status_code == 409
    assert reader.get("/zones/none/remove").status_code == 404
    assert reader.get("/zones/none").status_code == 404
    assert reader.client.post("/zones/none/remove").status_code == 403
    assert reader.client.post("/zones/new", files={"file": ("x", json.dumps({}).encode())}).status_code == 403
