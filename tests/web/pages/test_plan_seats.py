"""A seat by its page: looked at, changed in a draft, refused with a word at each field, taken back."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from metes.model.plan import Seat
from metes.web.pages.plan_seats import seat_typed, typed_of
from tests.web.pages.browsing import Browser
from tests.web.pages.conftest import SCRIPT, Visitor

PAGE = "/plan/1/seats/inland-northwest-1"
TYPED = {
    "name": "Spokane",
    "role": "account executive",
    "owns": "1",
    "capacity": "1200",
    "base": "47.66, -117.43",
    "ramp": "62.5",
    "licences": "US-WA, us-id; US-WA",
}


def seat(browser: Browser, reference: str = "draft", key: str = "inland-northwest-1") -> Seat:
    """A seat of a revision."""
    return next(s for s in browser.workspace.plan_show(reference)[1].seats if s.key == key)


def test_the_form_shows_what_the_seat_has_and_who_sits_there(browser: Browser) -> None:
    page = browser.get(PAGE).text
    now = seat(browser, "1")
    assert f'value="{now.base_latitude}, {now.base_longitude}"' in page
    assert 'value="1640"' in page
    assert 'value="us-id, us-mt, us-wa"' in page
    sitting = browser.workspace.seated_on(["inland-northwest"])[0]
    assert sitting.person in page
    assert browser.get("/plan/1/seats/nobody").status_code == 404


def test_a_seat_is_changed_in_a_draft_told_as_steps_and_taken_back(browser: Browser) -> None:
    before = seat(browser, "1")
    answer = browser.post(PAGE, TYPED)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/plan/2/territories/inland-northwest?")
    assert answer.headers["location"].endswith("#seats")
    assert seat(browser) == replace(
        before,
        name="Spokane",
        capacity_hours=1200,
        base_latitude=47.66,
        base_longitude=-117.43,
        ramp_share=0.625,
        licences=("us-id", "us-wa"),
    )
    assert seat(browser, "1") == before
    page = browser.get(answer.headers["location"]).text
    assert "750 h while new" in page
    assert "47.66°" in page
    changes = browser.get("/plan/2/changes").text
    assert "Change home base of seat inland-northwest-1" in changes
    assert 'href="/plan/2/seats/inland-northwest-1"' in changes
    fields = dict(re.findall(r'name="(before|after)" value="([0-9a-f]{64})"', page))
    assert browser.post("/plan/2/back", fields).status_code == 303
    assert "draft" not in [r.state for r in browser.workspace.plan_list()]  # what says the same as the plan in force is no draft


def test_a_base_may_be_named_by_a_place_or_an_account(browser: Browser) -> None:
    assert browser.post(PAGE, {**TYPED, "base": "Spokane, WA"}).status_code == 303
    assert seat(browser).base == pytest.approx((47.66, -117.43), abs=0.1)
    account = browser.workspace.book().details(("id", "latitude", "longitude"), browser.workspace.scope).slice(0, 1).to_pylist()[0]
    assert browser.post(PAGE.replace("/plan/1/", "/plan/2/"), {**TYPED, "base": account["id"]}).status_code == 303
    assert seat(browser).base == (account["latitude"], account["longitude"])


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("capacity", "many", "Write whole hours such as 1600"),
        ("capacity", "-5", "Capacity is 0 hours or more"),
        ("base", "Nowhere at all", "No place is called"),
        ("base", "47.66", "Write latitude and longitude in degrees"),
        ("base", "95, 10", "The latitude of the home base lies from -90 to 90 degrees, got 95"),
        ("ramp", "half", "Write a number of percent such as 60"),
        ("ramp", "0", "A ramp is a share of the capacity above 0"),
        ("ramp", "130", "A ramp is a share of the capacity above 0"),
        ("licences", "us-wa, ???", "cannot be a licence"),
        ("licences", SCRIPT, "cannot be a licence"),
        ("licences", ",".join(f"l{i}" for i in range(101)), "at most 100 are taken"),
    ],
)
def test_what_means_nothing_is_told_at_its_field_and_what_was_typed_is_kept(
    browser: Browser, field: str, value: str, told: str
) -> None:
    answer = browser.post(PAGE, {**TYPED, field: value})
    assert answer.status_code == 422
    error = re.search(rf'id="{field}-error">([^<]*)<', answer.text)
    assert error is not None
    assert told in error[1].replace("&#39;", "'")
    assert 'value="Spokane"' in answer.text
    assert SCRIPT not in answer.text
    assert "draft" not in [r.state for r in browser.workspace.plan_list()]


def test_no_change_goes_in_without_the_forms_token_or_over_somebody_elses(browser: Browser) -> None:
    assert browser.client.post(PAGE, data=TYPED, follow_redirects=False).status_code == 403
    late = browser.post(PAGE, {**TYPED, "root": "0" * 64})
    assert late.status_code == 409
    assert 'value="62.5"' in late.text
    assert "draft" not in [r.state for r in browser.workspace.plan_list()]


def test_a_name_that_looks_like_markup_is_shown_as_typed(browser: Browser) -> None:
    assert browser.post(PAGE, {**TYPED, "name": SCRIPT, "role": SCRIPT}).status_code == 303
    for address in ("/plan/2/seats/inland-northwest-1", "/plan/2/territories/inland-northwest", "/plan/2/changes"):
        assert SCRIPT not in browser.get(address).text


def test_a_plan_in_force_with_an_open_draft_is_looked_at_and_not_changed(browser: Browser) -> None:
    browser.post(PAGE, TYPED)
    page = browser.get(PAGE).text
    assert "fieldset" in page
    assert "disabled" in page
    assert "Save in draft" not in page
    assert browser.post(PAGE, {**TYPED, "name": "Other"}).status_code == 409
    assert seat(browser).name == "Spokane"


@pytest.mark.parametrize(
    "given",
    [
        Seat("s", "t"),
        Seat("s", "t", "captain", False, 0, "N", "why", -33.8688, 151.2093, 1 / 3, ("us-co", "series 7")),
        Seat("s", "t", base_latitude=-90, base_longitude=1e-7, ramp_share=0.012345678901234568),
        Seat("s", "t", base_latitude=0, base_longitude=180, ramp_share=1),
    ],
)
def test_a_form_that_nobody_touched_changes_nothing(given: Seat) -> None:
    assert seat_typed(given, typed_of(given)) == (given, {})


@pytest.mark.parametrize("text", ["39.74, -104.99", "39.74 -104.99", "(39.74; -104.99)", "+39.74,-104.99"])
def test_a_point_is_read_as_maps_give_it(text: str) -> None:
    typed: dict[str, Any] = typed_of(Seat("s", "t")) | {"base": text}
    assert seat_typed(Seat("s", "t"), typed)[0].base == (39.74, -104.99)


def test_a_territory_and_a_person_show_what_their_seats_have(visitor: Visitor) -> None:
    plan = visitor.workspace.require_active()[1]
    owner = next(s for s in visitor.workspace.seated_on(["inland-northwest"]) if s.person)
    found = next(s for s in plan.seats if s.key == owner.seat)
    assert found.base is not None
    for address in ("/territories/inland-northwest", f"/people/{owner.person_id}"):
        page = visitor.get(address)
        assert f"{found.base[0]:g}°" in page or f"{found.base[0]}°" in page
        assert "1,640" in page
        assert '<span class="tag">us-mt</span>' in page
    assert re.search(r'<td data-label="Quota" class="figure">–</td>', visitor.get("/territories/inland-northwest"))
