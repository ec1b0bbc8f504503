"""How many seats pay: each figure against a recount by hand, and the shape of the whole."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.app.workspace import Workspace
from metes.base.errors import InputError
from metes.designing.sizing import Reach, SeatTerms, said_of_seats, worth_of_seats
from tests.designing.worlds import asked, company

# Five accounts; a seat has 10 hours, and two seats are there.
#   hours   2    4    8    6    5
#   value  200  100   80   30    0      per hour 100, 25, 10, 5, 0
HOURS = np.array([2.0, 4, 8, 6, 5])
VALUE = np.array([20_000.0, 10_000, 8_000, 3_000, 0])


def test_seats_reach_what_brings_most_an_hour_first() -> None:
    found = worth_of_seats(HOURS, VALUE, 2, 10.0, SeatTerms(seat_cost_minor=2_500, span=2))
    rows = {row["seats"]: row for row in found["rows"]}
    # 10 hours: 2 + 4 whole and 4 of the 8; 20 hours: 2 + 4 + 8 + 6; 30 hours and more: nothing is left that brings something.
    assert {k: row["brings"] for k, row in rows.items()} == pytest.approx({1: 34_000, 2: 41_000, 3: 41_000, 4: 41_000})
    assert [row["accounts_reached"] for row in found["rows"]] == [2, 4, 4, 4]
    assert (rows[2]["last_adds"], rows[2]["one_more_adds"]) == pytest.approx((7_000, 0))
    assert rows[1]["value_share"] == pytest.approx(34 / 41)
    assert rows[1]["net"] == pytest.approx(34_000 - 2_500)
    assert found["work_hours"] == 25
    assert found["people_needed"] == 3
    assert rows[2]["hours_beyond"] == 5
    assert rows[2]["load_share"] == pytest.approx(1.25)
    assert found["best"] == 2


def test_a_new_seat_reaches_less_and_a_share_counts_as_return() -> None:
    found = worth_of_seats(HOURS, VALUE, 1, 10.0, SeatTerms(new_share=0.5, return_share=0.4, span=1))
    # One seat and half of one: 15 hours reach 2 + 4 + 8 and a sixth of the 3,000.
    assert found["rows"][1]["brings"] == pytest.approx(0.4 * 38_500)
    assert [row["seats"] for row in found["rows"]] == [1, 2]
    assert found["best"] is None
    assert found["rows"][0]["net"] is None


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 1e6)), min_size=1, max_size=30), st.integers(1, 8), st.integers(0, 10**6))
def test_each_seat_brings_no_more_than_the_one_before_and_the_best_pays(
    accounts: list[tuple[float, float]], seats: int, cost: int
) -> None:
    hours, value = (np.array(column) for column in zip(*accounts, strict=True))
    found = worth_of_seats(hours, value, seats, 7.0, SeatTerms(seat_cost_minor=cost, span=20, new_share=0.7))
    adds = [row["last_adds"] for row in found["rows"]]
    assert all(after <= before * (1 + 1e-9) + 1e-6 for before, after in pairwise(adds))
    assert found["rows"][-1]["brings"] <= value[hours > 0].sum() * (1 + 1e-9)
    nets = {row["seats"]: row["net"] for row in found["rows"]}
    if found["best"] in nets:
        assert nets[found["best"]] >= max(nets.values()) - 1


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 99)), min_size=1, max_size=7), st.integers(0, 40))
def test_hours_reach_as_much_as_the_best_choice_of_accounts_and_no_more_than_a_part_beyond(
    accounts: list[tuple[int, int]], capacity: int
) -> None:
    hours, value = (np.array(column, float) for column in zip(*accounts, strict=True))
    reached = float(Reach.of(hours, value).within(np.array([float(capacity)]))[0])
    chosen = [np.array([bool(mask >> at & 1) for at in range(len(hours))]) for mask in range(2 ** len(hours))]
    whole = max(float(value[one].sum()) for one in chosen if hours[one].sum() <= capacity)
    assert whole - 1e-6 <= reached <= whole + value.max() + 1e-6


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (SeatTerms(seat_cost_minor=140_000_00), "One more seat is expected to bring nothing and cost 140,000 USD a year."),
        (SeatTerms(), "One more seat is expected to bring nothing a year; it pays where a seat costs less."),
        (SeatTerms(seat_cost_minor=1_000), "One seat fewer is expected to lose 70 USD and save 10 USD a year."),
        (SeatTerms(seat_cost_minor=1_000), "2 seats pay best, as many as the design has."),
        (SeatTerms(seat_cost_minor=10_000), "1 seat pays best, 1 fewer than the design has."),
        (SeatTerms(seat_cost_minor=10**9), "No seat brings what it costs."),
    ],
)
def test_what_one_more_brings_and_costs_is_said(terms: SeatTerms, words: str) -> None:
    found = worth_of_seats(HOURS, VALUE, 2, 10.0, terms)
    said = said_of_seats({**found, "currency": "USD", "as_designed": found["rows"][1]["brings"]})
    assert words in said
    assert said[0] == "The work takes 25 hours a year, which is work for 3 people; 2 seats have 20."


def test_a_design_says_what_its_seats_reach(sqlite_workspace: Workspace, tmp_path: Path) -> None:
    workspace = company(sqlite_workspace, tmp_path)
    number = workspace.design_new(asked(rates={"visits_per_year": 4.0, "visit_hours": 2.0, "travel_hours": 1.0})).id
    found = workspace.design_seats(number, seat_cost=500.0, span=1)
    # 23 accounts with a place, 12 hours each; seats of 200 and 100 hours. One account has 1,000, the others 100.
    assert found["work_hours"] == 23 * 12
    assert found["seat_hours"] == 150
    rows = {row["seats"]: row for row in found["rows"]}
    assert rows[1]["brings"] == pytest.approx(100_000 + 11.5 * 10_000)
    assert rows[2]["brings"] == pytest.approx(found["value_total"]) == pytest.approx(320_000)
    assert found["best"] == 2
    # West has 12 accounts and 200 hours; east 11 accounts and 100 hours, which reach the whale and 7 and a third of the others.
    assert found["as_designed"] == pytest.approx(12 * 10_000 + 100_000 + (100 / 12 - 1) * 10_000)
    assert any("As the design shares the work out" in text for text in found["texts"])
    by_field = workspace.design_seats(number, visits="potential", seat_hours=1000)
    assert by_field["work_hours"] > found["work_hours"]


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"value": "happiness"}, "one of potential"),
        ({"visits": "name"}, "no field of accounts with numbers"),
        ({"seat_cost": float("nan")}, "as a number"),
        ({"seat_hours": 0.0, "span": 30}, "at most 8,784 hours a year; from 1 to 20"),
        ({"return_share": 2.0, "new_share": 0.0}, "a new seat has is above 0"),
        ({"value": "pipeline"}, "together have no pipeline"),
    ],
)
def test_terms_that_cannot_be_are_all_said(
    sqlite_workspace: Workspace, tmp_path: Path, terms: dict[str, float], words: str
) -> None:
    workspace = company(sqlite_workspace, tmp_path)
    number = workspace.design_new(asked()).id
    with pytest.raises(InputError) as refused:
        workspace.design_seats(number, **terms)  # type: ignore[arg-type]
    assert words in str(refused.value)
