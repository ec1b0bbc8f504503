"""Types, lists and areas of a plan by its pages: added, changed, taken out, and taken back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.web.pages.browsing import Browser
from tests.web.pages.conftest import SCRIPT

PLACE = "/plan/1"
TYPE = {"name": "Health care", "role": "overlay", "policy": "share", "priority": "200", "kind": "industry"}


def square(west: float, south: float, side: float = 1, **properties: Any) -> dict[str, Any]:
    """A feature."""
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def upload(browser: Browser, address: str, value: Any, **fields: str) -> Any:
    """A GeoJSON file sent with a form."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return browser.post(address, fields, files={"file": ("front range.geojson", content, "application/geo+json")})


def draft(browser: Browser) -> Any:
    """The open draft's plan."""
    return browser.workspace.plan_show("draft")[1]


def followed(browser: Browser, answer: Any) -> str:
    """The page that a form leads to."""
    assert answer.status_code == 303, answer.text[-800:]
    page = browser.get(answer.headers["location"])
    assert page.status_code == 200
    return str(page.text)


def undo(browser: Browser, page: str) -> Any:
    """The undo that a page offers, sent."""
    action = re.search(r'action="(/plan/\d+/back)"', page)
    fields = dict(re.findall(r'name="(before|after)" value="([0-9a-f]{64})"', page))
    assert action
    assert len(fields) == 2
    return browser.post(action[1], fields)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (f"{PLACE}/parts", "Rules ask for it with: in area"),
        (f"{PLACE}/parts?find=nothing-is-named-so", "No list is named so."),
        (f"{PLACE}/new-type", "New type"),
        (f"{PLACE}/new-list", "paste a column of a spreadsheet"),
        (f"{PLACE}/new-area", "Choose a GeoJSON file"),
        ("/plan", "named lists"),
    ],
)
def test_each_page_shows_what_it_is_for(reader: Browser, address: str, shown: str) -> None:
    answer = reader.get(address)
    assert answer.status_code == 200
    assert shown in answer.text


@pytest.mark.parametrize(
    "address",
    [
        *(f"{PLACE}/{kind}/nowhere" for kind in ("types", "lists", "areas")),
        *(f"{PLACE}/{kind}/nowhere/remove" for kind in ("types", "lists", "areas")),
        f"{PLACE}/areas/nowhere/outline.json",
        f"{PLACE}/areas/nowhere/file",
        f"{PLACE}/areas/nowhere/accounts",
        "/plan/99/parts",
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(reader: Browser, address: str) -> None:
    assert reader.get(address).status_code == 404


def test_a_list_is_pasted_changed_removed_and_taken_back(browser: Browser) -> None:
    codes = "\r\n".join(["80202", " 01003 ", "", "80202", "a-1\tb-2"])
    page = followed(browser, browser.post(f"{PLACE}/new-list", {"name": "Key codes", "values": codes}))
    assert "with 4 codes; 1 that stood there more than once is kept once" in page
    named = draft(browser).list_by_key["key-codes"]
    assert (named.name, named.values) == ("Key codes", ("80202", "01003", "a-1", "b-2"))
    number = browser.workspace.plan_find("draft").id
    place = f"/plan/{number}/lists/key-codes"
    assert "80202\n01003" in browser.get(place).text
    page = followed(browser, browser.post(place, {"name": "Key codes", "values": "x, y;z, x"}))
    assert draft(browser).list_by_key["key-codes"].values == ("x", "y", "z")
    undo(browser, page)
    assert draft(browser).list_by_key["key-codes"].values == ("80202", "01003", "a-1", "b-2")
    assert "No rule asks for it" in browser.get(f"{place}/remove").text
    page = followed(browser, browser.post(f"{place}/remove"))
    assert "key-codes" not in draft(browser).list_by_key
    followed(browser, undo(browser, page))
    assert "key-codes" in draft(browser).list_by_key


def test_an_undone_first_change_leaves_no_draft(browser: Browser) -> None:
    page = followed(browser, browser.post(f"{PLACE}/new-list", {"name": "A", "values": "x"}))
    back = undo(browser, page)
    assert back.headers["location"] == f"{PLACE}/parts"
    assert [r.state for r in browser.workspace.plan_list() if r.state == "draft"] == []


def test_what_was_changed_again_is_not_taken_back(browser: Browser) -> None:
    page = followed(browser, browser.post(f"{PLACE}/new-list", {"name": "A", "values": "x"}))
    number = browser.workspace.plan_find("draft").id
    followed(browser, browser.post(f"/plan/{number}/new-list", {"name": "B", "values": "x"}))
    assert undo(browser, page).status_code == 409
    assert browser.post(f"/plan/{number}/back", {"before": "0" * 64, "after": "1"}).status_code == 422
    assert browser.post(f"{PLACE}/back", {"before": "0" * 64, "after": "1"}).status_code == 409
    assert {"a", "b"} <= set(draft(browser).list_by_key)


def test_fifty_thousand_codes_fit(browser: Browser) -> None:
    codes = "\r\n".join(f"ACCOUNT-{number:06}" for number in range(50_000))
    page = followed(browser, browser.post(f"{PLACE}/new-list", {"name": "Many", "values": codes}))
    assert "with 50,000 codes" in page
    assert len(draft(browser).list_by_key["many"].values) == 50_000


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "A", "values": " \n "}, "Paste at least one code"),
        ({"values": "x"}, "Give the list a name"),
        ({"key": "Bad Key", "values": "x"}, "A key is 1 to 80"),
    ],
)
def test_a_list_that_cannot_be_kept_stays_as_it_was_typed(browser: Browser, fields: dict[str, str], message: str) -> None:
    answer = browser.post(f"{PLACE}/new-list", fields)
    assert answer.status_code == 422
    assert message in answer.text


