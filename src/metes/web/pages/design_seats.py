"""How many seats a design should have: hours of work against what seats can do, and what one more or one fewer brings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import InputError
from metes.web.addresses import Address
from metes.web.design_form import decimal_of
from metes.web.visits import SignedIn, Visit

router = APIRouter()
VALUES = (("potential", "Potential"), ("revenue_12m", "Revenue, 12 months"), ("pipeline", "Pipeline"))
DEFAULTS = {"cost": "", "hours": "", "value": "potential", "visits": "", "return": "100", "new": "100", "span": "2"}
_NOT_VISITS = frozenset({"latitude", "longitude"})


@router.get("/designs/{number:int}/seats")
def show(number: int, visit: SignedIn) -> Response:
    """The form of what seats are judged by, and what comes of it."""
    row = visit.workspace.design_find(number)
    typed = {name: visit.address.get(name)[:80] or default for name, default in DEFAULTS.items()}
    asked, errors = _asked(typed)
    found, error = None, ""
    if not errors:
        try:
            found = visit.workspace.design_seats(number, **asked)
        except InputError as refused:
            error = str(refused)
    return visit.page(
        "design-seats.html",
        status=422 if errors or error else 200,
        design=row,
        typed=typed,
        errors=errors,
        error=f"{error[:1].upper()}{error[1:]}.".replace("..", ".") if error else "",
        found=found,
        rows=[_row(visit, one, found["seats"]) for one in found["rows"]] if found else [],
        values=VALUES,
        visits=[("", "The design's rate for all"), *_number_fields(visit)],
        again=str(Address(f"/designs/{number}/seats")),
    )


def _asked(typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The terms that the form asks for, and by field what of it cannot be read."""
    errors: dict[str, str] = {}

    def number(name: str, what: str) -> float | None:
        text = typed[name].removesuffix("%")
        found = decimal_of(text)
        if text and found is None:
            errors[name] = f"Write {what} as a number."
        return found

    cost, hours = number("cost", "what a seat costs"), number("hours", "the hours")
    returns, new, span = number("return", "the share"), number("new", "the share"), number("span", "how many")
    terms = {
        "seat_cost": cost,
        "seat_hours": hours,
        "value": typed["value"],
        "visits": typed["visits"],
        "return_share": (returns or 0.0) / 100,
        "new_share": (new or 0.0) / 100,
        "span": int(span or 0),
    }
    return terms, errors


def _number_fields(visit: Visit) -> list[tuple[str, str]]:
    """The fields that can hold an account's visits a year."""
    fields = visit.workspace.fields().values()
    return [(f.name, f.title) for f in fields if f.type.is_number and str(f.type) != "money" and f.name not in _NOT_VISITS]


def _row(visit: Visit, row: Mapping[str, Any], now: int) -> dict[str, Any]:
    """A row of the table, written out for the reader."""
    reader = visit.environment.filters
    money = {name: None if row[name] is None else reader["money_compact"](round(row[name])) for name in ("costs", "net")}
    return {
        "seats": reader["number"](row["seats"]),
        "is_now": row["seats"] == now,
        "hours": reader["number"](round(row["capacity_hours"])),
        "load": reader["share"](row["load_share"]),
        "is_over": row["load_share"] > 1,
        "accounts": reader["number"](row["accounts_reached"]),
        "reached": reader["share"](row["value_share"], 1),
        "brings": reader["money_compact"](round(row["brings"])),
        "adds": reader["money_compact"](round(row["one_more_adds"])),
        **money,
    }
