"""Pages, fragments and exports as of a day, as known on another."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest

from metes.model.query import AccountQuery
from tests.conftest import NOW
from tests.web.pages.conftest import Visitor

LONG_AGO = "at=2020-01-01"
EARLIER = "at=2026-01-05"
UNKNOWN = "at=2026-01-05&known=2026-01-06"
PAGES = ["/", "/accounts", "/territories", "/territories/west", "/people", "/people/1", "/map", "/accounts/1", "/search?q=an"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_the_past_says_so_and_leads_back(visitor: Visitor, page: str) -> None:
    between = "&" if "?" in page else "?"
    text = visitor.get(f"{page}{between}{EARLIER}&known=2026-03-14")
    assert "This is the past." in text
    assert f'href="{page}" data-today' in text
    now = visitor.get(page)
    assert "This is the past." not in now
    assert 'name="at"' in now


def test_every_link_to_a_page_that_can_show_it_carries_the_day(visitor: Visitor) -> None:
    for page in ("/accounts", "/territories", "/accounts/1", "/people/1", "/territories/west", "/"):
        text = visitor.get(f"{page}?{UNKNOWN}" if page != "/territories/west" and page != "/territories" else f"{page}?{EARLIER}")
        for href in re.findall(r'<a [^>]*href="(/(?:accounts|territories|people|map)[^"]*)"(?! data-today)', text):
            if not re.search(r"/(why|edit|pin|views)", href):
                assert "at=2026-01-05" in href, (page, href)


def test_nothing_is_offered_to_be_changed(visitor: Visitor) -> None:
    assert "/accounts/1/edit" in visitor.get("/accounts/1")
    past = visitor.get(f"/accounts/1?{EARLIER}")
    assert "/accounts/1/edit" not in past
    assert "/accounts/pin" not in past
    assert "/accounts/pin" not in visitor.get(f"/accounts?{EARLIER}")


def test_lists_and_exports_say_who_held_what_then(visitor: Visitor) -> None:
    workspace = visitor.workspace
    total = workspace.accounts(AccountQuery(rows=1)).total
    rows = list(csv.DictReader(io.StringIO(visitor.get(f"/accounts/export.csv?{EARLIER}&column=territory").lstrip("\ufeff"))))
    assert len(rows) == total
    assert all(row["territory"] for row in rows)
    # The demo was recorded at NOW: the day before nothing was known, neither accounts nor who held them.
    assert visitor.get(f"/accounts/export.csv?{UNKNOWN}&column=territory").count("\n") <= 1
    assert ">0</a>" in visitor.get(f"/?{UNKNOWN}")


def test_before_the_first_plan_nothing_was_held(visitor: Visitor) -> None:
    assert "held by no territory" in visitor.get(f"/?{LONG_AGO}")
    assert visitor.client.get(f"/territories/west?{LONG_AGO}").status_code == 404


def test_the_map_fetches_the_same_day(visitor: Visitor) -> None:
    assert 'data-fills="/map/fills.json?at=2026-01-05"' in visitor.get(f"/map?{EARLIER}")
    then = visitor.client.get(f"/map/fills.json?{EARLIER}").json()
    assert then["territories"]
    assert all("at=2026-01-05" in territory["href"] for territory in then["territories"] if territory["href"])
    points = visitor.client.get(f"/map/points.json?bbox=-180,-80,180,80&zoom=12&{EARLIER}").json()
    assert any("at=2026-01-05" in feature["properties"].get("href", "") for feature in points["features"])


def test_today_is_no_past(visitor: Visitor) -> None:
    today = visitor.workspace.today().isoformat()
    assert "This is the past." not in visitor.get(f"/accounts?at={today}")
    assert "This is the past." in visitor.get(f"/accounts?at={today}&known={(NOW - timedelta(days=1)).date().isoformat()}")


def test_the_rest_answers_of_a_day_too(visitor: Visitor) -> None:
    def ask(path: str) -> object:
        answer = visitor.client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    now, then = ask("/accounts?rows=1"), ask(f"/accounts?rows=1&columns=id,owners&{EARLIER}")
    assert isinstance(now, dict)
    assert isinstance(then, dict)
    assert then["total"] == now["total"]
    assert then["rows"][0]["owners"]
    unknown = ask(f"/accounts?rows=1&{UNKNOWN}")
    assert isinstance(unknown, dict)
    assert unknown["total"] == 0
    assert ask(f"/territories?{EARLIER}") != []
    assert ask(f"/map/zones?{UNKNOWN}") == []
    assert visitor.client.get("/api/v1/accounts?at=soon").status_code == 422
    assert visitor.client.get(f"/api/v1/territories?{UNKNOWN}").status_code == 404


def test_corrections_and_restated_figures_are_answered_by_rest(editor: Visitor) -> None:
    header = {"x-csrf-token": str(re.search(r'name="csrf-token" content="([^"]+)"', editor.get("/more"))[1])}  # type: ignore[index]
    key = editor.workspace.account_by_number(1).key

    def post(path: str, **body: object) -> object:
        answer = editor.client.post(f"/api/v1{path}", json=body, headers=header)
        assert answer.status_code == 200, answer.text
        return answer.json()

    told = {"account": key, "territory": "none", "start": "2026-01-05", "end": "2026-02-05"}
    looked = post("/corrections", **told, dry_run=True)
    assert looked["id"] is None  # type: ignore[index]
    assert [step["after"] for step in looked["steps"]] == [[]]  # type: ignore[index]
    assert post("/corrections", **told, reason="nobody did")["id"] == 1  # type: ignore[index]
    assert [c["account"] for c in editor.client.get("/api/v1/corrections").json()] == [key]
    before = (NOW - timedelta(minutes=1)).isoformat().replace("+00:00", "")
    found = editor.client.get(f"/api/v1/restated?at=2026-01-10&known={before}&territory=west").json()
    assert [row["key"] for row in found["rows"]] == ["west"]
    assert post("/corrections/1/back", reason="somebody did") == {"id": 2, "takes_back": 1}
    for wrong in ({"start": "2026-01-05"}, {**told, "end": None}):
        assert editor.client.post("/api/v1/corrections", json=wrong, headers=header).status_code == 422