def test_a_type_is_added_changed_and_refused_removal_while_it_is_used(browser: Browser) -> None:
    followed(browser, browser.post(f"{PLACE}/new-type", TYPE))
    number = browser.workspace.plan_find("draft").id
    kind = draft(browser).type_by_key["health-care"]
    assert (kind.role, kind.policy, kind.priority, kind.kind) == ("overlay", "share", 200, "industry")
    place = f"/plan/{number}/types/health-care"
    followed(browser, browser.post(place, {**TYPE, "priority": "-5"}))
    assert draft(browser).type_by_key["health-care"].priority == -5
    assert browser.post(place, {**TYPE, "priority": "much"}).status_code == 422
    assert browser.post(place, {**TYPE, "role": "boss"}).status_code == 422
    assert "Another type has the key" in browser.post(f"/plan/{number}/new-type", TYPE).text
    followed(browser, browser.post(f"{place}/remove"))
    used = draft(browser).territories[0].type
    assert "cannot be removed yet" in browser.get(f"/plan/{number}/types/{used}/remove").text
    assert browser.post(f"/plan/{number}/types/{used}/remove").status_code == 422


def test_an_area_is_uploaded_shown_used_replaced_and_removed(browser: Browser) -> None:
    page = followed(browser, upload(browser, f"{PLACE}/new-area", square(-125, 42, 8, name="Northwest"), key="", name=""))
    assert "Northwest" in page
    area = draft(browser).area_by_key["front-range"]
    assert area.name == "Northwest"
    number = browser.workspace.plan_find("draft").id
    place = f"/plan/{number}/areas/front-range"
    inside = browser.get(f"{place}/accounts").text
    assert re.search(r"<b>\d+.accounts</b> <span>inside, of 600", inside)
    assert browser.get(f"{place}/outline.json").json()["geometry"] == json.loads(area.geometry)
    assert "<a" not in inside, "the plan in force has no such area, so no list of accounts can be asked for it"
    assert json.loads(browser.get(f"{place}/file").text)["properties"] == {"name": "Northwest"}
    typed = {"mode": "text", "text": "in area 'front-range'", "root": browser.workspace.plan_find("draft").root_hash}
    kept = {"name": "By area", "priority": "10", "note": "", "edit": "save"}
    followed(browser, browser.post(f"/plan/{number}/territories/puget-sound/new-rule", {**typed, **kept}))
    assert "puget-sound/rules/by-area" in browser.get(place).text
    assert re.search("1.rule asks for it", browser.get(f"{place}/remove").text)
    page = followed(browser, upload(browser, place, square(-100, 30, 2), name="South", comment="Why\r\nnot"))
    changed = draft(browser).area_by_key["front-range"]
    assert (changed.name, changed.comment) == ("South", "Why\nnot")
    assert changed.geometry != area.geometry
    assert "Add area front-range (South) of" in browser.get(f"/plan/{number}/changes").text
    undo(browser, page)
    assert draft(browser).area_by_key["front-range"] == area
    followed(browser, browser.post(place, {"name": "Only a name", "comment": ""}))
    assert draft(browser).area_by_key["front-range"].geometry == area.geometry
    page = followed(browser, browser.post(f"{place}/remove"))
    assert "front-range" not in draft(browser).area_by_key
    followed(browser, undo(browser, page))
    assert draft(browser).area_by_key["front-range"].name == "Only a name"


