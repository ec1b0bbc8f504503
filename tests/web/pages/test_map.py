"""The map's data, and the list that does the same without it."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from metes.model.query import AccountQuery
from tests.web.pages.conftest import Visitor

UNITED_STATES = "-180,15,-60,72"


def test_every_zone_has_the_territory_that_holds_most_of_it(visitor: Visitor) -> None:
    answer = json.loads(visitor.get("/map/fills.json"))
    for fill in visitor.workspace.zone_fills():
        index, share = answer["zones"][fill.zone]
        assert answer["territories"][index]["key"] == fill.territory
        assert share == pytest.approx(fill.share, abs=0.001)
    for territory in answer["territories"]:
        assert set(territory) >= {"key", "name", "colour", "href"}


def test_within_a_territory_zones_belong_to_the_branches_below_it(visitor: Visitor) -> None:
    answer = json.loads(visitor.get("/map/fills.json?within=west"))
    plan = visitor.workspace.require_active()[1]
    below = visitor.workspace.keys_below("west")
    assert set(answer["zones"]) == {fill.zone for fill in visitor.workspace.zone_fills() if fill.territory in below}
    assert {t["key"] for t in answer["territories"]} <= {t.key for t in plan.territories if t.parent == "west"} | {"west"}
    assert json.loads(visitor.get("/map/fills.json?within=atlantis"))["zones"] == {}


@pytest.mark.parametrize("zoom", [0, 3, 7, 10, 14])
def test_points_count_every_account_that_has_a_place(visitor: Visitor, zoom: int) -> None:
    answer = json.loads(visitor.get(f"/map/points.json?bbox={UNITED_STATES}&zoom={zoom}"))
    rows = visitor.workspace.accounts(AccountQuery(rows=1000, columns=("latitude", "longitude"))).rows
    inside = [r for r in rows if r["latitude"] and -180 <= r["longitude"] <= -60 and 15 <= r["latitude"] <= 72]
    assert sum(f["properties"]["count"] for f in answer["features"]) == len(inside)
    for feature in answer["features"]:
        assert ("href" in feature["properties"]) == (feature["properties"]["count"] == 1)


@pytest.mark.parametrize("key", ["west", "irrigation"])
def test_points_of_a_territory_are_those_it_holds_or_helps(visitor: Visitor, key: str) -> None:
    answer = json.loads(visitor.get(f"/map/points.json?bbox={UNITED_STATES}&zoom=4&territory={key}"))
    query = AccountQuery(rows=1000, columns=("latitude", "longitude"), territories=visitor.workspace.keys_below(key))
    placed = [row for row in visitor.workspace.accounts(query).rows if row["latitude"] is not None]
    assert sum(f["properties"]["count"] for f in answer["features"]) == len(placed) > 0


@pytest.mark.parametrize("bbox", ["", "1,2,3", "a,b,c,d", "0,50,10,40", "nan,0,1,1"])
def test_a_window_that_is_none_is_refused(visitor: Visitor, bbox: str) -> None:
    assert visitor.client.get(f"/map/points.json?bbox={bbox}").status_code == 422


def test_the_list_sorts_searches_and_filters_as_the_map_shows(visitor: Visitor) -> None:
    fills = visitor.workspace.zone_fills()
    most = max(fills, key=lambda fill: fill.potential)
    page = visitor.get("/map")
    assert re.findall(r'data-key="(\d{5})"', page)[0] == most.zone
    holder, count = Counter(fill.territory for fill in fills).most_common(1)[0]
    held = re.search(r"of (\d+)\xa0zones?</span>", visitor.get(f"/map?territory={holder}"))
    assert held
    assert int(held[1]) == count
    names = re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', visitor.get("/map?q=texas&sort=zone"))
    assert names == sorted(names, key=str.lower)
    assert all(name.endswith(", Texas") for name in names)


def test_a_chosen_zone_says_who_holds_it_and_leads_to_its_accounts(visitor: Visitor) -> None:
    fill = max(visitor.workspace.zone_fills(), key=lambda f: f.accounts)
    page = visitor.get(f"/map?zone={fill.zone}")
    assert f'data-zone="{fill.zone}"' in page
    assert f'href="/accounts?zone={fill.zone}&amp;sort=-potential"' in page
    assert f'href="/territories/{fill.territory}"' in page.split('class="zone-panel"')[1]
    assert f"of {fill.accounts}\xa0account" in visitor.get(f"/accounts?zone={fill.zone}")
    assert "No account lies in the zone 99999." in visitor.get("/map?zone=99999")


def test_without_places_the_map_says_what_to_import(newcomer: Visitor) -> None:
    assert "No account has a place yet" in newcomer.get("/map")
