"""Checks the seats of a plan: places they cannot stand on, numbers and tags that mean nothing, accounts that nobody can own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from metes.base.findings import Finding, Place, Severity
from metes.model.plan import Plan, Role, Seat
from metes.plan import subjects
from metes.plan.conform import suggestion
from metes.plan.limits import MAX_LICENCE_CHARACTERS, MAX_LICENCES

_SHOWN: Final = 5
# Letters, digits and what stands inside the names of licences: 'co', 'series-7', 'insurance:life', 'us-co/wy'.
_LICENCE: Final = re.compile(r"[^\W_](?:[\w .:/+-]*[^\W_])?")


def check_seats(plan: Plan) -> Iterator[Finding]:
    """What is wrong or doubtful about the plan's seats. Linear in its seats and territories."""
    for seat in plan.seats:
        if seat.territory not in plan.territory_by_key:
            remedy = suggestion(seat.territory, plan.territory_by_key) or "Put the seat on a territory of the plan."
            message = f"there is no territory '{seat.territory}'"
            yield _error("plan-unknown-territory", seat, message, remedy, seat.territory)
        yield from check_seat(seat)
    yield from _owners(plan)


def check_seat(seat: Seat) -> Iterator[Finding]:
    """What is wrong about one seat by itself: its hours, its home base, its ramp, its licences."""
    if seat.capacity_hours is not None and seat.capacity_hours < 0:
        message = f"capacity is 0 hours or more, got {seat.capacity_hours}"
        yield _error("plan-capacity", seat, message, "Write the hours of a year.", str(seat.capacity_hours))
    yield from _base(seat)
    if not 0 < seat.ramp_share <= 1:
        message = f"a ramp is a share of the capacity above 0 and at most 1, got {seat.ramp_share:g}"
        remedy = "Write 0.5 for half the capacity, or leave it out for all of it; a seat that nobody works on has 0 capacity_hours."
        yield _error("plan-ramp", seat, message, remedy, f"{seat.ramp_share:g}")
    yield from _licences(seat)


def is_licence(tag: str) -> bool:
    """Whether a text may stand as a licence's tag."""
    return len(tag) <= MAX_LICENCE_CHARACTERS and _LICENCE.fullmatch(tag) is not None


def _error(code: str, seat: Seat, message: str, remedy: str, value: str = "") -> Finding:
    return Finding(code, Severity.ERROR, message, Place(subject=subjects.of_seat(seat.key)), value[:80], remedy)


def _base(seat: Seat) -> Iterator[Finding]:
    """A home base of which half is missing, or which lies nowhere on Earth."""
    ends = (("latitude", seat.base_latitude, 90), ("longitude", seat.base_longitude, 180))
    for (name, degrees, most), (other, beside, _) in (ends, ends[::-1]):
        if degrees is not None and beside is None:
            message = f"the home base has a {name}, {degrees:g}, and no {other}"
            yield _error("plan-base", seat, message, f"Add base_{other}, or take base_{name} out.", f"{degrees:g}")
        if degrees is not None and not -most <= degrees <= most:
            message = f"the {name} of the home base lies from -{most} to {most} degrees, got {degrees:g}"
            yield _error("plan-base", seat, message, "Write decimal degrees, north and east positive.", f"{degrees:g}")


def _licences(seat: Seat) -> Iterator[Finding]:
    """Tags that are none, and more of them than anyone holds."""
    if bad := [tag for tag in seat.licences if not is_licence(tag)]:
        shown = ", ".join(f"'{tag[:MAX_LICENCE_CHARACTERS]}'" for tag in bad[:_SHOWN]) + (", ..." if len(bad) > _SHOWN else "")
        message = f"{shown} cannot be a licence" if len(bad) == 1 else f"{len(bad):,} tags cannot be licences: {shown}"
        remedy = (
            f"A licence is 1 to {MAX_LICENCE_CHARACTERS} letters, digits, blanks, '.', ':', '/', '+', '_', '-', "
            "with a letter or digit at both ends; such as 'us-co'."
        )
        yield _error("plan-licence", seat, message, remedy, bad[0])
    if len(seat.licences) > MAX_LICENCES:
        message = f"it has {len(seat.licences):,} licences, at most {MAX_LICENCES} are taken"
        yield _error("plan-licence-count", seat, message, "Name groups of licences instead, such as 'us-west'.")


def _owners(plan: Plan) -> Iterator[Finding]:
    """Primary leaves with rules that nobody can own.

    A territory with others below it may hold nothing itself, and a catch-all may hold house accounts on purpose.
    """
    primary = {kind.key for kind in plan.types if kind.role is Role.PRIMARY}
    for territory in plan.territories:
        is_leaf = territory.key not in plan.children_by_key
        if territory.type in primary and territory.rules and is_leaf and not territory.is_catch_all:
            seats = plan.seats_by_territory.get(territory.key, ())
            if not any(seat.owns for seat in seats):
                message = "it holds accounts and has no owning seat, so they have no owner"
                place = Place(subject=subjects.of_territory(territory.key))
                remedy = "Add a seat, or set 'owns: true' on one."
                yield Finding("plan-no-owning-seat", Severity.WARNING, message, place, remedy=remedy)