def test_the_accounts_inside_lead_to_their_list_when_the_area_is_in_force(browser: Browser) -> None:
    upload(browser, f"{PLACE}/new-area", square(-125, 42, 8), name="Northwest")
    revision = browser.workspace.plan_publish("draft")
    inside = browser.get(f"/plan/{revision.id}/areas/northwest/accounts").text
    found = re.search(r'<a href="([^"]+)">(\d+)', inside)
    assert found
    assert f"of {found[2]} accounts" in re.sub(r"\s|<[^>]+>", " ", browser.get(found[1].replace("&amp;", "&")).text)


def test_a_doubtful_border_is_told_and_a_hopeless_one_refused(browser: Browser) -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}
    page = followed(browser, upload(browser, f"{PLACE}/new-area", bow_tie, name="Bow tie"))
    assert "self-intersection at latitude 1, longitude 1" in page
    number = browser.workspace.plan_find("draft").id
    for content, message in ((b"\xff\xfe", "no UTF-8"), (b"{}", "expected GeoJSON"), (square(39, -105), "exchanged")):
        answer = upload(browser, f"/plan/{number}/new-area", content, name="Other")
        assert (answer.status_code, message in answer.text) == (422, True)
        answer = upload(browser, f"/plan/{number}/areas/bow-tie", content, name="Bow tie")
        assert (answer.status_code, message in answer.text) == (422, True)
    assert "Choose a GeoJSON file." in browser.post(f"/plan/{number}/new-area", {"name": "Other"}).text
    assert "Another area has the key" in upload(browser, f"/plan/{number}/new-area", square(0, 0), name="Bow tie").text


def test_many_areas_come_from_one_file_and_are_found_by_name(browser: Browser) -> None:
    features = [square(x, y, 0.5, NAME=f"County {x} {y}") for x in range(15) for y in range(10)]
    value = {"type": "FeatureCollection", "features": features}
    page = followed(browser, upload(browser, f"{PLACE}/new-area", value, property="NAME", prefix="co-"))
    assert "150 areas were saved" in page
    assert "50 more; search to find them." in page
    number = browser.workspace.plan_find("draft").id
    found = browser.get(f"/plan/{number}/parts?find=county+14").text
    assert found.count('class="sketch"') == 10
    assert upload(browser, f"/plan/{number}/new-area", value, property="NOPE").status_code == 422


def test_somebody_elses_change_meanwhile_is_told_and_nothing_typed_is_lost(browser: Browser) -> None:
    root = browser.workspace.plan_find("active").root_hash
    followed(browser, browser.post(f"{PLACE}/new-list", {"name": "A", "values": "x", "root": root}))
    number = browser.workspace.plan_find("draft").id
    answer = browser.post(f"/plan/{number}/lists/a", {"name": "A", "values": "my-code", "root": root})
    assert answer.status_code == 409
    assert "my-code" in answer.text
    assert "saving it again replaces what they saved" in answer.text
    assert browser.post(f"/plan/{number}/new-type", {**TYPE, "root": root}).status_code == 409
    assert upload(browser, f"/plan/{number}/new-area", square(0, 0), name="B", root=root).status_code == 409
    assert browser.post(f"{PLACE}/lists/a", {"name": "A", "values": "x"}).status_code == 404
    assert browser.post(f"{PLACE}/new-list", {"name": "C", "values": "x"}).status_code == 409
    for address in ("new-type", "new-list", "new-area"):
        assert browser.get(f"{PLACE}/{address}").status_code == 409
    assert f"/plan/{number}/new-list" in browser.get(f"{PLACE}/parts").text


def test_names_are_shown_as_text_and_forms_without_their_token_refused(browser: Browser) -> None:
    upload(browser, f"{PLACE}/new-area", square(0, 0), key="a", name=SCRIPT, comment=SCRIPT)
    number = browser.workspace.plan_find("draft").id
    browser.post(f"/plan/{number}/new-list", {"key": "l", "name": SCRIPT, "values": SCRIPT})
    browser.post(f"/plan/{number}/new-type", {**TYPE, "key": "t", "name": SCRIPT, "kind": SCRIPT})
    for address in ("parts", "areas/a", "lists/l", "types/t", "areas/a/remove", "lists/l/remove", "types/t/remove", "changes"):
        page = browser.get(f"/plan/{number}/{address}").text
        assert SCRIPT not in page
        assert "&lt;script&gt;" in page
    for address in ("new-area", "new-list", "new-type", "areas/a", "lists/l", "types/t", "areas/a/remove", "back"):
        assert browser.client.post(f"/plan/{number}/{address}", data={"name": "x"}).status_code == 403
