"""People and seats: 120 today in one reporting tree, no seat with two, past sittings in order."""

from __future__ import annotations

import csv
from datetime import date

import numpy as np
import pytest

from metes.demo import CompanyFiles
from metes.demo.columns import stream
from metes.demo.plan import make_seats
from metes.demo.roster import HEADCOUNT, make_desk, make_roster
from metes.model.plan import Seat

TODAY = date(2025, 11, 21)


def rows(company: CompanyFiles, kind: str) -> list[dict[str, str]]:
    with company.files[kind].open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_hundred_and_twenty_people_work_here_today_and_report_to_one_head(company: CompanyFiles) -> None:
    people = {p["id"]: p for p in rows(company, "people")}
    today = [p for p in people.values() if not p["to"]]
    assert len(today) == HEADCOUNT == 120
    assert len({p["name"] for p in people.values()}) == len(people)
    heads = [p for p in people.values() if not p["manager"]]
    assert [p["role"] for p in heads] == ["Vice president"]
    for person in people.values():
        chain = [person]
        while chain[-1]["manager"]:
            chain.append(people[chain[-1]["manager"]])
            assert not chain[-1]["to"]
            assert len(chain) <= 4
        assert chain[-1] is heads[0]
    executives = [p for p in today if "executive" in p["role"].lower()]
    assert 80 <= len(executives) <= 90
    assert {people[p["manager"]]["role"] for p in executives} == {"Area manager", "Vice president"}


def test_no_seat_has_two_people_at_once_and_everyone_sits_within_their_time(company: CompanyFiles) -> None:
    people = {p["id"]: p for p in rows(company, "people")}
    known = {s.key for s in company.plan.seats}
    last: dict[str, str] = {}
    for row in rows(company, "seats"):
        assert row["seat"] in known
        assert row["from"] >= last.get(row["seat"], company.publish_on.isoformat())
        assert not row["to"] or row["from"] < row["to"] <= TODAY.isoformat()
        assert row["from"] >= people[row["person"]]["from"]
        assert not people[row["person"]]["to"] or row["to"] == people[row["person"]]["to"]
        last[row["seat"]] = row["to"] or "9999"


def test_some_seats_are_vacant_some_people_moved_and_some_cover_two(company: CompanyFiles) -> None:
    sittings = rows(company, "seats")
    filled = [s for s in sittings if not s["to"]]
    vacant = {s.key for s in company.plan.seats} - {s["seat"] for s in filled}
    assert 4 <= len(vacant) <= 15
    seats_of: dict[str, set[str]] = {}
    for row in sittings:
        seats_of.setdefault(row["person"], set()).add(row["seat"])
    moved = {p for p, seats in seats_of.items() if len(seats) > 1} - {
        s["person"] for s in sittings if s["seat"].endswith("-manager")
    }
    assert len(moved) == 12
    now = [s["person"] for s in filled]
    assert 1 <= len(now) - len(set(now)) <= 3


def test_a_tree_with_too_few_seats_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 3 seats more than 120 people, got 10 seats"):
        make_roster(stream(1, 1), make_seats()[:10], 0, 1096)


def test_the_desk_names_the_same_person_as_a_search_through_all_sittings() -> None:
    seats = make_seats()
    roster = make_roster(stream(3, 2), seats, 1000, 2096)
    holders = [*sorted({s.territory for s in seats}), "house"]
    desk = make_desk(roster, seats, holders)
    rng = np.random.default_rng(5)
    holder, day, turn = (rng.integers(low, high, 2000) for low, high in ((0, len(holders)), (1000, 2096), (0, 50)))
    found = desk.person_on(holder, day, turn)
    for h, d, t, person in zip(holder, day, turn, found, strict=True):
        owning = [i for i, s in enumerate(seats) if s.owns and s.territory == holders[h]]
        sitting = [
            s.person
            for s in roster.sittings
            if owning and s.seat == owning[t % len(owning)] and s.start <= d and (s.to is None or d < s.to)
        ]
        assert sitting == ([person] if person >= 0 else [])


def test_seats_of_one_territory_stand_side_by_side() -> None:
    seats: tuple[Seat, ...] = make_seats()
    owning = [s.territory for s in seats if s.owns]
    assert [t for i, t in enumerate(owning) if i == 0 or owning[i - 1] != t] == list(dict.fromkeys(owning))
    assert len(owning) > len(set(owning))
