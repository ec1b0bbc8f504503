"""The seats of a plan, changed in a draft."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from metes.base.errors import NotFound
from metes.model.plan import Plan, Seat
from metes.web.api.access import Caller, plain

router = APIRouter(tags=["plans"])


class SeatBody(BaseModel):
    """A seat on a territory; ranges are those of the check of a plan. `base` names the home base in the place of its degrees."""

    territory: str = Field(max_length=80)
    name: str = Field(default="", max_length=200)
    role: str = Field(default="account executive", max_length=200)
    owns: bool = True
    capacity_hours: int | None = None
    base_latitude: float | None = None
    base_longitude: float | None = None
    base: str = Field(default="", max_length=200)
    ramp_share: float = 1.0
    licences: list[str] = Field(default=[], max_length=1000)


@router.get("/plans/{reference}/seats")
def list_seats(reference: str, caller: Caller) -> list[dict[str, Any]]:
    """The seats of a revision in the order of its tree: territory, role, capacity, home base, ramp, licences."""
    seats: list[dict[str, Any]] = plain(caller.plan_show(reference)[1].seats)
    return seats


@router.get("/plans/{reference}/seats/{key}")
def get_seat(reference: str, key: str, caller: Caller) -> dict[str, Any]:
    """One seat."""
    seat = _seat_of(caller.plan_show(reference)[1], key)
    if seat is None:
        raise NotFound(f"the plan has no seat '{key[:80]}'; /plans/{reference}/seats names those it has")
    found: dict[str, Any] = plain(seat)
    return found


@router.put("/plans/{reference}/seats/{key}")
def set_seat(reference: str, key: str, body: SeatBody, caller: Caller) -> dict[str, Any]:
    """Put a seat into a draft; another territory moves it; of a published plan a new draft is made."""
    old = _seat_of(caller.plan_show(reference)[1], key)
    given = body.model_dump(exclude={"base"}) | {"licences": tuple(body.licences)}
    if body.base:
        place = caller.place_find(body.base)
        given |= {"base_latitude": place.latitude, "base_longitude": place.longitude}
    revision: dict[str, Any] = plain(caller.seat_set(Seat(key, **given, comment=old.comment if old else ""), reference=reference))
    return revision


@router.delete("/plans/{reference}/seats/{key}")
def remove_seat(reference: str, key: str, caller: Caller) -> dict[str, Any]:
    """Take a seat out of a draft."""
    revision: dict[str, Any] = plain(caller.seat_remove(key, reference=reference))
    return revision


def _seat_of(plan: Plan, key: str) -> Seat | None:
    return next((seat for seat in plan.seats if seat.key == key), None)
