"""How many seats pay: the hours of the work against what seats can do, and what one more or one fewer is expected to bring."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from metes.base.errors import InputError
from metes.designing.given import DesignTerritory, amount_text
from metes.designing.spec import MOST_TERRITORIES, Rates
from metes.designing.state import DesignState
from metes.designing.units import is_number, numbers_in
from metes.model.catalogue import Field
from metes.partition.problem import Floats, Ints

VALUES = ("potential", "revenue_12m", "pipeline")
WIDEST_SPAN = 20
MOST_SEATS_TRIED = 2 * MOST_TERRITORIES
_INSTANT = 1e-9


@dataclass(frozen=True, slots=True)
class SeatTerms:
    """What seats are judged by.

    `seat_cost_minor` is what a seat costs in a year, None where that is not known. `seat_hours` are its hours in a year; None for the mean
    of the design's seats. `value` is the measure that is lost where the hours do not reach, `visits` the field with an account's visits a
    year, empty for the design's rate. `return_share` of the value reached counts as return, and a seat beyond those of the design has
    `new_share` of its hours. `span` is how many seats more and fewer are looked at.
    """

    seat_cost_minor: int | None = None
    seat_hours: float | None = None
    value: str = "potential"
    visits: str = ""
    return_share: float = 1.0
    new_share: float = 1.0
    span: int = 2

    def problems(self, fields: Mapping[str, Field]) -> list[str]:
        """What is wrong with these terms, a sentence each."""
        checks = [
            (self.seat_cost_minor is None or 0 <= self.seat_cost_minor < 10**15, "a seat costs 0 or more a year"),
            (self.seat_hours is None or 0 < self.seat_hours <= 8784, "a seat has more than 0 and at most 8,784 hours a year"),
            (self.value in VALUES, f"the value is one of {', '.join(VALUES)}, not '{self.value[:80]}'"),
            (not self.visits or is_number(self.visits, fields), f"'{self.visits[:80]}' is no field of accounts with numbers"),
            (0 < self.return_share <= 1, "the share that counts as return is above 0 and at most 1"),
            (0 < self.new_share <= 1, "the share of hours that a new seat has is above 0 and at most 1"),
            (1 <= self.span <= WIDEST_SPAN, f"from 1 to {WIDEST_SPAN} seats more and fewer can be looked at"),
        ]
        return [said for is_right, said in checks if not is_right]


@dataclass(frozen=True, eq=False)
class Reach:
    """What hours reach of work, done in the order of value per hour: `hours` and `value` add up along it, (n + 1,) each, from 0."""

    hours: Floats
    value: Floats

    @classmethod
    def of(cls, hours: Floats, value: Floats) -> Reach:
        """The work of accounts, (n,) each; those without hours or value are left out, equal ones go by number. O(n log n)."""
        worth = np.flatnonzero((hours > 0) & (value > 0))
        order = worth[np.argsort(-value[worth] / np.maximum(hours[worth], _INSTANT), kind="stable")]
        return cls(np.concatenate([[0.0], np.cumsum(hours[order])]), np.concatenate([[0.0], np.cumsum(value[order])]))

    def within(self, hours: Floats) -> Floats:
        """The value that so many hours reach, the last account in part; concave in the hours."""
        return np.asarray(np.interp(hours, self.hours, self.value), np.float64)

    def accounts(self, hours: float) -> int:
        """How many accounts so many hours reach whole."""
        return int(np.searchsorted(self.hours, hours * (1 + 1e-12), side="right")) - 1


def columns_for_seats(terms: SeatTerms) -> tuple[str, ...]:
    """The columns of accounts that judging seats needs."""
    return tuple(dict.fromkeys(("id", "territory", terms.value, *([terms.visits] if terms.visits else []))))


def seats_of_design(state: DesignState, accounts: pa.Table, unit_of_account: Ints, terms: SeatTerms) -> dict[str, Any]:
    """What fewer and more seats than a design's territories would reach, bring and cost, in minor units of its currency.

    `unit_of_account` numbers the unit of each row of `accounts`, -1 for none. InputError where nothing says what hours a seat has, or
    where the accounts have no value.
    """
    inside = np.flatnonzero(unit_of_account >= 0)
    value = np.maximum(numbers_in(accounts, terms.value), 0.0)[inside]
    hours = _hours(accounts, state.spec.rates, terms)[inside]
    seat_hours = terms.seat_hours or _mean_hours(state.territories)
    if not value.sum():
        raise InputError(f"all accounts of the design together have no {terms.value}; import it, or judge by another value")
    currency, territories = state.given.currency, len(state.territories)
    found = worth_of_seats(hours, value, territories, seat_hours, terms)
    at = state.live.territory_of_unit[unit_of_account[inside]]
    each = [t.hours or seat_hours for t in state.territories] if terms.seat_hours is None else [seat_hours] * territories
    as_designed = _as_designed(hours, value, at, np.array(each)) * terms.return_share
    found |= {"currency": currency, "value": terms.value, "value_total": float(value.sum()), "as_designed": as_designed}
    return {**found, "texts": said_of_seats(found)}


def worth_of_seats(hours: Floats, value: Floats, seats: int, seat_hours: float, terms: SeatTerms) -> dict[str, Any]:
    """What k - span to k + span seats reach of the work of n accounts, (n,) each, with what each more brings; and how many pay.

    The hours of all seats are one: work is shared out so that every hour goes where it brings most. Ours.
    """
    reach, work = Reach.of(hours, value), float(hours.sum())
    needed = max(math.ceil(work / seat_hours - 1e-9), 1)
    last = min(max(needed / terms.new_share, seats + terms.span) + 2, MOST_SEATS_TRIED)
    numbers = np.arange(int(last) + 1)
    capacity = seat_hours * (np.minimum(numbers, seats) + terms.new_share * np.maximum(numbers - seats, 0))
    brings = terms.return_share * reach.within(capacity)
    adds, whole, cost = np.diff(brings), terms.return_share * float(reach.value[-1]), terms.seat_cost_minor
    rows = [
        {
            "seats": k,
            "capacity_hours": float(capacity[k]),
            "load_share": work / float(capacity[k]),
            "hours_beyond": max(work - float(capacity[k]), 0.0),
            "accounts_reached": reach.accounts(float(capacity[k])),
            "value_share": float(brings[k]) / whole if whole else 0.0,
            "brings": float(brings[k]),
            "costs": None if cost is None else k * cost,
            "net": None if cost is None else float(brings[k]) - k * cost,
            "last_adds": float(adds[k - 1]),
            "one_more_adds": float(adds[k]),
        }
        for k in range(max(seats - terms.span, 1), min(seats + terms.span, len(adds) - 1) + 1)
    ]
    return {
        "seats": seats,
        "seat_hours": seat_hours,
        "seat_cost": cost,
        "accounts": len(hours),
        "work_hours": work,
        "people_needed": needed,
        "best": None if cost is None else int((adds >= max(cost, 1)).sum()),
        "rows": rows,
    }


def said_of_seats(found: Mapping[str, Any]) -> list[str]:
    """What there is to say, in sentences: the work, one more, one fewer, the number that pays best, and the design as it is."""
    unit, k, cost = found["currency"], found["seats"], found["seat_cost"]
    row = next(one for one in found["rows"] if one["seats"] == k)

    def money(value: float) -> str:
        return amount_text(value, unit)

    hours = f"{row['capacity_hours']:,.0f}"
    said = [
        f"The work takes {found['work_hours']:,.0f} hours a year, which is work for {_people(found['people_needed'])}; "
        f"{k:,} {'seat has' if k == 1 else 'seats have'} {hours}."
    ]
    brings = money(row["one_more_adds"]) if round(row["one_more_adds"]) else "nothing"
    costs = " a year; it pays where a seat costs less" if cost is None else f" and cost {money(cost)} a year"
    said.append(f"One more seat is expected to bring {brings}{costs}.")
    if k > 1:
        loses = money(row["last_adds"]) if round(row["last_adds"]) else "nothing"
        saves = "" if cost is None else f" and save {money(cost)}"
        said.append(f"One seat fewer is expected to lose {loses}{saves} a year.")
    if found["best"] is not None:
        said.append(_said_of_best(found))
    if found["as_designed"] < row["brings"] * (1 - 1e-9):
        said.append(
            f"As the design shares the work out, its seats reach {money(found['as_designed'])}; "
            f"with their hours where they bring most it would be {money(row['brings'])}."
        )
    return said


def _said_of_best(found: Mapping[str, Any]) -> str:
    best, k = found["best"], found["seats"]
    if not best:
        return "No seat brings what it costs."
    compared = (
        "as many as the design has" if best == k else f"{abs(best - k):,} {'more' if best > k else 'fewer'} than the design has"
    )
    return f"{best:,} {'seat pays' if best == 1 else 'seats pay'} best, {compared}."


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def _hours(accounts: pa.Table, rates: Rates, terms: SeatTerms) -> Floats:
    """Hours of each account in a year: visits times their duration with the way to them."""
    each = rates.visit_hours + rates.travel_hours
    if not terms.visits:
        return np.full(accounts.num_rows, rates.visits_per_year * each)
    return np.asarray(np.maximum(numbers_in(accounts, terms.visits), 0.0) * each)


def _mean_hours(territories: list[DesignTerritory]) -> float:
    """The hours of a seat of the design on average."""
    known = [t.hours for t in territories if t.hours]
    if not known:
        raise InputError("no seat of the design says what hours it has in a year; give seats capacity_hours, or name the hours")
    return float(np.mean(known))


def _as_designed(hours: Floats, value: Floats, territory_of_account: Ints, seat_hours: Floats) -> float:
    """The value that each territory's own hours reach of its own accounts, (n,) each, summed. O(n log n)."""
    order = np.argsort(territory_of_account, kind="stable")
    starts = np.searchsorted(territory_of_account[order], np.arange(len(seat_hours) + 1))
    return sum(
        float(Reach.of(hours[own], value[own]).within(seat_hours[j : j + 1])[0])
        for j in range(len(seat_hours))
        if len(own := order[starts[j] : starts[j + 1]])
    )
