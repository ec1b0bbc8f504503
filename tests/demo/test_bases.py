"""Where the demo's seats set out from, and what else they have."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from metes.demo import CompanyFiles
from metes.demo.bases import furnished
from metes.demo.columns import stream
from metes.demo.places import Places, load_places
from metes.demo.plan import make_seats
from metes.demo.roster import Roster, make_roster
from metes.model.plan import Seat

START, TODAY = 19_000, 20_096


@pytest.fixture(scope="module")
def places() -> Places:
    """The ground."""
    return load_places()[0]


@pytest.fixture(scope="module")
def roster() -> Roster:
    """Who sits where."""
    return make_roster(stream(7, 2), make_seats(), START, TODAY)


@pytest.fixture(scope="module")
def seat_of(places: Places, roster: Roster) -> Mapping[str, Seat]:
    """The seats by key."""
    return {seat.key: seat for seat in furnished(make_seats(), places, roster, TODAY)}


def test_every_seat_sets_out_from_a_real_city_of_the_country(seat_of: Mapping[str, Seat], places: Places) -> None:
    home = np.array([country == "US" for country in places.country.to_pylist()])
    latitude, longitude = places.latitude[home], places.longitude[home]
    for seat in seat_of.values():
        assert seat.base is not None
        away = np.hypot(latitude - seat.base[0], (longitude - seat.base[1]) * np.cos(np.radians(seat.base[0])))
        assert away.min() < 0.12, seat


def test_executives_live_near_the_middle_and_two_on_one_ground_apart(seat_of: Mapping[str, Seat]) -> None:
    assert seat_of["columbia-river-1"].base == pytest.approx((45.51, -122.67), abs=0.1)
    assert seat_of["wasatch-1"].base == pytest.approx((40.7, -111.9), abs=0.1)
    assert seat_of["puget-sound-1"].base != seat_of["puget-sound-2"].base
    assert seat_of["front-range-mid-market-1"].base != seat_of["front-range-enterprise-1"].base


def test_managers_sit_in_their_office_and_specialists_where_their_work_is(seat_of: Mapping[str, Seat]) -> None:
    assert seat_of["west-leader"].base == seat_of["united-states-vp"].base == seat_of["west-development-2"].base
    assert seat_of["carolinas-manager"].base == seat_of["charlotte-1"].base
    assert seat_of["snow-and-ice-1"].base == pytest.approx((42.9, -78.85), abs=0.1)


def test_whoever_came_lately_has_a_ramp_and_nobody_else(seat_of: Mapping[str, Seat], roster: Roster) -> None:
    seats = list(seat_of.values())
    newest = {seats[s.seat].key: TODAY - roster.hired[s.person] for s in roster.sittings if s.to is None}
    ramps = {key: seat.ramp_share for key, seat in seat_of.items() if seat.ramp_share < 1}
    assert 2 <= len(ramps) < 20
    assert all(newest[key] < 300 for key in ramps)
    assert all(newest.get(key, 999) >= 300 for key, seat in seat_of.items() if "executive" in seat.role and seat.ramp_share == 1)


def test_a_ground_in_several_states_asks_for_a_licence_in_each(seat_of: Mapping[str, Seat]) -> None:
    assert seat_of["inland-northwest-1"].licences == ("us-id", "us-mt", "us-wa")
    assert seat_of["east-bay-1"].licences == ()
    assert 5 < sum(bool(seat.licences) for seat in seat_of.values()) < 40


def test_equal_arguments_give_equal_seats_in_the_order_of_the_tree(places: Places, roster: Roster) -> None:
    one, other = (furnished(make_seats(), places, roster, TODAY) for _ in range(2))
    assert one == other
    assert [seat.key for seat in one] == [seat.key for seat in make_seats()]


def test_the_company_is_written_with_them(company: CompanyFiles) -> None:
    assert all(seat.base for seat in company.plan.seats)
    text = (company.plan_folder / "territories" / "united-states.yaml").read_text()
    assert "base_latitude: 45.5102\n" in text
    assert "licences:\n" in text
